package main

import (
	"context"
	"embed"
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/ratelimit"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/requestlog"
	"github.com/hydrogen-go/baas/session"
)

// page has page/index.html and the files that it loads.
//
//go:embed page
var page embed.FS

// demo returns the login server on a double of the backend, with the page, and with the
// double's control API, which plays the phones.
func demo(c config, o *observation, log *slog.Logger) (*site, error) {
	backend, err := baastest.New(baastest.WithJournalLimit(200)) // the page reads all of it
	if err != nil {
		return nil, err
	}
	store, err := session.NewMemory()
	if err != nil {
		return nil, err
	}
	client, err := backend.Client(append(o.clientOptions(),
		baas.WithSessionStore(o.metrics.Store(store)), baas.WithTimeout(c.backend.timeout), baas.WithLogger(log))...)
	if err != nil {
		return nil, err
	}
	limiter, err := ratelimit.NewMemory(c.limits.rules, o.limiterOptions(c.limits)...)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	if err := c.mount(mux, client, limiter, o); err != nil {
		return nil, err
	}
	mux.Handle(baastest.ControlPath, requestlog.Named(opDemo, baastest.Control(backend)))
	mux.Handle("GET /demo/asked", requestlog.Named(opDemo, backendRequests(backend)))
	platforms, err := platformList(context.Background())
	if err != nil {
		return nil, err
	}
	mux.Handle("GET /demo/platforms", requestlog.Named(opDemo, platforms))
	return &site{
		mux:   mux,
		ready: newReadiness(func(context.Context) error { return nil }, log), // memory does not fail
		// A delay that the double was told to make would outlast the shutdown.
		interrupt: backend.Close,
		inspect:   func(context.Context) {},
		close:     client.CloseIdleConnections,
	}, handlePage(mux)
}

// backendRequests responds with the requests that the backend got: methods, paths and
// statuses, and no secret.
func backendRequests(backend *baastest.Backend) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(backend.Requests()) // an error means that the browser has hung up
	})
}

// policy lets the page load files from and send requests to its own server only.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// handlePage mounts all files of the page, index.html at the root.
func handlePage(mux *http.ServeMux) error {
	files, err := page.ReadDir("page")
	for _, f := range files {
		path := f.Name()
		if path == "index.html" {
			path = "{$}"
		}
		mux.Handle("GET /"+path, requestlog.Named(opDemo, pageFile(f.Name())))
	}
	return err
}

func pageFile(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, page, "page/"+name)
	})
}
