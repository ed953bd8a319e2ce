package requestlog

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
)

const headerID = "X-Request-Id"

// The length of the ids that are taken from a trusted proxy.
const (
	minID = 8
	maxID = 64
)

// ID returns the id of the request of that context, or "".
func ID(ctx context.Context) string {
	if rec := recordOf(ctx); rec != nil {
		return rec.id
	}
	return ""
}

// id returns the id of a new request.
func (l *Log) id(r *http.Request) string {
	if given := r.Header.Values(headerID); len(given) == 1 && isID(given[0]) && l.trusted(r) {
		return given[0]
	}
	return rand.Text()
}

func isID(text string) bool {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
	return len(text) >= minID && len(text) <= maxID && strings.Trim(text, alphabet) == ""
}

// Handler returns a handler that adds request_id to each line that is logged with the
// context of a request, and then what the functions return for that context.
func Handler(inner slog.Handler, more ...func(context.Context) []slog.Attr) slog.Handler {
	return handler{inner, more}
}

type handler struct {
	inner slog.Handler
	more  []func(context.Context) []slog.Attr
}

// Enabled implements [slog.Handler].
func (h handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.inner.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (h handler) Handle(ctx context.Context, line slog.Record) error {
	line = line.Clone() // another handler may have the same record
	if id := ID(ctx); id != "" {
		line.AddAttrs(slog.String("request_id", id))
	}
	for _, attrs := range h.more {
		line.AddAttrs(attrs(ctx)...)
	}
	return h.inner.Handle(ctx, line)
}

// WithAttrs implements [slog.Handler].
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.inner.WithAttrs(attrs), h.more}
}

// WithGroup implements [slog.Handler].
func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.inner.WithGroup(name), h.more}
}
