package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/loginproxy"
)

// backendTimeout limits the time for a request to the backend.
const backendTimeout = 10 * time.Second

// handle mounts the JSON routes and the backend's paths.
func handle(mux *http.ServeMux, client *baas.Client, log *slog.Logger, opts ...loginproxy.Option) error {
	proxy, err := loginproxy.New(client, append(logging(log), opts...)...)
	if err != nil {
		return err
	}
	mux.Handle("/auth/", http.StripPrefix("/auth/", proxy))
	mux.Handle("/hserve/", proxy.Backend())
	return nil
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
