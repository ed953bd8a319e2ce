package baastest

import (
	"sync"
	"time"
)

// Clock is the backend's idea of the time: codes, tokens and rate limits go by
// it. The zero Clock runs with the real time; [NewClock] gives one that stands
// still. Either is moved by Advance and Set. It is safe for concurrent use.
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

// Now returns the time the clock shows. As a func value it can serve as the
// clock of the code under test too.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen {
		return c.start.Add(c.ahead)
	}
	return time.Now().Add(c.ahead)
}

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
