package requestlog

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/ratelimit"
	"github.com/hydrogen-go/baas/loginproxy"
)

// Log writes the lines. It is immutable and safe for concurrent use.
type Log struct {
	log        *slog.Logger
	trusted    func(*http.Request) bool
	clientAddr func(*http.Request) string // nil for none
}

// Option is an option of [New]. A nil Option is ignored.
type Option func(*Log) error

// WithTrusted sets which requests come from a proxy whose X-Request-Id is taken, if it
// is of 8 to 64 letters, digits, dots, - and _. By default none is taken.
func WithTrusted(f func(*http.Request) bool) Option {
	return func(l *Log) error {
		if f == nil {
			return errors.New("requestlog: the function for trusted proxies is nil")
		}
		l.trusted = f
		return nil
	}
}

// WithClientAddr adds the client's address to the lines. By default they have none: an
// address is personal data in many countries.
func WithClientAddr(f func(*http.Request) string) Option {
	return func(l *Log) error {
		if f == nil {
			return errors.New("requestlog: the function for the client's address is nil")
		}
		l.clientAddr = f
		return nil
	}
}

// New returns a Log that writes to log. If the handler of log was not made by [Handler],
// New adds it.
func New(log *slog.Logger, opts ...Option) (*Log, error) {
	if log == nil {
		return nil, errors.New("requestlog: the logger is nil")
	}
	if _, ok := log.Handler().(handler); !ok {
		log = slog.New(Handler(log.Handler()))
	}
	l := &Log{log: log, trusted: func(*http.Request) bool { return false }}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(l); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// record is what is known of a request, besides its event.
type record struct {
	id        string
	client    string
	user      atomic.Int64
	unchecked atomic.Pointer[string] // why the rate limiter did not count the request
	logged    atomic.Bool
	operation atomic.Pointer[loginproxy.Operation] // of a path of the program, see Named
}

type recordKey struct{}

func recordOf(ctx context.Context) *record {
	r, _ := ctx.Value(recordKey{}).(*record)
	return r
}

// Middleware gives every request an id, puts it into the context, and sends it back in
// X-Request-Id. It is the outermost of the handlers, or near it: lines of the handlers
// around it have no id. For a request that the login server does not see, as one of
// another path, it writes the line itself.
func (l *Log) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &record{id: l.id(r)}
		if l.clientAddr != nil {
			rec.client = l.clientAddr(r)
		}
		w.Header().Set(headerID, rec.id)
		began, ctx := time.Now(), context.WithValue(r.Context(), recordKey{}, rec)
		seen := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(seen, r.WithContext(ctx))
		if !rec.logged.Load() {
			e := loginproxy.Event{Status: cmp.Or(seen.status, http.StatusOK), Duration: time.Since(began)}
			if name := rec.operation.Load(); name != nil {
				e.Operation = *name
			}
			l.Request(ctx, e)
		}
	})
}

// Named returns a handler that gives the line of its requests an operation, for a path
// that the login server does not see.
func Named(operation loginproxy.Operation, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rec := recordOf(r.Context()); rec != nil {
			rec.operation.Store(&operation)
		}
		next.ServeHTTP(w, r)
	})
}

// statusWriter notes the status of a response.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK { // an informational response comes before the real one
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for [http.ResponseController].
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Decision notes that a request passed without being counted, for
// [ratelimit.WithObserver].
func (l *Log) Decision(ctx context.Context, d ratelimit.Decision) {
	if rec := recordOf(ctx); rec != nil && d.Outcome == ratelimit.Unchecked {
		cause := causeOf(d.Err)
		rec.unchecked.Store(&cause)
	}
}

// User notes the user of a request, for [loginproxy.WithOnLogin] and
// [loginproxy.WithOnLogout].
func (l *Log) User(ctx context.Context, v *loginproxy.Visitor) {
	if rec := recordOf(ctx); rec != nil {
		rec.user.Store(v.UserID())
	}
}

// Request writes the line of a request, for [loginproxy.WithObserver].
func (l *Log) Request(ctx context.Context, e loginproxy.Event) {
	rec := recordOf(ctx)
	if rec == nil {
		rec = new(record)
	}
	rec.logged.Store(true)
	level, unchecked := levelOf(e), rec.unchecked.Load()
	if unchecked != nil {
		level = slog.LevelError
	}
	if !l.log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 10)
	add := func(known bool, a slog.Attr) {
		if known {
			attrs = append(attrs, a)
		}
	}
	class, cause := string(e.Class), causeOf(e.Err)
	add(e.Operation != "", slog.String("operation", string(e.Operation)))
	add(e.Platform != "", slog.String("platform", e.Platform))
	add(true, slog.Int("status", e.Status))
	add(e.Code != 0, slog.Int("code", int(e.Code)))
	add(class != "", slog.String("class", class))
	add(cause != "", slog.String("cause", cause))
	add(e.Unreadable, slog.Bool("unreadable", true))
	add(true, slog.Float64("duration_ms", float64(e.Duration.Round(time.Microsecond))/float64(time.Millisecond)))
	if unchecked != nil {
		add(true, slog.String("unchecked", *unchecked))
	}
	add(rec.client != "", slog.String("client", rec.client))
	add(rec.user.Load() != 0, slog.Int64("user", rec.user.Load()))
	l.log.LogAttrs(ctx, level, "request", attrs...)
}

// levelOf returns the level of a request's line. An error without a class is one of a
// status that the backend sent.
func levelOf(e loginproxy.Event) slog.Level {
	switch e.Class {
	case loginproxy.ClassInput, loginproxy.ClassRefused:
		return slog.LevelInfo
	case "":
		if e.Status < http.StatusInternalServerError {
			return slog.LevelInfo
		}
	}
	return slog.LevelError
}

// maxCause is the maximum length of a cause, in bytes.
const maxCause = 1 << 10

// causeOf returns the text of an error, shortened if it is very long.
func causeOf(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	if len(text) > maxCause {
		text = strings.ToValidUTF8(text[:maxCause], "") + "…"
	}
	return text
}
