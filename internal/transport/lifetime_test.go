package transport_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/transport"
)

// readRequest reads one whole request from c.
func readRequest(c net.Conn) {
	if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
}

// Every row runs on a network of pipes in a synctest bubble. The bubble would not end
// if a goroutine were left.
func TestSent(t *testing.T) {
	never := func(c net.Conn) { readRequest(c); _, _ = io.Copy(io.Discard, c) }
	tests := []struct {
		name   string
		dial   func(context.Context, string, string) (net.Conn, error)
		accept func(net.Conn)
		base   string
		end    func(context.Context) (context.Context, context.CancelFunc)
		code   herror.Code
		cause  error
		sent   bool
		dials  int32
		linger time.Duration // how long the standard library leaves a dial running
	}{
		{
			name: "nobody listens", dial: refused,
			code: herror.NetworkDisconnected, sent: false, dials: 3,
		}, {
			name: "the dial never ends",
			dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				select { // net/http keeps dialling, for a later request
				case <-ctx.Done():
				case <-time.After(time.Minute):
				}
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route")}
			},
			linger: time.Minute,
			code:   herror.RequestTimeout, cause: context.DeadlineExceeded, sent: false, dials: 1,
		}, {
			name: "the handshake fails", accept: func(net.Conn) {}, base: "https://backend.test",
			code: herror.NetworkDisconnected, sent: false, dials: 3,
		}, {
			name: "cut after the request was read", accept: readRequest,
			code: herror.NetworkDisconnected, sent: true, dials: 1,
		}, {
			name: "cut in the middle of the body",
			accept: func(c net.Conn) {
				if r, err := http.ReadRequest(bufio.NewReaderSize(c, 16)); err == nil {
					_, _ = r.Body.Read(make([]byte, 1))
				}
			},
			code: herror.NetworkDisconnected, sent: true, dials: 1,
		}, {
			name: "no response in time", accept: never,
			code: herror.RequestTimeout, cause: context.DeadlineExceeded, sent: true, dials: 1,
		}, {
			name: "no response in the caller's time", accept: never,
			end: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, time.Second)
			},
			code: herror.RequestTimeout, cause: context.DeadlineExceeded, sent: true, dials: 1,
		}, {
			name: "cancelled while waiting", accept: never,
			end: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(time.Second, cancel)
				return ctx, cancel
			},
			code: herror.RequestTimeout, cause: context.Canceled, sent: true, dials: 1,
		}, {
			name: "cancelled before sending", accept: never,
			end: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				cancel()
				return ctx, cancel
			},
			code: herror.RequestTimeout, cause: context.Canceled, sent: false, dials: 0,
		}, {
			name: "deadline passed before sending", accept: never,
			end: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithDeadline(ctx, time.Now())
			},
			code: herror.RequestTimeout, cause: context.DeadlineExceeded, sent: false, dials: 0,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dials atomic.Int32
				n := &network{accept: tt.accept}
				rt := n.roundTripper()
				dial := n.dial
				if tt.dial != nil {
					dial = tt.dial
				}
				rt.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
					dials.Add(1)
					return dial(ctx, network, addr)
				}
				cfg := config(base)
				if tt.base != "" {
					cfg.BaseURL = tt.base
				}
				cfg.HTTPClient = &http.Client{Transport: rt}
				ctx := t.Context()
				if tt.end != nil {
					var cancel context.CancelFunc
					ctx, cancel = tt.end(ctx)
					defer cancel()
				}
				_, err := transport.New(cfg).Do(ctx, post("/", `{"code":"code-77"}`))
				h := failed(t, err)
				require.Equal(t, tt.code, h.Code)
				require.Equal(t, tt.sent, h.Sent())
				require.Equal(t, tt.dials, dials.Load())
				if tt.cause != nil {
					require.ErrorIs(t, err, tt.cause)
				}
				require.NotContains(t, err.Error(), "code-77")
				require.NotContains(t, err.Error(), "backend.test")
				time.Sleep(tt.linger)
			})
		})
	}
}

// The backend may close an idle connection. The next request must not fail.
func TestClosedIdleConnectionIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{accept: respondOnce("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")}
		cfg := config(base)
		cfg.HTTPClient = n.client()
		tr := transport.New(cfg)
		for want := int32(1); want <= 3; want++ {
			res, err := tr.Do(t.Context(), post("/", "{}"))
			require.NoError(t, err)
			require.Equal(t, 201, res.Status)
			synctest.Wait() // for the close
			require.Equal(t, want, n.dials.Load())
		}
	})
}

