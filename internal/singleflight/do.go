// Package singleflight shares the work of identical concurrent calls.
//
// It differs from x/sync/singleflight in whose context counts: the work runs on
// a context of its own, which ends when the last caller has left, so that one
// caller who gives up does not fail the others and no work outlives its callers.
package singleflight

import (
	"context"
	"sync"
	"time"
)

// Group shares calls by key. The zero Group is ready to use.
type Group struct {
	mu    sync.Mutex
	calls map[string]*shared
}

type shared struct {
	cancel  context.CancelFunc
	done    chan struct{}
	waiting int

	// Written before done is closed.
	value      any
	err        error
	panicked   bool
	reason     any
	unfinished bool // of a Read: its caller left
}

// Left is the error of the last caller to leave.
type Left struct {
	Cause error // what ended the caller's context
	Work  error // what came of the work, which tells how far it had got
}

// Error returns the text of the cause.
func (l *Left) Error() string { return l.Cause.Error() }

// Unwrap returns the cause.
func (l *Left) Unwrap() error { return l.Cause }

// Do returns what fn returns. Callers with an equal key that come while fn runs
// wait for the same result. Fn gets the values of the first caller's context, a
// deadline timeout from now, and is cancelled when no caller waits any more;
// the last one to leave waits for it to end. A caller whose context ends gets
// the context's error, the last one in a *[Left]. A panic in fn is raised in
// every caller.
func Do[T any](ctx context.Context, g *Group, key string, timeout time.Duration, fn func(context.Context) (T, error)) (T, error) {
	g.mu.Lock()
	c, ok := g.calls[key]
	if !ok {
		work, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		c = &shared{cancel: cancel, done: make(chan struct{})}
		if g.calls == nil {
			g.calls = make(map[string]*shared)
		}
		g.calls[key] = c
		go run(work, g, key, c, fn)
	}
	c.waiting++
	g.mu.Unlock()

	select {
	case <-c.done:
	case <-ctx.Done():
		if !g.leave(key, c) {
			var zero T
			return zero, ctx.Err()
		}
		<-c.done
		if c.err == nil && !c.panicked {
			break // it had just finished: take the result rather than lose it
		}
		if !c.panicked {
			var zero T
			return zero, &Left{Cause: ctx.Err(), Work: c.err}
		}
	}
	if c.panicked {
		panic(c.reason)
	}
	value, _ := c.value.(T)
	return value, c.err
}

// leave takes one caller off c and reports whether it was the last one; if so, c
// is cancelled and no longer found by later callers.
func (g *Group) leave(key string, c *shared) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.waiting--
	if c.waiting > 0 {
		return false
	}
	g.forget(key, c)
	c.cancel()
	return true
}

// forget removes c, unless another call has taken its key. It wants g.mu held.
func (g *Group) forget(key string, c *shared) {
	if g.calls[key] == c {
		delete(g.calls, key)
	}
}

func run[T any](ctx context.Context, g *Group, key string, c *shared, fn func(context.Context) (T, error)) {
	c.panicked = true // until fn returns
	defer func() {
		if c.panicked {
			c.reason = recover()
		}
		g.mu.Lock()
		g.forget(key, c)
		g.mu.Unlock()
		c.cancel()
		close(c.done)
	}()
	grow()
	c.value, c.err = fn(ctx)
	c.panicked = false
}

// frame is about as much stack as a request needs on its way through net/http.
type frame [10 << 10]byte

// grow makes the goroutine's stack that large while there is next to nothing on
// it. Otherwise it is doubled and copied several times under way, which takes a
// sixth of a login's CPU.
//
//go:noinline
func grow() {
	var f frame
	touch(&f)
}

//go:noinline
func touch(f *frame) { f[0] = 1 }
