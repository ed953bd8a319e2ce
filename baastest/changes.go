package baastest

import "sync"

// changes tells who waits that something changed: a request was served, or the control
// API was used. The zero value is ready.
type changes struct {
	mu      sync.Mutex
	waiting chan struct{} // closed by the next change; nil if nobody waits
}

// notify wakes up everybody who waits.
func (c *changes) notify() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting != nil {
		close(c.waiting)
		c.waiting = nil
	}
}

// next is closed by the next change.
func (c *changes) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil {
		c.waiting = make(chan struct{})
	}
	return c.waiting
}
