package transport_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/transport"
)

// base is the address of a backend on a fake network.
const base = "http://backend.test"

func config(baseURL string) transport.Config {
	return transport.Config{
		BaseURL:  baseURL,
		ClientID: "client-1",
		Version:  "v1.2.3",
		MaxConns: 8,
		Timeout:  10 * time.Second,
	}
}

// own returns a transport with its own HTTP client.
func own(t *testing.T, baseURL string) *transport.Transport {
	t.Helper()
	tr := transport.New(config(baseURL))
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// on returns a transport that sends through rt.
func on(rt http.RoundTripper) *transport.Transport {
	cfg := config(base)
	cfg.HTTPClient = &http.Client{Transport: rt}
	return transport.New(cfg)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// serve starts a loopback server, and closes it with the test.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

func get(path string) *transport.Request {
	return &transport.Request{Method: http.MethodGet, Path: path, Platform: "WEB"}
}

func post(path, body string) *transport.Request {
	return &transport.Request{Method: http.MethodPost, Path: path, Platform: "WEB", Body: body}
}

// failed asserts that err is an *herror.HError and returns it.
func failed(t *testing.T, err error) *herror.HError {
	t.Helper()
	require.Error(t, err)
	var h *herror.HError
	require.ErrorAs(t, err, &h)
	return h
}

// network is a network for a synctest bubble. It has pipes instead of sockets, so that
// the bubble's clock advances while goroutines wait for it. Each connection is served
// by accept, in its own goroutine.
type network struct {
	accept func(net.Conn)
	dials  atomic.Int32
	served sync.WaitGroup
}

// client returns a client on the network.
func (n *network) client() *http.Client { return &http.Client{Transport: n.roundTripper()} }

func (n *network) roundTripper() *http.Transport {
	return &http.Transport{DialContext: n.dial, TLSHandshakeTimeout: time.Second}
}

func (n *network) dial(context.Context, string, string) (net.Conn, error) {
	n.dials.Add(1)
	near, far := net.Pipe()
	n.served.Go(func() {
		defer far.Close()
		n.accept(far)
	})
	return near, nil
}

// serveHTTP returns an accept function that serves h.
func serveHTTP(h http.HandlerFunc) func(net.Conn) {
	return func(c net.Conn) {
		l := listen(c)
		_ = l.server(h).Serve(l)
	}
}

// oneConn is a listener with one connection. It is closed with the connection.
type oneConn struct {
	conn   chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func listen(c net.Conn) *oneConn {
	l := &oneConn{conn: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.conn <- c
	return l
}

// server returns a server that closes the listener at the end of the connection.
func (l *oneConn) server(h http.HandlerFunc) *http.Server {
	return &http.Server{Handler: h, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed || state == http.StateHijacked {
			l.Close()
		}
	}}
}

func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *oneConn) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// refused is a dial function for an address where nobody listens.
func refused(context.Context, string, string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
}
