package loadtest_test

import (
	"cmp"
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session/redisstore"
)

// setup says what a world is made of.
type setup struct {
	replicas int
	client   func() redis.UniversalClient // returns a new client of Redis
	rate     float64                      // share of the requests to the backend that fail
	store    []redisstore.Option
	// timeout is that of the proxies' requests; 0 is the default.
	timeout time.Duration
	// patience is how long a phone tries again; 0 is a number of attempts without pause.
	patience time.Duration
	// keepTokens is the share of the users whose tokens the backend does not destroy, one
	// in so many: so the session of such a user that is revived is noticed.
	keepTokens int64
	// stayEvery and deadEvery replace the constants of the same name, if not 0.
	stayEvery, deadEvery int
}

// world is a backend, a Redis, some replicas of the proxy and many phones.
type world struct {
	setup
	t            *testing.T
	backend      *baastest.Backend
	injector     *injector
	backendConns *connections
	redis        *server // nil in tests with another Redis
	replicas     []*replica
	phones       *http.Client
	meter        meter
	failures     failures
	losses       losses
	secrets      secrets
	remain       int // sessions in Redis whose users never logged out
	before       int // goroutines
	stop         func()
}

func newWorld(t *testing.T, s setup) *world {
	t.Helper()
	backend, err := baastest.New(baastest.WithJournalLimit(0),
		baastest.WithResponses(baastest.Responses{OwnOpenID: true})) // so that every response shows whose it is
	require.NoError(t, err)
	w := &world{setup: s, t: t, backend: backend}
	w.stayEvery, w.deadEvery = cmp.Or(s.stayEvery, stayEvery), cmp.Or(s.deadEvery, deadEvery)
	t.Cleanup(w.backend.Close)
	w.injector = newInjector(w.backend, s.rate, *seed)
	w.injector.keepTokens, w.injector.secrets = s.keepTokens, &w.secrets
	w.backendConns = new(connections)
	front := httptest.NewUnstartedServer(w.injector)
	front.Config.ConnState = w.backendConns.note
	front.Start()
	t.Cleanup(front.Close)

	w.before = runtime.NumGoroutine()
	w.phones = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * *workers, DisableCompression: true}}
	for i := range s.replicas {
		w.replicas = append(w.replicas, w.newReplica(front.URL, time.Duration(i)*skew))
	}
	w.stop = sync.OnceFunc(func() {
		w.phones.CloseIdleConnections()
		for _, r := range w.replicas {
			r.close()
		}
	})
	t.Cleanup(w.stop)
	return w
}

// Each replica's clock is ahead of the one before. So it always writes the time of a
// request after one on that replica, and every race has a writer.
const (
	skew = 10 * time.Minute
	idle = 2 * time.Hour
)

// storeFaults is how many times less often the session store fails than the backend.
const storeFaults = 10

// replica is one process of the login server.
type replica struct {
	proxy  http.Handler
	url    string
	client *baas.Client
	store  *faultyStore
	redis  redis.UniversalClient
	server *httptest.Server

	mu    sync.Mutex
	busy  int
	quiet sync.Cond // no request is under way
}

func (w *world) newReplica(backend string, ahead time.Duration) *replica {
	w.t.Helper()
	clock := func() time.Time { return time.Now().Add(ahead) }
	r := &replica{redis: w.client()}
	r.quiet.L = &r.mu
	store, err := redisstore.New(r.redis, append([]redisstore.Option{redisstore.WithClock(clock)}, w.store...)...)
	require.NoError(w.t, err)
	r.store = newFaultyStore(store, w.rate/storeFaults, *seed)
	r.store.secrets = &w.secrets
	r.client, err = baas.New(w.backend.ClientID(), baas.WithHost(backend), baas.WithSessionStore(r.store), baas.WithClock(clock),
		baas.WithTimeout(cmp.Or(w.timeout, baas.DefaultTimeout)))
	require.NoError(w.t, err)
	r.store.keyOf = r.client.SessionKey
	r.proxy, err = loginproxy.New(r.client, loginproxy.WithIdleTimeout(idle))
	require.NoError(w.t, err)
	r.server = httptest.NewUnstartedServer(r)
	r.server.Config.ErrorLog = log.New(&w.secrets, "", 0)
	r.server.Start()
	r.url = r.server.URL
	return r
}

