package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// connections is the http.RoundTripper of a client that was given none. It sends the
// requests of one backend. Over HTTP/1.1 each concurrent request has a connection, up to
// a limit. Over HTTP/2 many requests share a connection. A request for which there is
// none waits for one that another request makes, before it makes its own.
//
// A single http.Transport has two faults there. It does not know the protocol until it
// has a connection, so 512 concurrent requests open about 500, of which it keeps three.
// And before Go 1.27, it miscounts connections of HTTP/2 that break if it has
// MaxConnsPerHost: in the end a request panics, or all wait. So there is one for each
// protocol.
type connections struct {
	http1 *http.Transport
	http2 *http.Transport // makes a connection only for a request with permission
	dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	tls   *tls.Config // of connections of http2

	noHTTP2 atomic.Bool // the backend has accepted a connection without HTTP/2

	mu    sync.Mutex
	round *round // nil if no request makes a connection
}

const (
	// dialTimeout bounds the time for a connection, and that for its TLS handshake.
	dialTimeout = 10 * time.Second
	// maxDials is how many requests make a connection of HTTP/2 at a time. With one, a
	// lost packet would delay all that wait for it.
	maxDials = 2
)

// newConnections returns connections with up to maxConns of HTTP/1.1. They stay open
// while idle, so that a busy server does not close and reopen them.
func newConnections(maxConns int) *connections {
	c := &connections{
		dial: (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		tls:  &tls.Config{NextProtos: []string{"h2", "http/1.1"}},
	}
	c.http1 = &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           c.dial,
		Protocols:             new(http.Protocols),
		MaxIdleConns:          0, // no bound except the one per host
		MaxIdleConnsPerHost:   maxConns,
		MaxConnsPerHost:       maxConns,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   dialTimeout,
		ExpectContinueTimeout: time.Second,
	}
	c.http1.Protocols.SetHTTP1(true)
	c.http2 = &http.Transport{
		DialTLSContext:  c.dialHTTP2,
		Protocols:       new(http.Protocols),
		IdleConnTimeout: 90 * time.Second,
		// Without pings, a connection whose other end is gone takes requests until the
		// kernel gives up, a quarter of an hour later.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second},
	}
	c.http2.Protocols.SetHTTP2(true)
	return c
}

// CloseIdleConnections closes the connections that no request uses.
func (c *connections) CloseIdleConnections() {
	c.http1.CloseIdleConnections()
	c.http2.CloseIdleConnections()
}

// RoundTrip implements http.RoundTripper. A request through a proxy uses HTTP/1.1.
func (c *connections) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" || c.noHTTP2.Load() || c.hasProxy(req) {
		return c.http1.RoundTrip(req)
	}
	for {
		res, err := c.http2.RoundTrip(req) // has no permission
		if !errors.Is(err, errNeedsConnection) {
			return res, err
		}
		r, mine, err := c.join(req.Context())
		if err != nil {
			return nil, err
		}
		if req, err = again(req); err != nil {
			return nil, err
		}
		switch {
		case mine:
			return c.connect(req, r)
		case c.noHTTP2.Load():
			return c.http1.RoundTrip(req)
		case r.failed:
			return c.connect(req, nil) // all at once: one after the other could take long
		}
	}
}

func (c *connections) hasProxy(req *http.Request) bool {
	proxy, err := c.http1.Proxy(req)
	return proxy != nil || err != nil // http1 will return the error
}

// round is the time in which requests make a connection, until one has it or all have
// failed.
type round struct {
	dials  int           // requests that make a connection
	over   chan struct{} // closed at the end
	failed bool          // valid then
}

// join returns a round. If mine is true, the request is to make a connection in it, and
// otherwise it has waited until the end. There is none, and nothing to wait for, once the
// backend is known not to speak HTTP/2. An error is one of dialling, because nothing was
// sent.
func (c *connections) join(ctx context.Context) (r *round, mine bool, err error) {
	c.mu.Lock()
	if c.round == nil && !c.noHTTP2.Load() {
		c.round = &round{over: make(chan struct{})}
	}
	r = c.round
	if mine = r != nil && r.dials < maxDials; mine {
		r.dials++
	}
	c.mu.Unlock()
	if r == nil || mine {
		return r, mine, nil
	}
	select {
	case <-r.over:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return nil, false, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
	}
	return r, false, nil
}

// leave ends a request's part in a round: it has a connection, it has failed, or its
// caller has given up.
func (c *connections) leave(r *round, connected, failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.dials--
	if c.round != r || !connected && r.dials > 0 {
		return
	}
	c.round = nil
	r.failed = failed
	close(r.over)
}

// connect sends a request with permission to make a connection, as its part in a round
// unless r is nil.
func (c *connections) connect(req *http.Request, r *round) (*http.Response, error) {
	res, err := c.connectHTTP2(req, r)
	if !errors.Is(err, errNoHTTP2) {
		return res, err
	}
	if req, err = again(req); err != nil {
		return nil, err
	}
	return c.http1.RoundTrip(req)
}

func (c *connections) connectHTTP2(req *http.Request, r *round) (*http.Response, error) {
	ctx := context.WithValue(req.Context(), permission{}, permission{})
	if r != nil {
		connected := false
		leave := sync.OnceFunc(func() {
			known := connected || c.noHTTP2.Load()
			c.leave(r, known, !known && req.Context().Err() == nil)
		})
		defer leave()
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
			connected = true
			leave() // the others need not wait for the response
		}})
	}
	return c.http2.RoundTrip(req.WithContext(ctx))
}

// permission is the key, in the context of a request, of the permission to make a
// connection.
type permission struct{}

var (
	errNeedsConnection = errors.New("no connection takes the request")
	errNoHTTP2         = errors.New("the backend does not speak HTTP/2")
	errBodySpent       = errors.New("the request's body cannot be read again")
)

// dialHTTP2 makes a connection for a request with permission.
func (c *connections) dialHTTP2(ctx context.Context, network, addr string) (net.Conn, error) {
	if ctx.Value(permission{}) == nil {
		return nil, errNeedsConnection
	}
	raw, err := c.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	conn, err := c.handshake(ctx, raw, addr)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// handshake returns raw with TLS, for HTTP/2.
func (c *connections) handshake(ctx context.Context, raw net.Conn, addr string) (*tls.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	cfg := c.tls.Clone()
	cfg.ServerName = host
	conn := tls.Client(raw, cfg)
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	if conn.ConnectionState().NegotiatedProtocol != "h2" {
		c.noHTTP2.Store(true)
		return nil, errNoHTTP2
	}
	return conn, nil
}

// again returns a request of which nothing was sent, to be sent once more. An
// http.RoundTripper closes the body also when it fails.
func again(req *http.Request) (*http.Request, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, nil
	}
	if req.GetBody == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errBodySpent}
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	req = req.WithContext(req.Context()) // a copy
	req.Body = body
	return req, nil
}
