package loginproxy

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/internal/call"
)

// Defaults of the options.
const (
	DefaultIdleTimeout     = 7 * 24 * time.Hour
	DefaultAbsoluteTimeout = 30 * 24 * time.Hour
	DefaultMaxBody         = 128 << 10
)

// Option changes a new [Proxy]. A nil Option changes nothing.
type Option func(*Proxy) error

// WithIdleTimeout sets how long a session lives without a request. The default is
// [DefaultIdleTimeout]. When a user was last seen is written at most once in a
// twentieth of this time, so a session may end earlier by as much.
//
// The session is forgotten here; the backend's token stays valid there until its
// own end.
func WithIdleTimeout(d time.Duration) Option {
	return func(p *Proxy) error {
		if d <= 0 {
			return call.Invalid("idle timeout is not over 0")
		}
		p.idle = d
		return nil
	}
}

// WithAbsoluteTimeout sets how long a session lives, however busy it is. The
// default is [DefaultAbsoluteTimeout]. No session outlives the backend's token.
func WithAbsoluteTimeout(d time.Duration) Option {
	return func(p *Proxy) error {
		if d <= 0 {
			return call.Invalid("absolute timeout is not over 0")
		}
		p.absolute = d
		return nil
	}
}

// WithMaxBody bounds the bodies of requests, in bytes. The default is
// [DefaultMaxBody]; an event's encrypted data is a few KB.
func WithMaxBody(n int64) Option {
	return func(p *Proxy) error {
		if n < 1 {
			return call.Invalid("max body is less than 1")
		}
		p.maxBody = n
		return nil
	}
}

// WithCookie has browsers get the session id as a cookie too: Secure, HttpOnly,
// for the whole host, SameSite=Lax. The name begins with "__Host-". Requests
// without an Authorization header are then refused with 403 where they change
// something and come from another site, unless from a trusted origin, as in
// "https://app.example.com". The default is no cookie.
func WithCookie(name string, trustedOrigins ...string) Option {
	return func(p *Proxy) error {
		c := http.Cookie{Name: name, Value: "v", Path: "/", Secure: true}
		if !strings.HasPrefix(name, "__Host-") || name == "__Host-" || c.Valid() != nil {
			return call.Invalid("a cookie's name is a token that begins with __Host-")
		}
		protection := http.NewCrossOriginProtection()
		for _, origin := range trustedOrigins {
			if err := protection.AddTrustedOrigin(origin); err != nil {
				return call.Invalid("a trusted origin is a scheme and a host").WithCause(err)
			}
		}
		p.cookie, p.crossOrigin = name, protection
		return nil
	}
}

// WithOnLogin has f called after every login and register, when the session is
// stored and before the answer goes out.
func WithOnLogin(f func(ctx context.Context, v *Visitor)) Option {
	return func(p *Proxy) error {
		p.onLogin = f
		return nil
	}
}

// WithOnLogout has f called after every logout that ended a session. It is not
// called for sessions that end by themselves or by the next login.
func WithOnLogout(f func(ctx context.Context, v *Visitor)) Option {
	return func(p *Proxy) error {
		p.onLogout = f
		return nil
	}
}

// WithObserver has f called once for every request that the proxy answers itself,
// when it is answered: also for refused ones, and for one that panics. It must be
// safe for concurrent use.
func WithObserver(f func(ctx context.Context, e Event)) Option {
	return func(p *Proxy) error {
		p.observer = f
		return nil
	}
}

// WithRateLimiter has f asked before every login, register, text message and
// password reset. Where it does not allow one, nothing is sent and the answer is
// 429 with retryAfter, rounded up to whole seconds, in Retry-After. It must be
// safe for concurrent use. The default is to allow everything.
func WithRateLimiter(f func(ctx context.Context, k RateKey) (allowed bool, retryAfter time.Duration)) Option {
	return func(p *Proxy) error {
		p.limiter = f
		return nil
	}
}

// WithClientAddr sets how the address in [RateKey] is found, for servers behind a
// balancer that tells it in a header. The default is the host of
// [http.Request.RemoteAddr].
func WithClientAddr(f func(*http.Request) string) Option {
	return func(p *Proxy) error {
		if f == nil {
			return call.Invalid("client address function is nil")
		}
		p.clientAddr = f
		return nil
	}
}
