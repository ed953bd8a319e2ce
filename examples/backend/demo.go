package main

import (
	"log/slog"
	"net/http"

	"github.com/hydrogen-go/baas/baastest"
)

// demoHandler returns the login server on a double of the backend, and the double's
// control API, which gives the codes and data of simulated phones.
func demoHandler(log *slog.Logger) (http.Handler, error) {
	backend, err := baastest.New()
	if err != nil {
		return nil, err
	}
	client, err := backend.Client()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", handler(client, log))
	mux.Handle(baastest.ControlPath, baastest.Control(backend))
	return mux, nil
}
