package visitor

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

// Login is a login on a platform.
type Login struct{ Attempt }

// NewLogin checks the arguments of a login; data is nil for a silent one.
func NewLogin(c *Conn, p platform.Platform, data *platform.AuthData, opts []platform.LoginOption) (*Login, error) {
	params, err := idp.Given(opts)
	if err != nil {
		return nil, err
	}
	l := new(Login)
	return l, l.init(c, p, data, params, buildLogin)
}

func buildLogin(s idp.Strategy, data *platform.AuthData, p *idp.Params) (*idp.Call, error) {
	if data == nil {
		return s.SilentLogin(p)
	}
	return s.Login(data, p)
}

// Result is what a call found out: the session and the user's fields, if it was told
// them. The revision is 0 where it is not known, as after a login.
type Result struct {
	Stored
	response.User
}

// Do logs in, once for all identical logins under way. Where the stored session will
// do, the result is without the user's fields.
func (l *Login) Do(ctx context.Context) (Result, error) {
	operation := "login"
	if l.mayReuse() {
		operation = "login or reuse" // an empty code that was given is never answered with a stored session
	}
	id := l.ID(operation)
	id.Login = true
	return Dedupe(ctx, l.conn, id, l.send)
}

// mayReuse reports whether the login may do with a stored session: only a silent one
// without a code, so that no user is ever served as another.
func (l *Login) mayReuse() bool { return l.data == nil && !l.params.CodeGiven() }

// reusable reports whether the login can do with s.
func (l *Login) reusable(s session.Session) bool {
	return l.mayReuse() && s.Live(l.conn.Now()) && (s.Platform == "" || s.Platform == l.Platform())
}

func (l *Login) send(ctx context.Context, now Stored) (Result, error) {
	var err error
	if l.mayReuse() && !l.reusable(now.Session) { // a login that has just ended may have made the session meanwhile
		if now.Session, now.Revision, err = l.conn.LoadToReplace(ctx); err != nil {
			return Result{}, err
		}
	}
	if l.reusable(now.Session) {
		return Result{Stored: now}, nil
	}
	call, err := l.CallWithCode(ctx)
	if err != nil {
		return Result{}, err
	}
	return l.conn.LogIn(ctx, call, now, Expected{Platform: l.Platform(), UserInfo: l.strategy.SharedInfo(l.data)})
}

// Refusal returns the documented error for a user who refused. It carries the ids of
// the code's owner, got by a silent login, or without a code those of the session.
func (l *Login) Refusal(ctx context.Context) error {
	if !l.params.CodeGiven() {
		return l.conn.Refusal(ctx)
	}
	r, err := l.Do(ctx)
	if herror.CodeOf(err) == herror.InvalidParameter {
		return err
	}
	if err != nil {
		return herror.New(herror.UserRefused, "").WithCause(err)
	}
	return RefusedBy(r.Session).WithSent(true)
}

// Refusal returns the documented error for a user who refused, with the ids of the session.
func (c *Conn) Refusal(ctx context.Context) error {
	s, _, err := c.Load(ctx)
	if err != nil {
		return herror.New(herror.UserRefused, "").WithCause(err)
	}
	return RefusedBy(s)
}

// RefusedBy returns the documented error for the user of that session, who refused.
func RefusedBy(s session.Session) *herror.HError {
	e := herror.New(herror.UserRefused, "")
	e.ID, e.OpenID, e.UnionID = s.UserID, s.OpenID, s.UnionID
	e.Platform, e.SessionExpiresAt = s.Platform, s.ExpiresAt
	return e
}

// Expected is what is known of a login before its answer.
type Expected struct {
	// Platform is the name of the platform, empty for a login with an account.
	Platform string
	UserInfo json.RawMessage
	// NameOnly allows answers that name the user without describing it.
	NameOnly bool
	// Anonymous is what the user counts as where the answer does not say.
	Anonymous bool
	// Proved tells that a provider's token proves who the user is, and no password.
	Proved bool
}

// LogIn sends the call of a login, with the token of the session there is, and
// stores the session that comes of it.
func (c *Conn) LogIn(ctx context.Context, call Call, old Stored, want Expected) (Result, error) {
	began := c.Now()
	res, err := c.Send(ctx, call, old.Session)
	if err != nil {
		return Result{}, c.loginFailed(ctx, old, want, err)
	}
	l, err := response.ParseLogin(res.Body)
	if err != nil {
		return Result{}, err
	}
	if l.User.Fields == "" && !want.NameOnly {
		return Result{}, herror.New(herror.InvalidResponse, "no user").WithSent(true)
	}
	s := session.Session{
		Token:      session.NewSecret(l.Token),
		UserID:     l.UserID,
		OpenID:     l.OpenID,
		UnionID:    l.UnionID,
		Platform:   want.Platform,
		Anonymous:  l.Anonymous || want.Anonymous && l.User.Fields == "",
		UserInfo:   want.UserInfo,
		LoggedInAt: began.UTC().Truncate(session.Precision), // as a store gives it back
		ExpiresAt:  l.ExpiresAt(c.Now()).UTC().Truncate(session.Precision),
	}
	if s.OpenID == "" && s.Platform != "" { // Alipay has its id in _provider only
		openID, unionID := Identity(l.User, s.Platform)
		s.OpenID, s.UnionID = openID, cmp.Or(s.UnionID, unionID)
	}
	return Result{Stored{Session: s}, l.User}, c.Establish(ctx, old.Revision, s)
}

// loginFailed returns the error of a login. A 401 to a login on a platform or with a
// provider's token is about the session that was sent with it, because there is no
// password to be wrong: that session is dropped, or every further login would fail as well.
func (c *Conn) loginFailed(ctx context.Context, old Stored, want Expected, err error) error {
	hasPassword := want.Platform == "" && !want.Proved
	if herror.CodeOf(err) != herror.NotAuthenticated || hasPassword || !old.Session.Live(c.Now()) {
		return err
	}
	if dropped := c.Discard(ctx, old); dropped != nil {
		return Reached(dropped)
	}
	return err
}

// AutoLogin returns the login that a client with a code source makes by itself:
// silent, on platform p.
func AutoLogin(shared *Shared, p platform.Platform, opts []platform.LoginOption) (func(context.Context, *Conn) (Result, error), error) {
	template, err := NewLogin(&Conn{Shared: shared}, p, nil, opts)
	if err != nil {
		return nil, err
	}
	if template.params.CodeGiven() {
		return nil, check.Invalid("a code source with a code given")
	}
	return func(ctx context.Context, conn *Conn) (Result, error) {
		l := *template
		l.conn = conn
		return l.Do(ctx)
	}, nil
}
