package loginproxy

import (
	"net"
	"net/http"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/internal/access"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

// Proxy is an [http.Handler] with the JSON routes; [Proxy.Backend] and
// [Proxy.Middleware] are its other sides. It is immutable and safe for concurrent
// use. All its state is in the client's session store, so that any number of
// replicas on one store serve the same users. What a request asks of the store and
// of the backend takes no longer in all than the client's [baas.WithTimeout].
type Proxy struct {
	config
	client  *baas.Client
	backend *visitor.Conn // nobody's, to send requests and tell the time with
}

// New returns a proxy for the users of client. It sends nothing and starts nothing.
//
// Errors: 605 no client, one with a code source, or a bad option.
func New(client *baas.Client, opts ...Option) (*Proxy, error) {
	if client == nil {
		return nil, check.Invalid("client is nil")
	}
	backend := connOf(client.Resume(session.Session{}))
	if backend.AutoLogin != nil {
		return nil, check.Invalid("a client with a code source would log in whoever makes up a session id")
	}
	cfg := config{
		idle:       DefaultIdleTimeout,
		absolute:   DefaultAbsoluteTimeout,
		maxBody:    DefaultMaxBody,
		clientAddr: remoteHost,
	}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&cfg); err != nil {
			return nil, err
		}
	}
	return &Proxy{config: cfg, client: client, backend: backend}, nil
}

func connOf(a *auth.Auth) *visitor.Conn { return access.ConnOf(a) }

// alone returns the login state of s beside the store, for one request.
func (p *Proxy) alone(s session.Session) *auth.Auth {
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
// relative to where the proxy is mounted: strip what stands before them.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rt, platform, err := find(r)
	t := p.begin(w, r, rt.operation)
	defer t.cancel()
	defer t.observe()
	if platform != nil {
		t.platform, t.event.Platform = platform, platform.Name()
	}
	if err == nil {
		err = t.admit()
	}
	if err == nil {
		err = rt.serve(t)
	}
	if err != nil {
		t.fail(err)
	}
	t.tidy()
}
