package baas

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/access"
	"github.com/hydrogen-go/baas/internal/clientconfig"
	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

// Version is the version of this SDK, as it tells the backend in the
// X-Hydrogen-Client-Version header.
const Version = "v0.1.0"

// Defaults of the options.
const (
	DefaultTimeout         = 30 * time.Second
	DefaultMaxConnsPerHost = 512
)

// Client reaches one backend for all of its end users. All state of a user is in the
// session store. A Client is immutable and safe for concurrent use. Make one per
// backend and keep it.
type Client struct {
	shared *visitor.Shared
	host   string
}

// New returns a client for the backend with the given client id: the documented
// BaaS.init. It sends no request and starts no goroutine.
//
// Errors: 602 no client id, 605 a bad client id or option.
func New(clientID string, opts ...Option) (*Client, error) {
	if clientID == "" {
		return nil, herror.New(herror.Uninitialized, "no client id")
	}
	if err := clientconfig.CheckClientID(clientID); err != nil {
		return nil, err
	}
	cfg := config{Config: clientconfig.Config{
		Host:     "https://" + clientID + ".myminapp.com",
		Timeout:  DefaultTimeout,
		MaxConns: DefaultMaxConnsPerHost,
		Now:      time.Now,
	}}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&cfg); err != nil {
			return nil, err
		}
	}
	host, err := cfg.BaseURL()
	if err != nil {
		return nil, err
	}
	if cfg.store == nil {
		if cfg.store, err = session.NewMemory(session.WithClock(cfg.Now)); err != nil {
			return nil, err
		}
	}
	settings := cfg.Transport(host, Version)
	settings.ClientID, settings.Wrap = clientID, cfg.wrap
	via := transport.New(settings)
	shared := &visitor.Shared{
		Transport: via,
		IDPs:      idp.New(via),
		Store:     cfg.store,
		Scope:     visitor.ScopeOf(host, clientID, cfg.Env),
		Now:       cfg.Now,
		Flights:   new(visitor.Flights),
	}
	if cfg.source != nil {
		shared.CodeSource, shared.CodePlatform = cfg.source, cfg.sourcePlatform.Name()
		if shared.AutoLogin, err = visitor.AutoLogin(shared, cfg.sourcePlatform, cfg.sourceOptions); err != nil {
			return nil, err
		}
	}
	return &Client{shared: shared, host: host}, nil
}

// NewVisitorKey returns a fresh visitor key for [Client.Auth]: 26 characters with at
// least 128 random bits, which nobody can guess.
func NewVisitorKey() string { return rand.Text() }

// Auth returns the login state of the end user with that visitor key: any text, up
// to 1024 bytes, that the program has for this user and no other. [NewVisitorKey]
// makes one; keep it in the user's session cookie, for example. Whoever knows the
// key acts as the user. The store sees only a SHA-256 of the key and of the client's
// host, client id and environment, see [Client.SessionKey]. An empty key makes
// every call fail with 605.
func (c *Client) Auth(visitorKey string) *auth.Auth {
	return access.NewAuth(visitor.New(c.shared, visitorKey)).(*auth.Auth)
}

// SessionKey returns the key under which the session store has the session of the
// visitor with that key, for programs that look into their store. It is bound to the
// client's host, client id and environment: clients of different apps on one store
// never see each other's sessions.
func (c *Client) SessionKey(visitorKey string) session.Key { return c.shared.Key(visitorKey) }

// Resume returns the login state of an end user whose session the program keeps
// itself. The session s comes from [auth.Auth.Session]; the zero Session is a visitor
// who is not logged in. The client's store is not used: after a login, take the new
// session out with Session again.
func (c *Client) Resume(s session.Session) *auth.Auth {
	return access.NewAuth(visitor.Resume(c.shared, s)).(*auth.Auth)
}

// Request sends a request in the name of the end user with that visitor key: the
// documented BaaS.request. It is short for c.Auth(visitorKey).Request(ctx, r).
func (c *Client) Request(ctx context.Context, visitorKey string, r auth.Request) (*auth.Response, error) {
	return c.Auth(visitorKey).Request(ctx, r)
}

// CloseIdleConnections closes the connections to the backend that are idle. The
// client stays usable.
func (c *Client) CloseIdleConnections() { c.shared.Transport.CloseIdleConnections() }

// String returns the backend's address.
func (c *Client) String() string { return "baas client of " + c.host }

// GoString returns the backend's address.
func (c *Client) GoString() string { return c.String() }

// LogValue returns the backend's address.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
