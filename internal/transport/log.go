package transport

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/herror"
)

// logTime returns the time if there is a log.
func (t *Transport) logTime() time.Time {
	if t.log == nil {
		return time.Time{}
	}
	return time.Now()
}

// logAttempt logs one line per attempt, at debug level: the method, the path, and the
// status or the error. It logs no header, no query and no body.
func (t *Transport) logAttempt(ctx context.Context, r *Request, res *Response, err *herror.HError, attempt int, began time.Time) {
	if t.log == nil || !t.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	path, _, _ := strings.Cut(r.Path, "?")
	attrs := []slog.Attr{
		slog.String("method", r.Method),
		slog.String("path", path),
		slog.Int("attempt", attempt),
		slog.Duration("took", time.Since(began)),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	} else {
		attrs = append(attrs, slog.Int("status", res.Status))
	}
	t.log.LogAttrs(ctx, slog.LevelDebug, "baas request", attrs...)
}
