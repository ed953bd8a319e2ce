// Command tracing shows the SDK's requests as OpenTelemetry spans: a login, a read
// that is tried twice, and a login that fails. A double of the backend runs inside
// this process. Its journal shows that the trace's ids reached it.
//
//	go run -C examples/tracing .
//
// This example is a module of its own, so that the SDK does not depend on OpenTelemetry.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run makes the calls and writes their spans to w.
func run(ctx context.Context, w io.Writer) error {
	spans, requests, err := record(ctx)
	if err != nil {
		return err
	}
	report(w, spans, requests)
	return nil
}

// record makes the calls of three visitors' requests, and returns their spans and the
// requests that the backend received.
func record(ctx context.Context) (tracetest.SpanStubs, []baastest.Request, error) {
	backend, err := baastest.New()
	if err != nil {
		return nil, nil, err
	}
	server := httptest.NewServer(backend)
	defer server.Close()

	exporter := tracetest.NewInMemoryExporter() // in production: otlptracegrpc.New
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter), sdktrace.WithSampler(sdktrace.AlwaysSample()))
	client, err := newClient(backend.ClientID(), provider, baas.WithHost(server.URL))
	if err != nil {
		return nil, nil, err
	}
	defer client.CloseIdleConnections()

	if err := play(ctx, backend, client.Auth(baas.NewVisitorKey()), provider); err != nil {
		return nil, nil, err
	}
	spans := exporter.GetSpans() // Shutdown empties the exporter
	return spans, backend.Requests(), provider.Shutdown(ctx)
}

// play makes the calls, each inside a span of the program.
func play(ctx context.Context, backend *baastest.Backend, ann *auth.Auth, provider *sdktrace.TracerProvider) error {
	tracer := provider.Tracer("example")
	phone := backend.Kuaishou("ks-ann").SetProfile(baastest.Profile{NickName: "Ann"})
	code := phone.Login()
	data := phone.AllowUserInfo()

	within, span := tracer.Start(ctx, "a visitor logs in")
	_, err := ann.LoginWithKs(within, data, auth.Code(code))
	span.End()
	if err != nil {
		return err
	}

	backend.Fail("GET /hserve/v2.5/user/info/*/", baastest.Fault{Times: 1, Status: http.StatusServiceUnavailable})
	within, span = tracer.Start(ctx, "a visitor is read, at the second attempt")
	_, err = ann.CurrentUser(within)
	span.End()
	if err != nil {
		return err
	}

	within, span = tracer.Start(ctx, "a visitor logs in with a spent code")
	_, err = ann.LoginWithKs(within, nil, auth.Code(code))
	span.End()
	if !errors.Is(err, herror.BadRequest) {
		return fmt.Errorf("login with a spent code: %w", err)
	}
	return nil
}
