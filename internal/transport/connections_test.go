package transport_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/transport"
)

// tlsBackend is a backend over TLS that counts its connections.
type tlsBackend struct {
	*httptest.Server
	opened atomic.Int32
}

// serveTLS starts a loopback backend with HTTP/2 or without it.
func serveTLS(t *testing.T, http2 bool, h http.HandlerFunc) *tlsBackend {
	t.Helper()
	b := &tlsBackend{Server: httptest.NewUnstartedServer(h)}
	b.EnableHTTP2 = http2
	b.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			b.opened.Add(1)
		}
	}
	b.StartTLS()
	t.Cleanup(b.Close)
	return b
}

// connections returns those of the SDK's own client, which trust the backend.
func (b *tlsBackend) connections(maxConns int) *transport.Connections {
	roots := x509.NewCertPool()
	roots.AddCert(b.Certificate())
	return transport.NewConnections(maxConns, roots)
}

// client returns a transport with the connections of the SDK's own client.
func (b *tlsBackend) client(t *testing.T, maxConns int) *transport.Transport {
	return through(t, b.URL, b.connections(maxConns))
}

func through(t *testing.T, baseURL string, c *transport.Connections) *transport.Transport {
	t.Helper()
	cfg := config(baseURL)
	cfg.HTTPClient = &http.Client{Transport: c}
	tr := transport.New(cfg)
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// together makes n calls at once.
func together(n int, call func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(call)
	}
	all.Wait()
}

// crowd returns a handler that responds once n requests are being served.
func crowd(t *testing.T, n int) http.HandlerFunc {
	var serving atomic.Int32
	full := make(chan struct{})
	return func(http.ResponseWriter, *http.Request) {
		if serving.Add(1) == int32(n) {
			close(full)
		}
		select {
		case <-full:
		case <-t.Context().Done():
		}
	}
}

// One connection of a Go server takes 250 requests at a time.
func TestABurstOverHTTP2OpensFewConnections(t *testing.T) {
	const callers = 512
	b := serveTLS(t, true, crowd(t, callers))
	tr := b.client(t, callers)
	together(callers, func() {
		if _, err := tr.Do(t.Context(), post("/", `{}`)); err != nil {
			t.Error(err)
		}
	})
	// Three are needed. While all are in full use, two are dialled at a time.
	require.LessOrEqual(t, b.opened.Load(), int32(16))
}

func TestABurstOverHTTP1HasAConnectionForEachRequest(t *testing.T) {
	const callers = 64
	b := serveTLS(t, false, crowd(t, callers))
	tr := b.client(t, callers)
	together(callers, func() {
		if _, err := tr.Do(t.Context(), post("/", `{}`)); err != nil {
			t.Error(err)
		}
	})
	require.LessOrEqual(t, b.opened.Load(), int32(callers+2)) // two ask for HTTP/2
}

func TestConnectionsOverHTTP1AreKept(t *testing.T) {
	const callers = 8
	b := serveTLS(t, false, everyResponse)
	tr := b.client(t, callers)
	together(callers, func() {
		for range 50 {
			if _, err := tr.Do(t.Context(), get("/")); err != nil {
				t.Error(err)
			}
		}
	})
	// Two ask for HTTP/2, and net/http also closes a connection if the machine stalls for
	// 50 ms.
	require.LessOrEqual(t, b.opened.Load(), int32(2+callers+10))
}

// A backend that speaks HTTP/2 may lose it, as when it moves behind another balancer.
func TestABackendMayLoseHTTP2(t *testing.T) {
	const callers = 32
	b := serveTLS(t, true, everyResponse)
	full := crowd(t, callers)
	old := serveTLS(t, false, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			full(w, r)
		}
	})
	var moved atomic.Bool
	conns := b.connections(callers)
	conns.SetDial(func(ctx context.Context, network, addr string) (net.Conn, error) {
		if moved.Load() {
			addr = old.Listener.Addr().String()
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	})
	tr := through(t, b.URL, conns)
	_, err := tr.Do(t.Context(), get("/"))
	require.NoError(t, err)
	tr.CloseIdleConnections()
	moved.Store(true)
	together(callers, func() {
		if _, err := tr.Do(t.Context(), post("/", `{}`)); err != nil {
			t.Error(err)
		}
	})
	require.EqualValues(t, 1, b.opened.Load())
}

// A proxy sees HTTP/1.1 with a CONNECT, and so the backend does too.
func TestRequestsThroughAProxy(t *testing.T) {
	var protocol string
	b := serveTLS(t, true, func(_ http.ResponseWriter, r *http.Request) { protocol = r.Proto })
	var tunnels atomic.Int32
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tunnels.Add(1)
		far, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.Host)
		if err != nil {
			t.Error(err)
			return
		}
		near, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(far, near); far.Close() }()
		_, _ = io.Copy(near, far)
		near.Close()
	})
	at, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	conns := b.connections(8)
	conns.SetProxy(at)
	_, err = through(t, b.URL, conns).Do(t.Context(), post("/", `{}`))
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1", protocol)
	require.EqualValues(t, 1, tunnels.Load())
}

