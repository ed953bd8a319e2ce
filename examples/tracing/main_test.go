package main

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
)

func TestOutput(t *testing.T) {
	want, err := os.ReadFile("testdata/output.txt")
	require.NoError(t, err)

	var got strings.Builder
	require.NoError(t, run(t.Context(), &got))
	require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), got.String())
}

// Every request has its own span, and no span contains a secret of a request.
func TestNoSecretInSpans(t *testing.T) {
	spans, requests, err := record(t.Context())
	require.NoError(t, err)

	require.Len(t, requests, 4)
	require.Len(t, seenSpans(requests), len(requests))

	secrets := secretsOf(t, requests)
	for _, name := range []string{"token", "code", "encryptedData", "iv", "rawData", "signature"} {
		require.NotEmpty(t, secrets[name], name)
	}
	for _, span := range spans {
		text := textOf(span)
		for name, secret := range secrets {
			require.NotContains(t, text, secret, "%s in span %q", name, span.Name)
		}
	}
}

// secretsOf returns the secrets of the requests by name.
func secretsOf(t *testing.T, requests []baastest.Request) map[string]string {
	t.Helper()
	secrets := map[string]string{}
	for _, r := range requests {
		if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Hydrogen-r1 "); ok {
			secrets["token"] = token
		}
		if len(r.Body) == 0 {
			continue
		}
		var body map[string]any
		require.NoError(t, json.Unmarshal(r.Body, &body))
		for _, name := range []string{"code", "encryptedData", "iv", "rawData", "signature"} {
			if secret, ok := body[name].(string); ok {
				secrets[name] = secret
			}
		}
	}
	return secrets
}

// textOf returns all text that an exporter can send of a span.
func textOf(span tracetest.SpanStub) string {
	var b strings.Builder
	write := func(attributes []attribute.KeyValue) {
		for _, a := range attributes {
			b.WriteString(string(a.Key) + "=" + a.Value.String() + "\n")
		}
	}
	b.WriteString(span.Name + "\n" + span.Status.Description + "\n" + span.SpanContext.TraceState().String() + "\n")
	write(span.Attributes)
	for _, event := range span.Events {
		b.WriteString(event.Name + "\n")
		write(event.Attributes)
	}
	for _, link := range span.Links {
		write(link.Attributes)
	}
	write(span.Resource.Attributes())
	write(span.InstrumentationScope.Attributes.ToSlice())
	return b.String()
}

func TestSpanName(t *testing.T) {
	for path, want := range map[string]string{
		"/hserve/v2.5/user/info/61736923/":        "GET /hserve/v2.5/user/info/{id}/",
		"/hserve/v2.5/user/info/1/?code=secret":   "GET /hserve/v2.5/user/info/{id}/",
		"/hserve/v2.5/idp/kuaishou/silent-login/": "GET /hserve/v2.5/idp/kuaishou/silent-login/",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1"+path, nil)
		require.NoError(t, err)
		require.Equal(t, want, spanName("", r))
	}
}

func TestNewClientPassesErrorsOn(t *testing.T) {
	_, err := newClient("test-client", noop.NewTracerProvider(), baas.WithHost("no url"))
	require.ErrorIs(t, err, herror.InvalidParameter)
}
