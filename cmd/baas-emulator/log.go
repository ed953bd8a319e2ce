package main

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/baastest"
)

// logged logs a line per request: nothing of header, query or body. What the console reads
// to stay up to date is for level debug.
func logged(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		rec := &statusRecorder{ResponseWriter: w}
		defer func() {
			// A cut connection is a panic with http.ErrAbortHandler: status 0 in the log.
			level := slog.LevelInfo
			if isConsole(r) {
				level = slog.LevelDebug
			}
			log.LogAttrs(r.Context(), level, "request",
				slog.String("method", r.Method), slog.String("path", r.URL.Path),
				slog.Int("status", rec.status), slog.Duration("duration", time.Since(began)))
		}()
		next.ServeHTTP(rec, r)
	})
}

// isConsole says whether the console, or another page of this address, reads something.
func isConsole(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, baastest.ControlPath) &&
		r.Header.Get("Sec-Fetch-Site") == "same-origin"
}

// statusRecorder notes the status of a response.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController flush.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
