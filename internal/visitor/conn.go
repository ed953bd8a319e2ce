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
	"sync/atomic"
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
	AutoLogin    func(context.Context, *Conn) (Result, error)
	CodeSource   func(ctx context.Context, visitorKey string) (code string, err error)
	CodePlatform string
}

// Conn is one visitor's connection. It is safe for concurrent use. Every method of
// a nil Conn fails with 602.
type Conn struct {
	*Shared
	visitorKey string // for the code source
	key        session.Key
	err        error                   // what is wrong with the visitor key
	loaded     *atomic.Pointer[Stored] // what the next Load returns, see From; nil for most
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

// From returns the connection for one call, made at once by a caller who has just loaded
// now: its first Load returns now and does not ask the store. Do not keep it: a later call
// must notice a logout.
func (c *Conn) From(now Stored) *Conn {
	from := *c
	from.loaded = new(atomic.Pointer[Stored])
	from.loaded.Store(&now)
	return &from
}

// Load returns the stored session, live or not, and its revision. Where the record
// cannot be read, the error wraps [session.ErrUnreadable] and the revision is valid.
func (c *Conn) Load(ctx context.Context) (session.Session, session.Revision, error) {
	if err := c.broken(); err != nil {
		return session.Session{}, 0, err
	}
	if c.loaded != nil {
		if now := c.loaded.Swap(nil); now != nil {
			return now.Session, now.Revision, nil
		}
	}
	s, rev, err := c.Store.Load(ctx, c.key)
	if err == nil && s.Sealed {
		return session.Session{}, rev, errSealed
	}
	return s, rev, storeError(ctx, err)
}

// load is Load for those who pass on what they have loaded.
func (c *Conn) load(ctx context.Context) (Stored, error) {
	s, rev, err := c.Load(ctx)
	return Stored{s, rev}, err
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
func (c *Conn) Live(ctx context.Context) (Result, error) {
	now, err := c.load(ctx)
	if err != nil {
		return Result{}, err
	}
	return c.Revive(ctx, now)
}

// Revive is Live for a caller who has just loaded now.
func (c *Conn) Revive(ctx context.Context, now Stored) (Result, error) {
	if now.Session.Live(c.Now()) {
		return Result{Stored: now}, nil
	}
	if c.AutoLogin == nil {
		return Result{}, herror.New(herror.SessionMissing, "")
	}
	r, err := c.AutoLogin(ctx, c.From(now))
	if err != nil {
		return Result{}, err
	}
	if !r.Session.Live(c.Now()) {
		return Result{}, herror.New(herror.SessionMissing, "")
	}
	return r, nil
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

// Update changes the session as long as it has the token of now; it leaves any other
// alone. Where the revision of now is 0 or no longer the current one, it loads the
// session first.
func (c *Conn) Update(ctx context.Context, now Stored, change func(*session.Session)) error {
	_, err := c.Change(ctx, now, func(s *session.Session) error {
		change(s)
		return nil
	})
	return err
}

// Change is Update with a change that may fail; nothing is stored then. It reports whether
// it changed the session: it does not if the user has logged out or in again meanwhile.
func (c *Conn) Change(ctx context.Context, now Stored, change func(*session.Session) error) (bool, error) {
	token := now.Session.Token
	for {
		if now.Revision != 0 {
			next := now.Session
			if err := change(&next); err != nil {
				return false, err
			}
			if done, err := c.Swap(ctx, now.Revision, next); done || err != nil {
				return done, err
			}
		}
		var err error
		if now, err = c.load(ctx); err != nil || now.Session.IsZero() || !now.Session.Token.Equal(token) {
			return false, err
		}
	}
}

// Discard forgets the session as long as it has the token of now; it leaves any other
// alone, such as the one that has replaced it since. When that login was is kept,
// so that an older one that is still under way comes too late all the same.
func (c *Conn) Discard(ctx context.Context, now Stored) error {
	return c.Update(ctx, now, func(s *session.Session) { *s = s.Ended() })
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
		return transport.Ended(ctx.Err(), false).WithCause(endedInStore{ctx.Err()})
	}
	return herror.New(herror.StoreFailed, "").WithCause(err)
}

// endedInStore is the error of a context that ended while the session store was asked.
type endedInStore struct{ error }

// Unwrap returns the context's error.
func (e endedInStore) Unwrap() error { return e.error }

// FromStore reports whether err is about the session store, which has failed or has not
// responded in time.
func FromStore(err error) bool {
	var ended endedInStore
	return errors.Is(err, herror.StoreFailed) || errors.As(err, &ended)
}
