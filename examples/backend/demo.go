package main

import (
	"log/slog"
	"net/http"

	"github.com/hydrogen-go/baas/baastest"
)

// demoHandler returns the login server on a double of the backend, with the
// double's control API beside it, which plays the phones.
func demoHandler(log *slog.Logger) (http.Handler, error) {
	backend := baastest.New()
	client, err := backend.Client()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", handler(client, log))
	mux.Handle(baastest.ControlPath, baastest.Control(backend))
	return mux, nil
}
