// Package auth holds [Auth], the login state of one end user and every documented
// call that logs in, reads, changes or logs out that user.
//
// A server makes one [Auth] per request, with Client.Auth of package baas and the
// visitor key of that request. All state is under that key in the client's session
// store.
package auth

import (
	"context"

	"github.com/hydrogen-go/baas/internal/access"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// Auth is one end user's login state. It is cheap: make one whenever needed. It is
// safe for concurrent use, and so are several Auths of one key. The zero Auth fails
// every call with 602.
//
// Concurrent calls of one key are deduplicated where they are identical and are
// logins, links, updates by event data or reads of the current user: they make one
// request. Different calls never share a response. All other calls are sent as often
// as they are made.
type Auth struct{ conn *visitor.Conn }

func init() {
	access.NewAuth = func(conn *visitor.Conn) any { return &Auth{conn} }
	access.ConnOf = func(a any) *visitor.Conn { return a.(*Auth).conn }
}

// String returns "auth", and nothing of the user.
func (a *Auth) String() string { return "auth" }

// GoString returns "auth", and nothing of the user.
func (a *Auth) GoString() string { return "auth" }

// Session returns the stored session, or the zero Session if the user is not logged
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
	r, err := a.conn.Live(ctx)
	if err != nil {
		return nil, err
	}
	return access.NewMe(a.conn, r.Session).(*user.Me), nil
}

// CurrentUser reads the logged-in user: the documented getCurrentUser, GET
// v2.5/user/info/{id}/. Where it first logs in, with a code of the code source, it
// returns the user that the response to the login has.
//
// Errors: 604 not logged in, expired, or no longer known to the backend.
func (a *Auth) CurrentUser(ctx context.Context) (*user.CurrentUser, error) {
	return a.user(a.conn.ReadCurrentUser(ctx))
}

// Logout deletes the session from the store and then has the backend destroy the
// token: the documented logout, POST v2.0/session/destroy/. Where nobody is logged in
// it sends nothing and succeeds. A 401 of the backend counts as success.
//
// Errors: after 691 (the session store failed) and after a 601 that reports Sent
// false, the user is still logged in. After every other error the user is logged out
// here, and the token stays valid in the backend until it expires.
func (a *Auth) Logout(ctx context.Context) error {
	s, err := a.conn.Forget(ctx)
	if err != nil || !s.Live(a.conn.Now()) {
		return err
	}
	return a.conn.Destroy(ctx, s)
}

// user makes a CurrentUser of its own for each caller who shares a result.
func (a *Auth) user(r visitor.Result, err error) (*user.CurrentUser, error) {
	if err != nil {
		return nil, err
	}
	return access.NewCurrentUser(a.conn, r.User, r.Session).(*user.CurrentUser), nil
}
