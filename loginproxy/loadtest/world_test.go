package loadtest_test

import (
	"context"
	"errors"
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

// world is a backend, a Redis, two replicas of the proxy and many phones.
type world struct {
	t            *testing.T
	backend      *baastest.Backend
	injector     *injector
	backendConns *connections
	redis        *server
	replicas     [2]*replica
	phones       *http.Client
	meter        meter
	failures     failures
	remain       int // sessions in Redis whose users never logged out
	before       int // goroutines
	stop         func()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	backend, err := baastest.New(baastest.WithJournalLimit(0),
		baastest.WithResponses(baastest.Responses{OwnOpenID: true})) // so that every response shows whose it is
	require.NoError(t, err)
	w := &world{t: t, backend: backend, redis: startRedis(t)}
	t.Cleanup(w.backend.Close)
	w.injector = newInjector(w.backend, *rate, *seed)
	w.backendConns = new(connections)
	front := httptest.NewUnstartedServer(w.injector)
	front.Config.ConnState = w.backendConns.note
	front.Start()
	t.Cleanup(front.Close)
	_, _, err = w.redis.connections(t.Context()) // has the test's own connection made
	require.NoError(t, err)

	w.before = runtime.NumGoroutine()
	w.phones = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * *workers, DisableCompression: true}}
	for i := range w.replicas {
		w.replicas[i] = w.newReplica(front.URL, time.Duration(i)*skew)
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

// The second replica's clock is ahead. So it always writes the time of a request after
// one on the first replica, and every race has a writer.
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
	redis  *redis.Client
	server *httptest.Server

	mu    sync.Mutex
	busy  int
	quiet sync.Cond // no request is under way
}

func (w *world) newReplica(backend string, ahead time.Duration) *replica {
	w.t.Helper()
	clock := func() time.Time { return time.Now().Add(ahead) }
	r := &replica{redis: w.redis.client(*workers)}
	r.quiet.L = &r.mu
	store, err := redisstore.New(r.redis, redisstore.WithClock(clock))
	require.NoError(w.t, err)
	r.store = newFaultyStore(store, *rate/storeFaults, *seed)
	r.client, err = baas.New(w.backend.ClientID(), baas.WithHost(backend), baas.WithSessionStore(r.store), baas.WithClock(clock))
	require.NoError(w.t, err)
	r.store.keyOf = r.client.SessionKey
	r.proxy, err = loginproxy.New(r.client, loginproxy.WithIdleTimeout(idle))
	require.NoError(w.t, err)
	r.server = httptest.NewServer(r)
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

// close ends both replicas and checks that no connection and no goroutine is left.
func (w *world) close() {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	total, open := w.backendConns.counts()
	w.t.Logf("connections to the backend: %d opened, %d open", total, open)
	total, open, err := w.redis.connections(ctx)
	require.NoError(w.t, err)
	w.t.Logf("connections to Redis: %d opened, %d open", total, open)
	w.stop()

	require.True(w.t, eventually(func() bool {
		_, open := w.backendConns.counts()
		return open == 0
	}), "connections to the backend are left open")
	require.True(w.t, eventually(func() bool {
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
