package baastest

import (
	"fmt"
	"net/http"
	"time"
)

// eventInterval is the least time between two events.
const eventInterval = 100 * time.Millisecond

// events sends an event now and whenever something may have changed, as text/event-stream,
// until the client is gone or the backend closes.
func (c control) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(w)
	_ = flusher.SetWriteDeadline(time.Time{}) // best effort: a server's timeout is for responses
	for {
		changed := c.b.changes.next() // before reading, so that no change is missed
		first, last := c.b.journal.numbers()
		if _, err := fmt.Fprintf(w, "event: change\ndata: {\"first\":%d,\"last\":%d}\n\n", first, last); err != nil {
			return
		}
		if flusher.Flush() != nil {
			return // it is buffered, so nobody would see it
		}
		if !c.sleep(r, nil, eventInterval) || !c.sleep(r, changed, 0) {
			return
		}
	}
}

// sleep waits for what changed, or for d where that is nil. It reports whether client
// and backend are still there.
func (c control) sleep(r *http.Request, changed <-chan struct{}, d time.Duration) bool {
	var elapsed <-chan time.Time
	if changed == nil {
		timer := time.NewTimer(d)
		defer timer.Stop()
		elapsed = timer.C
	}
	select {
	case <-changed:
	case <-elapsed:
	case <-r.Context().Done():
		return false
	case <-c.b.closed:
		return false
	}
	return true
}
