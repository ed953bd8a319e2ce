package auth

import (
	"context"
	"encoding/json"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/answer"
	"github.com/hydrogen-go/baas/internal/call"
	"github.com/hydrogen-go/baas/internal/enduser"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// loginWith is every LoginWith… call.
func (a *Auth) loginWith(ctx context.Context, p platform.Platform, data *platform.AuthData, opts []platform.LoginOption) (*user.CurrentUser, error) {
	x := exchange{a.conn, p, data, loginParams(opts)}
	if err := x.check(); err != nil {
		return nil, err
	}
	if x.refused() {
		return nil, x.refusal(ctx)
	}
	if reuse, err := x.reusable(ctx); err != nil {
		return nil, err
	} else if reuse {
		return a.CurrentUser(ctx)
	}
	return a.user(x.login(ctx))
}

// exchange is one login on a platform: a code, and maybe data, for a session.
type exchange struct {
	conn   *enduser.Conn
	p      platform.Platform
	data   *platform.AuthData // nil: silent
	params call.Params
}

// request makes the request, silent where the user shared nothing.
func (x exchange) request() (call.Request, error) {
	if x.data == nil || x.refused() {
		return x.p.SilentLogin(&x.params)
	}
	return x.p.Login(x.data, &x.params)
}

// check finds what is wrong with the arguments before anything else happens.
func (x exchange) check() error {
	_, err := x.request()
	return err
}

func (x exchange) refused() bool { return x.data != nil && x.data.Refused() }

// reusable reports whether a silent login can do with the stored session: only
// where no code was given, so that no user is ever served as another.
func (x exchange) reusable(ctx context.Context) (bool, error) {
	if x.data != nil || x.params.Has(call.Code) {
		return false, nil
	}
	s, _, err := x.conn.Load(ctx)
	if err != nil {
		return false, err
	}
	return s.Live(x.conn.Now()) && (s.Platform == "" || s.Platform == x.p.Name()), nil
}

// refusal returns the documented error for a user who said no. It carries the ids
// of the code's owner, got by a silent login, or without a code those of the session.
func (x exchange) refusal(ctx context.Context) error {
	refused := herror.New(herror.Unauthorized, "")
	if !x.params.Has(call.Code) {
		s, _, err := x.conn.Load(ctx)
		if err != nil {
			return refused.WithCause(err)
		}
		return refused.WithUser(s.UserID, s.OpenID, s.UnionID)
	}
	o, err := x.login(ctx)
	if herror.CodeOf(err) == herror.InvalidParameter {
		return err
	}
	if err != nil {
		return refused.WithCause(err)
	}
	return refused.WithUser(o.session.UserID, o.session.OpenID, o.session.UnionID).WithSent(true)
}

// login makes the exchange, once for all identical calls under way.
func (x exchange) login(ctx context.Context) (outcome, error) {
	req, err := x.request()
	if err != nil {
		return outcome{}, err
	}
	return enduser.Flight(ctx, x.conn, "login"+req.Path+string(req.Body), x.send)
}

func (x exchange) send(ctx context.Context) (outcome, error) {
	old, rev, err := x.conn.Load(ctx)
	if err != nil {
		return outcome{}, err
	}
	if err := x.conn.FillCode(ctx, x.p.Name(), &x.params); err != nil {
		return outcome{}, err
	}
	req, err := x.request()
	if err != nil {
		return outcome{}, err
	}
	in := entry{conn: x.conn, old: rev, platform: x.p.Name()}
	if x.data != nil {
		in.userInfo = x.data.UserInfo
	}
	return in.send(ctx, enduser.RequestOf(req, x.p.Client()), old)
}

// entry is a login of any kind, on its way from request to stored session.
type entry struct {
	conn     *enduser.Conn
	old      session.Revision // of the session when the login began
	platform string
	userInfo json.RawMessage
	// bare allows answers that name the user without describing it.
	bare bool
}

// send sends the login, with the token of the session there is, and stores what
// comes of it.
func (e entry) send(ctx context.Context, req *transport.Request, current session.Session) (outcome, error) {
	began := e.conn.Now()
	res, err := e.conn.Send(ctx, req, current)
	if err != nil {
		return outcome{}, err
	}
	l, err := answer.ParseLogin(res.Body)
	if err != nil {
		return outcome{}, err
	}
	if l.User == "" && !e.bare {
		return outcome{}, herror.New(herror.InvalidAnswer, "no user").WithSent(true)
	}
	s := session.Session{
		Token:      session.NewSecret(l.Token),
		UserID:     l.UserID,
		OpenID:     l.OpenID,
		UnionID:    l.UnionID,
		Platform:   e.platform,
		Anonymous:  l.Anonymous,
		UserInfo:   e.userInfo,
		LoggedInAt: began,
		ExpiresAt:  l.ExpiresAt(e.conn.Now()),
	}
	return outcome{s, l.User}, e.conn.Establish(ctx, e.old, s)
}

// AutoLogin returns the login that a client with a code source makes by itself:
// silent, on platform p. It is meant for package baas.
func AutoLogin(p platform.Platform, opts []platform.LoginOption) (func(context.Context, *enduser.Conn) error, error) {
	params := loginParams(opts)
	check := exchange{p: p, params: params}
	if err := check.check(); err != nil {
		return nil, err
	}
	if params.Has(call.Code) {
		return nil, call.Invalid("a code source with a code given")
	}
	return func(ctx context.Context, conn *enduser.Conn) error {
		_, err := exchange{conn, p, nil, params}.login(ctx)
		return err
	}, nil
}
