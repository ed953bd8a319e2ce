package admin

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/clientconfig"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// Client makes the calls of the Open API for one app. It is immutable and safe for
// concurrent use. Make one per app and keep it. Printing it shows the host and nothing
// else.
type Client struct {
	via    *transport.Transport
	tokens *tokenSource
	header http.Header // of every call; shared, so nobody may change it
	host   string
}

// New returns a client for the app with this client id and client secret, which the
// backend's console shows. It sends no request and starts no goroutine.
//
// Errors: 602 no client id, 605 a bad client id, client secret or option.
func New(clientID, clientSecret string, opts ...Option) (*Client, error) {
	if clientID == "" {
		return nil, herror.New(herror.Uninitialized, "no client id")
	}
	if err := clientconfig.CheckClientID(clientID); err != nil {
		return nil, err
	}
	if err := check.Required("client secret", clientSecret, check.MaxPassword); err != nil {
		return nil, err
	}
	cfg := config{Config: clientconfig.Config{
		Host:     DefaultHost,
		Timeout:  baas.DefaultTimeout,
		MaxConns: baas.DefaultMaxConnsPerHost,
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
	settings := cfg.Transport(host, baas.Version)
	settings.OpenAPI = true
	settings.Env = "" // documented for calls, and not for the requests that get a token
	c := &Client{via: transport.New(settings), host: host}
	if cfg.Env != "" {
		c.header = http.Header{"X-Hydrogen-Env-Id": {cfg.Env}}
	}
	c.tokens = &tokenSource{
		exchange: exchange{via: c.via, host: host, clientID: clientID, secret: session.NewSecret(clientSecret), now: cfg.Now},
		store:    cfg.store,
		key:      tokenKey(host, clientID),
		now:      cfg.Now,
		timeout:  cfg.Timeout,
	}
	return c, nil
}

var errNotNew = herror.New(herror.Uninitialized, "not made by New")

// do sends a call with the access token. After a 401 it gets another token and sends
// the call once more. What the two take together is bounded by the timeout.
func (c *Client) do(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	if c == nil || c.via == nil {
		return nil, errNotNew
	}
	if err := ctx.Err(); err != nil {
		return nil, transport.Ended(err, false)
	}
	ctx, cancel := context.WithTimeout(ctx, c.via.Timeout())
	defer cancel()
	r.Header = c.header
	r.AfterThrottling = true
	token, err := c.tokens.get(ctx)
	if err != nil {
		return nil, err
	}
	res, err := c.via.DoAs(ctx, r, token.Reveal(), "")
	if herror.CodeOf(err) != herror.NotAuthenticated {
		return res, err
	}
	c.tokens.discard(token)
	if token, err = c.tokens.get(ctx); err != nil {
		return nil, err
	}
	return c.via.DoAs(ctx, r, token.Reveal(), "")
}

// write sends a request with a body.
func (c *Client) write(ctx context.Context, method, path string, body any, secrets ...string) (*transport.Response, error) {
	req, err := transport.NewRequest(method, path, body, secrets...)
	if err != nil {
		return nil, err
	}
	return c.do(ctx, req)
}

// CloseIdleConnections closes the connections to the backend that are idle. The
// client stays usable.
func (c *Client) CloseIdleConnections() { c.via.CloseIdleConnections() }

// String returns the backend's address.
func (c *Client) String() string { return "admin client of " + c.host }

// GoString returns the backend's address.
func (c *Client) GoString() string { return c.String() }

// LogValue returns the backend's address.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
