package loginproxy

import (
	"net"
	"net/http"
	"sync/atomic"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/internal/access"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

// Proxy is an [http.Handler] that serves the JSON routes. [Proxy.Backend] returns a
// handler for the vendor's client, and [Proxy.Middleware] protects the program's own
// routes. A Proxy is safe for concurrent use. All its state is in the client's session
// store, so any number of replicas on one store serve the same users. For one request, reading the body, and all calls to the store and to the
// backend together, take at most the client's [baas.WithTimeout].
type Proxy struct {
	config
	client  *baas.Client
	backend *visitor.Conn // without a user: sends requests and tells the time
	// confirmed is when the backend has accepted a request with the client id, in
	// nanoseconds since 1970; 0 for never.
	confirmed atomic.Int64
}

// New returns a proxy for the users of client. It sends no request and starts no
// goroutine.
//
// Errors: 605 client is nil or has a code source, or an option is invalid.
func New(client *baas.Client, opts ...Option) (*Proxy, error) {
	if client == nil {
		return nil, check.Invalid("client is nil")
	}
	backend := connOf(client.Resume(session.Session{}))
	if backend.AutoLogin != nil {
		return nil, check.Invalid("a client with a code source would log in whoever makes up a session id")
	}
	cfg := defaults()
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&cfg); err != nil {
			return nil, err
		}
	}
	if err := cfg.settle(); err != nil {
		return nil, err
	}
	return &Proxy{config: cfg, client: client, backend: backend}, nil
}

func connOf(a *auth.Auth) *visitor.Conn { return access.ConnOf(a) }

// temporaryAuth returns a login state for one request. It starts with a copy of s
// and does not use the session store.
func (p *Proxy) temporaryAuth(s session.Session) *auth.Auth {
	return access.NewAuth(visitor.Alone(p.backend.Shared, s)).(*auth.Auth)
}

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// ServeHTTP serves the JSON routes, see the package documentation. Paths are
// relative to the path that the proxy is mounted at: use [http.StripPrefix].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rt, platform, err := findRoute(r)
	x := p.begin(w, r, rt.operation)
	defer x.cancel()
	defer func() { x.observe(recover()) }()
	x.limitRead()
	if platform != nil {
		x.platform, x.event.Platform = platform, platform.Name()
	}
	if err == nil {
		err = x.checkRequest()
	}
	if err == nil {
		err = rt.serve(x)
	}
	if err != nil {
		x.fail(err)
	}
	x.touchKept()
	x.destroyReplaced()
}
