package baas

import (
	"context"
	"log/slog"
	"time"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/call"
	"github.com/hydrogen-go/baas/internal/enduser"
	"github.com/hydrogen-go/baas/internal/flight"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/platform"
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

// Client reaches one backend for all of its end users. It holds no user's state,
// but for what is in its session store, and is immutable: safe for concurrent
// use. Make one per backend and keep it.
type Client struct {
	shared *enduser.Shared
	host   string
}

// New returns a client for the backend with the given client id: the documented
// BaaS.init. It sends nothing and starts nothing.
//
// Errors: 602 no client id, 605 a bad client id or option.
func New(clientID string, opts ...Option) (*Client, error) {
	if clientID == "" {
		return nil, herror.New(herror.Uninitialized, "no client id")
	}
	if !isToken(clientID) {
		return nil, call.Invalid("a client id is letters, digits, - and _")
	}
	cfg := config{
		host:     "https://" + clientID + ".myminapp.com",
		timeout:  DefaultTimeout,
		maxConns: DefaultMaxConnsPerHost,
		now:      time.Now,
	}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&cfg); err != nil {
			return nil, err
		}
	}
	host, err := baseURL(cfg.host, cfg.insecureHTTP)
	if err != nil {
		return nil, err
	}
	if cfg.store == nil {
		cfg.store = session.NewMemory(session.Clock(cfg.now))
	}
	shared := &enduser.Shared{
		Transport: transport.New(transport.Config{
			BaseURL:    host,
			ClientID:   clientID,
			Env:        cfg.env,
			Version:    Version,
			HTTPClient: cfg.httpClient,
			MaxConns:   cfg.maxConns,
			Timeout:    cfg.timeout,
			Logger:     cfg.logger,
		}),
		Store:      cfg.store,
		Now:        cfg.now,
		Flights:    new(flight.Group),
		ClientName: clientName,
	}
	if cfg.source != nil {
		shared.CodeSource, shared.CodePlatform = cfg.source, cfg.sourcePlatform.Name()
		if shared.AutoLogin, err = auth.AutoLogin(cfg.sourcePlatform, cfg.sourceOptions); err != nil {
			return nil, err
		}
	}
	return &Client{shared: shared, host: host}, nil
}

// clientName returns what a session's requests say they come from: its platform,
// or "WEB" where it has none.
func clientName(name string) string {
	if p, ok := platform.ByName(name); ok {
		return p.Client()
	}
	return "WEB"
}

// Auth returns the login state of the end user with that session key: any text,
// up to 1024 bytes, that the program has for this user and no other, such as the
// random value of a session cookie. Whoever knows the key acts as the user. The
// store sees only the key's SHA-256. An empty key makes every call fail with 605.
func (c *Client) Auth(sessionKey string) *auth.Auth {
	return auth.New(enduser.New(c.shared, sessionKey))
}

// Resume returns the login state of an end user whose session the program keeps
// itself: s comes from [auth.Auth.Session], the zero Session stands for nobody.
// Nothing of it goes into the client's store; after a login take the new one out
// with Session again.
func (c *Client) Resume(s session.Session) *auth.Auth {
	return auth.New(enduser.Resume(c.shared, s))
}

// Request sends a request in the name of the end user with that session key: the
// documented BaaS.request. It is short for c.Auth(sessionKey).Request(ctx, r).
func (c *Client) Request(ctx context.Context, sessionKey string, r auth.Request) (*auth.Response, error) {
	return c.Auth(sessionKey).Request(ctx, r)
}

// CloseIdleConnections closes the connections to the backend that no request
// uses at the moment. The client stays usable.
func (c *Client) CloseIdleConnections() { c.shared.Transport.CloseIdleConnections() }

// String returns the backend's address.
func (c *Client) String() string { return "baas client of " + c.host }

// GoString returns the backend's address.
func (c *Client) GoString() string { return c.String() }

// LogValue returns the backend's address.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
