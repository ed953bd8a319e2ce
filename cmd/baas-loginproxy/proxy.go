package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/rs/cors"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/ratelimit"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/requestlog"
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
	mux.Handle("/auth/", http.StripPrefix("/auth", proxy))
	if c.web.openAPI {
		mux.Handle("GET /auth/openapi.json", requestlog.Named(opOpenAPI, proxy.OpenAPI()))
	}
	mux.Handle("/hserve/", proxy.Backend())
	mux.Handle("/", noRoute(o))
	return nil
}

// The operations that the log has besides those of package loginproxy.
const (
	opDemo      loginproxy.Operation = "demo" // the page of the demo, and what it asks for
	opOpenAPI   loginproxy.Operation = "openapi"
	opPreflight loginproxy.Operation = "preflight" // of a browser, before a request to another origin
)

// errNoRoute is the error of a path outside of the routes.
var errNoRoute = errors.New("no_route")

// noRoute responds to every other path in the form of the JSON routes, with a hint, which
// a [loginproxy.Refusal] does not have.
func noRoute(o *observation) http.Handler {
	body, _ := json.Marshal(struct { // cannot fail for numbers and strings
		Code  int    `json:"code"`
		Name  string `json:"error"`
		Hint  string `json:"hint"`
		Spent bool   `json:"code_spent"`
	}{http.StatusNotFound, errNoRoute.Error(), "the routes are under /auth/, as /auth/login/kuaishou", false})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write(body) // an error means that the phone has hung up
		o.request(r.Context(), loginproxy.Event{
			Operation: loginproxy.OpUnknown, Status: http.StatusNotFound, Code: http.StatusNotFound,
			Class: loginproxy.ClassInput, Err: errNoRoute, Duration: time.Since(began),
		})
	})
}

// browsers lets the pages of the configured origins call the server.
func (w webConfig) browsers(next http.Handler) http.Handler {
	if len(w.corsOrigins) == 0 {
		return next
	}
	handler := cors.New(cors.Options{
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
	preflight := requestlog.Named(opPreflight, handler)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			preflight.ServeHTTP(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	})
}
