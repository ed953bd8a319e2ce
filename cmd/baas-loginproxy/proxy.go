package main

import (
	"net/http"
	"slices"

	"github.com/rs/cors"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/ratelimit"
	"github.com/hydrogen-go/baas/loginproxy"
)

// mount mounts the JSON routes and the backend's paths on mux.
func (c config) mount(mux *http.ServeMux, client *baas.Client, limiter *ratelimit.Limiter, o *observation) error {
	options := append(o.proxyOptions(),
		loginproxy.WithRateLimiter(limiter.Wait),
		loginproxy.WithIdleTimeout(c.sessions.idle), loginproxy.WithAbsoluteTimeout(c.sessions.absolute),
		loginproxy.WithMaxBody(int64(c.web.maxBody)))
	if c.web.cookie != "" {
		options = append(options, loginproxy.WithCookie(c.web.cookie, c.web.cookieOrigins...))
	}
	if c.web.userFields != nil {
		options = append(options, loginproxy.WithUserFields(c.web.userFields...))
	}
	proxy, err := loginproxy.New(client, options...)
	if err != nil {
		return err
	}
	mux.Handle("/auth/", http.StripPrefix("/auth/", proxy))
	if c.web.openAPI {
		mux.Handle("GET /auth/openapi.json", proxy.OpenAPI())
	}
	mux.Handle("/hserve/", proxy.Backend())
	return nil
}

// browsers lets the pages of the configured origins call the server.
func (w webConfig) browsers(next http.Handler) http.Handler {
	if len(w.corsOrigins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowOriginFunc: func(origin string) bool { return slices.Contains(w.corsOrigins, origin) },
		AllowedMethods:  []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "X-Request-Id", "Traceparent", "Tracestate",
			"X-Hydrogen-Client-Id", "X-Hydrogen-Client-Version", "X-Hydrogen-Client-Platform", "X-Hydrogen-Client-Sdk-Type",
			"X-Hydrogen-Env-Id", "X-Hydrogen-Request-Method",
		},
		ExposedHeaders:   []string{"Retry-After", "X-Request-Id"},
		AllowCredentials: w.cookie != "",
		MaxAge:           600,
	}).Handler(next)
}
