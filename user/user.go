// Package user holds the users of the backend: [CurrentUser], the logged-in user with
// its fields; [Me], the same user without them; and [User], what others may see of
// one. Both of the first have the calls that change the account and link it to the
// mini-program platforms.
//
// Get a CurrentUser from a login or from CurrentUser of package auth, and a Me from
// Me of package auth.
package user

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/hydrogen-go/baas/internal/access"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

func init() {
	access.NewUser = func(u response.User) any { return &User{record{data: u}} }
	access.NewCurrentUser = func(conn *visitor.Conn, u response.User, s session.Session) any {
		return newCurrentUser(conn, u, s)
	}
	access.FieldsOf = func(u any) response.Fields { return u.(*CurrentUser).snapshot() }
	access.NewMe = func(conn *visitor.Conn, s session.Session) any { return newMe(conn, s) }
}

// User is a user as others see it: with the fields that the backend shows to all, from
// GetUser of package auth, or with all fields, from package admin. It is safe for
// concurrent use. Printing it shows the user's id and nothing else.
type User struct{ record }

// CurrentUser is the logged-in user, as the backend last described it: the
// documented CurrentUser. Reading it makes no request; every field that the
// backend sent is kept, and those without a method are read with Get or Decode.
//
// It has the calls of [Me]. What the backend answers to them is taken over into its
// fields.
//
// It is safe for concurrent use. Printing it shows the user's id and nothing else.
type CurrentUser struct {
	record
	Me
}

func newCurrentUser(conn *visitor.Conn, of response.User, s session.Session) *CurrentUser {
	u := &CurrentUser{record: record{data: of}}
	u.conn, u.session, u.user = conn, s, u
	return u
}

// ID is the user's id in the backend.
func (u *CurrentUser) ID() int64 {
	if id := u.record.ID(); id != 0 {
		return id
	}
	return u.Me.ID() // of a response that names the user beside the fields only
}

// OpenID is the user's id on the platform of the login: that of the session, else
// that in the platform's entry of _provider, else the documented openid, which is
// WeChat's. It is empty after a login with an account that is not linked to WeChat.
func (u *CurrentUser) OpenID() string {
	if id := u.Me.OpenID(); id != "" {
		return id
	}
	openID, _ := visitor.Identity(u.indexed(), u.session.Platform)
	return cmp.Or(openID, u.record.OpenID())
}

// UnionID is the user's id across the apps of one developer on the platform of the
// login, where it has one: found as [CurrentUser.OpenID] is.
func (u *CurrentUser) UnionID() string {
	if id := u.Me.UnionID(); id != "" {
		return id
	}
	_, unionID := visitor.Identity(u.indexed(), u.session.Platform)
	return cmp.Or(unionID, u.record.UnionID())
}

// Anonymous reports whether the user logged in anonymously: the documented _anonymous.
func (u *CurrentUser) Anonymous() bool {
	if v := u.field("_anonymous"); v.Exists() {
		return v.Bool()
	}
	return u.Me.Anonymous()
}

// User returns u: its fields have been read.
func (u *CurrentUser) User(context.Context) (*CurrentUser, error) { return u, nil }

// Format prints the user's id, for every verb.
func (u *CurrentUser) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, userText(u.ID())) }

// LogValue returns the user's id.
func (u *CurrentUser) LogValue() slog.Value { return slog.StringValue(userText(u.ID())) }
