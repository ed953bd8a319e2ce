package loginproxy

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/internal/check"
)

// Defaults of the options.
const (
	DefaultIdleTimeout     = 7 * 24 * time.Hour
	DefaultAbsoluteTimeout = 30 * 24 * time.Hour
	DefaultMaxBody         = 128 << 10
)

// Option is an option of [New]. A nil Option is ignored.
type Option func(*config) error

// config is the result of the options.
type config struct {
	idle        time.Duration
	absolute    time.Duration
	maxBody     int64
	cookie      string // empty: none
	crossOrigin *http.CrossOriginProtection
	onLogin     func(context.Context, *Visitor)
	onLogout    func(context.Context, *Visitor)
	observer    func(context.Context, Event)
	limiter     func(context.Context, RateKey) (bool, time.Duration)
	clientAddr  func(*http.Request) string
}

func defaults() config {
	return config{
		idle:       DefaultIdleTimeout,
		absolute:   DefaultAbsoluteTimeout,
		maxBody:    DefaultMaxBody,
		clientAddr: remoteHost,
	}
}

// WithIdleTimeout sets how long a session lives without a request. The default is
// [DefaultIdleTimeout]. The time of the last request is written at most once in a
// twentieth of d, so a session may end up to a twentieth of d earlier.
//
// The vendor's client cannot learn of later requests: it takes d as the life of
// every session, see [Proxy.Backend].
//
// An idle session is removed from the session store only. The backend's token stays
// valid in the backend until it expires there.
func WithIdleTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return check.Invalid("idle timeout is not over 0")
		}
		c.idle = d
		return nil
	}
}

// WithAbsoluteTimeout sets how long a session lives after its login, with or without
// requests. The default is [DefaultAbsoluteTimeout]. A session never lives longer
// than the backend's token.
func WithAbsoluteTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return check.Invalid("absolute timeout is not over 0")
		}
		c.absolute = d
		return nil
	}
}

// WithMaxBody limits the size of request bodies, in bytes. The default is
// [DefaultMaxBody]; the encrypted data of an event has a few KB.
func WithMaxBody(n int64) Option {
	return func(c *config) error {
		if n < 1 {
			return check.Invalid("max body is less than 1")
		}
		c.maxBody = n
		return nil
	}
}

// WithCookie gives clients the session id as a cookie: Secure, HttpOnly, SameSite=Lax,
// without Domain, for all paths. The name must begin with "__Host-". A browser, which
// is a client that sends an Origin or a Sec-Fetch-Site header, does not get the id in
// the response to a login, so that no script can read it. Other clients get it in both.
// A request that changes state, or that asks for an upgrade to another protocol such as
// WebSocket, and has no Authorization header, is then refused with 403 if it comes from
// another origin, except from a trusted origin such as "https://app.example.com". By
// default there is no cookie.
func WithCookie(name string, trustedOrigins ...string) Option {
	return func(c *config) error {
		sample := http.Cookie{Name: name, Value: "v", Path: "/", Secure: true}
		if !strings.HasPrefix(name, "__Host-") || name == "__Host-" || sample.Valid() != nil {
			return check.Invalid("a cookie's name is a token that begins with __Host-")
		}
		protection := http.NewCrossOriginProtection()
		for _, origin := range trustedOrigins {
			if err := protection.AddTrustedOrigin(origin); err != nil {
				return check.Invalid("a trusted origin is a scheme and a host").WithCause(err)
			}
		}
		c.cookie, c.crossOrigin = name, protection
		return nil
	}
}

// WithOnLogin sets a function that is called after every login and register, after
// the session is stored and before the response is sent. It must be safe for
// concurrent use.
func WithOnLogin(f func(ctx context.Context, v *Visitor)) Option {
	return func(c *config) error {
		if f == nil {
			return check.Invalid("login hook is nil")
		}
		c.onLogin = f
		return nil
	}
}

// WithOnLogout sets a function that is called after every logout that ended a
// session. It is not called for a session that expires or that a login replaces. It
// must be safe for concurrent use.
func WithOnLogout(f func(ctx context.Context, v *Visitor)) Option {
	return func(c *config) error {
		if f == nil {
			return check.Invalid("logout hook is nil")
		}
		c.onLogout = f
		return nil
	}
}

// WithObserver sets a function that is called once for every request that the proxy
// itself responds to, after the response. This includes refused requests and
// requests that end with a panic. It must be safe for concurrent use.
func WithObserver(f func(ctx context.Context, e Event)) Option {
	return func(c *config) error {
		if f == nil {
			return check.Invalid("observer is nil")
		}
		c.observer = f
		return nil
	}
}

// WithRateLimiter sets a function that is called before every login, register, text
// message and password reset. If it does not allow the request, nothing is sent to
// the backend, and the response is 429 with retryAfter in Retry-After, rounded up to
// whole seconds. It must be safe for concurrent use. By default everything is allowed.
func WithRateLimiter(f func(ctx context.Context, k RateKey) (allowed bool, retryAfter time.Duration)) Option {
	return func(c *config) error {
		if f == nil {
			return check.Invalid("rate limiter is nil")
		}
		c.limiter = f
		return nil
	}
}

// WithClientAddr sets how the address in [RateKey] is found, for servers behind a
// balancer that puts it into a header. It must be safe for concurrent use. The
// default is the host of [http.Request.RemoteAddr].
func WithClientAddr(f func(*http.Request) string) Option {
	return func(c *config) error {
		if f == nil {
			return check.Invalid("client address function is nil")
		}
		c.clientAddr = f
		return nil
	}
}
