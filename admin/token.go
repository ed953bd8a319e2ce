package admin

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/singleflight"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// Token returns the access token of the Open API, for requests that this package does
// not make: send it as "Authorization: Bearer …". It comes from memory, or else from
// the token store, or else from the backend. All callers at one time cause one request.
//
// Call Token before each request and do not keep the token: it expires, and a replica
// may replace it. When the backend responds with 401, call [Client.DiscardToken] and
// then Token again.
//
// Client is no oauth2.TokenSource, because the method of that interface takes no
// context: it could neither be cancelled nor have a deadline.
//
// Errors: 601 the context ended, 690 the backend's response has no token, 691 the token
// store failed, and the backend's status, such as 401 for a wrong client secret.
func (c *Client) Token(ctx context.Context) (session.Secret, error) {
	if c == nil || c.via == nil {
		return session.Secret{}, errNotNew
	}
	return c.tokens.get(ctx)
}

// DiscardToken has the client use another access token than this one, which the backend
// has refused with 401. The calls of this package do so themselves. It changes nothing
// if the client has replaced the token since.
func (c *Client) DiscardToken(token session.Secret) {
	if c == nil || c.via == nil {
		return
	}
	c.tokens.discard(token)
}

// tokenSource has the access token of one app. The token is kept in memory and in the
// store, which replicas share. In the store it is a session with this token.
//
// A new token may end all older ones, so only one replica at a time may get one: the
// one that has put its lease into the store. A lease is a session without a token whose
// LoggedInAt is the end of the lease. The other replicas wait until the lease is
// replaced by a token, or until it ends.
type tokenSource struct {
	exchange exchange
	store    session.Store
	key      session.Key
	now      func() time.Time
	timeout  time.Duration
	flights  singleflight.Group[struct{}]

	held    atomic.Pointer[session.Session] // nil if there is none
	mu      sync.Mutex                      // held while refused is used and while held is written
	refused session.Secret                  // the last token that was discarded
}

// tokenKey returns the key of the token of an app in a store. No visitor key has the
// zero bytes, so it is no key of a visitor's session.
func tokenKey(host, clientID string) session.Key {
	return sha256.Sum256([]byte("open api token\x00" + strings.ToLower(host) + "\x00" + clientID))
}

// get returns a token that has not expired and was not discarded.
func (t *tokenSource) get(ctx context.Context) (session.Secret, error) {
	if token, ok := t.inMemory(); ok {
		return token, nil
	}
	renew := func(ctx context.Context, t *tokenSource) (session.Secret, error) { return t.renew(ctx) }
	token, err := singleflight.Do(ctx, &t.flights, struct{}{}, t.timeout, t, renew)
	if err != nil {
		return session.Secret{}, noToken(err)
	}
	return token, nil
}

// noToken types the error of a call for which there is no token. The call itself was
// not sent.
func noToken(err error) error {
	var (
		left   *singleflight.Left
		failed *herror.HError
	)
	switch {
	case errors.As(err, &left):
		return transport.Ended(left.Cause, false)
	case errors.As(err, &failed):
		failed = failed.WithSent(false)
		failed.Message = "no access token: " + failed.Message
		return failed
	}
	return transport.Ended(err, false)
}

func (t *tokenSource) inMemory() (session.Secret, bool) {
	s := t.held.Load()
	if s == nil || !s.Live(t.now()) {
		return session.Secret{}, false
	}
	return s.Token, true
}

// discard has the next call of get return another token.
func (t *tokenSource) discard(token session.Secret) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.held.Load(); s != nil && s.Token.Equal(token) {
		t.refused = token
		t.held.Store(nil)
	}
}

// adopt holds the token of s, unless it has expired or was discarded, and reports
// whether it does.
func (t *tokenSource) adopt(s session.Session) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !s.Live(t.now()) || s.Token.Equal(t.refused) {
		return false
	}
	t.held.Store(&s)
	return true
}

const (
	// pollEvery is how often a replica looks for the token that another one is getting.
	pollEvery = 50 * time.Millisecond
	// storeTime bounds a swap that is made even if every caller has left.
	storeTime = time.Second
)

