package loadtest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/redistest"
	"github.com/hydrogen-go/baas/session/redisstore"
)

// traffic is a load that goes on while a test injects faults: new users arrive at a
// fixed rate, and users who stay logged in or have logged out come back.
type traffic struct {
	w      *world
	left   *stayed
	stop   chan struct{}
	all    sync.WaitGroup
	probes atomic.Int64
}

const (
	arrivals   = 150 // visits a second
	comeBack   = 4   // one arrival in so many is somebody who comes back
	busy       = 48  // visits at once
	proxyLimit = 2 * time.Second
	patience   = time.Minute
)

// chaosSetup is the setup of a world whose Redis fails. Its phones try again until a
// fault is over, and the backend keeps half of the tokens that it is to destroy.
func chaosSetup(client func() redis.UniversalClient) setup {
	return setup{
		replicas: 3, rate: *rate, client: client, timeout: proxyLimit, patience: patience,
		keepTokens: 2, stayEvery: 10, deadEvery: 4, store: []redisstore.Option{redisstore.WithUserIndex()},
	}
}

// startTraffic starts the load. It ends with finish.
func (w *world) startTraffic(ctx context.Context) *traffic {
	tr := &traffic{w: w, left: new(stayed), stop: make(chan struct{})}
	next := make(chan int)
	tr.all.Go(func() { tr.arrive(next) })
	for range busy {
		tr.all.Go(func() {
			for n := range next {
				if err := tr.serve(ctx, n); err != nil {
					w.failures.add(err)
				}
			}
		})
	}
	return tr
}

func (tr *traffic) arrive(next chan<- int) {
	defer close(next)
	ticker := time.NewTicker(time.Second / arrivals)
	defer ticker.Stop()
	for n := 0; !tr.w.failures.enough(); n++ {
		select {
		case <-ticker.C:
		case <-tr.stop:
			return
		}
		select {
		case next <- n:
		case <-tr.stop:
			return
		}
	}
}

func (tr *traffic) serve(ctx context.Context, n int) error {
	if n%comeBack == 0 && n > 0 {
		if n%(2*comeBack) == 0 {
			return tr.left.recheck(&tr.left.loggedIn, func(k *loggedInUser) error { return k.check(ctx) })
		}
		return tr.left.recheck(&tr.left.dead, func(k *loggedInUser) error { return k.checkDead(ctx) })
	}
	if err := tr.w.visit(n).run(ctx, tr.left); err != nil {
		return fmt.Errorf("user %d: %w", n, err)
	}
	return nil
}

// recheck takes the first user of the list, and puts it back at the end.
func (s *stayed) recheck(list *[]loggedInUser, check func(*loggedInUser) error) error {
	s.mu.Lock()
	if len(*list) == 0 {
		s.mu.Unlock()
		return nil
	}
	k := (*list)[0]
	*list = (*list)[1:]
	s.mu.Unlock()
	err := check(&k)
	s.mu.Lock()
	defer s.mu.Unlock()
	*list = append(*list, k)
	return err
}

// finish checks what the load has left after halt, and ends the replicas.
func (tr *traffic) finish() {
	w := tr.w
	w.t.Helper()
	_, crossed := w.injector.tokensLeft()
	require.Zero(w.t, crossed, "requests with another user's token")
	w.secrets.requireNoneLeaked(w.t)
	w.close()
}

// halt ends the load, and checks that live sessions are live and dead ones dead.
func (tr *traffic) halt(ctx context.Context) {
	w := tr.w
	w.t.Helper()
	close(tr.stop)
	tr.all.Wait()
	w.failures.require(w.t)
	w.each(len(tr.left.loggedIn), func(i int) error { return tr.left.loggedIn[i].check(ctx) })
	w.each(len(tr.left.dead), func(i int) error { return tr.left.dead[i].checkDead(ctx) })
	w.waitIdle()
}

