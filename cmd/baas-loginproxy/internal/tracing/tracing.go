package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	// name is the name of the service and of the tracer.
	name = "baas-loginproxy"
	// shutdownTimeout bounds the time to send the last spans.
	shutdownTimeout = 5 * time.Second
)

// Tracer makes the spans. The zero Tracer makes none. It is immutable and safe for
// concurrent use.
type Tracer struct {
	provider *sdktrace.TracerProvider // nil if tracing is off
	tracer   trace.Tracer
	trusted  func(*http.Request) bool
}

// propagator reads and writes traceparent and tracestate, and no baggage, which may
// contain anything.
var propagator propagation.TraceContext

// Option is an option of [New]. A nil Option is ignored.
type Option func(*Tracer) error

// WithTrusted sets which requests come from a proxy whose traceparent is taken. By
// default none is taken: the request of a phone begins a trace of its own, so that
// nobody can have all of their requests traced.
func WithTrusted(f func(*http.Request) bool) Option {
	return func(t *Tracer) error {
		if f == nil {
			return errors.New("tracing: the function for trusted proxies is nil")
		}
		t.trusted = f
		return nil
	}
}

// New returns a Tracer as the environment configures it. The function getenv decides
// whether spans are sent; it is [os.Getenv], because the SDK of OpenTelemetry reads the
// environment of the process. New connects to nothing: spans are sent in the background,
// until [Tracer.Shutdown]. Spans that cannot be sent are lost, and log has a warning. An
// error names the variable that is wrong, without its value if that may have a password.
func New(ctx context.Context, getenv func(string) string, version string, log *slog.Logger, opts ...Option) (*Tracer, error) {
	on, err := configured(getenv)
	if err != nil {
		return nil, err
	}
	var exporter sdktrace.SpanExporter
	if on {
		if exporter, err = otlptracehttp.New(ctx); err != nil {
			return nil, fmt.Errorf("tracing: %w", err)
		}
	}
	return newTracer(ctx, exporter, version, log, opts)
}

// newTracer returns a Tracer that sends its spans to exporter; nil for none.
func newTracer(ctx context.Context, exporter sdktrace.SpanExporter, version string, log *slog.Logger, opts []Option) (*Tracer, error) {
	t := &Tracer{trusted: func(*http.Request) bool { return false }}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(t); err != nil {
			return nil, err
		}
	}
	if exporter == nil {
		return t, nil
	}
	about, err := resource.New(ctx, // a later one wins
		resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", name), attribute.String("service.version", version)),
		resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	t.provider = sdktrace.NewTracerProvider(sdktrace.WithBatcher(logged{exporter, log}), sdktrace.WithResource(about))
	t.tracer = t.provider.Tracer(name, trace.WithInstrumentationVersion(version))
	return t, nil
}

// configured reports whether the environment asks for spans to be sent.
func configured(getenv func(string) string) (bool, error) {
	first := func(names ...string) (name, value string) {
		for _, name := range names {
			if value := strings.TrimSpace(getenv(name)); value != "" {
				return name, value
			}
		}
		return "", ""
	}
	if _, endpoint := first(endpoints...); endpoint == "" {
		return false, nil
	}
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return false, nil
	}
	switch name, exporter := first("OTEL_TRACES_EXPORTER"); exporter {
	case "none":
		return false, nil
	case "", "otlp":
	default:
		return false, fmt.Errorf("%s is %q: only otlp and none are known", name, exporter)
	}
	// The SDK prints what it cannot read, and goes on without it.
	for _, name := range endpoints {
		if endpoint := strings.TrimSpace(getenv(name)); endpoint != "" && !isEndpoint(endpoint) {
			return false, fmt.Errorf("%s is no URL as in http://collector.example.com:4318", name)
		}
	}
	for _, name := range headers {
		if list := strings.TrimSpace(getenv(name)); list != "" && !areHeaders(list) {
			return false, fmt.Errorf("%s is no list as in name=value,name=value, with values that are percent-encoded", name)
		}
	}
	switch name, protocol := first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"); protocol {
	case "", "http/protobuf":
		return true, nil
	default:
		return false, fmt.Errorf("%s is %q: only http/protobuf is known", name, protocol)
	}
}

// The variables whose values may have a password.
var (
	endpoints = []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"}
	headers   = []string{"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"}
)

func isEndpoint(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// areHeaders reports whether the SDK can read a list of headers.
func areHeaders(list string) bool {
	for item := range strings.SplitSeq(list, ",") {
		name, value, found := strings.Cut(item, "=")
		if _, err := url.PathUnescape(value); err != nil || !found || !isToken(strings.TrimSpace(name)) {
			return false
		}
	}
	return true
}

// isToken reports whether text can be the name of a header.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// On reports whether spans are sent.
func (t *Tracer) On() bool { return t.provider != nil }

// Shutdown sends the last spans, for up to 5 seconds, and ends the work in the
// background. Call it when no request is under way any more.
func (t *Tracer) Shutdown(ctx context.Context) error {
	if !t.On() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("tracing: %w", err)
	}
	return nil
}

// logged logs the errors of an exporter. Otherwise OpenTelemetry prints them with a
// logger that the whole process shares.
type logged struct {
	sdktrace.SpanExporter
	log *slog.Logger
}

// ExportSpans implements [sdktrace.SpanExporter].
func (e logged) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.log.WarnContext(ctx, "spans are lost", "count", len(spans), "cause", err.Error())
	}
	return nil
}

// LogAttrs returns trace_id and span_id of the span in ctx, for the lines of a log.
func LogAttrs(ctx context.Context) []slog.Attr {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return nil
	}
	return []slog.Attr{slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String())}
}
