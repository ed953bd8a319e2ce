package loginproxy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/loginproxy"
)

// pipe is a listener with one connection, for a synctest bubble. Closing the connection
// closes it.
type pipe struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// A client that does not send the body that it has announced gets a response and loses
// its connection when the time for the request is over, also where the server has no
// timeout. If the server's goroutine waited on, the bubble would not end.
func TestSlowBodies(t *testing.T) {
	const timeout = 20 * time.Second
	for name, tt := range map[string]struct {
		head   string        // of the request, without Content-Length
		server time.Duration // the server's own timeout
		status int
		after  time.Duration
	}{
		"a JSON route":                 {"POST /login/ks HTTP/1.1\r\nContent-Type: application/json\r\n", 0, 408, timeout},
		"an unknown route":             {"POST /nowhere HTTP/1.1\r\n", 0, 404, timeout},
		"a wrong content type":         {"POST /login/ks HTTP/1.1\r\n", 0, 415, timeout},
		"a route without a body":       {"GET /me HTTP/1.1\r\n", 0, 401, timeout},
		"a path of the backend":        {"POST " + silentPath + " HTTP/1.1\r\nContent-Type: application/json\r\nX-Hydrogen-Client-ID: app\r\n", 0, 408, timeout},
		"a path that is not forwarded": {"POST /hserve/x HTTP/1.1\r\n", 0, 404, timeout},
		"the middleware refuses":       {"POST /page HTTP/1.1\r\n", 0, 401, timeout},
		"the server's timeout counts":  {"POST /login/ks HTTP/1.1\r\nContent-Type: application/json\r\n", time.Second, 408, time.Second},
		"the shorter timeout counts":   {"POST /login/ks HTTP/1.1\r\nContent-Type: application/json\r\n", time.Hour, 408, timeout},
	} {
		for _, trickle := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					client, err := baas.New("app", baas.WithTimeout(timeout))
					require.NoError(t, err)
					proxy, err := loginproxy.New(client)
					require.NoError(t, err)
					mux := http.NewServeMux()
					mux.Handle("/", proxy)
					mux.Handle("/hserve/", proxy.Backend())
					mux.Handle("/page", proxy.Middleware(http.NotFoundHandler()))
					server := &http.Server{Handler: mux, ReadTimeout: tt.server}
					listener := &pipe{conns: make(chan net.Conn, 1), done: make(chan struct{})}
					near, far := net.Pipe()
					listener.conns <- far
					go func() { _ = server.Serve(listener) }()
					defer func() { _ = server.Close() }()

					var writer sync.WaitGroup
					defer writer.Wait()
					defer func() { _ = near.Close() }()

					began := time.Now()
					writer.Go(func() {
						_, err := io.WriteString(near, tt.head+"Host: proxy.example\r\nContent-Length: 10000\r\n\r\n{")
						for trickle && err == nil {
							time.Sleep(time.Second / 2)
							_, err = io.WriteString(near, " ")
						}
					})
					res, err := http.ReadResponse(bufio.NewReader(near), nil)
					require.NoError(t, err)
					require.Equal(t, tt.status, res.StatusCode)
					_, err = io.Copy(io.Discard, res.Body)
					require.NoError(t, err)
					_, err = near.Read(make([]byte, 1))
					require.ErrorIs(t, err, io.EOF, "the connection is closed")
					require.LessOrEqual(t, time.Since(began), tt.after+time.Second, "in the bubble's time")

				})
			})
		}
	}
}

// A body that is complete leaves no deadline behind: the handler of a middleware, and
// the next request on the connection, have their own time.
func TestReadDeadlineEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, err := baas.New("app", baas.WithTimeout(time.Second))
		require.NoError(t, err)
		proxy, err := loginproxy.New(client)
		require.NoError(t, err)
		after := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			proxy.ServeHTTP(w, r)
			time.Sleep(time.Minute)
			if r.Context().Err() != nil {
				t.Error("the request's context ended with the deadline")
			}
		})
		listener := &pipe{conns: make(chan net.Conn, 1), done: make(chan struct{})}
		near, far := net.Pipe()
		listener.conns <- far
		server := &http.Server{Handler: after}
		go func() { _ = server.Serve(listener) }()
		defer func() { _ = server.Close() }()
		responses := bufio.NewReader(near)
		for range 3 {
			go func() {
				_, _ = io.WriteString(near, "POST /logout HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
			}()
			res, err := http.ReadResponse(responses, nil)
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, res.Body)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, res.StatusCode)
			time.Sleep(time.Hour)
		}
		_ = near.Close()
	})
}

// A ResponseWriter that takes no deadline is no error.
func TestNoReadDeadline(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, http.StatusOK, w.post("/logout", "", "{}").status, "that of httptest takes none")
}
