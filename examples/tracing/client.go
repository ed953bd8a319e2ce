package main

import (
	"net/http"
	"regexp"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/hydrogen-go/baas"
)

// newClient returns a client that makes a span of every request to the backend: the
// lines to copy. Spans hold the request's URL and no header or body, so they hold no
// secret of the SDK's own calls. Call closeIdle when the client is no longer needed.
func newClient(clientID string, spans trace.TracerProvider, opts ...baas.Option) (client *baas.Client, closeIdle func(), err error) {
	// As many idle connections as may be open: with the default of two, most of
	// them are closed after one request.
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConns = 0 // no bound beside the one per host
	base.MaxIdleConnsPerHost = baas.DefaultMaxConnsPerHost
	base.MaxConnsPerHost = baas.DefaultMaxConnsPerHost

	traced := otelhttp.NewTransport(base,
		otelhttp.WithTracerProvider(spans),
		// The trace's ids go to the backend; baggage, which may say more, does not.
		otelhttp.WithPropagators(propagation.TraceContext{}),
		otelhttp.WithSpanNameFormatter(spanName),
	)
	client, err = baas.New(clientID, append([]baas.Option{
		baas.WithHTTPClient(&http.Client{Transport: traced}),
	}, opts...)...)
	if err != nil {
		return nil, nil, err
	}
	return client, base.CloseIdleConnections, nil // otelhttp does not pass that call on
}

var userID = regexp.MustCompile(`/\d+/`)

// spanName names a span after its route, so that the reads of all users have one name.
func spanName(_ string, r *http.Request) string {
	return r.Method + " " + userID.ReplaceAllString(r.URL.Path, "/{id}/")
}
