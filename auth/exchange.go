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
	x, err := newExchange(a.conn, p, data, opts)
	if err != nil {
		return nil, err
	}
	if x.refused && !p.SilentOnRefusal() {
		return nil, x.refusal(ctx)
	}
	o, err := x.login(ctx)
	if err == nil && o.fields == "" { // the stored session does
		return a.CurrentUser(ctx)
	}
	return a.user(o, err)
}

// exchange is one login on a platform: a code, and maybe data, for a session.
type exchange struct {
	conn    *enduser.Conn
	p       platform.Platform
	data    *platform.AuthData // nil: silent
	params  call.Params
	refused bool
	request call.Request // silent where the user shared nothing
}

// newExchange checks the arguments, before anything else happens.
func newExchange(conn *enduser.Conn, p platform.Platform, data *platform.AuthData, opts []platform.LoginOption) (x exchange, err error) {
	x = exchange{conn: conn, p: p, data: data, params: loginParams(opts)}
	x.refused = data != nil && data.Refused()
	x.request, err = x.build()
	return x, err
}

func (x *exchange) build() (call.Request, error) {
	if x.data == nil || x.refused {
		return x.p.SilentLogin(&x.params)
	}
	return x.p.Login(x.data, &x.params)
}

// reusable reports whether a silent login can do with the stored session: only
// where no code was given, so that no user is ever served as another.
func (x *exchange) reusable(s session.Session) bool {
	return x.frugal() && s.Live(x.conn.Now()) && (s.Platform == "" || s.Platform == x.p.Name())
}

// frugal reports whether the login may do with a stored session.
func (x *exchange) frugal() bool {
	return (x.data == nil || x.refused) && !x.params.Has(call.Code)
}

// refusal returns the documented error for a user who said no. It carries the ids
// of the code's owner, got by a silent login, or without a code those of the session.
func (x *exchange) refusal(ctx context.Context) error {
	if !x.params.Has(call.Code) {
		return x.conn.Refusal(ctx)
	}
	refused := herror.New(herror.Unauthorized, "")
	o, err := x.login(ctx)
	if herror.CodeOf(err) == herror.InvalidParameter {
		return err
	}
	if err != nil {
		return refused.WithCause(err)
	}
	return refused.WithUser(o.session.UserID, o.session.OpenID, o.session.UnionID).WithSent(true)
}

// login makes the exchange, once for all identical calls under way. Where the
// stored session does, the outcome is without the user's fields.
func (x *exchange) login(ctx context.Context) (outcome, error) {
	operation := "login"
	if x.frugal() {
		operation = "frugal login" // an empty code that was given is never answered with a stored session
	}
	return enduser.Flight(ctx, x.conn, operation+x.request.Path+string(x.request.Body), x.send)
}

func (x *exchange) send(ctx context.Context, now enduser.Stored) (outcome, error) {
	var err error
	if x.frugal() { // a login that has just ended may have made the session meanwhile
		if now.Session, now.Revision, err = x.conn.Load(ctx); err != nil {
			return outcome{}, err
		}
	}
	if x.reusable(now.Session) {
		return outcome{session: now.Session}, nil
	}
	request := x.request
	if x.params.Code == "" {
		// A copy: whoever began this flight has x too, and may have left it.
		minted := *x
		if err := x.conn.FillCode(ctx, x.p.Name(), &minted.params); err != nil {
			return outcome{}, err
		}
		if request, err = minted.build(); err != nil {
			return outcome{}, err
		}
	}
	in := entry{conn: x.conn, old: now, platform: x.p.Name(), userInfo: sharedInfo(x.data)}
	return in.send(ctx, enduser.RequestOf(request, x.p.Client()))
}

// entry is a login of any kind, on its way from request to stored session.
type entry struct {
	conn     *enduser.Conn
	old      enduser.Stored // when the login began
	platform string
	userInfo json.RawMessage
	// bare allows answers that name the user without describing it.
	bare bool
	// anonymous is what the user counts as where the answer does not say.
	anonymous bool
}

// send sends the login, with the token of the session there is, and stores what
// comes of it.
func (e entry) send(ctx context.Context, req *transport.Request) (outcome, error) {
	began := e.conn.Now()
	res, err := e.conn.Send(ctx, req, e.old.Session)
	if err != nil {
		return outcome{}, e.refused(ctx, err)
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
		Anonymous:  l.Anonymous || e.anonymous && l.User == "",
		UserInfo:   e.userInfo,
		LoggedInAt: began,
		ExpiresAt:  l.ExpiresAt(e.conn.Now()),
	}
	return outcome{s, l.User}, e.conn.Establish(ctx, e.old.Revision, s)
}

// refused returns the error of a login. Where that is the backend's 401 to a
// platform login it means the token that went along, for there is no password to
// be wrong: that session is dropped, or every further login would fail as well.
func (e entry) refused(ctx context.Context, err error) error {
	if herror.CodeOf(err) != herror.NotAuthenticated || e.platform == "" || !e.old.Session.Live(e.conn.Now()) {
		return err
	}
	if dropped := e.conn.Discard(ctx, e.old.Session.Token); dropped != nil {
		return enduser.Reached(dropped)
	}
	return err
}

// AutoLogin returns the login that a client with a code source makes by itself:
// silent, on platform p. It is meant for package baas.
func AutoLogin(p platform.Platform, opts []platform.LoginOption) (func(context.Context, *enduser.Conn) error, error) {
	template, err := newExchange(nil, p, nil, opts)
	if err != nil {
		return nil, err
	}
	if template.params.Has(call.Code) {
		return nil, call.Invalid("a code source with a code given")
	}
	return func(ctx context.Context, conn *enduser.Conn) error {
		x := template
		x.conn = conn
		_, err := x.login(ctx)
		return err
	}, nil
}
