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
type Group struct {
	mu    sync.Mutex
	calls map[string]*sharedCall
}

// sharedCall is a call under way and its callers.
type sharedCall struct {
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

// Left is the error that Do returns to the last caller whose context ends.
type Left struct {
	Cause error // the error of the caller's context
	Work  error // the error of the work, which shows whether a request was sent
}

// Error returns the text of the cause.
func (l *Left) Error() string { return l.Cause.Error() }

// Unwrap returns the cause.
func (l *Left) Unwrap() error { return l.Cause }

// Do calls fn and returns its result. Callers with the same key that arrive while fn
// runs wait for the same result.
//
// The context of fn has the values of the first caller's context and its own
// deadline, timeout from now. It is cancelled when the last caller leaves, who then
// waits until fn returns. A caller whose context ends gets the context's error; the
// last one gets it in a *[Left], unless fn succeeds. A panic in fn is repeated in
// every caller that still waits, and so is a runtime.Goexit.
func Do[T any](ctx context.Context, g *Group, key string, timeout time.Duration, fn func(context.Context) (T, error)) (T, error) {
	g.mu.Lock()
	c, ok := g.calls[key]
	if !ok {
		work, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		c = &sharedCall{cancel: cancel, done: make(chan struct{})}
		if g.calls == nil {
			g.calls = make(map[string]*sharedCall)
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

// leave removes one caller from c and reports whether it was the last one. If so, it
// cancels c, and later callers no longer join c.
func (g *Group) leave(key string, c *sharedCall) bool {
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

// forget removes c, unless another call has its key by now. The caller holds g.mu.
func (g *Group) forget(key string, c *sharedCall) {
	if g.calls[key] == c {
		delete(g.calls, key)
	}
}

func run[T any](ctx context.Context, g *Group, key string, c *sharedCall, fn func(context.Context) (T, error)) {
	c.exited = true // until fn returns
	defer func() {
		if c.exited {
			c.reason = recover()
			c.panicked = c.reason != nil
		}
		g.mu.Lock()
		g.forget(key, c)
		g.mu.Unlock()
		c.cancel()
		close(c.done)
	}()
	growStack()
	c.value, c.err = fn(ctx)
	c.exited = false
}

// frame is about the stack size that a request needs in net/http.
type frame [10 << 10]byte

// growStack grows the goroutine's stack while it is almost empty. Otherwise the
// runtime doubles and copies it several times during the request, which takes a
// sixth of a login's CPU time.
//
//go:noinline
func growStack() {
	var f frame
	use(&f)
}

//go:noinline
func use(f *frame) { f[0] = 1 }
