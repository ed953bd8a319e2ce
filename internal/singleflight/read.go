package singleflight

import (
	"context"
	"time"
)

// Read is like [Do], for work that can be repeated, such as a read. It starts no
// goroutine: the first caller calls fn with its own context and the timeout. If its context ends
// before fn has succeeded, or if fn calls runtime.Goexit, one of the waiting callers
// calls fn again. A caller stops waiting when its own context ends. A panic in fn is
// repeated in every caller that still waits. Do and Read of one Group need different keys.
func Read[T, A any, K comparable](ctx context.Context, g *Group[K], key K, timeout time.Duration, arg A, fn func(context.Context, A) (T, error)) (T, error) {
	for {
		g.mu.Lock()
		c, first := g.join(key)
		g.mu.Unlock()
		if first {
			return runRead(ctx, g, c, timeout, arg, fn)
		}
		select {
		case <-c.done:
		case <-ctx.Done():
			var zero T
			return zero, ctx.Err()
		}
		switch {
		case c.panicked:
			panic(c.reason)
		case !c.unfinished:
			value, _ := c.value.(T)
			return value, c.err
		}
	}
}

// runRead calls fn for the first caller.
func runRead[T, A any, K comparable](ctx context.Context, g *Group[K], c *sharedCall[K], timeout time.Duration, arg A, fn func(context.Context, A) (T, error)) (T, error) {
	c.unfinished = true // until fn returns
	defer func() {
		c.reason = recover()
		c.panicked = c.reason != nil
		g.mu.Lock()
		g.forget(c)
		g.mu.Unlock()
		close(c.done)
		if c.panicked {
			panic(c.reason)
		}
	}()
	work, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	value, err := fn(work, arg)
	c.value, c.err = value, err
	c.unfinished = err != nil && ctx.Err() != nil
	return value, err
}
