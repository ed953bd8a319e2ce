// Package auth holds [Auth], the login state of one end user and every documented
// call that logs in, reads, changes or logs out that user.
//
// A server makes one [Auth] per request from the key of the visitor's session,
// with Client.Auth of package baas; all state hangs on that key, in the client's
// session store.
package auth

import (
	"context"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/answer"
	"github.com/hydrogen-go/baas/internal/call"
	"github.com/hydrogen-go/baas/internal/enduser"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// Auth is one end user's login state. It is a light handle: make one whenever
// needed. It is safe for concurrent use, also by several Auths of one key.
//
// Identical logins, links, updates by event data and reads of the current user that
// are under way at the same time for one key make one request; different ones
// never share an answer. Every other call is sent as often as it is made.
type Auth struct{ conn *enduser.Conn }

// New returns the Auth on a connection. It is meant for package baas.
func New(conn *enduser.Conn) *Auth { return &Auth{conn: conn} }

// Conn returns the connection. It is meant for this module's login proxy.
func (a *Auth) Conn() *enduser.Conn { return a.conn }

// String says what it is, not whose.
func (a *Auth) String() string { return "auth" }

// GoString says what it is, not whose.
func (a *Auth) GoString() string { return "auth" }

// Session returns the stored session, the zero Session if the user is not logged
// in. A program that keeps sessions itself stores what its MarshalBinary returns,
// and comes back with Client.Resume of package baas.
func (a *Auth) Session(ctx context.Context) (session.Session, error) {
	s, _, err := a.conn.Load(ctx)
	if err == nil && !s.Live(a.conn.Now()) {
		s = session.Session{}
	}
	return s, err
}

// CurrentUser reads the logged-in user: the documented getCurrentUser, GET
// v2.5/user/info/{id}/.
//
// Errors: 604 not logged in, expired, or no longer known to the backend.
func (a *Auth) CurrentUser(ctx context.Context) (*user.CurrentUser, error) {
	o, err := enduser.Reading(ctx, a.conn, "me", func(ctx context.Context, now enduser.Stored) (outcome, error) {
		res, s, err := a.conn.DoFrom(ctx, now.Session, enduser.ReadUser)
		if err != nil {
			return outcome{}, err
		}
		return ownAnswer(res, s)
	})
	return a.user(o, err)
}

// Logout forgets the session, here at once and then in the backend: the
// documented logout, POST v2.0/session/destroy/. It may be called again and when
// nobody is logged in; then there is nothing to send.
//
// Errors: 691 the session store failed, or 601 and ctx had ended before, and the
// user is still logged in; after any other one the user is logged out here: it is
// what kept the backend from destroying the token, which then stays valid there
// until it expires. A token that the backend does not know is none.
func (a *Auth) Logout(ctx context.Context) error {
	s, err := a.conn.Forget(ctx)
	if err != nil || !s.Live(a.conn.Now()) {
		return err
	}
	_, err = a.conn.Send(ctx, logoutRequest(), s)
	if herror.CodeOf(err) == herror.NotAuthenticated {
		return nil
	}
	return err
}

func logoutRequest() *transport.Request {
	return &transport.Request{Method: "POST", Path: "/hserve/v2.0/session/destroy/", Body: []byte("{}")}
}

// outcome is what a call found out: the session and the user's fields.
type outcome struct {
	session session.Session
	fields  answer.Fields
}

// user makes a CurrentUser of its own for each caller who shares an outcome.
func (a *Auth) user(o outcome, err error) (*user.CurrentUser, error) {
	if err != nil {
		return nil, err
	}
	return user.New(a.conn, o.fields, o.session), nil
}

// GetUser reads another user by id: the documented new User().get(id), GET
// v2.5/user/info/{id}/. What it sees of that user is what the backend shows to the
// one logged in, or to all where nobody is.
//
// Errors: 404 no such user, 605 an id that is not over 0.
func (a *Auth) GetUser(ctx context.Context, id int64) (*user.User, error) {
	if id <= 0 {
		return nil, call.Invalid("a user id is over 0")
	}
	res, err := a.conn.DoRaw(ctx, func(session.Session) *transport.Request {
		return enduser.ReadUser(session.Session{UserID: id})
	})
	if err != nil {
		return nil, err
	}
	o, err := userAnswer(res, session.Session{})
	if err != nil {
		return nil, err
	}
	return user.NewUser(o.fields), nil
}

// ownAnswer reads an answer that is the user of the session, and nobody else.
func ownAnswer(res *transport.Response, s session.Session) (outcome, error) {
	fields, id, err := answer.ParseUser(res.Body)
	if err == nil && id != s.UserID {
		err = herror.New(herror.InvalidAnswer, "another user").WithSent(true)
	}
	return outcome{s, fields}, err
}

// userAnswer reads an answer that is a user.
func userAnswer(res *transport.Response, s session.Session) (outcome, error) {
	fields, _, err := answer.ParseUser(res.Body)
	return outcome{s, fields}, err
}
