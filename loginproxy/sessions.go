package loginproxy

import (
	"context"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

// touchesPerIdle is how often within the idle timeout a busy session is written.
const touchesPerIdle = 20

// find returns the visitor with that session id, or nil where there is no session
// or it has been idle for too long. It notes that the visitor was seen.
func (p *Proxy) find(ctx context.Context, id string) (*Visitor, error) {
	if !isID(id) {
		return nil, nil
	}
	a := p.client.Auth(id)
	conn := connOf(a)
	s, rev, err := conn.Load(ctx)
	if err != nil {
		return nil, err
	}
	now := p.backend.Now()
	if !s.Live(now) {
		return nil, nil
	}
	idle := now.Sub(lastSeen(s))
	if idle >= p.idle || now.Sub(s.LoggedInAt) >= p.absolute {
		_, err = conn.Swap(ctx, rev, session.Session{}) // where it fails to, somebody else has just been at it
		return nil, err
	}
	if idle >= p.idle/touchesPerIdle {
		s.SeenAt = now
		// A session that has changed meanwhile is left alone, and a store that cannot
		// write ends it early rather than now.
		_, _ = conn.Swap(ctx, rev, s)
	}
	return newVisitor(a, s), nil
}

func lastSeen(s session.Session) time.Time {
	if s.SeenAt.After(s.LoggedInAt) {
		return s.SeenAt
	}
	return s.LoggedInAt
}

// establish stores fresh, the outcome of a login that old began, under a new id,
// so that no id ever stands for two users and none that a client chose for anyone.
// The old session, if there is one, is forgotten. It returns the session with the
// end that it has here. On an error all is as it was.
func (p *Proxy) establish(ctx context.Context, old *Visitor, fresh session.Session) (id string, s session.Session, err error) {
	if end := fresh.LoggedInAt.Add(p.absolute); fresh.ExpiresAt.After(end) {
		fresh.ExpiresAt = end
	}
	if !fresh.Live(p.backend.Now()) {
		return "", s, herror.New(herror.InvalidResponse, "no life").WithSent(true)
	}
	id = newID()
	conn := connOf(p.client.Auth(id))
	done, err := conn.Swap(ctx, 0, fresh)
	if err == nil && !done {
		err = herror.New(herror.StoreFailed, "a new session id is taken")
	}
	if err != nil {
		return "", s, visitor.Reached(err)
	}
	if err := old.retire(ctx); err != nil {
		ctx, cancel := late(ctx)
		defer cancel()
		_ = conn.Discard(ctx, fresh.Token) // nobody knows the id
		return "", s, visitor.Reached(err)
	}
	return id, fresh, nil
}

// retire forgets the session that a login has replaced. A logout since the login
// began stays a logout: the login has come too late. It leaves no mark of a logout
// itself, for two logins of one visitor at once may both succeed.
func (v *Visitor) retire(ctx context.Context) error {
	if v == nil {
		return nil
	}
	conn := connOf(v.auth)
	for {
		s, rev, err := conn.Load(ctx)
		if err != nil {
			return err
		}
		if s.LoggedOut {
			return herror.New(herror.SessionMissing, "a logout came first")
		}
		if !s.Token.Equal(v.session.Token) {
			return nil
		}
		if done, err := conn.Swap(ctx, rev, session.Session{}); done || err != nil {
			return err
		}
	}
}
