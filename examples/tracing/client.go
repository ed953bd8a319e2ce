package main

import (
	"net/http"
	"regexp"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/hydrogen-go/baas"
)

// newClient returns a client that makes a span of every request to the backend. Copy
// this function. A span contains the request's URL and no header or body, so it
// contains no secret of the SDK's own calls.
func newClient(clientID string, spans trace.TracerProvider, opts ...baas.Option) (*baas.Client, error) {
	traced := func(next http.RoundTripper) http.RoundTripper {
		return otelhttp.NewTransport(next,
			otelhttp.WithTracerProvider(spans),
			// Send the trace's ids to the backend, but no baggage, which may contain more.
			otelhttp.WithPropagators(propagation.TraceContext{}),
			otelhttp.WithSpanNameFormatter(spanName),
		)
	}
	return baas.New(clientID, append([]baas.Option{baas.WithTransportWrapper(traced)}, opts...)...)
}

var userID = regexp.MustCompile(`/\d+/`)

// spanName names a span by its route, so that the reads of all users have one name.
func spanName(_ string, r *http.Request) string {
	return r.Method + " " + userID.ReplaceAllString(r.URL.Path, "/{id}/")
}
