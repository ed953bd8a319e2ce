package singleflight

import "context"

// Read is [Do] for work that may be done again, such as a read: it needs no
// goroutine of its own. The first caller does the work, on its own context; where
// that ends before the work is done, one of those who wait begins anew. Each
// caller waits no longer than its own context. A panic in fn is raised in every
// caller. Keys are shared with Do: give the two different ones.
func Read[T any](ctx context.Context, g *Group, key string, fn func(context.Context) (T, error)) (T, error) {
	for {
		c, first := g.enter(key)
		if first {
			return lead(ctx, g, key, c, fn)
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

// enter returns the call under way with that key, or a new one that the caller is
// the first of.
func (g *Group) enter(key string) (c *shared, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c, ok := g.calls[key]; ok {
		return c, false
	}
	c = &shared{done: make(chan struct{})}
	if g.calls == nil {
		g.calls = make(map[string]*shared)
	}
	g.calls[key] = c
	return c, true
}

func lead[T any](ctx context.Context, g *Group, key string, c *shared, fn func(context.Context) (T, error)) (T, error) {
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
