package main

import (
	"context"
	"fmt"
	"io"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/hydrogen-go/baas/baastest"
)

// report writes one line per span: each span of the program, and under it the spans of
// its requests.
func report(w io.Writer, spans tracetest.SpanStubs, requests []baastest.Request) {
	seen := seenSpans(requests)
	for _, parent := range spans {
		if parent.Parent.IsValid() {
			continue
		}
		fmt.Fprintln(w, parent.Name)
		for _, span := range spans {
			if span.Parent.SpanID() == parent.SpanContext.SpanID() {
				fmt.Fprintf(w, "  %-47s %d  %-5s  traceparent at the backend: %t\n",
					span.Name, statusCode(span), span.Status.Code, seen[ids(span.SpanContext)])
			}
		}
	}
}

type spanIDs struct {
	trace trace.TraceID
	span  trace.SpanID
}

func ids(c trace.SpanContext) spanIDs { return spanIDs{c.TraceID(), c.SpanID()} }

// seenSpans returns the spans whose ids reached the backend in the traceparent header.
func seenSpans(requests []baastest.Request) map[spanIDs]bool {
	seen := make(map[spanIDs]bool, len(requests))
	for _, r := range requests {
		ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(r.Header))
		seen[ids(trace.SpanContextFromContext(ctx))] = true
	}
	return seen
}

func statusCode(span tracetest.SpanStub) int64 {
	attributes := attribute.NewSet(span.Attributes...)
	status, _ := attributes.Value("http.response.status_code")
	return status.AsInt64()
}
