// Package enduser holds what the packages auth and user share: one end user's
// connection to the backend, which loads, stores and drops the session and sends
// requests in its name.
package enduser

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/call"
	"github.com/hydrogen-go/baas/internal/flight"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// Shared is what all end users of one client share.
type Shared struct {
	Transport *transport.Transport
	Store     session.Store
	Now       func() time.Time
	Flights   *flight.Group
	// ClientName returns what requests of a session from the named platform say
	// they come from, or of one that no platform began.
	ClientName func(platform string) string
	// AutoLogin logs a user in whose session is missing. It and the two below are
	// nil or empty where the client has no code source.
	AutoLogin    func(context.Context, *Conn) error
	CodeSource   func(ctx context.Context, sessionKey string) (code string, err error)
	CodePlatform string
}

// Conn is one end user's connection. It is safe for concurrent use.
type Conn struct {
	*Shared
	name string // the session key, for the code source
	key  session.Key
	err  error // what is wrong with the session key
}

// New returns the connection of the user with the given session key. A bad key
// is reported by the first call.
func New(shared *Shared, sessionKey string) *Conn {
	c := &Conn{Shared: shared, name: sessionKey}
	if sessionKey == "" {
		c.err = call.Invalid("session key is empty")
	} else {
		c.err = call.Identifier("session key", sessionKey, call.MaxSessionKey)
	}
	if c.err == nil {
		c.key = session.KeyOf(sessionKey)
	}
	return c
}

// FillCode gets a login code from the code source where the caller gave none. An
// *HError of the source is passed on; any other error is the cause of a 605.
func (c *Conn) FillCode(ctx context.Context, platform string, p *call.Params) error {
	if p.Code != "" {
		return nil
	}
	if c.CodeSource == nil || c.CodePlatform != platform {
		return call.Invalid("no login code, and no code source for platform " + platform)
	}
	code, err := c.CodeSource(ctx, c.name)
	switch {
	case err == nil && code == "":
		return call.Invalid("the code source gave no login code")
	case err == nil:
		p.Code = code
		return p.Check()
	case ctx.Err() != nil:
		return transport.Ended(ctx.Err(), false)
	}
	var typed *herror.HError
	if errors.As(err, &typed) {
		return typed // without what was wrapped around it, whose text is not ours to vouch for
	}
	return call.Invalid("the code source failed").WithCause(err)
}

