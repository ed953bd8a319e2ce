// Package auth holds [Auth], the login state of one end user and every documented
// call that logs in, reads, changes or logs out that user.
//
// A server makes one [Auth] per request from the key of the visitor's session,
// with Client.Auth of package baas; all state hangs on that key, in the client's
// session store.
package auth

import (
	"context"
	"net/http"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/access"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// Auth is one end user's login state. It is a light handle: make one whenever
// needed. It is safe for concurrent use, also by several Auths of one key.
//
// Identical logins, links, updates by event data and reads of the current user that
// are under way at the same time for one key make one request; different ones
// never share an answer. Every other call is sent as often as it is made.
type Auth struct{ conn *visitor.Conn }

func init() {
	access.NewAuth = func(conn *visitor.Conn) any { return &Auth{conn} }
	access.ConnOf = func(a any) *visitor.Conn { return a.(*Auth).conn }
}

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

// Me returns the logged-in user as a handle, without a request to the backend: its
// calls send one request each, and its User reads the user. A client with a code
// source logs in first where there is no session.
//
// Errors: 604 not logged in or expired.
func (a *Auth) Me(ctx context.Context) (*user.Me, error) {
	s, err := a.conn.Live(ctx)
	if err != nil {
		return nil, err
	}
	return access.NewMe(a.conn, s).(*user.Me), nil
}

// CurrentUser reads the logged-in user: the documented getCurrentUser, GET
// v2.5/user/info/{id}/.
//
// Errors: 604 not logged in, expired, or no longer known to the backend.
func (a *Auth) CurrentUser(ctx context.Context) (*user.CurrentUser, error) {
	return a.user(a.conn.ReadCurrentUser(ctx))
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
	_, err = a.conn.Send(ctx, a.conn.Plain(logoutRequest()), s)
	if herror.CodeOf(err) == herror.NotAuthenticated {
		return nil
	}
	return err
}

func logoutRequest() *transport.Request {
	return &transport.Request{Method: http.MethodPost, Path: "/hserve/v2.0/session/destroy/", Body: []byte("{}")}
}

// user makes a CurrentUser of its own for each caller who shares a result.
func (a *Auth) user(r visitor.Result, err error) (*user.CurrentUser, error) {
	if err != nil {
		return nil, err
	}
	return access.NewCurrentUser(a.conn, r.Fields, r.Session).(*user.CurrentUser), nil
}
