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

// Option is an option of [New]. A nil Option changes nothing.
type Option func(*config) error

// config is what the options add up to.
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

// WithIdleTimeout sets how long a session lives without a request. The default is
// [DefaultIdleTimeout]. When a user was last seen is written at most once in a
// twentieth of this time, so a session may end earlier by as much.
//
// The session is forgotten here; the backend's token stays valid there until its
// own end.
func WithIdleTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return check.Invalid("idle timeout is not over 0")
		}
		c.idle = d
		return nil
	}
}

// WithAbsoluteTimeout sets how long a session lives, however busy it is. The
// default is [DefaultAbsoluteTimeout]. No session outlives the backend's token.
func WithAbsoluteTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return check.Invalid("absolute timeout is not over 0")
		}
		c.absolute = d
		return nil
	}
}

// WithMaxBody bounds the bodies of requests, in bytes. The default is
// [DefaultMaxBody]; an event's encrypted data is a few KB.
func WithMaxBody(n int64) Option {
	return func(c *config) error {
		if n < 1 {
			return check.Invalid("max body is less than 1")
		}
		c.maxBody = n
		return nil
	}
}

// WithCookie has browsers get the session id as a cookie too: Secure, HttpOnly,
// for the whole host, SameSite=Lax. The name begins with "__Host-". Requests
// without an Authorization header are then refused with 403 where they change
// something and come from another site, unless from a trusted origin, as in
// "https://app.example.com". The default is no cookie.
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

// WithOnLogin has f called after every login and register, when the session is
// stored and before the answer goes out.
func WithOnLogin(f func(ctx context.Context, v *Visitor)) Option {
	return func(c *config) error {
		if f == nil {
			return check.Invalid("login hook is nil")
		}
		c.onLogin = f
		return nil
	}
}

// WithOnLogout has f called after every logout that ended a session. It is not
// called for sessions that end by themselves or by the next login.
func WithOnLogout(f func(ctx context.Context, v *Visitor)) Option {
	return func(c *config) error {
		if f == nil {
			return check.Invalid("logout hook is nil")
		}
		c.onLogout = f
		return nil
	}
}

// WithObserver has f called once for every request that the proxy answers itself,
// when it is answered: also for refused ones, and for one that panics. It must be
// safe for concurrent use.
func WithObserver(f func(ctx context.Context, e Event)) Option {
	return func(c *config) error {
		if f == nil {
			return check.Invalid("observer is nil")
		}
		c.observer = f
		return nil
	}
}

// WithRateLimiter has f asked before every login, register, text message and
// password reset. Where it does not allow one, nothing is sent and the answer is
// 429 with retryAfter, rounded up to whole seconds, in Retry-After. It must be
// safe for concurrent use. The default is to allow everything.
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
// balancer that tells it in a header. The default is the host of
// [http.Request.RemoteAddr].
func WithClientAddr(f func(*http.Request) string) Option {
	return func(c *config) error {
		if f == nil {
			return check.Invalid("client address function is nil")
		}
		c.clientAddr = f
		return nil
	}
}