// ServeHTTP calls the proxy and counts the requests under way. A proxy may still work
// after the phone has its response.
func (r *replica) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.count(1)
	defer r.count(-1)
	r.proxy.ServeHTTP(w, req)
}

func (r *replica) count(change int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy += change; r.busy == 0 {
		r.quiet.Broadcast()
	}
}

// rest waits until nothing is under way any more.
func (w *world) waitIdle() {
	for _, r := range w.replicas {
		r.mu.Lock()
		for r.busy > 0 {
			r.quiet.Wait()
		}
		r.mu.Unlock()
	}
}

func (r *replica) close() {
	r.server.Close()
	r.client.CloseIdleConnections()
	_ = r.redis.Close()
}

// requireNoTokenLeft checks that the backend accepts the tokens of the logged-in users
// only, and that no token was used for another user. If a store forgets a session and
// fails to confirm it, the proxy does not know which token to destroy. If it fails to
// forget one after a 401, an excused token stays in use.
func (w *world) requireNoTokenLeft(loggedIn int) {
	w.t.Helper()
	var unforgotten, unsaid int
	for _, r := range w.replicas {
		loads, swaps := r.store.failed()
		unforgotten += loads + swaps
		unsaid += swaps
	}
	tokens, crossed := w.injector.tokensLeft()
	require.GreaterOrEqual(w.t, tokens, loggedIn-unforgotten, "tokens of the users who are logged in")
	require.LessOrEqual(w.t, tokens, loggedIn+unsaid, "tokens that the backend accepts, beside those that a fault explains")
	require.Zero(w.t, crossed, "requests with another user's token")
}

// close ends all replicas and checks that no connection and no goroutine is left.
func (w *world) close() {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	total, open := w.backendConns.counts()
	w.t.Logf("connections to the backend: %d opened, %d open", total, open)
	if w.redis != nil {
		total, open, err := w.redis.connections(ctx)
		require.NoError(w.t, err)
		w.t.Logf("connections to Redis: %d opened, %d open", total, open)
	}
	w.stop()

	require.True(w.t, eventually(func() bool {
		_, open := w.backendConns.counts()
		return open == 0
	}), "connections to the backend are left open")
	require.True(w.t, w.redis == nil || eventually(func() bool {
		_, open, err := w.redis.connections(ctx)
		return err == nil && open == 0
	}), "connections to Redis are left open")
	if !eventually(func() bool { return runtime.NumGoroutine() <= w.before }) {
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		w.t.Fatalf("%d goroutines before, %d after", w.before, runtime.NumGoroutine())
	}
	w.t.Logf("goroutines: %d before, %d after", w.before, runtime.NumGoroutine())
}

// eventually polls a condition that the other end of a connection makes true.
func eventually(done func() bool) bool {
	const timeout, interval = time.Minute, 10 * time.Millisecond
	for range int(timeout / interval) {
		if done() {
			return true
		}
		time.Sleep(interval)
	}
	return done()
}

// connections counts those of a server.
type connections struct {
	mu          sync.Mutex
	total, open int
}

func (c *connections) note(_ net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.total++
		c.open++
	case http.StateClosed, http.StateHijacked:
		c.open--
	}
}

func (c *connections) counts() (total, open int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total, c.open
}

// failures are those of the users, who run in other goroutines than the test.
type failures struct {
	mu   sync.Mutex
	list []error
}

// maxFailures is the number of failures after which a run stops.
const maxFailures = 10

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) < maxFailures {
		f.list = append(f.list, err)
	}
}

func (f *failures) enough() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.list) == maxFailures
}

func (f *failures) require(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	require.NoError(t, errors.Join(f.list...))
}
