package loginproxy

import (
	"context"
	"net/http"
	"slices"
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
	idleSet     bool // by WithIdleTimeout
	maxBody     int64
	cookie      string // empty: none
	crossOrigin *http.CrossOriginProtection
	onLogin     func(context.Context, *Visitor)
	onLogout    func(context.Context, *Visitor)
	observer    func(context.Context, Event)
	loginCheck  func(context.Context, *Visitor) error
	limiter     func(context.Context, RateKey) (time.Duration, error)
	clientAddr  func(*http.Request) string
	userFields  []string // nil: all
}

// settle makes the options fit each other, or returns an error with code 605.
func (c *config) settle() error {
	if c.idle <= c.absolute {
		return nil
	}
	if c.idleSet {
		return check.Invalid("the idle timeout is longer than the absolute timeout, " + c.absolute.String())
	}
	c.idle = c.absolute
	return nil
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
// An idle timeout that is longer than the absolute timeout is 605 from [New], because no
// session could reach it. If only [WithAbsoluteTimeout] is given, and it is shorter than the
// default of this option, it is the idle timeout too.
//
// An idle session is removed from the session store only. The backend's token stays
// valid in the backend until it expires there.
func WithIdleTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return check.Invalid("idle timeout is not over 0")
		}
		c.idle, c.idleSet = d, true
		return nil
	}
}

// WithAbsoluteTimeout sets how long a session lives after its login, with or without
// requests. The default is [DefaultAbsoluteTimeout]. A session never lives longer
// than the backend's token. See [WithIdleTimeout] for the two together.
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

// WithLoginCheck sets a function that decides about every login and register: after the
// backend has accepted it, and before there is a session. It must be safe for concurrent
// use. Nil lets the user in. A [*Refusal], also one that is wrapped, goes to the phone
// with its status and its name. Any other error, and a Refusal that cannot be sent, is
// 503 login_check_failed. [Event.Err] has the text of the error, so the text must have no
// secret.
//
// After an error or a panic the user is not logged in: nothing is stored, a session that
// the request came with goes on, and the backend destroys the new token. A login code that
// was sent is spent. What the backend has done stays done: a register has made the account.
//
// All methods of the visitor work, as in [WithOnLogin]. [Visitor.User] has the user from the
// login's response. Do not keep the visitor: its session is not stored yet, so a later
// call would not notice a logout. The context ends with the time for the request.
func WithLoginCheck(f func(ctx context.Context, v *Visitor) error) Option {
	return func(c *config) error {
		if f == nil {
			return check.Invalid("login check is nil")
		}
		c.loginCheck = f
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
// message, check of its code, and password reset. It allows the request with a wait of 0
// or less. A wait over 0 refuses it: nothing is sent to the backend, and the response is
// 429 with the wait in Retry-After, rounded up to whole seconds. With an error, nothing is
// sent either, and the response is 503 limiter_failed, because a limiter that cannot count
// must not let guesses of passwords through. [Event.Err] has the text of the error, so the
// text must have no secret.
//
// It must be safe for concurrent use. By default everything is allowed.
func WithRateLimiter(f func(ctx context.Context, k RateKey) (wait time.Duration, err error)) Option {
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

// WithUserFields has the responses of the JSON routes show only these fields of the user,
// by their names in the backend, as in "id", "nickname" and "_username". A field that the
// user does not have is left out. The default is all fields that the backend sends. The
// responses of [Proxy.Backend] stay as they are, because the vendor's client reads them.
func WithUserFields(names ...string) Option {
	names = slices.Clone(names)
	return func(c *config) error {
		if len(names) == 0 {
			return check.Invalid("no user fields")
		}
		for _, name := range names {
			if err := check.Required("a user field", name, check.MaxIdentifier); err != nil {
				return err
			}
		}
		c.userFields = names
		return nil
	}
}
