package admin

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/clientconfig"
	"github.com/hydrogen-go/baas/session"
)

// DefaultHost is the documented address of the Open API.
const DefaultHost = "https://cloud.minapp.com"

// Option is an option of [New]. A nil Option changes nothing.
type Option func(*config) error

type config struct {
	clientconfig.Config
	store session.Store
}

// WithHost sets the address of the Open API, a URL with scheme and host. The default
// is [DefaultHost]. A slash at its end is dropped. Plain http is refused, except on the
// loopback interface.
func WithHost(host string) Option {
	return func(c *config) error {
		c.Host = host
		return nil
	}
}

// WithInsecureHTTP allows plain http to every host. Anyone on the network path can
// then read the client secret and every user.
func WithInsecureHTTP() Option {
	return func(c *config) error {
		c.InsecureHTTP = true
		return nil
	}
}

// WithEnv sets the backend environment, sent as X-Hydrogen-Env-ID. The default is
// none, which the backend takes for the production environment.
func WithEnv(id string) Option {
	return func(c *config) error { return c.SetEnv(id) }
}

// WithHTTPClient sets the HTTP client to send requests with, for tracing, metrics,
// proxies or TLS settings of your own. It is copied; its cookie jar and redirect
// policy are not used. Give its transport as many idle connections per host as it
// may open ([http.Transport.MaxIdleConnsPerHost]; the default is two), and leave its
// MaxConnsPerHost at zero, see [baas.WithHTTPClient].
func WithHTTPClient(hc *http.Client) Option {
	return func(c *config) error { return c.SetHTTPClient(hc) }
}

// WithMaxConnsPerHost sets how many HTTP/1.1 connections to the backend may be open at
// once; further requests wait for one. The default is [baas.DefaultMaxConnsPerHost]. It
// has no effect on a client given with [WithHTTPClient], and none over HTTP/2, see
// [baas.WithMaxConnsPerHost].
func WithMaxConnsPerHost(n int) Option {
	return func(c *config) error { return c.SetMaxConns(n) }
}

// WithTimeout bounds how long one call may take: getting an access token, retries, and
// the request that is sent once more after a 401 included. Of [Client.Users] and
// [Client.UpdateUsers] it bounds each request. A context with an earlier deadline wins.
// The default is [baas.DefaultTimeout]; the timeout must be less than [session.Grace].
func WithTimeout(d time.Duration) Option {
	return func(c *config) error { return c.SetTimeout(d) }
}

// WithLogger sets a logger for one line per request at debug level: method, path,
// attempt, duration, and status or error. No secret, no query and no body is ever
// logged. The default is to log nothing.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error { return c.SetLogger(l) }
}

// WithClock sets the clock that decides whether the access token has expired. The
// default is [time.Now].
func WithClock(now func() time.Time) Option {
	return func(c *config) error { return c.SetNow(now) }
}

// WithTokenStore sets where the access token is kept. It is for programs with several
// replicas, which then share one token; see the documentation of the package. Any
// session store can keep it, also the one that keeps the sessions of the same replicas:
// the token is one more session, under a key that no visitor has. A redisstore.Store
// keeps it in Redis, and a [session.Sealed] encrypts it there. The default is a
// [session.Memory], in this process only.
func WithTokenStore(s session.Store) Option {
	return func(c *config) error {
		if s == nil {
			return check.Invalid("token store is nil")
		}
		c.store = s
		return nil
	}
}
