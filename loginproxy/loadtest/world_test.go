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

// world is a backend, a Redis, two replicas of the proxy and a city of phones.
type world struct {
	t        *testing.T
	backend  *baastest.Backend
	tap      *tap
	front    *connections // of the backend
	redis    *server
	replicas [2]*replica
	phones   *http.Client
	meter    meter
	failures failures
	remain   int // sessions in Redis whose users never logged out
	before   int // goroutines
	stop     func()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, backend: baastest.New(baastest.WithJournalLimit(0)), redis: startRedis(t)}
	t.Cleanup(w.backend.Close)
	w.tap = newTap(w.backend, *rate, *seed)
	w.front = new(connections)
	front := httptest.NewUnstartedServer(w.tap)
	front.Config.ConnState = w.front.note
	front.Start()
	t.Cleanup(front.Close)
	_, _, err := w.redis.connections(t.Context()) // has the test's own connection made
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

// The second replica's clock is ahead, by so much that every session which it sees
// after the first one did is due to be marked as seen: a writer in each race.
const (
	skew = 10 * time.Minute
	idle = 2 * time.Hour
)

// storeFaults is how many times rarer the session store fails than the backend.
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
	quiet sync.Cond // nobody is being served
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
	r.proxy, err = loginproxy.New(r.client, loginproxy.WithIdleTimeout(idle))
	require.NoError(w.t, err)
	r.server = httptest.NewServer(r)
	r.url = r.server.URL
	return r
}

// ServeHTTP is the proxy's, with a count of the requests under way: a proxy may
// still be at work when the phone has its answer.
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
func (w *world) rest() {
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

// requireNoTokenLeft checks that the backend takes the tokens of those who stayed
// and of nobody else, and that no token was used for another user. Where a store
// forgets a session and fails to say so, the proxy does not know which token to
// destroy; where it fails to forget one after a 401, an excused token stays in use.
func (w *world) requireNoTokenLeft(keepers int) {
	w.t.Helper()
	var unforgotten, unsaid int
	for _, r := range w.replicas {
		loads, swaps := r.store.failed()
		unforgotten += loads + swaps
		unsaid += swaps
	}
	tokens, crossed := w.tap.leftover()
	require.GreaterOrEqual(w.t, tokens, keepers-unforgotten, "tokens of those who stayed")
	require.LessOrEqual(w.t, tokens, keepers+unsaid, "tokens that the backend takes, beside those that a fault explains")
	require.Zero(w.t, crossed, "requests with another user's token")
}

// close ends both replicas and checks that nothing is left of them.
func (w *world) close() {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	total, open := w.front.counts()
	w.t.Logf("connections to the backend: %d opened, %d open", total, open)
	total, open, err := w.redis.connections(ctx)
	require.NoError(w.t, err)
	w.t.Logf("connections to Redis: %d opened, %d open", total, open)
	w.stop()

	require.True(w.t, settles(func() bool {
		_, open := w.front.counts()
		return open == 0
	}), "connections to the backend are left open")
	require.True(w.t, settles(func() bool {
		_, open, err := w.redis.connections(ctx)
		return err == nil && open == 0
	}), "connections to Redis are left open")
	if !settles(func() bool { return runtime.NumGoroutine() <= w.before }) {
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		w.t.Fatalf("%d goroutines before, %d after", w.before, runtime.NumGoroutine())
	}
	w.t.Logf("goroutines: %d before, %d after", w.before, runtime.NumGoroutine())
}

// settles polls what the other end of a connection brings about in its own time.
func settles(done func() bool) bool {
	const patience, pace = time.Minute, 10 * time.Millisecond
	for range int(patience / pace) {
		if done() {
			return true
		}
		time.Sleep(pace)
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

// failures are those of users, who visit beside the test's own goroutine.
type failures struct {
	mu   sync.Mutex
	list []error
}

// maxFailures is how many failures a run goes on to find.
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