// Looking for a connection is not an attempt to send.
func TestReadsAreTriedAgainOverHTTP2(t *testing.T) {
	const callers = 4
	var served atomic.Int32
	b := serveTLS(t, true, func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	tr := b.client(t, callers)
	together(callers, func() {
		if _, err := tr.Do(t.Context(), get("/")); !errors.Is(err, herror.Code(503)) {
			t.Error(err)
		}
	})
	require.EqualValues(t, 3*callers, served.Load())
}

// Servers close a connection after a number of requests.
func TestGoingAwayOverHTTP2(t *testing.T) {
	var served atomic.Int32
	b := serveTLS(t, true, func(w http.ResponseWriter, _ *http.Request) {
		if served.Add(1)%50 == 0 {
			w.Header().Set("Connection", "close") // over HTTP/2 it is sent as GOAWAY
		}
	})
	const callers, each = 16, 50
	tr := b.client(t, callers)
	together(callers, func() {
		for range each {
			if _, err := tr.Do(t.Context(), post("/", `{}`)); err != nil {
				t.Error(err)
			}
		}
	})
	require.EqualValues(t, callers*each, served.Load())
}

// serveTLSOn returns an accept function for a network, which serves h with TLS and
// HTTP/2, and the certificates to trust.
func serveTLSOn(t *testing.T, h http.HandlerFunc) (accept func(net.Conn), roots *x509.CertPool) {
	t.Helper()
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	certified.Close()
	roots = x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	return func(c net.Conn) {
		l := listen(c)
		srv := l.server(h)
		srv.TLSConfig = &tls.Config{Certificates: certified.TLS.Certificates}
		_ = srv.ServeTLS(l, "", "")
	}, roots
}

// mortal is a connection whose other end can disappear: nothing arrives any more, in
// either direction, and no error tells.
type mortal struct {
	net.Conn
	dead   chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (c *mortal) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	select {
	case <-c.dead:
		<-c.closed
		return 0, net.ErrClosed
	default:
		return n, err
	}
}

func (c *mortal) Write(p []byte) (int, error) {
	select {
	case <-c.dead:
		return len(p), nil
	default:
		return c.Conn.Write(p)
	}
}

func (c *mortal) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// Many requests share a connection, so one that is dead must be found soon.
func TestADeadConnectionIsReplacedOverHTTP2(t *testing.T) {
	accept, roots := serveTLSOn(t, everyResponse)
	synctest.Test(t, func(t *testing.T) {
		n := &network{accept: accept}
		dead := make(chan struct{})
		conns := transport.NewConnections(8, roots)
		conns.SetDial(func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := n.dial(ctx, network, addr)
			if n.dials.Load() > 1 {
				return c, err
			}
			return &mortal{Conn: c, dead: dead, closed: make(chan struct{})}, err
		})
		tr := through(t, "https://example.com", conns)
		_, err := tr.Do(t.Context(), get("/"))
		require.NoError(t, err)
		close(dead)
		_, err = tr.Do(t.Context(), post("/", `{}`))
		require.ErrorIs(t, err, herror.RequestTimeout)
		require.True(t, failed(t, err).Sent())
		time.Sleep(6 * time.Second) // 16 since the connection died
		_, err = tr.Do(t.Context(), post("/", `{}`))
		require.NoError(t, err)
		require.EqualValues(t, 2, n.dials.Load())
		tr.CloseIdleConnections()
		n.served.Wait()
	})
}

// Two requests make a connection and the others wait. They have sent nothing when they
// end, and go on if the two give up or fail.
func TestWaitingForAConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		dial  time.Duration // how long each takes until it fails
		two   time.Duration // when the callers of the two give up
		other time.Duration // how long the caller of a third request, a second later, waits
		took  time.Duration
		dials int32
	}{
		"its caller gives up": {time.Minute, time.Hour, time.Second, time.Second, 2},
		"the time is over":    {time.Minute, time.Hour, time.Hour, 10 * time.Second, 3},
		"the two give up":     {time.Minute, 2 * time.Second, 3 * time.Second, 3 * time.Second, 3},
		"the two fail":        {2 * time.Second, time.Hour, 1500 * time.Millisecond, 1500 * time.Millisecond, 5}, // and are tried again
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dials atomic.Int32
				conns := transport.NewConnections(8, nil)
				conns.SetDial(func(ctx context.Context, network, addr string) (net.Conn, error) {
					dials.Add(1)
					time.Sleep(tt.dial) // as a dial that the caller has left
					return refused(ctx, network, addr)
				})
				tr := through(t, "https://backend.test", conns)
				send := func(ends time.Duration) error {
					ctx, cancel := context.WithTimeout(t.Context(), ends)
					defer cancel()
					_, err := tr.Do(ctx, post("/", `{}`))
					return err
				}
				for range 2 {
					go func() { _ = send(tt.two) }()
				}
				time.Sleep(time.Second)
				began := time.Now()
				h := failed(t, send(tt.other))
				require.Equal(t, herror.RequestTimeout, h.Code)
				require.False(t, h.Sent())
				require.Equal(t, tt.took, time.Since(began))
				require.Equal(t, tt.dials, dials.Load())
				time.Sleep(time.Hour) // until every dial has ended
			})
		})
	}
}
