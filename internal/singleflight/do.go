// Package singleflight deduplicates concurrent calls with the same key.
//
// It differs from x/sync/singleflight in the context of the work. The work runs on
// its own context, which is cancelled when the last caller has left. So a caller who
// gives up does not fail the others, and the work does not outlive its callers.
package singleflight

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// Group deduplicates calls by key. The zero Group is ready to use.
type Group[K comparable] struct {
	mu    sync.Mutex
	calls map[K]*sharedCall[K]
}

// sharedCall is a call under way and its callers.
type sharedCall[K comparable] struct {
	key     K
	values  valuesOf // of Do: the context of its work is made of it
	cancel  context.CancelFunc
	done    chan struct{}
	waiting int

	// Written before done is closed.
	value      any
	err        error
	panicked   bool
	exited     bool // fn called runtime.Goexit, or panicked
	reason     any
	unfinished bool // of a Read: the context of its first caller ended before the work
}

// valuesOf is what context.WithoutCancel makes of a context, without an allocation of
// its own.
type valuesOf struct{ context.Context }

func (*valuesOf) Deadline() (time.Time, bool) { return time.Time{}, false }
func (*valuesOf) Done() <-chan struct{}       { return nil }
func (*valuesOf) Err() error                  { return nil }

// Left is the error that Do returns to the last caller whose context ends.
type Left struct {
	Cause error // the error of the caller's context
	Work  error // the error of the work, which shows whether a request was sent
}

// Error returns the text of the cause.
func (l *Left) Error() string { return l.Cause.Error() }

// Unwrap returns the cause.
func (l *Left) Unwrap() error { return l.Cause }

// Do calls fn with arg and returns its result. Callers with the same key that arrive while fn
// runs wait for the same result.
//
// The context of fn has the values of the first caller's context and its own
// deadline, timeout from now. It is cancelled when the last caller leaves, who then
// waits until fn returns. A caller whose context ends gets the context's error; the
// last one gets it in a *[Left], unless fn succeeds. A panic in fn is repeated in
// every caller that still waits, and so is a runtime.Goexit.
func Do[T, A any, K comparable](ctx context.Context, g *Group[K], key K, timeout time.Duration, arg A, fn func(context.Context, A) (T, error)) (T, error) {
	g.mu.Lock()
	c, first := g.join(key)
	if first {
		var work context.Context
		c.values.Context = ctx
		work, c.cancel = context.WithTimeout(&c.values, timeout)
		go run(work, g, c, arg, fn)
	}
	c.waiting++
	g.mu.Unlock()

	select {
	case <-c.done:
	case <-ctx.Done():
		if !g.leave(c) {
			var zero T
			return zero, ctx.Err()
		}
		<-c.done
		if c.err == nil && !c.panicked && !c.exited {
			break // fn succeeded anyway: do not lose its result
		}
		if !c.panicked && !c.exited {
			var zero T
			return zero, &Left{Cause: ctx.Err(), Work: c.err}
		}
	}
	switch {
	case c.panicked:
		panic(c.reason)
	case c.exited:
		runtime.Goexit()
	}
	value, _ := c.value.(T)
	return value, c.err
}

// join returns the call under way with that key, or a new one. First reports that it
// is new. The caller holds g.mu.
func (g *Group[K]) join(key K) (c *sharedCall[K], first bool) {
	if c, ok := g.calls[key]; ok {
		return c, false
	}
	c = &sharedCall[K]{key: key, done: make(chan struct{})}
	if g.calls == nil {
		g.calls = make(map[K]*sharedCall[K])
	}
	g.calls[key] = c
	return c, true
}

// leave removes one caller from c and reports whether it was the last one. If so, it
// cancels c, and later callers no longer join c.
func (g *Group[K]) leave(c *sharedCall[K]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.waiting--
	if c.waiting > 0 {
		return false
	}
	g.forget(c)
	c.cancel()
	return true
}

// forget removes c, unless another call has its key by now. The caller holds g.mu.
func (g *Group[K]) forget(c *sharedCall[K]) {
	if g.calls[c.key] == c {
		delete(g.calls, c.key)
	}
}

func run[T, A any, K comparable](ctx context.Context, g *Group[K], c *sharedCall[K], arg A, fn func(context.Context, A) (T, error)) {
	c.exited = true // until fn returns
	defer func() {
		if c.exited {
			c.reason = recover()
			c.panicked = c.reason != nil
		}
		g.mu.Lock()
		g.forget(c)
		g.mu.Unlock()
		c.cancel()
		close(c.done)
	}()
	growStack(false)
	c.value, c.err = fn(ctx, arg)
	c.exited = false
}

// frame is about the stack size that a request needs in net/http.
type frame [10 << 10]byte

// growStack grows the goroutine's stack while it is almost empty. Otherwise the
// runtime doubles and copies it several times during the request, which takes a
// sixth of a login's CPU time. The space for the frame is enough: with use false, as
// in every call, the frame itself is not even zeroed.
//
//go:noinline
func growStack(use bool) {
	if use {
		var f frame
		touch(&f)
	}
}

//go:noinline
func touch(f *frame) { f[0] = 1 }
