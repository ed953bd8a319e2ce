package loginproxy

import (
	"cmp"
	"context"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// entry makes a login; the visitor it begins with is in a.
type entry func(ctx context.Context, a *auth.Auth) (*user.CurrentUser, error)

// enter makes a login, gives the user a session of its own and answers with both.
// The login runs beside the store, on a copy of the session that the request comes
// with: an anonymous user's token goes along, and a login that fails changes nothing.
func (t *turn) enter(account string, login entry) error {
	ctx := t.ctx
	if err := t.limit(ctx, account); err != nil {
		return err
	}
	old, err := t.maybeVisitor(ctx)
	if err != nil {
		return err
	}
	a := t.p.alone(old.of())
	u, err := login(ctx, a)
	fresh, _, _ := connOf(a).Load(ctx) // of memory: it cannot fail
	if err != nil {
		t.replaced(fresh, old.of()) // a refused or half-finished login has left a token
		return t.dropUnknown(ctx, old, fresh, err)
	}
	id, s, err := t.p.establish(ctx, old, fresh)
	if err != nil {
		t.replaced(fresh, old.of())
		return err
	}
	t.replaced(old.of(), fresh)
	text, err := u.MarshalJSON()
	if err != nil {
		return err
	}
	if t.p.onLogin != nil {
		t.p.onLogin(t.r.Context(), newVisitorRead(t.p.client.Auth(id), s, text))
	}
	t.giveCookie(id, s)
	t.writeUser(id, s, text)
	return nil
}

// dropUnknown returns the error of a login. Where the login has dropped the session
// from its copy, because the backend does not know the token that went along, the
// stored one goes too: with it every further login would fail as well.
func (t *turn) dropUnknown(ctx context.Context, old *Visitor, now session.Session, err error) error {
	if old == nil || !now.IsZero() {
		return err
	}
	if dropped := connOf(old.auth).Discard(ctx, old.session.Token); dropped != nil {
		return visitor.Reached(dropped)
	}
	return err
}

// replaced leaves gone to be destroyed, unless stays has the same token.
func (t *turn) replaced(gone, stays session.Session) {
	if !gone.IsZero() && !gone.Token.Equal(stays.Token) {
		t.leftover = &gone
	}
}

// loginOnPlatform is POST login/{platform}.
func (t *turn) loginOnPlatform() error {
	var in loginProof
	if err := t.read(&in); err != nil {
		return err
	}
	return t.enter("", func(ctx context.Context, a *auth.Auth) (*user.CurrentUser, error) {
		return a.LoginOn(ctx, t.platform, in.data, in.options()...)
	})
}

// login is POST login.
func (t *turn) login() error { return t.enterWith((*auth.Auth).Login) }

// register is POST register.
func (t *turn) register() error { return t.enterWith((*auth.Auth).Register) }

func (t *turn) enterWith(call func(*auth.Auth, context.Context, auth.Credentials) (*user.CurrentUser, error)) error {
	var in credentials
	if err := t.read(&in); err != nil {
		return err
	}
	account := cmp.Or(in.Phone, in.Email, in.Username) // the one that is sent
	return t.enter(account, func(ctx context.Context, a *auth.Auth) (*user.CurrentUser, error) {
		return call(a, ctx, in.Credentials)
	})
}

// loginAnonymous is POST login/anonymous.
func (t *turn) loginAnonymous() error {
	if err := t.read(empty{}); err != nil {
		return err
	}
	return t.enter("", func(ctx context.Context, a *auth.Auth) (*user.CurrentUser, error) {
		return a.AnonymousLogin(ctx)
	})
}

// loginSMS is POST login/sms.
func (t *turn) loginSMS() error {
	var in smsLogin
	if err := t.read(&in); err != nil {
		return err
	}
	return t.enter(in.phone, func(ctx context.Context, a *auth.Auth) (*user.CurrentUser, error) {
		return a.LoginWithSmsVerificationCode(ctx, in.phone, in.code, in.create...)
	})
}

// sendSMS is POST sms. Nobody need be logged in, and nobody is.
func (t *turn) sendSMS() error {
	var in smsOrder
	if err := t.read(&in); err != nil {
		return err
	}
	ctx := t.ctx
	if err := t.limit(ctx, in.phone); err != nil {
		return err
	}
	if err := t.p.alone(session.Session{}).SendSmsCode(ctx, in.phone, in.opts...); err != nil {
		return err
	}
	t.ok()
	return nil
}
