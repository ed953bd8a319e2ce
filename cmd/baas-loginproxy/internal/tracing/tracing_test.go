package tracing

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
)

// keeper is an exporter whose spans outlive Shutdown.
type keeper struct {
	mu    sync.Mutex
	spans tracetest.SpanStubs
	err   error
}

func (k *keeper) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spans = append(k.spans, tracetest.SpanStubsFromReadOnlySpans(spans)...)
	return k.err
}

func (k *keeper) Shutdown(context.Context) error { return nil }

func newKeeper(t *testing.T, opts ...Option) (*Tracer, *keeper) {
	t.Helper()
	k := new(keeper)
	tracer, err := newTracer(t.Context(), k, "v1.2.3", slog.New(slog.DiscardHandler), opts)
	require.NoError(t, err)
	require.True(t, tracer.On())
	return tracer, k
}

// end returns the spans.
func (k *keeper) end(t *testing.T, tracer *Tracer) tracetest.SpanStubs {
	t.Helper()
	require.NoError(t, tracer.Shutdown(context.WithoutCancel(t.Context())))
	return k.spans
}

func attributes(span tracetest.SpanStub) map[string]any {
	values := make(map[string]any)
	for _, a := range span.Attributes {
		values[string(a.Key)] = a.Value.AsInterface()
	}
	return values
}

// textOf returns all text that an exporter can send of a span.
func textOf(span tracetest.SpanStub) string {
	text := span.Name + "\n" + span.Status.Description + "\n" + span.SpanContext.TraceState().String() + "\n"
	lists := [][]attribute.KeyValue{span.Attributes, span.Resource.Attributes()}
	for _, event := range span.Events {
		text += event.Name + "\n"
		lists = append(lists, event.Attributes)
	}
	for _, link := range span.Links {
		lists = append(lists, link.Attributes)
	}
	for _, list := range lists {
		for _, a := range list {
			text += string(a.Key) + "=" + a.Value.String() + "\n"
		}
	}
	return text
}

// A visit of a phone: a span of each request, under it those of the backend's, whose
// ids reach the backend, and no secret in any of them.
func TestAVisit(t *testing.T) {
	t.Parallel()
	tracer, k := newKeeper(t)
	backend := baastest.NewServer(t)
	client := backend.Client(baas.WithTransportWrapper(tracer.RoundTripper))
	proxy, err := loginproxy.New(client, loginproxy.WithObserver(tracer.Request))
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/auth/", http.StripPrefix("/auth", proxy))
	mux.Handle("/hserve/", proxy.Backend())
	handler := tracer.Middleware(mux)
	call := func(method, path, token, body string) string {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		if strings.HasPrefix(path, "/hserve/") {
			r.Header.Set("Authorization", "Hydrogen-r1 "+token)
			r.Header.Set("X-Hydrogen-Client-Id", backend.ClientID())
			r.Header.Set("X-Hydrogen-Client-Platform", "KUAISHOU")
		}
		r.Header.Set("Traceparent", "00-11111111111111111111111111111111-2222222222222222-01")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Body.String()
	}
	phone := backend.Kuaishou("ks-ann").SetProfile(baastest.Profile{NickName: "Ann"})
	code := phone.Login()
	data, err := json.Marshal(phone.AllowUserInfo())
	require.NoError(t, err)
	var login struct{ Token string }
	require.NoError(t, json.Unmarshal([]byte(call(http.MethodPost, "/auth/login/ks", "", `{"code":"`+code+`","data":`+string(data)+`}`)), &login))
	require.NotEmpty(t, login.Token)
	call(http.MethodGet, "/auth/me", login.Token, "")
	call(http.MethodGet, "/hserve/v2.2/user/info/?where=the-query", login.Token, "")
	backend.Fail("GET /hserve/v2.5/user/info/*/", baastest.Fault{Times: 9, Status: http.StatusServiceUnavailable})
	call(http.MethodGet, "/auth/me", login.Token, "")
	call("STRANGE", "/auth/"+login.Token, login.Token, "")
	call(http.MethodGet, "/elsewhere/"+login.Token, "", "")
	spans := k.end(t, tracer)

	names := make(map[string]int)
	ids := make(map[trace.SpanID]tracetest.SpanStub)
	for _, span := range spans {
		names[span.SpanKind.String()+" "+span.Name]++
		ids[span.SpanContext.SpanID()] = span
		require.NotEqual(t, "11111111111111111111111111111111", span.SpanContext.TraceID().String(), "of a phone")
		resource := span.Resource.Attributes()
		require.Contains(t, resource, attribute.String("service.name", "baas-loginproxy"))
		require.Contains(t, resource, attribute.String("service.version", "v1.2.3"))
	}
	require.Equal(t, 1, names["server login"], names)
	require.Equal(t, 2, names["server me"], names)
	require.Equal(t, 1, names["server forward"], names)
	require.Equal(t, 1, names["server unknown"], names)
	require.Equal(t, 1, names["server GET"], names) // nobody's route
	require.Equal(t, 1, names["client GET /hserve/v2.2/user/info/"], names)
	require.GreaterOrEqual(t, names["client GET /hserve/v2.5/user/info/{id}/"], 2, names)

	failed := 0
	for _, span := range spans {
		if span.SpanKind == trace.SpanKindClient {
			parent, ok := ids[span.Parent.SpanID()]
			require.True(t, ok)
			require.Equal(t, trace.SpanKindServer, parent.SpanKind)
			require.Equal(t, "127.0.0.1", attributes(span)["server.address"])
		}
		if span.Name == "me" && span.Status.Code == codes.Error {
			failed++
			require.NotEmpty(t, span.Status.Description)
			require.Equal(t, "backend", attributes(span)["baas.class"])
			require.EqualValues(t, http.StatusBadGateway, attributes(span)["http.response.status_code"])
		}
		if span.Name == "login" {
			require.Equal(t, map[string]any{
				"http.request.method": "POST", "http.response.status_code": int64(200),
				"baas.operation": "login", "baas.platform": "kuaishou",
			}, attributes(span))
		}
	}
	require.Equal(t, 1, failed)
	for _, r := range backend.Requests() {
		parts := strings.Split(r.Header.Get("Traceparent"), "-")
		require.Len(t, parts, 4)
		id, err := trace.SpanIDFromHex(parts[2])
		require.NoError(t, err)
		require.Contains(t, ids, id)
	}
	secrets := []string{code, login.Token, "the-query", "ks-ann", "1111111111111111"}
	for _, name := range []string{"encryptedData", "iv", "rawData", "signature"} {
		secret := gjson.GetBytes(data, name).String()
		require.NotEmpty(t, secret, string(data))
		secrets = append(secrets, secret)
	}
	for _, span := range spans {
		for _, secret := range secrets {
			require.NotContains(t, textOf(span), secret)
		}
	}
}