// renew gets a token from the store, or else from the backend.
func (t *tokenSource) renew(ctx context.Context) (session.Secret, error) {
	if token, ok := t.inMemory(); ok { // another caller has just got it
		return token, nil
	}
	for {
		stored, rev, err := t.load(ctx)
		if err != nil {
			return session.Secret{}, err
		}
		if t.adopt(stored) {
			return stored.Token, nil
		}
		if t.leased(stored) {
			if err := wait(ctx, pollEvery); err != nil {
				return session.Secret{}, err
			}
			continue
		}
		token, done, err := t.fetch(ctx, rev)
		if done || err != nil {
			return token, err
		}
	}
}

// wait waits for d, or returns the error of ctx.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leaseTime is how long one replica may take to get a token. It is half of the timeout,
// so that a replica that waits for a lease in vain still has the other half.
func (t *tokenSource) leaseTime() time.Duration { return t.timeout / 2 }

// leased reports whether another replica is getting a token. A lease without end would
// block every replica, so an end that is too far away is that of no lease.
func (t *tokenSource) leased(s session.Session) bool {
	left := s.LoggedInAt.Sub(t.now())
	return s.Token.IsZero() && left > 0 && left < session.Grace
}

// load returns what the store has. A record that cannot be read counts as none, as for
// a login.
func (t *tokenSource) load(ctx context.Context) (session.Session, session.Revision, error) {
	stored, rev, err := t.store.Load(ctx, t.key)
	switch {
	case errors.Is(err, session.ErrUnreadable):
		return session.Session{}, rev, nil
	case err != nil:
		return session.Session{}, rev, storeFailed(ctx, err)
	case stored.Sealed:
		return session.Session{}, rev, errSealed
	}
	return stored, rev, nil
}

// fetch gets a token from the backend if the store still has the revision. Done is false
// if another replica was first.
func (t *tokenSource) fetch(ctx context.Context, rev session.Revision) (token session.Secret, done bool, err error) {
	end := t.now().Add(t.leaseTime()).Truncate(session.Precision)
	if done, err = t.store.Swap(ctx, t.key, rev, session.Session{LoggedInAt: end}); err != nil {
		return session.Secret{}, false, storeFailed(ctx, err)
	}
	lease, rev, err := t.load(ctx)
	if err != nil || !done || !lease.Token.IsZero() || !lease.LoggedInAt.Equal(end) {
		return session.Secret{}, false, err
	}
	limited, cancel := context.WithTimeout(ctx, t.leaseTime())
	defer cancel()
	got, err := t.exchange.token(limited)
	if err != nil {
		_, _ = t.replace(ctx, rev, session.Session{}) // best effort: the lease ends by itself
		return session.Secret{}, false, err
	}
	// If the store fails, the token is good all the same. The other replicas get one
	// when the lease ends.
	if done, err = t.replace(ctx, rev, got); err == nil && !done {
		return session.Secret{}, false, nil
	}
	t.hold(got)
	return got.Token, true, nil
}

// replace puts next into the place of the lease, even if ctx has ended: a token must
// not be lost, and nobody should wait for a lease that is not used.
func (t *tokenSource) replace(ctx context.Context, lease session.Revision, next session.Session) (bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	return t.store.Swap(ctx, t.key, lease, next)
}

// hold holds the token of s. A backend may hand out the token again that was discarded.
func (t *tokenSource) hold(s session.Session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused = session.Secret{}
	t.held.Store(&s)
}

// storeFailed types an error of the token store.
func storeFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return transport.Ended(ctx.Err(), false)
	}
	return newStoreFailed("").WithCause(err)
}

// errSealed is for a client whose store was given no sealing keys.
var errSealed = newStoreFailed(": the stored token is sealed, and the store is not a session.Sealed")

func newStoreFailed(detail string) *herror.HError {
	e := herror.New(herror.StoreFailed, "")
	e.Message = "token store failed" + detail
	return e
}
