//go:build unix

// Package compare_test compares the login server of package loginproxy, with its
// sessions in Redis, with the same server as somebody would build it in its place.
// That one is made of net/http, github.com/alexedwards/scs on go-redis, and requests
// to the backend that are written by hand; see [byHand].
//
// It is a module of its own, so that no program that imports the SDK gets scs into its
// go.sum.
//
//	cd loginproxy/compare && go test -run '^$' -bench . -benchtime 1x
package compare_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/internal/pairbench"
	"github.com/hydrogen-go/baas/internal/redistest"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session/redisstore"
)

const (
	clientID = "995140f59511a222c937"
	// visitors is how many are logged in before a benchmark of reads: many more than
	// callers, so that no two read as the same one at once.
	visitors = 4096
)

func TestMain(m *testing.M) { pairbench.Main(m) }

// BenchmarkLogin is POST login/ks of a new visitor.
func BenchmarkLogin(b *testing.B) {
	compare(b, func(_ *testing.B, s server) pairbench.Work {
		return func(ctx context.Context) error {
			_, err := s.login(ctx)
			return err
		}
	})
}

// BenchmarkRead is GET me of a visitor who is logged in.
func BenchmarkRead(b *testing.B) {
	compare(b, func(b *testing.B, s server) pairbench.Work {
		var all [visitors]credential
		for i := range all {
			var err error
			if all[i], err = s.login(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		var next atomic.Int64
		return func(ctx context.Context) error {
			return s.call(ctx, http.MethodGet, "/me", all[next.Add(1)%visitors])
		}
	})
}

// BenchmarkVisit is a login, a read and a logout.
func BenchmarkVisit(b *testing.B) {
	compare(b, func(_ *testing.B, s server) pairbench.Work {
		return func(ctx context.Context) error {
			c, err := s.login(ctx)
			if err != nil {
				return err
			}
			if err := s.call(ctx, http.MethodGet, "/me", c); err != nil {
				return err
			}
			return s.call(ctx, http.MethodPost, "/logout", c)
		}
	})
}

// TestBothServe checks that the two servers do what the benchmarks measure, on a
// backend of the test.
func TestBothServe(t *testing.T) {
	var seen []string
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/hserve/v2.5/user/info/61736923/":
			_, _ = w.Write([]byte(pairbench.User))
		default:
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprintf(w, `{"token":"token-1","expires_in":2592000,"user_info":%s}`, pairbench.User)
		}
	}))
	defer backend.Close()
	addr := redistest.Start(t).Addr()
	ours, hand := servers(t, backend.URL, addr, 0)
	for name, s := range map[string]server{"ours": ours, "by hand": hand} {
		t.Run(name, func(t *testing.T) {
			seen = nil
			c, err := s.login(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range [][2]string{{http.MethodGet, "/me"}, {http.MethodPost, "/logout"}} {
				if err := s.call(t.Context(), call[0], call[1], c); err != nil {
					t.Fatal(call, err)
				}
			}
			if err := s.call(t.Context(), http.MethodGet, "/me", c); err == nil {
				t.Fatal("a read after the logout")
			}
			want := []string{"POST /hserve/v2.5/idp/kuaishou/silent-login/ ", "GET /hserve/v2.5/user/info/61736923/ Hydrogen-r1 token-1",
				"POST /hserve/v2.0/session/destroy/ Hydrogen-r1 token-1"}
			if got := strings.Join(seen, "\n"); got != strings.Join(want, "\n") {
				t.Fatal(got)
			}
		})
	}
}

// compare runs the work of both servers with 64 and 512 callers, on a Redis without a
// delay and on one whose replies take a millisecond longer.
func compare(b *testing.B, work func(*testing.B, server) pairbench.Work) {
	for _, delay := range []time.Duration{0, time.Millisecond} {
		for _, callers := range []int{64, 512} {
			b.Run(fmt.Sprintf("callers=%d/redis=%s", callers, delay), func(b *testing.B) {
				addr := redistest.Start(b).Addr()
				pairbench.CompareOn(b, "hand", pairbench.Case{Callers: callers, Ops: 4000}, func(b *testing.B, backend string) (pairbench.Work, pairbench.Work) {
					ours, hand := servers(b, backend, addr, delay)
					return counted(b, "redis", ours, work(b, ours)), counted(b, "hand-redis", hand, work(b, hand))
				})
			})
		}
	}
}

