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
// contains no secret of the SDK's own calls. Call closeIdle when the client is no longer
// needed.
func newClient(clientID string, spans trace.TracerProvider, opts ...baas.Option) (client *baas.Client, closeIdle func(), err error) {
	// Keep idle connections. With the default of two, most connections are closed after
	// one request. MaxConnsPerHost stays 0, see baas.WithHTTPClient.
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConns = 0 // no limit except the one per host
	base.MaxIdleConnsPerHost = baas.DefaultMaxConnsPerHost

	traced := otelhttp.NewTransport(base,
		otelhttp.WithTracerProvider(spans),
		// Send the trace's ids to the backend, but no baggage, which may contain more.
		otelhttp.WithPropagators(propagation.TraceContext{}),
		otelhttp.WithSpanNameFormatter(spanName),
	)
	client, err = baas.New(clientID, append([]baas.Option{
		baas.WithHTTPClient(&http.Client{Transport: traced}),
	}, opts...)...)
	if err != nil {
		return nil, nil, err
	}
	return client, base.CloseIdleConnections, nil // otelhttp does not forward CloseIdleConnections
}

var userID = regexp.MustCompile(`/\d+/`)

// spanName names a span by its route, so that the reads of all users have one name.
func spanName(_ string, r *http.Request) string {
	return r.Method + " " + userID.ReplaceAllString(r.URL.Path, "/{id}/")
}
