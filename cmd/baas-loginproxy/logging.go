package main

import (
	"io"
	"log/slog"

	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/requestlog"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/tracing"
)

// logger returns the log that the settings ask for.
func (l logConfig) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.level)) // the setting is one of its words
	options := &slog.HandlerOptions{Level: level}
	if l.format == "json" {
		return slog.New(withIDs(slog.NewJSONHandler(w, options)))
	}
	return slog.New(withIDs(slog.NewTextHandler(w, options)))
}

// withIDs adds the ids of the request, and of its trace, to every line.
func withIDs(h slog.Handler) slog.Handler { return requestlog.Handler(h, tracing.LogAttrs) }
