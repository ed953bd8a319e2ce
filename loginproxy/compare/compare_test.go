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
//
// The handlers are called as a server would call them. The metrics are those of package
// pairbench, and of Redis, per operation of ours and of the other:
//
//	redis-commands  round trips; a script is one, and those of a new connection are left out
//	redis-executed  commands that Redis has executed, those of scripts included
//
// The others are hand, the server by hand, and idle, the same with an idle timeout, which
// loginproxy has too.
package compare_test

import (
	"context"
	"encoding/json"
	"fmt"
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
	"github.com/hydrogen-go/baas/internal/pairbench/peer"
	"github.com/hydrogen-go/baas/internal/redistest"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session/redisstore"
)

// visitors is how many are logged in before a benchmark of reads: many more than
// callers, so that no two read as the same one at once.
const visitors = 4096

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
		pairbench.ForEach(b, len(all), func(i int) (err error) {
			all[i], err = s.login(b.Context())
			return err
		})
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

// TestAllServe checks that the servers do what the benchmarks measure, on a backend of
// the test.
func TestAllServe(t *testing.T) {
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
	for _, s := range []server{
		proxyOn(t, backend.URL, 0), byHandOn(t, backend.URL, "hand", 0, 0), byHandOn(t, backend.URL, "idle", 0, time.Hour),
	} {
		t.Run(s.name, func(t *testing.T) {
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

// compare runs the work of all servers with 64 and 512 callers, on a Redis without
// latency and on one with 1 ms.
func compare(b *testing.B, work func(*testing.B, server) pairbench.Work) {
	for _, latency := range []time.Duration{0, time.Millisecond} {
		for _, callers := range []int{64, 512} {
			b.Run(fmt.Sprintf("callers=%d/redis=%s", callers, latency), func(b *testing.B) {
				run := func(b *testing.B, s server) pairbench.Work { return s.counted(b, work(b, s)) }
				idle := pairbench.Peer{Name: "idle", Setup: func(b *testing.B, backend string) pairbench.Work {
					return run(b, byHandOn(b, backend, "idle", latency, loginproxy.DefaultIdleTimeout))
				}}
				pairbench.CompareOn(b, "hand", pairbench.Case{Callers: callers, Ops: 4000}, func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
					return run(b, proxyOn(b, backend, latency)), run(b, byHandOn(b, backend, "hand", latency, 0))
				}, idle)
			})
		}
	}
}

// server is one of those that are compared, with a Redis of its own.
type server struct {
	http.Handler
	name   string // in the metrics; empty for ours
	redis  *redisUse
	bearer bool // whether the visitor's token goes into a header, or into the cookie of scs
}

// counted reports what w uses of Redis.
func (s server) counted(b *testing.B, w pairbench.Work) pairbench.Work {
	prefix := s.name
	if prefix != "" {
		prefix += "-"
	}
	var ops atomic.Int64
	trips, executed := s.redis.trips.Load(), s.redis.executed(b)
	b.Cleanup(func() {
		if n := float64(ops.Load()); n > 0 {
			b.ReportMetric(float64(s.redis.trips.Load()-trips)/n, prefix+"redis-commands")
			b.ReportMetric(float64(s.redis.executed(b)-executed)/n, prefix+"redis-executed")
		}
	})
	return func(ctx context.Context) error {
		ops.Add(1)
		return w(ctx)
	}
}

// proxyOn returns the server of package loginproxy.
func proxyOn(tb testing.TB, backend string, latency time.Duration) server {
	use := newRedisUse(tb, latency)
	store, err := redisstore.New(use.client)
	if err != nil {
		tb.Fatal(err)
	}
	client, err := baas.New(peer.ClientID, baas.WithHost(backend), baas.WithSessionStore(store))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(client.CloseIdleConnections)
	proxy, err := loginproxy.New(client)
	if err != nil {
		tb.Fatal(err)
	}
	return server{Handler: proxy, redis: use, bearer: true}
}

// byHandOn returns the server by hand, with an idle timeout unless that is 0.
func byHandOn(tb testing.TB, backend, name string, latency, idle time.Duration) server {
	use := newRedisUse(tb, latency)
	h := newByHand(backend, use.client, idle)
	tb.Cleanup(h.backend.CloseIdleConnections)
	return server{Handler: h, name: name, redis: use}
}

// redisUse is a Redis with one client, whose round trips it counts. The options of the
// client are the same for both servers.
type redisUse struct {
	server *redistest.Server
	client *redis.Client
	trips  atomic.Int64
}

func newRedisUse(tb testing.TB, latency time.Duration) *redisUse {
	u := &redisUse{server: redistest.Start(tb)}
	u.client = redis.NewClient(&redis.Options{
		Addr: u.server.Addr(), PoolSize: 128, ContextTimeoutEnabled: true, Dialer: redistest.Dialer(latency),
	})
	tb.Cleanup(func() { _ = u.client.Close() })
	u.client.AddHook(u)
	return u
}

// DialHook implements redis.Hook.
func (u *redisUse) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (u *redisUse) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if name := cmd.Name(); name != "hello" && name != "client" { // of a new connection
			u.trips.Add(1)
		}
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook implements redis.Hook.
func (u *redisUse) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if name := cmds[0].Name(); name != "hello" && name != "client" { // of a new connection
			u.trips.Add(1)
		}
		return next(ctx, cmds)
	}
}

// executed returns how many commands Redis has executed, except those of a new
// connection and INFO.
func (u *redisUse) executed(b *testing.B) (n int64) {
	info, err := u.server.Do(context.Background(), "INFO", "commandstats")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(info) {
		name, rest, _ := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		calls, _, _ := strings.Cut(rest, ",")
		switch name, _, _ := strings.Cut(name, "|"); name {
		case "hello", "client", "info", "command":
			continue
		}
		if c, err := strconv.ParseInt(calls, 10, 64); err == nil {
			n += c
		}
	}
	return n
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