// Load returns the stored session, live or not, and its revision.
func (c *Conn) Load(ctx context.Context) (session.Session, session.Revision, error) {
	if c.err != nil {
		return session.Session{}, 0, c.err
	}
	s, rev, err := c.Store.Load(ctx, c.key)
	return s, rev, storeError(ctx, err)
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
// logout since then stays a logout: the login has come too late and fails with 604.
func (c *Conn) Establish(ctx context.Context, old session.Revision, next session.Session) error {
	for {
		done, err := c.Store.Swap(ctx, c.key, old, next)
		if err != nil {
			return Reached(storeError(ctx, err))
		}
		if done {
			return nil
		}
		current, rev, err := c.Load(ctx)
		if err != nil {
			return Reached(err)
		}
		if current.LoggedOut || current.LoggedInAt.After(next.LoggedInAt) {
			return errSuperseded
		}
		old = rev
	}
}

var errAnotherUser = herror.New(herror.SessionMissing, "another user has logged in since")

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
	if err := ctx.Err(); err != nil {
		return session.Session{}, transport.Ended(err, false)
	}
	for {
		s, rev, err := c.Load(ctx)
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
	if c.err != nil {
		return false, c.err
	}
	done, err := c.Store.Swap(ctx, c.key, old, next)
	return done, storeError(ctx, err)
}

// Send sends r as it is, with the token of s if s is live.
func (c *Conn) Send(ctx context.Context, r *transport.Request, s session.Session) (*transport.Response, error) {
	if r == nil {
		return nil, errAnotherUser
	}
	if r.Platform == "" {
		r.Platform = c.ClientName(s.Platform)
	}
	r.Token = ""
	if s.Live(c.Now()) {
		r.Token = s.Token.Reveal()
	}
	return c.Transport.Do(ctx, r)
}

// Refusal returns the documented error for a user who refused, with the ids of the session.
func (c *Conn) Refusal(ctx context.Context) error {
	refused := herror.New(herror.Unauthorized, "")
	s, _, err := c.Load(ctx)
	if err != nil {
		return refused.WithCause(err)
	}
	return refused.WithUser(s.UserID, s.OpenID, s.UnionID)
}

// Ask makes the request to send in the name of the user with that session, nil
// where it is not meant for that user: then nothing is sent, and the error is 604.
type Ask func(session.Session) *transport.Request

// Do sends a request in the user's name. Without a live session it logs in first where
// the client has a code source and fails with 604 else. When the backend does
// not know the token any more, the session is dropped; with a code source, the
// user is logged in and r sent once more, without one the error is 604 too.
func (c *Conn) Do(ctx context.Context, ask Ask) (*transport.Response, session.Session, error) {
	s, _, err := c.Load(ctx)
	if err != nil {
		return nil, s, err
	}
	return c.DoFrom(ctx, s, ask)
}

// DoFrom is Do for a caller who has just loaded the session.
func (c *Conn) DoFrom(ctx context.Context, s session.Session, ask Ask) (*transport.Response, session.Session, error) {
	s, err := c.revive(ctx, s)
	if err != nil {
		return nil, s, err
	}
	res, s, err := c.sendLive(ctx, ask, s)
	if herror.CodeOf(err) == herror.NotAuthenticated {
		err = herror.New(herror.SessionMissing, "").WithCause(err)
	}
	return res, s, err
}

// Manual returns the same connection without automatic login.
func (c *Conn) Manual() *Conn {
	shared, manual := *c.Shared, *c
	shared.AutoLogin = nil
	manual.Shared = &shared
	return &manual
}

// DoRaw is Do for the documented raw request: without a code source it is sent
// also where there is no session, and a 401 stays a 401.
func (c *Conn) DoRaw(ctx context.Context, ask Ask) (*transport.Response, error) {
	s, err := c.Live(ctx)
	if c.AutoLogin == nil && errors.Is(err, herror.SessionMissing) {
		return c.Send(ctx, ask(session.Session{}), session.Session{})
	}
	if err != nil {
		return nil, err
	}
	res, _, err := c.sendLive(ctx, ask, s)
	return res, err
}

func (c *Conn) sendLive(ctx context.Context, ask Ask, s session.Session) (*transport.Response, session.Session, error) {
	res, err := c.Send(ctx, ask(s), s)
	if herror.CodeOf(err) != herror.NotAuthenticated {
		return res, s, err
	}
	if dropped := c.Discard(ctx, s.Token); dropped != nil {
		return nil, s, Reached(dropped)
	}
	if c.AutoLogin == nil {
		return nil, s, err
	}
	if s, err = c.Live(ctx); err != nil {
		return nil, s, Reached(err)
	}
	if res, err = c.Send(ctx, ask(s), s); err == nil {
		return res, s, nil
	}
	if herror.CodeOf(err) == herror.NotAuthenticated {
		if dropped := c.Discard(ctx, s.Token); dropped != nil {
			err = dropped
		}
	}
	return nil, s, Reached(err)
}

// Reached marks an error that came after a request had reached the backend: what
// was sent with that may be spent, whatever failed later.
func Reached(err error) error {
	var h *herror.HError
	if errors.As(err, &h) {
		return h.WithSent(true)
	}
	return err
}

// RequestOf turns a call's request into one for the transport; client is what it
// says it comes from, empty for the session's platform.
func RequestOf(r call.Request, client string) *transport.Request {
	return &transport.Request{Method: r.Method, Path: r.Path, Body: r.Body, Platform: client, Secrets: r.Secrets}
}

// ReadUser asks for the user whose session it is.
func ReadUser(s session.Session) *transport.Request {
	path := "/hserve/v2.5/user/info/" + strconv.FormatInt(s.UserID, 10) + "/"
	return &transport.Request{Method: http.MethodGet, Path: path}
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
