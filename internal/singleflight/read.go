package singleflight

import "context"

// Read is like [Do], for work that can be repeated, such as a read. It starts no
// goroutine: the first caller calls fn with its own context. If that context ends
// before fn has succeeded, or if fn calls runtime.Goexit, one of the waiting callers
// calls fn again. A caller stops waiting when its own context ends. A panic in fn is
// repeated in every caller that still waits. Do and Read of one Group need different keys.
func Read[T any](ctx context.Context, g *Group, key string, fn func(context.Context) (T, error)) (T, error) {
	for {
		c, first := g.join(key)
		if first {
			return runRead(ctx, g, key, c, fn)
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

// join returns the call under way with that key, or a new one. First reports that it
// is new.
func (g *Group) join(key string) (c *sharedCall, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c, ok := g.calls[key]; ok {
		return c, false
	}
	c = &sharedCall{done: make(chan struct{})}
	if g.calls == nil {
		g.calls = make(map[string]*sharedCall)
	}
	g.calls[key] = c
	return c, true
}

// runRead calls fn for the first caller.
func runRead[T any](ctx context.Context, g *Group, key string, c *sharedCall, fn func(context.Context) (T, error)) (T, error) {
	c.unfinished = true // until fn returns
	defer func() {
		c.reason = recover()
		c.panicked = c.reason != nil
		g.mu.Lock()
		g.forget(key, c)
		g.mu.Unlock()
		close(c.done)
		if c.panicked {
			panic(c.reason)
		}
	}()
	value, err := fn(ctx)
	c.value, c.err = value, err
	c.unfinished = err != nil && ctx.Err() != nil
	return value, err
}
