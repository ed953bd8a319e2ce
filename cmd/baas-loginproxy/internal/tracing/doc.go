// Package tracing makes OpenTelemetry spans of the login server's requests and of the
// requests that it sends to the backend.
//
//	tracer, err := tracing.New(ctx, os.Getenv, version, log, tracing.WithTrusted(clients.FromTrusted))
//	…
//	defer tracer.Shutdown(ctx)
//	client, err := baas.New(id, baas.WithTransportWrapper(tracer.RoundTripper))
//	…
//	proxy, err := loginproxy.New(client, loginproxy.WithObserver(tracer.Request))
//	…
//	server.Handler = tracer.Middleware(mux)
//	slog.New(requestlog.Handler(handler, tracing.LogAttrs))
//
// It is configured by the environment variables of OpenTelemetry, and does nothing
// unless OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set. Spans
// are sent with OTLP over HTTP. The SDK of OpenTelemetry also reads OTEL_SERVICE_NAME,
// OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS, the OTEL_BSP
// variables and others. OTEL_SDK_DISABLED=true and OTEL_TRACES_EXPORTER=none switch
// tracing off.
//
// The span of a request has the name of its operation, as in login_sms. The span of a
// request to the backend has the name of its route, as in
// "GET /hserve/v2.5/user/info/{id}/". The spans have methods, statuses, codes and the
// causes of failures. They have no query, no header, no body and no address of a client.
//
// The instrumentation otelhttp is not used here, because it puts the whole URL of a
// request into its span. The query of a phone's request may have personal data.
package tracing
