package loginproxy

import (
	"context"
	"errors"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

// touchTimeout bounds the write of the time of a request, which nobody waits for: a store
// that reads but does not write must not hold up every read.
const touchTimeout = 250 * time.Millisecond

// writesPerIdle limits how often a busy session is written, per idle timeout.
const writesPerIdle = 20

// find returns the visitor with that session id, or nil if there is no such session or
// it has expired.
func (x *exchange) find(ctx context.Context, id string) (*Visitor, error) {
	if !isID(id) {
		return nil, nil
	}
	a := x.p.client.Auth(id)
	conn := connOf(a)
	s, rev, err := conn.Load(ctx)
	if errors.Is(err, session.ErrUnreadable) {
		x.unreadable = conn.From(visitor.Stored{Revision: rev})
	}
	if err != nil {
		return nil, err
	}
	now := x.p.backend.Now()
	if !s.Live(now) {
		return nil, nil
	}
	if now.Sub(lastSeen(s)) >= x.p.idle || now.Sub(s.LoggedInAt) >= x.p.absolute {
		_, err = conn.Swap(ctx, rev, session.Session{}) // if it loses, another request has just changed the session
		return nil, err
	}
	return newVisitor(a, visitor.Stored{Session: s, Revision: rev}), nil
}

// touch notes the time of a request in the session of its visitor, if the time there is
// old. It is best effort: a session that has changed since is not overwritten, and without
// the write the session only ends earlier.
func (p *Proxy) touch(ctx context.Context, v *Visitor) {
	if !p.touchIsDue(v) {
		return
	}
	v.stored.Session.SeenAt = p.backend.Now()
	ctx, cancel := context.WithTimeout(ctx, touchTimeout)
	defer cancel()
	_, _ = connOf(v.auth).Swap(ctx, v.stored.Revision, v.stored.Session)
}

// touchIsDue reports whether touch writes.
func (p *Proxy) touchIsDue(v *Visitor) bool {
	return v != nil && p.backend.Now().Sub(lastSeen(v.stored.Session)) >= p.idle/writesPerIdle
}

// touchKept notes the time of a login that has failed, in the session that goes on. The
// response is sent before. A session that a login has replaced needs no time.
func (x *exchange) touchKept() {
	if !x.p.touchIsDue(x.kept) {
		return
	}
	x.flush()
	x.p.touch(context.WithoutCancel(x.ctx), x.kept)
}

// visitorToReplace takes what find returned for a login or a logout: a session that
// cannot be read counts as none.
func (x *exchange) visitorToReplace(v *Visitor, err error) (*Visitor, error) {
	if errors.Is(err, session.ErrUnreadable) {
		x.event.Unreadable = true
		return nil, nil
	}
	return v, err
}

// forgetUnreadable deletes the session of the request if it could not be read.
func (x *exchange) forgetUnreadable(ctx context.Context) error {
	if !x.event.Unreadable {
		return nil
	}
	_, err := x.unreadable.Forget(ctx)
	return err
}

func lastSeen(s session.Session) time.Time {
	if s.SeenAt.After(s.LoggedInAt) {
		return s.SeenAt
	}
	return s.LoggedInAt
}

// establish stores fresh, the result of a login that began with the session of old,
// under id, which newID has made. So an id never changes its user, and a client cannot
// choose one. The session of old, if there is one, is forgotten. It returns the session
// with its end on this server. On an error nothing has changed.
func (p *Proxy) establish(ctx context.Context, id string, old *Visitor, fresh session.Session) (s session.Session, err error) {
	if end := fresh.LoggedInAt.Add(p.absolute); fresh.ExpiresAt.After(end) {
		fresh.ExpiresAt = end
	}
	if !fresh.Live(p.backend.Now()) {
		return s, herror.New(herror.InvalidResponse, "no life").WithSent(true)
	}
	conn := connOf(p.client.Auth(id))
	if err := conn.Establish(ctx, 0, fresh); err != nil {
		return s, err
	}
	if err := old.forgetReplaced(ctx); err != nil {
		ctx, cancel := detach(ctx)
		defer cancel()
		_ = conn.Discard(ctx, visitor.Stored{Session: fresh}) // best effort: nobody has been told the id
		return s, visitor.Reached(err)
	}
	return fresh, nil
}

// forgetReplaced forgets the session that a login has replaced. It fails with 604
// after a logout that came while the login was under way. It does not record a
// logout itself, because two concurrent logins of one visitor may both succeed.
func (v *Visitor) forgetReplaced(ctx context.Context) error {
	if v == nil {
		return nil
	}
	conn := connOf(v.auth)
	for rev := v.stored.Revision; ; {
		if done, err := conn.Swap(ctx, rev, session.Session{}); done || err != nil {
			return err
		}
		s, current, err := conn.Load(ctx)
		switch {
		case err != nil:
			return err
		case s.LoggedOut:
			return herror.New(herror.SessionMissing, "a logout came first")
		case !s.Token.Equal(v.stored.Session.Token):
			return nil
		}
		rev = current
	}
}