// A caller's client may have its own timeout.
func TestTimeoutOfTheCallersClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{accept: func(c net.Conn) { readRequest(c); _, _ = io.Copy(io.Discard, c) }}
		cfg := config(base)
		cfg.HTTPClient = n.client()
		cfg.HTTPClient.Timeout = time.Second
		_, err := transport.New(cfg).Do(t.Context(), post("/", "{}"))
		h := failed(t, err)
		require.Equal(t, herror.RequestTimeout, h.Code)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, h.Sent())
	})
}

func TestResponseThatNeverEndsTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{accept: serveHTTP(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"token":`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})}
		cfg := config(base)
		cfg.HTTPClient = n.client()
		began := time.Now()
		_, err := transport.New(cfg).Do(t.Context(), get("/"))
		require.ErrorIs(t, err, herror.RequestTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, cfg.Timeout, time.Since(began))
	})
}

func TestErrorOfARoundTripperIsWrappedAndNotShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		canary := errors.New("canary token-3f9a at http://backend.test/")
		rt := roundTrip(func(*http.Request) (*http.Response, error) { return nil, canary })
		_, err := on(rt).Do(t.Context(), post("/", "{}"))
		h := failed(t, err)
		require.Equal(t, "600: network disconnected", h.Error())
		require.ErrorIs(t, err, canary)
		require.True(t, h.Sent(), "it does not call the trace, so the request may have been sent")
	})
}

// everyResponse responds in every way that must leave the connection usable.
func everyResponse(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/missing":
		w.WriteHeader(http.StatusNotFound)
	case "/redirect":
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	case "/broken":
		w.WriteHeader(http.StatusBadGateway)
	case "/large":
		_, _ = w.Write(make([]byte, 1<<20))
		return
	}
	_, _ = io.WriteString(w, `{"id":1}`)
}

func sendEverything(t *testing.T, tr *transport.Transport) {
	t.Helper()
	for range 20 {
		for _, path := range []string{"/", "/missing", "/redirect", "/broken", "/large"} {
			_, _ = tr.Do(t.Context(), post(path, `{"a":1}`))
		}
		_, err := tr.Do(t.Context(), get("/"))
		require.NoError(t, err)
	}
}

func TestOneConnectionServesManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{accept: serveHTTP(everyResponse)}
		cfg := config(base)
		cfg.HTTPClient = n.client()
		tr := transport.New(cfg)
		sendEverything(t, tr)
		require.EqualValues(t, 1, n.dials.Load())
		tr.CloseIdleConnections()
		n.served.Wait()
	})
}

func TestOwnTransportKeepsItsConnections(t *testing.T) {
	srv, opened := counted(t, everyResponse)
	sendEverything(t, own(t, srv.URL))
	// Usually 1, but net/http also closes a connection if the machine stalls for 50 ms.
	require.LessOrEqual(t, opened.Load(), int32(10))
}

// counted starts a loopback server that counts the connections opened to it.
func counted(t *testing.T, h http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	opened := new(atomic.Int32)
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv, opened
}

func TestConnectionsAreCapped(t *testing.T) {
	const most = 2
	var serving, peak atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		now := serving.Add(1)
		for seen := peak.Load(); now > seen && !peak.CompareAndSwap(seen, now); seen = peak.Load() {
		}
		serving.Add(-1)
	}))
	srv.Start()
	t.Cleanup(srv.Close)
	cfg := config(srv.URL)
	cfg.MaxConns = most
	tr := transport.New(cfg)
	t.Cleanup(tr.CloseIdleConnections)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for range 10 {
				if _, err := tr.Do(t.Context(), get("/")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	require.LessOrEqual(t, peak.Load(), int32(most))
}

// The bubble would not end if a request left a goroutine.
func TestNothingOutlivesItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{accept: serveHTTP(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) })}
		cfg := config(base)
		cfg.HTTPClient = n.client()
		tr := transport.New(cfg)
		for range 10 {
			_, err := tr.Do(t.Context(), post("/", "{}"))
			require.NoError(t, err)
		}
		tr.CloseIdleConnections()
		n.served.Wait()
		require.EqualValues(t, 1, n.dials.Load())
	})
}