// counted reports how many commands of w the server has sent to Redis.
func counted(b *testing.B, metric string, s server, w pairbench.Work) pairbench.Work {
	var ops atomic.Int64
	before := s.commands.Load()
	b.Cleanup(func() {
		if n := ops.Load(); n > 0 {
			b.ReportMetric(float64(s.commands.Load()-before)/float64(n), metric)
		}
	})
	return func(ctx context.Context) error {
		ops.Add(1)
		return w(ctx)
	}
}

// server is one of the two, with the commands that it has sent to Redis.
type server struct {
	http.Handler
	commands *atomic.Int64
	bearer   bool // whether the visitor's token goes into a header, or into the cookie of scs
}

// servers returns both, each with its own connections.
func servers(tb testing.TB, backend, addr string, delay time.Duration) (ours, hand server) {
	rc, commands := redisClient(tb, addr, delay)
	store, err := redisstore.New(rc)
	if err != nil {
		tb.Fatal(err)
	}
	client, err := baas.New(clientID, baas.WithHost(backend), baas.WithSessionStore(store))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(client.CloseIdleConnections)
	proxy, err := loginproxy.New(client)
	if err != nil {
		tb.Fatal(err)
	}
	ours = server{proxy, commands, true}
	rc, commands = redisClient(tb, addr, delay)
	h := newByHand(backend, rc)
	tb.Cleanup(h.backend.CloseIdleConnections)
	return ours, server{h, commands, false}
}

// redisClient returns a client with as many connections as both servers get.
func redisClient(tb testing.TB, addr string, delay time.Duration) (*redis.Client, *atomic.Int64) {
	rc := redis.NewClient(&redis.Options{Addr: addr, PoolSize: 128, ContextTimeoutEnabled: true, Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil || delay == 0 {
			return c, err
		}
		return &slowConn{Conn: c, delay: delay}, nil
	}})
	tb.Cleanup(func() { _ = rc.Close() })
	n := new(counter)
	rc.AddHook(n)
	return rc, &n.commands
}

// slowConn is a connection on which a reply takes longer.
type slowConn struct {
	net.Conn
	delay time.Duration
	asked atomic.Bool
}

func (c *slowConn) Write(p []byte) (int, error) {
	c.asked.Store(true)
	return c.Conn.Write(p)
}

func (c *slowConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.asked.Swap(false) {
		time.Sleep(c.delay)
	}
	return n, err
}

// counter counts commands.
type counter struct{ commands atomic.Int64 }

func (c *counter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.commands.Add(1)
		return next(ctx, cmd)
	}
}

func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.commands.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}

// credential is what a visitor sends after the login.
type credential string

// login logs a new visitor in.
func (s server) login(ctx context.Context) (credential, error) {
	w, err := s.do(ctx, http.MethodPost, "/login/ks", "", `{"code":"ks071Jwd000ACg4L1A1Z300nzYGz1Jw","createUser":true}`)
	if err != nil {
		return "", err
	}
	if !s.bearer {
		for _, c := range (&http.Response{Header: w.header}).Cookies() {
			return credential(c.Value), nil
		}
		return "", fmt.Errorf("no cookie")
	}
	var out struct {
		Token credential `json:"token"`
	}
	// Only the beginning is decoded: the benchmark is not about its client.
	end := strings.IndexByte(w.body, ',')
	return out.Token, json.Unmarshal([]byte(w.body[:max(end, 0)]+"}"), &out)
}

// call makes a request that has a response with a body.
func (s server) call(ctx context.Context, method, path string, c credential) error {
	body := ""
	if method == http.MethodPost {
		body = "{}"
	}
	_, err := s.do(ctx, method, path, c, body)
	return err
}

func (s server) do(ctx context.Context, method, path string, c credential, body string) (*recorder, error) {
	r, err := http.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	switch {
	case c == "":
	case s.bearer:
		r.Header.Set("Authorization", "Bearer "+string(c))
	default:
		r.AddCookie(&http.Cookie{Name: "session", Value: string(c)})
	}
	w := &recorder{header: make(http.Header)}
	s.ServeHTTP(w, r)
	if w.status/100 != 2 && w.status != 0 {
		return nil, fmt.Errorf("%s %s: status %s", method, path, strconv.Itoa(w.status))
	}
	return w, nil
}

// recorder is a http.ResponseWriter that keeps the first write.
type recorder struct {
	header http.Header
	status int
	body   string
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) { w.status = status }

func (w *recorder) Write(p []byte) (int, error) {
	if w.body == "" {
		w.body = string(p)
	}
	return len(p), nil
}
