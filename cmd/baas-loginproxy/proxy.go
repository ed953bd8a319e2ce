package main

import (
	"context"
	"log/slog"
	"net/http"
	"slices"

	"github.com/rs/cors"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/loginproxy"
)

// handle mounts the JSON routes, the backend's paths and the health of s.
func (c config) handle(mux *http.ServeMux, client *baas.Client, s *site, log *slog.Logger, options ...loginproxy.Option) error {
	options = append(options, logging(log)...)
	options = append(options,
		loginproxy.WithIdleTimeout(c.sessions.idle), loginproxy.WithAbsoluteTimeout(c.sessions.absolute),
		loginproxy.WithMaxBody(int64(c.web.maxBody)))
	if c.web.cookie != "" {
		options = append(options, loginproxy.WithCookie(c.web.cookie, c.web.cookieOrigins...))
	}
	proxy, err := loginproxy.New(client, options...)
	if err != nil {
		return err
	}
	mux.Handle("/auth/", http.StripPrefix("/auth/", proxy))
	mux.Handle("/hserve/", proxy.Backend())
	s.ready.handle(mux)
	operators := http.NewServeMux()
	s.ready.handle(operators)
	s.operators = operators
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

// logging returns options that log a line per request, and the ids of the users who log
// in and out. The log has no secret.
func logging(log *slog.Logger) []loginproxy.Option {
	return []loginproxy.Option{
		loginproxy.WithObserver(func(ctx context.Context, e loginproxy.Event) {
			level := slog.LevelInfo
			if e.Status >= http.StatusInternalServerError {
				level = slog.LevelError
			}
			log.LogAttrs(ctx, level, "request",
				slog.String("operation", string(e.Operation)), slog.String("platform", e.Platform),
				slog.Int("status", e.Status), slog.Int("code", int(e.Code)), slog.Duration("duration", e.Duration))
		}),
		loginproxy.WithOnLogin(func(ctx context.Context, v *loginproxy.Visitor) {
			log.InfoContext(ctx, "login", "user", v, "platform", v.Platform())
		}),
		loginproxy.WithOnLogout(func(ctx context.Context, v *loginproxy.Visitor) {
			log.InfoContext(ctx, "logout", "user", v)
		}),
	}
}
