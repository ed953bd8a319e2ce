package baastest

import (
	"sync"
	"time"
)

// Clock gives the backend the time, which decides about codes, tokens and rate
// limits. The zero Clock runs with the real time; [NewClock] returns one that stands
// still. Advance and Set move either. It is safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	frozen bool
	start  time.Time     // of a frozen clock
	ahead  time.Duration // sum of the advances
}

// NewClock returns a clock that shows start and moves only by Advance and Set.
func NewClock(start time.Time) *Clock {
	return &Clock{frozen: true, start: start}
}

// Now returns the time that the clock shows. The func value can also be the clock
// of the code under test.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen {
		return c.start.Add(c.ahead)
	}
	return time.Now().Add(c.ahead)
}

// isFrozen reports whether the clock moves only by Advance and Set.
func (c *Clock) isFrozen() bool { return c.frozen }

// Set makes the clock show t. One that runs goes on from there.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen {
		c.start, c.ahead = t, 0
	} else {
		c.ahead = time.Until(t)
	}
}

// Advance moves the clock; a negative d moves it back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}
