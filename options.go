package baas

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/clientconfig"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

// Option is an option of [New]. A nil Option changes nothing.
type Option func(*config) error

type config struct {
	clientconfig.Config
	store          session.Store
	wrap           func(http.RoundTripper) http.RoundTripper // or nil
	source         CodeSource
	sourcePlatform platform.Platform
	sourceOptions  []platform.LoginOption
}

// WithHost sets the backend's address, a URL with scheme and host: the documented
// option host. The default is https://{clientID}.myminapp.com. A slash at its end
// is dropped. Plain http is refused, except on the loopback interface.
func WithHost(host string) Option {
	return func(c *config) error {
		c.Host = host
		return nil
	}
}

// WithInsecureHTTP allows plain http to every host. Anyone on the network path can
// then read codes, passwords and tokens.
func WithInsecureHTTP() Option {
	return func(c *config) error {
		c.InsecureHTTP = true
		return nil
	}
}

// WithEnv sets the backend environment, sent as X-Hydrogen-Env-ID: the documented
// option env. The default is none.
func WithEnv(id string) Option {
	return func(c *config) error { return c.SetEnv(id) }
}

// WithHTTPClient sets the HTTP client to send requests with, for tracing, metrics,
// proxies or TLS settings of your own. It is copied; its cookie jar and redirect
// policy are not used. Give its transport as many idle connections per host as it
// may open ([http.Transport.MaxIdleConnsPerHost]; the default of two costs more
// than half of the throughput). If it may speak HTTP/2, leave
// [http.Transport.MaxConnsPerHost] at zero: before Go 1.27, net/http miscounts HTTP/2
// connections that break, and in the end a request panics or all requests wait.
func WithHTTPClient(hc *http.Client) Option {
	return func(c *config) error { return c.SetHTTPClient(hc) }
}

// WithTransportWrapper sets a function that wraps the [http.RoundTripper] that requests
// are sent with, for metrics, tracing or faults in tests: it returns one that calls
// next. [New] calls it once. It gets the client's own connections, which HTTP/2 and many
// concurrent requests need, or the transport of [WithHTTPClient].
//
// Each attempt of a request is one call, and so is none of the repeats that net/http
// makes by itself. As every RoundTripper, it must not change the request, but may send
// a clone. The request has the user's token and the login code. If the function returns
// nil, next is used as it is. Given more than once, the last one is outermost.
func WithTransportWrapper(wrap func(next http.RoundTripper) http.RoundTripper) Option {
	return func(c *config) error {
		if wrap == nil {
			return check.Invalid("transport wrapper is nil")
		}
		inner := c.wrap
		c.wrap = func(next http.RoundTripper) http.RoundTripper {
			if inner != nil {
				next = inner(next)
			}
			if outer := wrap(next); outer != nil {
				return outer
			}
			return next
		}
		return nil
	}
}

// WithMaxConnsPerHost sets how many HTTP/1.1 connections to the backend may be open at
// once; further requests wait for one. The default is [DefaultMaxConnsPerHost].
// It has no effect on a client given with [WithHTTPClient].
//
// A backend with TLS may speak HTTP/2. Then requests share connections, and this limit
// has no effect: another connection is opened when the open ones take no more requests,
// which is often at 100 to 250 each. A backend that does not speak HTTP/2 is found out
// with the first one or two connections, which are not kept.
func WithMaxConnsPerHost(n int) Option {
	return func(c *config) error { return c.SetMaxConns(n) }
}

// WithTimeout bounds how long one request to the backend may take, retries included.
// For a login and for a read of the current user it bounds all requests of the call
// together. A context with an earlier deadline wins. The default is [DefaultTimeout];
// the timeout must be less than [session.Grace].
func WithTimeout(d time.Duration) Option {
	return func(c *config) error { return c.SetTimeout(d) }
}

// WithLogger sets a logger for one line per request at debug level: method, path,
// attempt, duration, and status or error. No secret and no body is ever logged.
// The default is to log nothing.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error { return c.SetLogger(l) }
}

// WithSessionStore sets where sessions are kept. The default is a
// [session.Memory], in this process only.
func WithSessionStore(s session.Store) Option {
	return func(c *config) error {
		if s == nil {
			return check.Invalid("session store is nil")
		}
		c.store = s
		return nil
	}
}

// CodeSource returns a fresh login code for the end user with that visitor key. The
// key is empty for a user of [Client.Resume]. A CodeSource must be safe for concurrent
// use, and return when ctx ends. Where it fails, the call that wanted the code fails:
// with the source's error if that is an *HError, otherwise with 605, which wraps it.
type CodeSource func(ctx context.Context, visitorKey string) (code string, err error)

// WithCodeSource lets the client log users in by itself: the documented option
// autoLogin. Where a call finds no session, or the backend no longer knows the
// session's token, the client gets a code from source, logs in silently on platform p
// with opts, and sends the request once more. A LoginWith… or Link… call of that
// platform gets a code from source too where the caller gives none.
//
// No code is minted for logouts, for calls without a login such as SendSmsCode, and
// for calls with encrypted data: the data opens only with the code that the phone got
// before it. UpdatePhoneNumber of a user who is not logged in is 604.
func WithCodeSource(p platform.Platform, source CodeSource, opts ...platform.LoginOption) Option {
	return func(c *config) error {
		if p == nil || source == nil {
			return check.Invalid("code source or its platform is nil")
		}
		c.source, c.sourcePlatform, c.sourceOptions = source, p, opts
		return nil
	}
}

// WithClock sets the clock that decides whether a session has expired. The default is
// [time.Now].
func WithClock(now func() time.Time) Option {
	return func(c *config) error { return c.SetNow(now) }
}