// logOut logs out half of the users who stay logged in.
func (tr *traffic) logOut(ctx context.Context) {
	w := tr.w
	w.t.Helper()
	tr.left.mu.Lock()
	half := len(tr.left.loggedIn) / 2
	leave := slices.Clone(tr.left.loggedIn[:half])
	tr.left.loggedIn = tr.left.loggedIn[half:]
	tr.left.mu.Unlock()
	w.each(half, func(i int) error {
		v := leave[i].visit
		if err := v.logout(ctx, v.anyReplica(), leave[i].id); err != nil {
			return fmt.Errorf("user %d: %w", v.n, err)
		}
		tr.left.mu.Lock()
		defer tr.left.mu.Unlock()
		tr.left.dead = append(tr.left.dead, leave[i])
		return nil
	})
}

// outage is a fault that a test injects, and what it does to the load.
type outage struct {
	name  string
	fails bool // whether requests fail meanwhile
	begin func()
	end   func()
}

// The fault goes on until so many requests have failed, or until so many have got a
// response if the fault should fail none.
const (
	untilFailed = 40
	untilAll    = 300
)

// warmUp waits until so many requests have got a response, and no check has failed.
func (tr *traffic) warmUp(requests int64) {
	tr.w.t.Helper()
	tr.waitForRequests(requests)
	tr.w.failures.require(tr.w.t)
}

func (tr *traffic) waitForRequests(requests int64) {
	w := tr.w
	w.t.Helper()
	all, _ := w.meter.counts()
	require.True(w.t, redistest.Eventually(func() bool {
		a, _ := w.meter.counts()
		return a >= all+requests || w.failures.enough()
	}), "no request ends")
}

// run injects a fault, ends it, and waits until logins work again on every replica. It
// returns the time from the begin until then.
func (tr *traffic) run(ctx context.Context, o outage) time.Duration {
	w := tr.w
	w.t.Helper()
	all, failed := w.meter.counts()
	began := time.Now()
	o.begin()
	require.True(w.t, redistest.Eventually(func() bool {
		a, f := w.meter.counts()
		return o.fails && f >= failed+untilFailed || !o.fails && a >= all+untilAll || w.failures.enough()
	}), "%s: the fault has no effect, or no request ends", o.name)
	lasted := time.Since(began)
	o.end()
	ended := time.Now()
	tr.waitForLogins(ctx)
	again := time.Since(ended)
	a, f := w.meter.counts()
	tr.waitForRequests(untilAll)
	w.t.Logf("%-32s lasted %5.2f s, logins on all replicas after %5.2f s, %5d requests, %5d failed",
		o.name, lasted.Seconds(), again.Seconds(), a-all, f-failed)
	w.failures.require(w.t)
	return lasted + again
}

// waitForLogins returns when a login has succeeded on every replica.
func (tr *traffic) waitForLogins(ctx context.Context) {
	w := tr.w
	w.t.Helper()
	errs := make([]error, len(w.replicas))
	var all sync.WaitGroup
	for at := range w.replicas {
		v := w.visit(int(-tr.probes.Add(1)))
		all.Go(func() { errs[at] = v.probe(ctx, at) })
	}
	all.Wait()
	require.NoError(w.t, errors.Join(errs...), "no login")
}

func (v *visit) probe(ctx context.Context, at int) error {
	for range v.w.tries(ctx) {
		asked := time.Now()
		a, err := v.tryLogin(ctx, at, "", newLoginBody(v.phone, false))
		switch {
		case err != nil:
			return err
		case a.ok():
			_, err = v.checkLogin(ctx, asked, "", a)
			return err
		case !a.loginFailed():
			return unexpected("login", a)
		}
	}
	return errGaveUp
}

func (k *loggedInUser) checkDead(ctx context.Context) error {
	if err := k.visit.dead(ctx, k.id); err != nil {
		return fmt.Errorf("user %d, who has logged out: %w", k.visit.n, err)
	}
	return nil
}

// must runs a command of the test on a server.
func must(ctx context.Context, t *testing.T, s *redistest.Server, args ...any) {
	t.Helper()
	_, err := s.Do(ctx, args...)
	require.NoError(t, err)
}
