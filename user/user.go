// Package user holds [CurrentUser], the logged-in user: its fields, its changes,
// and the links between its account and the mini-program platforms; and [User],
// what others may see of one.
//
// Get a CurrentUser from a login or from CurrentUser of package auth.
package user

import (
	"time"

	"github.com/hydrogen-go/baas/internal/answer"
	"github.com/hydrogen-go/baas/internal/enduser"
	"github.com/hydrogen-go/baas/session"
)

// User is a user as another one may see it: the fields that the backend shows to
// all. It is safe for concurrent use. Printing it shows the user's id and nothing
// else. Get one from GetUser of package auth.
type User struct{ record }

// NewUser returns the user that fields, without secrets, describes. It is meant
// for package auth.
func NewUser(fields answer.Fields) *User { return &User{record{fields: fields}} }

// CurrentUser is the logged-in user, as the backend last described it: the
// documented CurrentUser. Reading it makes no request; every field that the
// backend sent is kept, and those without a method are read with Get or Decode.
//
// Its calls act as this user only: when another one has logged in under the same
// session key since, they fail with 604.
//
// It is safe for concurrent use. Printing it shows the user's id and nothing else.
type CurrentUser struct {
	record
	conn    *enduser.Conn
	session session.Session // the user was read with
	changes []change        // set but not sent yet; guarded by record.mu
}

// New returns the user that fields, without secrets, describes, reached over conn.
// It is meant for package auth.
func New(conn *enduser.Conn, fields answer.Fields, s session.Session) *CurrentUser {
	return &CurrentUser{record: record{fields: fields}, conn: conn, session: s}
}

// ID is the user's id in the backend.
func (u *CurrentUser) ID() int64 {
	if id := u.record.ID(); id != 0 {
		return id
	}
	return u.session.UserID // of an answer that names the user beside the fields only
}

// Anonymous reports whether the user logged in anonymously: the documented _anonymous.
func (u *CurrentUser) Anonymous() bool {
	if v := u.field("_anonymous"); v.Exists() {
		return v.Bool()
	}
	return u.session.Anonymous
}

// SessionExpiresAt is when the session ends that the user was read with: the
// documented session_expires_at. It is the zero time where the backend did not say.
func (u *CurrentUser) SessionExpiresAt() time.Time { return u.session.ExpiresAt }
