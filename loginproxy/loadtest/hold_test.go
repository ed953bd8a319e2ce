package loadtest_test

import (
	"context"
	"sync"
)

// hold stops one step of another goroutine until it is released.
type hold struct {
	arrived  chan struct{} // closed when the step is reached
	passed   chan struct{} // closed when the step goes on
	released chan struct{}
	release  func()
}

func newHold() *hold {
	h := &hold{arrived: make(chan struct{}), passed: make(chan struct{}), released: make(chan struct{})}
	h.release = sync.OnceFunc(func() { close(h.released) })
	return h
}

func (h *hold) wait(ctx context.Context) {
	defer close(h.passed)
	close(h.arrived)
	select {
	case <-h.released:
	case <-ctx.Done():
	}
}

// over reports whether it has been released.
func (h *hold) over() bool {
	select {
	case <-h.released:
		return true
	default:
		return false
	}
}
