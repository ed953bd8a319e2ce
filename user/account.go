package user

import (
	"context"
	"net/http"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/call"
	"github.com/hydrogen-go/baas/internal/enduser"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

const (
	accountPath     = "/hserve/v2.2/user/account/"
	emailVerifyPath = "/hserve/v2.0/user/email-verify/"
)

// SetUsername sets the name the user logs in with: the documented setUsername,
// PUT v2.2/user/account/.
//
// Errors: 400 the name is taken, 604 not logged in, 605 an empty or over-long
// name, 612 an anonymous user.
func (u *CurrentUser) SetUsername(ctx context.Context, username string) error {
	return u.setAccount(ctx, "username", username)
}

// SetEmail sets the user's email address: the documented setEmail, PUT
// v2.2/user/account/. With [SendVerificationEmail] it then has the backend mail a
// link to that address; when only that fails, the address is set all the same,
// in the backend and in u, and the error is that of the mail.
//
// Errors: 400 the address is taken or malformed, 604 not logged in, 605 an empty
// or over-long address, 612 an anonymous user.
func (u *CurrentUser) SetEmail(ctx context.Context, email string, opts ...EmailOption) error {
	var o emailOptions
	for _, opt := range opts {
		opt(&o)
	}
	if err := u.setAccount(ctx, "email", email); err != nil {
		return err
	}
	if !o.verify {
		return nil
	}
	return u.postEmpty(ctx, emailVerifyPath)
}

// EmailOption is an option of SetEmail.
type EmailOption func(*emailOptions)

type emailOptions struct{ verify bool }

// SendVerificationEmail has SetEmail send the verification mail too: the
// documented sendVerificationEmail. The default is false.
func SendVerificationEmail(on bool) EmailOption {
	return func(o *emailOptions) { o.verify = on }
}

func (u *CurrentUser) setAccount(ctx context.Context, field, value string) error {
	if err := u.notAnonymous(); err != nil {
		return err
	}
	if value == "" {
		return call.Invalid(field + " is empty")
	}
	if err := call.Identifier(field, value, call.MaxIdentifier); err != nil {
		return err
	}
	return u.put(ctx, http.MethodPut, accountPath, map[string]string{field: value})
}

// postEmpty makes a request that says all it has to by its path.
func (u *CurrentUser) postEmpty(ctx context.Context, path string) error {
	req := call.Request{Method: http.MethodPost, Path: path, Body: []byte("{}")}
	_, _, err := u.conn.Do(ctx, func(session.Session) *transport.Request { return enduser.RequestOf(req, "") })
	return err
}

// notAnonymous returns the documented error for calls that anonymous users may not make.
func (u *CurrentUser) notAnonymous() error {
	if u.Anonymous() {
		return herror.New(herror.AnonymousNotAllowed, "")
	}
	return nil
}
