package baastest

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// eventInterval is the least time between two events.
const eventInterval = 100 * time.Millisecond

// events sends an event now and whenever something may have changed, as text/event-stream,
// until the client is gone, the backend closes or the server begins to shut down, which
// would wait for it.
func (c control) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(w)
	_ = flusher.SetWriteDeadline(time.Time{}) // best effort: a server's timeout is for responses
	stopping := c.servers.of(r)
	for {
		changed := c.b.changes.next() // before reading, so that no change is missed
		first, last := c.b.journal.numbers()
		if _, err := fmt.Fprintf(w, "event: change\ndata: {\"first\":%d,\"last\":%d}\n\n", first, last); err != nil {
			return
		}
		if flusher.Flush() != nil {
			return // it is buffered, so nobody would see it
		}
		if !c.wait(r, stopping, time.After(eventInterval), nil) || !c.wait(r, stopping, nil, changed) {
			return
		}
	}
}

// wait waits for a time or a change. It reports whether the events go on.
func (c control) wait(r *http.Request, stopping <-chan struct{}, elapsed <-chan time.Time, changed <-chan struct{}) bool {
	select {
	case <-elapsed:
		return true
	case <-changed:
		return true
	case <-stopping:
		return false
	case <-c.b.closed:
		return false
	case <-r.Context().Done():
		return false
	}
}

// shutdowns knows which servers began to shut down. The zero value is ready.
type shutdowns struct {
	mu    sync.Mutex
	begun map[*http.Server]chan struct{}
}

// of returns a channel that is closed when the server of a request begins to shut down;
// it is nil if no server serves the request.
func (s *shutdowns) of(r *http.Request) <-chan struct{} {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	begun, known := s.begun[server]
	if !known {
		if s.begun == nil {
			s.begun = make(map[*http.Server]chan struct{})
		}
		begun = make(chan struct{})
		s.begun[server] = begun
		var once sync.Once // a server can be told twice to shut down
		server.RegisterOnShutdown(func() { once.Do(func() { close(begun) }) })
	}
	return begun
}
