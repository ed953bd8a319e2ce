// Package access lets the packages of this module make and open each other's types
// without exported functions for it, as the standard library's log/internal does.
// The package that owns a type sets its variables when it is initialised, and nobody
// writes to them later. The types are not named here, because that would be an import
// cycle: callers assert them.
package access

import (
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

var (
	// NewAuth returns the *auth.Auth on a connection. Package auth sets it.
	NewAuth func(*visitor.Conn) any
	// ConnOf returns the connection of an *auth.Auth. Package auth sets it.
	ConnOf func(auth any) *visitor.Conn
	// NewUser returns the *user.User with these fields. Package user sets it.
	NewUser func(response.User) any
	// NewCurrentUser returns the *user.CurrentUser with the fields of the user. Package user sets it.
	NewCurrentUser func(*visitor.Conn, response.User, session.Session) any
	// FieldsOf returns the fields of a *user.CurrentUser as they are now. Package user sets it.
	FieldsOf func(user any) response.Fields
	// NewMe returns the *user.Me of that session. Package user sets it.
	NewMe func(*visitor.Conn, session.Session) any
)
