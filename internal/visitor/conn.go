// Package visitor holds what packages auth, user and loginproxy share: one visitor,
// who is the end user behind one visitor key, and the connection to the backend in
// that visitor's name. It loads, stores and drops the session, sends calls with its
// token, and logs in.
package visitor

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// Shared is what all visitors of one client share.
type Shared struct {
	Transport *transport.Transport
	IDPs      idp.Strategies
	Store     session.Store
	// Scope begins what is hashed into the key of a session: it tells the apps apart
	// that share a store.
	Scope string
	Now   func() time.Time
	// Flights is nil where there is nobody to share work with.
	Flights *Flights
	// AutoLogin logs a visitor in whose session is missing. It and the two below are
	// nil or empty where the client has no code source.
	AutoLogin    func(context.Context, *Conn) error
	CodeSource   func(ctx context.Context, visitorKey string) (code string, err error)
	CodePlatform string
}

// Conn is one visitor's connection. It is safe for concurrent use. Every method of
// a nil Conn fails with 602.
type Conn struct {
	*Shared
	visitorKey string // for the code source
	key        session.Key
	err        error // what is wrong with the visitor key
}

// New returns the connection of the visitor with that key. A bad key is reported by
// the first call.
func New(shared *Shared, visitorKey string) *Conn {
	c := &Conn{Shared: shared, visitorKey: visitorKey}
	if c.err = check.Required("visitor key", visitorKey, check.MaxVisitorKey); c.err == nil {
		c.key = shared.Key(visitorKey)
	}
	return c
}

// Key returns the key under which the store has the session of that visitor.
func (s *Shared) Key(visitorKey string) session.Key {
	var buf [256]byte // on the stack: most keys fit
	return sha256.Sum256(append(append(buf[:0], s.Scope...), visitorKey...))
}

// ScopeOf returns the scope of an app: one host, client id and environment. None of
// the three has the character that ends them, and no visitor key either.
func ScopeOf(host, clientID, env string) string {
	return strings.ToLower(host) + "\x00" + clientID + "\x00" + env + "\x00"
}

// broken returns the error of a connection that cannot be used.
func (c *Conn) broken() error {
	if c == nil {
		return herror.New(herror.Uninitialized, "not made by a client")
	}
	return c.err
}

// Load returns the stored session, live or not, and its revision. Where the record
// cannot be read, the error wraps [session.ErrUnreadable] and the revision is valid.
func (c *Conn) Load(ctx context.Context) (session.Session, session.Revision, error) {
	if err := c.broken(); err != nil {
		return session.Session{}, 0, err
	}
	s, rev, err := c.Store.Load(ctx, c.key)
	if err == nil && s.Sealed {
		return session.Session{}, rev, errSealed
	}
	return s, rev, storeError(ctx, err)
}

// errSealed is for a client whose store was given no sealing keys.
var errSealed = herror.New(herror.StoreFailed, "the stored session is sealed, and the client's store is not a session.Sealed")

// LoadToReplace is [Conn.Load] for a login or a logout, which replaces the session: a
// record that cannot be read counts as no session.
func (c *Conn) LoadToReplace(ctx context.Context) (session.Session, session.Revision, error) {
	s, rev, err := c.Load(ctx)
	if errors.Is(err, session.ErrUnreadable) {
		return session.Session{}, rev, nil
	}
	return s, rev, err
}

// Live returns the session if there is one that has not expired, logs the user
// in if there is none and the client has a code source, and fails with 604 else.
func (c *Conn) Live(ctx context.Context) (session.Session, error) {
	s, _, err := c.Load(ctx)
	if err != nil {
		return s, err
	}
	return c.revive(ctx, s)
}

// revive returns s if it is live, and else what an automatic login gives.
func (c *Conn) revive(ctx context.Context, s session.Session) (session.Session, error) {
	if s.Live(c.Now()) {
		return s, nil
	}
	if c.AutoLogin == nil {
		return session.Session{}, herror.New(herror.SessionMissing, "")
	}
	if err := c.AutoLogin(ctx, c); err != nil {
		return session.Session{}, err
	}
	s, _, err := c.Load(ctx)
	if err == nil && !s.Live(c.Now()) {
		err = herror.New(herror.SessionMissing, "")
	}
	return s, err
}

// Establish stores next, the outcome of a login that began when the revision was
// old. Of two logins under way at once the one that was sent later stays, and a
// logout since then stays a logout: the login has come too late and fails with 604. So
// does one of a user whose sessions were revoked since it was sent.
func (c *Conn) Establish(ctx context.Context, old session.Revision, next session.Session) error {
	if err := c.broken(); err != nil {
		return err
	}
	for {
		done, err := c.swapOwned(ctx, old, next)
		if errors.Is(err, session.ErrRevoked) {
			return errRevoked
		}
		if err != nil {
			return Reached(storeError(ctx, err))
		}
		if done {
			return nil
		}
		current, rev, err := c.LoadToReplace(ctx)
		if err != nil {
			return Reached(err)
		}
		if current.LoggedOut || current.LoggedInAt.After(next.LoggedInAt) {
			return errSuperseded
		}
		old = rev
	}
}

var errSuperseded = herror.New(herror.SessionMissing, "a logout or a newer login came first").WithSent(true)

// Update changes the session that still holds the token; it leaves any other alone.
func (c *Conn) Update(ctx context.Context, token session.Secret, change func(*session.Session)) error {
	for {
		s, rev, err := c.Load(ctx)
		if err != nil || !s.Token.Equal(token) {
			return err
		}
		change(&s)
		if done, err := c.Store.Swap(ctx, c.key, rev, s); done || err != nil {
			return storeError(ctx, err)
		}
	}
}

// Discard forgets the session that still holds the token; it leaves any other
// alone, such as the one that has replaced it since. When that login was is kept,
// so that an older one that is still under way comes too late all the same.
func (c *Conn) Discard(ctx context.Context, token session.Secret) error {
	return c.Update(ctx, token, func(s *session.Session) { *s = s.Ended() })
}

// Forget forgets whatever session there is, for a logout, and returns it. Where ctx
// has ended it does nothing.
func (c *Conn) Forget(ctx context.Context) (session.Session, error) {
	if err := c.broken(); err != nil {
		return session.Session{}, err
	}
	if err := ctx.Err(); err != nil {
		return session.Session{}, transport.Ended(err, false)
	}
	for {
		s, rev, err := c.LoadToReplace(ctx)
		if err != nil {
			return session.Session{}, err
		}
		done, err := c.Store.Swap(ctx, c.key, rev, session.Session{LoggedOut: true})
		if done || err != nil {
			return s, storeError(ctx, err)
		}
	}
}

// Swap puts next in the place of whatever is stored, but only while the revision
// is still old, and reports whether it did.
func (c *Conn) Swap(ctx context.Context, old session.Revision, next session.Session) (bool, error) {
	if err := c.broken(); err != nil {
		return false, err
	}
	done, err := c.Store.Swap(ctx, c.key, old, next)
	return done, storeError(ctx, err)
}

// storeError types an error of the session store.
func storeError(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return transport.Ended(ctx.Err(), false)
	}
	return herror.New(herror.StoreFailed, "").WithCause(err)
}
