package visitor

import (
	"context"
	"sync"

	"github.com/hydrogen-go/baas/session"
)

// Resume returns a connection that starts with s and keeps its session in itself.
func Resume(shared *Shared, s session.Session) *Conn {
	own := *shared
	own.Store = &single{session: s, revision: 1}
	own.Flights = new(Flights)
	return &Conn{Shared: &own}
}

// Alone is Resume for one caller who makes one call at a time: with nobody to share
// work with, a login needs no goroutine.
func Alone(shared *Shared, s session.Session) *Conn {
	own := *shared
	own.Store = &single{session: s, revision: 1}
	own.Flights = nil
	return &Conn{Shared: &own}
}

// single is a Store for one session. It does what it is asked also when the context
// has ended: a token that has just been got would otherwise be lost, and nobody
// could have it destroyed.
type single struct {
	mu       sync.Mutex
	session  session.Session
	revision session.Revision
}

func (s *single) Load(context.Context, session.Key) (session.Session, session.Revision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session, s.revision, nil
}

func (s *single) Swap(_ context.Context, _ session.Key, old session.Revision, next session.Session) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.revision != old {
		return false, nil
	}
	s.session = next
	s.revision++
	return true, nil
}
