package loginproxy

import (
	"context"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/internal/access"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// loginCall is a login or register of the SDK.
type loginCall func(ctx context.Context, a *auth.Auth) (*user.CurrentUser, error)

// logIn makes a login, stores its session under a new id and responds with both. The
// login works on a copy of the session that the request comes with: an anonymous
// user's token is sent along, and a login that fails changes nothing.
func (x *exchange) logIn(account string, login loginCall) error {
	ctx := x.ctx
	if err := x.limit(ctx, account); err != nil {
		return err
	}
	old, err := x.visitorToReplace(x.visitorOrNil(ctx))
	if err != nil {
		return err
	}
	x.kept = old
	a := x.p.temporaryAuth(old.sessionOrZero())
	u, err := login(ctx, a)
	fresh, _, _ := connOf(a).Load(ctx) // from memory: cannot fail
	if err != nil {
		x.noteReplaced(fresh, old.sessionOrZero()) // a login that fails half-way leaves a token
		return x.conceal(ctx, x.explain(ctx, x.discardUnknown(ctx, old, fresh, err)))
	}
	x.p.confirm()
	fields := access.FieldsOf(u)
	if err := checkShown(string(fields), fresh, old.sessionOrZero()); err != nil {
		x.noteReplaced(fresh, old.sessionOrZero())
		return err
	}
	if fresh, err = x.checkLogin(a, old, fresh, response.User{Fields: fields}); err != nil {
		return err
	}
	id := newID()
	s, err := x.p.establish(ctx, id, old, fresh)
	if err != nil {
		x.noteReplaced(fresh, old.sessionOrZero())
		return err
	}
	x.kept = nil
	x.noteReplaced(old.sessionOrZero(), fresh)
	_ = x.forgetUnreadable(ctx) // its id is not used any more, and the record expires by itself
	x.welcome(id, s, response.User{Fields: fields})
	x.setSessionCookie(id, s)
	if x.p.cookie != "" && isBrowser(x.r) {
		id = "" // the cookie has it, where no script can read it
	}
	x.respondSession(id, s, fields)
	return nil
}

// welcome calls the hook for logins. If that panics, the session ends: nobody has been told
// its id.
func (x *exchange) welcome(id string, s session.Session, of response.User) {
	if x.p.onLogin == nil {
		return
	}
	a, returned := x.p.client.Auth(id), false
	defer func() {
		if returned {
			return
		}
		ctx, cancel := detach(x.ctx)
		defer cancel()
		_ = connOf(a).Discard(ctx, visitor.Stored{Session: s}) // best effort, as what follows
		_ = x.destroy(s)
		if x.replaced != nil {
			_ = x.destroy(*x.replaced)
		}
	}()
	x.p.onLogin(x.r.Context(), newVisitorRead(a, s, of))
	returned = true
}

// discardUnknown returns the error of a login. If the login has dropped the session
// from its copy, the backend does not know the token that was sent along. The stored
// session is then dropped too, because every later login with it would fail as well.
func (x *exchange) discardUnknown(ctx context.Context, old *Visitor, left session.Session, err error) error {
	if old == nil || !left.IsZero() {
		return err
	}
	x.kept = nil
	if failed := connOf(old.auth).Discard(ctx, old.stored); failed != nil {
		return visitor.Reached(failed)
	}
	return err
}

// loginOnPlatform is POST login/{platform}.
func (x *exchange) loginOnPlatform(in *platformLoginInput) error {
	return x.logIn("", func(ctx context.Context, a *auth.Auth) (*user.CurrentUser, error) {
		return a.LoginOn(ctx, x.platform, in.data, in.loginOptions()...)
	})
}

// login is POST login.
func (x *exchange) login(in *accountInput) error { return x.logInWithAccount(in, (*auth.Auth).Login) }

// register is POST register.
func (x *exchange) register(in *accountInput) error {
	return x.logInWithAccount(in, (*auth.Auth).Register)
}

func (x *exchange) logInWithAccount(in *accountInput, call func(*auth.Auth, context.Context, auth.Credentials) (*user.CurrentUser, error)) error {
	account := "" // the one that is sent
	for _, a := range []struct{ field, name string }{{"phone", in.Phone}, {"email", in.Email}, {"username", in.Username}} {
		if account == "" {
			account, x.accountField = a.name, a.field
		}
	}
	return x.logIn(account, func(ctx context.Context, a *auth.Auth) (*user.CurrentUser, error) {
		return call(a, ctx, in.Credentials)
	})
}

// loginAnonymous is POST login/anonymous.
func (x *exchange) loginAnonymous(*emptyInput) error {
	return x.logIn("", func(ctx context.Context, a *auth.Auth) (*user.CurrentUser, error) {
		return a.AnonymousLogin(ctx)
	})
}

// loginSMS is POST login/sms.
func (x *exchange) loginSMS(in *smsLoginInput) error {
	x.accountField = "phone"
	return x.logIn(in.phone, func(ctx context.Context, a *auth.Auth) (*user.CurrentUser, error) {
		return a.LoginWithSmsVerificationCode(ctx, in.phone, in.code, in.createOptions...)
	})
}

// sendSMS is POST sms. It needs no session and uses none.
func (x *exchange) sendSMS(in *smsInput) error {
	ctx := x.ctx
	x.accountField = "phone"
	if err := x.limit(ctx, in.phone); err != nil {
		return err
	}
	if err := x.p.temporaryAuth(session.Session{}).SendSmsCode(ctx, in.phone, in.options...); err != nil {
		return x.explain(ctx, err)
	}
	x.p.confirm()
	x.respondEmpty()
	return nil
}
