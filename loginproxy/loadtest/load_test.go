// Package loadtest_test has many users log in through two replicas of the login
// proxy on one Redis, while one in a hundred requests to the backend goes wrong,
// one in a thousand accesses to the sessions fails, and Redis loses its connections
// now and then. The long form is run by hand:
//
//	go test ./loginproxy/loadtest -run Load -v -timeout 30m -users 100000
//
// It keeps its traffic on the loopback interface and stops by itself.
//
// # What must hold
//
// A user ([visit]) knows the session ids that it was given, and for each whether it
// must be live or dead by what the package documentation of loginproxy promises:
//
//   - A login that answers 200 gives a new id, live; the id it came with is dead.
//   - A login that fails leaves the id it came with as it was. After code_spent
//     true the phone gets a fresh code; after false the same code must still do.
//   - A link or a read that fails with anything but 604 changes nothing.
//   - A logout that answers 200 makes the id dead, whatever the backend says. A login
//     that came with the id, and is still at the backend when the logout answers,
//     fails with 604 and its code is spent.
//   - Of two logins at once from one id both may succeed, but not with one code.
//   - A phone that hangs up on a read, or on a login before the backend has answered
//     it, leaves the id as it was.
//   - A session dies by itself only when the backend answered 401 to a link or a
//     read of its user, or to a login that its token went along with. The test
//     itself injects these and counts them by user.
//   - 502, 503 and 504 mean: try again. After 503 from a login or a logout, where
//     the store may have done what it could not confirm, the old id may be either;
//     the next read decides, and what is dead then stays dead.
//
// A session is lost if a live id gets 604 and no injected 401 accounts for it; it is
// revived if a dead id gets anything but 604, on either replica. There is cross-talk
// if an answer has another user's id, openid, nickname or linked identities, or if
// a token is used at the backend for another user's path. A token is left over if
// the backend still takes it when no session holds it any more, unless a fault hit
// the very request that gave it out or was to destroy it, the phone had hung up, or
// the store failed to say that it had forgotten the session.
package loadtest_test

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	users   = flag.Int("users", 2000, "distinct users of the load test")
	workers = flag.Int("workers", 64, "users of the load test that are busy at once")
	rate    = flag.Float64("faults", 0.01, "share of the backend's requests that go wrong in the load test")
	limit   = flag.Duration("limit", 25*time.Minute, "time after which the load test gives up")
	seed    = flag.Uint64("seed", 1, "what the users of the load test decide by")
)

// kills is how often Redis loses all its connections during each phase.
const kills = 10

func TestLoad(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), *limit)
	defer cancel()
	require.Positive(t, *users)
	require.Positive(t, *workers)
	w := newWorld(t)
	began := w.meter.start()

	// The double keeps what it has heard of every user. What the proxies keep is
	// what is left after it has forgotten that, for a tenth of the users and for all.
	tenth := max(*users/10, 1)
	w.phase(ctx, 0, tenth)
	early := heap()
	w.phase(ctx, tenth, *users)
	late := heap()

	w.meter.report(t, began)
	t.Logf("%d users, faults at the backend: %s", *users, w.tap.summary())
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

// phase has some of the users come and go, and checks what they leave behind. The
// double forgets all at the end.
func (w *world) phase(ctx context.Context, from, to int) {
	w.t.Helper()
	stayed := w.crowd(ctx, from, to)
	w.rest()
	w.t.Logf("users %d to %d: heap %.1f MB with the double's memory", from, to, megabytes(heap()))
	w.requireNoTokenLeft(len(stayed.keepers))
	w.revisit(ctx, stayed)
	w.backend.Reset()
	w.tap.reset()
	w.remain += len(stayed.keepers)
	w.requireLoggedOutByTheBackend(ctx, stayed)
}

// stayed is what a crowd leaves behind.
type stayed struct {
	mu      sync.Mutex
	keepers []keeper // who did not log out
	graves  []string // a sample of the ids that are dead
}

// keeper is a user who stays logged in.
type keeper struct {
	visit *visit
	id    string
}

// crowd has users visit, some at a time, and returns when the last one has gone.
func (w *world) crowd(ctx context.Context, from, to int) *stayed {
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
				w.failures.add(fmt.Errorf("cutting Redis off: %w", err))
			}
		}
		next <- n
	}
	close(next)
	all.Wait()
	w.failures.require(w.t)
	return left
}

// revisit checks that who stayed is still logged in, and that the dead are dead.
func (w *world) revisit(ctx context.Context, left *stayed) {
	w.t.Helper()
	w.each(len(left.keepers), func(i int) error { return left.keepers[i].still(ctx) })
	w.each(len(left.graves), func(i int) error { return w.dead(ctx, left.graves[i]) })
}

// requireLoggedOutByTheBackend checks that sessions end whose tokens the backend
// does not know any more.
func (w *world) requireLoggedOutByTheBackend(ctx context.Context, left *stayed) {
	w.t.Helper()
	w.each(len(left.keepers)/10, func(i int) error { return w.dead(ctx, left.keepers[i].id) })
	w.rest()
}

// each runs f for 0 to n-1, some at a time.
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
