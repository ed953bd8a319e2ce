// Package loadtest_test has many users log in through two replicas of the login proxy
// on one Redis. Meanwhile one in a hundred requests to the backend fails, one in a
// thousand accesses to the session store fails, and Redis repeatedly closes all
// connections. A long run is started by hand:
//
//	go test ./loginproxy/loadtest -run Load -v -timeout 30m -users 100000
//
// It uses the loopback interface only and stops by itself.
//
// The other tests have the same users on three replicas, on real redis-server processes
// that fail. They are skipped where redis-server is not installed. TestChaos has one
// Redis, which is killed, paused, filled, made read-only and so on, and a backend that
// fails. TestCluster has a Redis Cluster of three masters, TestSentinelFailover a primary
// with a replica and three Sentinels. Only TestChaos can run for long:
//
//	go test ./loginproxy/loadtest -run Chaos -v -timeout 0 -chaos 10m -seed 2
//
// # What is checked
//
// A user ([visit]) knows its session ids, and whether each must be live or dead by the
// package documentation of loginproxy:
//
//   - A login with status 200 gives a new id, which is live. The id that it came with
//     is dead.
//   - A login that fails leaves the id that it came with as it was. After code_spent
//     true the phone gets a new code; after false the same code must still work.
//   - A link or a read that fails with another code than 604 changes nothing.
//   - A logout with status 200 makes the id dead, whatever the backend responds. A login
//     with that id that is under way then fails with 604, and its code is spent.
//   - Two concurrent logins with one id may both succeed, but not with one code.
//   - A phone that hangs up during a read, or during a login to which the backend has
//     not responded, leaves the id as it was.
//   - Without a logout or a login, a session ends only if the backend responds with 401
//     to a link or a read of its user, or to a login that its token is sent along with.
//     The test injects these responses and counts them by user.
//   - After 502, 503 and 504 the request can be tried again. After 503 or 504 from a
//     login or a logout the store may have done what it could not confirm, or may do it
//     later. The old id may then be live or dead, and an id that is dead stays dead.
//   - Every error is one that the package documentation has, with its code, name and
//     status. No response has a token of the backend. No error of the store and no log
//     has a token or a session id.
//   - If Redis loses writes that it had confirmed, the sessions and the logouts of those
//     writes may be lost, and no others. The test knows when each loss begins and ends.
//
// A session is lost if a live id gets 604 and no injected 401 explains it. It is revived
// if a dead id gets anything but 604, on any replica. There is cross-talk if a
// response has another user's id, openid, nickname or linked identities, or if a token
// is sent to the backend for another user's path. A token is left over if the backend
// accepts it although no session holds it. This is excused if a fault hit the request
// that issued the token or was to destroy it, if the phone had hung up, or if the store
// failed to confirm that it had forgotten the session.
package loadtest_test

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

var (
	users   = flag.Int("users", 2000, "distinct users of the load test")
	workers = flag.Int("workers", 64, "users of the load test that are busy at once")
	rate    = flag.Float64("faults", 0.01, "share of the requests to the backend that fail in the load test")
	limit   = flag.Duration("limit", 25*time.Minute, "time after which the load test gives up")
	seed    = flag.Uint64("seed", 1, "seed of the random choices of the load test")
)

// kills is how often Redis loses all its connections during each phase.
const kills = 10

func TestLoad(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), *limit)
	defer cancel()
	require.Positive(t, *users)
	require.Positive(t, *workers)
	server := startRedis(t)
	_, _, err := server.connections(ctx) // has the test's own connection made
	require.NoError(t, err)
	w := newWorld(t, setup{replicas: 2, rate: *rate, client: func() redis.UniversalClient { return server.client(*workers) }})
	w.redis = server
	began := w.meter.start()

	// The double keeps the data of every user, so the heap is measured after it is reset:
	// once after a tenth of the users, and once after all.
	tenth := max(*users/10, 1)
	w.phase(ctx, 0, tenth)
	early := heap()
	w.phase(ctx, tenth, *users)
	late := heap()

	w.meter.report(t, began)
	t.Logf("%d users, faults at the backend: %s", *users, w.injector.summary())
	for i, r := range w.replicas {
		loads, swaps := r.store.failed()
		t.Logf("replica %d: the store failed to load %d times, to swap %d times", i+1, loads, swaps)
	}
	t.Logf("heap without the double's memory: %.1f MB after a tenth, %.1f MB after all; %d sessions remain",
		megabytes(early), megabytes(late), w.remain)
	w.close()
	if w.redis.outside() { // miniredis keeps the sessions on our heap
		bound := early + 16<<20 + uint64(w.remain)<<10
		require.LessOrEqual(t, late, bound, "the heap grows with the number of users")
	}
}

// phase runs some of the users and checks the state that they leave. The double is
// reset at the end.
func (w *world) phase(ctx context.Context, from, to int) {
	w.t.Helper()
	stayed := w.runUsers(ctx, from, to)
	w.waitIdle()
	w.t.Logf("users %d to %d: heap %.1f MB with the double's memory", from, to, megabytes(heap()))
	w.requireNoTokenLeft(len(stayed.loggedIn))
	w.revisit(ctx, stayed)
	w.backend.Reset()
	w.injector.reset()
	w.secrets.reset()
	w.remain += len(stayed.loggedIn)
	w.requireLoggedOutByTheBackend(ctx, stayed)
}

// stayed is the state that users leave.
type stayed struct {
	mu       sync.Mutex
	loggedIn []loggedInUser // who did not log out
	dead     []loggedInUser // a sample of the dead ids, with their users
}

// loggedInUser is a user who stays logged in.
type loggedInUser struct {
	visit *visit
	id    string
}

// runUsers runs users, several at a time, and returns after the last one.
func (w *world) runUsers(ctx context.Context, from, to int) *stayed {
	w.t.Helper()
	left := new(stayed)
	next := make(chan int)
	var all sync.WaitGroup
	for range *workers {
		all.Go(func() {
			for n := range next {
				if w.failures.enough() {
					continue
				}
				if err := w.visit(n).run(ctx, left); err != nil {
					w.failures.add(fmt.Errorf("user %d: %w", n, err))
				}
			}
		})
	}
	every := max((to-from)/kills, 1)
	for n := from; n < to; n++ {
		if (n-from)%every == every/2 {
			if err := w.redis.kill(ctx); err != nil {
				w.failures.add(fmt.Errorf("closing the connections of Redis: %w", err))
			}
		}
		next <- n
	}
	close(next)
	all.Wait()
	w.failures.require(w.t)
	return left
}

// revisit checks that live ids are still live and dead ids still dead.
func (w *world) revisit(ctx context.Context, left *stayed) {
	w.t.Helper()
	w.each(len(left.loggedIn), func(i int) error { return left.loggedIn[i].check(ctx) })
	w.each(len(left.dead), func(i int) error { return left.dead[i].visit.dead(ctx, left.dead[i].id) })
}

// requireLoggedOutByTheBackend checks that a session ends when the backend no longer
// knows its token.
func (w *world) requireLoggedOutByTheBackend(ctx context.Context, left *stayed) {
	w.t.Helper()
	w.each(len(left.loggedIn)/10, func(i int) error { return w.dead(ctx, left.loggedIn[i].id) })
	w.waitIdle()
}

// each calls f for 0 to n-1, several at a time.
func (w *world) each(n int, f func(int) error) {
	w.t.Helper()
	next := make(chan int)
	var all sync.WaitGroup
	for range *workers {
		all.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					w.failures.add(err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
	w.failures.require(w.t)
}