// A trusted proxy's trace is continued, baggage is not taken.
func TestTracesOfTrustedProxies(t *testing.T) {
	t.Parallel()
	tracer, k := newKeeper(t, WithTrusted(func(r *http.Request) bool { return r.RemoteAddr == "10.0.0.1:1" }))
	for _, peer := range []string{"10.0.0.1:1", "203.0.113.7:1"} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = peer
		r.Header.Set("Traceparent", "00-11111111111111111111111111111111-2222222222222222-01")
		r.Header.Set("Baggage", "user=ann")
		tracer.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			attrs := LogAttrs(r.Context())
			require.Len(t, attrs, 2)
			require.Equal(t, peer == "10.0.0.1:1", attrs[0].Value.String() == "11111111111111111111111111111111")
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
	spans := k.end(t, tracer)
	require.Len(t, spans, 2)
	require.Equal(t, "2222222222222222", spans[0].Parent.SpanID().String())
	require.False(t, spans[1].Parent.IsValid())
	require.Nil(t, LogAttrs(t.Context()))
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestFailuresOfTheBackend(t *testing.T) {
	t.Parallel()
	tracer, k := newKeeper(t)
	errs := []error{context.Canceled, context.DeadlineExceeded, errors.New("Get \"https://x/?secret\": refused")}
	for _, failure := range errs {
		rt := tracer.RoundTripper(roundTrip(func(r *http.Request) (*http.Response, error) {
			require.NotEmpty(t, r.Header.Get("Traceparent"))
			return nil, failure
		}))
		r := httptest.NewRequest("STRANGE", "https://backend.example.com/hserve/v1/a?secret", http.NoBody)
		_, err := rt.RoundTrip(r)
		require.Equal(t, failure, err)
		require.Empty(t, r.Header, "the request of the caller is not changed")
	}
	for i, span := range k.end(t, tracer) {
		require.Equal(t, "_OTHER /hserve/v1/{id}", span.Name)
		require.Equal(t, codes.Error, span.Status.Code)
		require.Equal(t, []string{"canceled", "timeout", "connection"}[i], attributes(span)["error.type"])
		require.NotContains(t, textOf(span), "secret")
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/hserve/v2.5/user/info/61736923/":        "/hserve/v2.5/user/info/{id}/",
		"/hserve/v2.0/idp/kuaishou/silent-login/": "/hserve/v2.0/idp/kuaishou/silent-login/",
		"/hserve/v1/table/books/record/5f3a9c/":   "/hserve/v1/table/{id}/record/{id}/",
		"/hserve/v13800138000/user/info/":         "/hserve/{id}/user/info/",
		"/hserve/v2.0/idp/any/word/":              "/hserve/v2.0/idp/{id}/{id}/",
		"/hserve/v2.10/login/":                    "/hserve/v2.10/login/",
		"/hserve/v2.4/table/t2/record/":           "/hserve/v2.4/table/{id}/record/",
		"/":                                       "/",
		"":                                        "",
	} {
		require.Equal(t, want, templateOf(path), path)
	}
}

// Without configuration nothing is wrapped.
func TestOff(t *testing.T) {
	t.Parallel()
	tracer, err := New(t.Context(), func(string) string { return "" }, "", slog.New(slog.DiscardHandler), nil)
	require.NoError(t, err)
	for _, off := range []*Tracer{tracer, new(Tracer)} {
		require.False(t, off.On())
		next := http.NewServeMux()
		require.Same(t, next, off.Middleware(next))
		require.Same(t, http.DefaultTransport, off.RoundTripper(http.DefaultTransport))
		off.Request(t.Context(), loginproxy.Event{})
		require.NoError(t, off.Shutdown(t.Context()))
	}
}

func TestConfigured(t *testing.T) {
	t.Parallel()
	const endpoint = "http://127.0.0.1:4318"
	for name, tt := range map[string]struct {
		env  map[string]string
		on   bool
		fail string
	}{
		"nothing":            {nil, false, ""},
		"endpoint":           {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, true, ""},
		"endpoint of traces": {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint}, true, ""},
		"spaces":             {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, false, ""},
		"no scheme":          {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, false, "OTEL_EXPORTER_OTLP_ENDPOINT is no URL"},
		"no host":            {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://"}, false, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is no URL"},
		"another endpoint":   {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://u:s3cret@%zz"}, false, "OTEL_EXPORTER_OTLP_ENDPOINT is no URL"},
		"headers":            {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Basic%20s3cret, x-a = b=c"}, true, ""},
		"no header":          {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_HEADERS": "Bearer s3cret"}, false, "OTEL_EXPORTER_OTLP_HEADERS is no list"},
		"a space in a name":  {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_HEADERS": "Bearer s3cret==,a=b"}, false, "OTEL_EXPORTER_OTLP_HEADERS is no list"},
		"no escape":          {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "authorization=Basic s3cret%zz"}, false, "OTEL_EXPORTER_OTLP_TRACES_HEADERS is no list"},
		"disabled":           {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_SDK_DISABLED": "TRUE"}, false, ""},
		"no exporter":        {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_EXPORTER": "none"}, false, ""},
		"exporter":           {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_EXPORTER": "otlp"}, true, ""},
		"another exporter":   {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_EXPORTER": "zipkin"}, false, `OTEL_TRACES_EXPORTER is "zipkin"`},
		"protocol":           {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, true, ""},
		"another protocol":   {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, false, `OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"`},
		"protocol of traces": {map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
		}, true, ""},
	} {
		on, err := configured(func(key string) string { return tt.env[key] })
		require.Equal(t, tt.on, on, name)
		if tt.fail == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, tt.fail, name)
			require.NotContains(t, err.Error(), "s3cret", name)
		}
	}
	_, err := New(t.Context(), func(string) string { return "grpc" }, "", slog.New(slog.DiscardHandler))
	require.Error(t, err)
	_, err = New(t.Context(), func(string) string { return "" }, "", slog.New(slog.DiscardHandler), WithTrusted(nil))
	require.Error(t, err)
}

// Spans reach a collector over HTTP, as the environment says, at the latest on Shutdown.
func TestACollector(t *testing.T) {
	got := make(chan string, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			unzipped, err := gzip.NewReader(body)
			if err != nil {
				http.Error(w, "no gzip", http.StatusBadRequest)
				return
			}
			body = unzipped
		}
		text, _ := io.ReadAll(body)
		got <- r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + r.Header.Get("Team") + "\n" + string(text)
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "team=login")
	t.Setenv("OTEL_SERVICE_NAME", "my-login")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test-env")
	env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL}
	tracer, err := New(t.Context(), func(key string) string { return env[key] }, "v1", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	tracer.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		tracer.Request(r.Context(), loginproxy.Event{Operation: loginproxy.OpLoginSMS, Status: 200})
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", http.NoBody))
	require.NoError(t, tracer.Shutdown(t.Context()))
	request := <-got
	require.True(t, strings.HasPrefix(request, "POST /v1/traces application/x-protobuf login\n"), request)
	for _, text := range []string{"login_sms", "my-login", "test-env", "service.version"} {
		require.Contains(t, request, text)
	}
}

// A collector that does not respond does not hold up the end of the program, and one that
// fails is in the log.
func TestBrokenCollectors(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	k := &keeper{err: errors.New("collector: 500")}
	tracer, err := newTracer(t.Context(), k, "", slog.New(slog.NewJSONHandler(&text, nil)), nil)
	require.NoError(t, err)
	tracer.Middleware(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	require.NoError(t, tracer.Shutdown(t.Context()))
	require.Contains(t, text.String(), `"msg":"spans are lost","count":1,"cause":"collector: 500"`)

	silent := new(silentExporter)
	tracer, err = newTracer(t.Context(), silent, "", slog.New(slog.DiscardHandler), nil)
	require.NoError(t, err)
	tracer.Middleware(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, tracer.Shutdown(ctx), context.DeadlineExceeded)
}

// silentExporter responds when its context ends.
type silentExporter struct{}

func (silentExporter) ExportSpans(ctx context.Context, _ []sdktrace.ReadOnlySpan) error {
	<-ctx.Done()
	return ctx.Err()
}

func (silentExporter) Shutdown(ctx context.Context) error { return ctx.Err() }
