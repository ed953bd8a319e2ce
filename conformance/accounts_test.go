package conformance_test

import (
	"context"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// The recorded calls for accounts, SMS codes and verification.

func withCredentials(call func(*auth.Auth, context.Context, auth.Credentials) (*user.CurrentUser, error)) goCall {
	return func(ctx context.Context, p *player, c *recordedCall) (any, error) {
		var credentials auth.Credentials
		p.arg(c, 0, &credentials)
		return p.current(call(p.auth, ctx, credentials))
	}
}

func anonymousLogin(ctx context.Context, p *player, _ *recordedCall) (any, error) {
	return p.current(p.auth.AnonymousLogin(ctx))
}

func loginWithSMSCode(ctx context.Context, p *player, c *recordedCall) (any, error) {
	var (
		phone, code string
		js          struct{ CreateUser bool }
		opts        []platform.CreateOption
	)
	p.arg(c, 0, &phone)
	p.arg(c, 1, &code)
	if len(c.Args) > 2 {
		p.strict(c.Args[2], &js)
		opts = append(opts, auth.CreateUser(js.CreateUser))
	}
	return p.current(p.auth.LoginWithSmsVerificationCode(ctx, phone, code, opts...))
}

func sendSMSCode(ctx context.Context, p *player, c *recordedCall) (any, error) {
	var js struct {
		Phone       string
		SignatureID *int64
	}
	p.strict(c.Args[0], &js)
	var opts []auth.SMSOption
	if js.SignatureID != nil {
		opts = append(opts, auth.SignatureID(*js.SignatureID))
	}
	return nil, p.auth.SendSmsCode(ctx, js.Phone, opts...)
}

func verifySMSCode(ctx context.Context, p *player, c *recordedCall) (any, error) {
	var js struct{ Phone, Code string }
	p.strict(c.Args[0], &js)
	return nil, p.auth.VerifySmsCode(ctx, js.Phone, js.Code)
}

func requestPasswordReset(ctx context.Context, p *player, c *recordedCall) (any, error) {
	var js struct{ Email string }
	p.strict(c.Args[0], &js)
	return nil, p.auth.RequestPasswordReset(ctx, js.Email)
}

func getUser(ctx context.Context, p *player, c *recordedCall) (any, error) {
	var id int64
	p.arg(c, 0, &id)
	return p.auth.GetUser(ctx, id)
}

// onUser returns a goCall for a method of the user that has one string argument and
// changes the user.
func onUser(call func(*user.CurrentUser, context.Context, string) error) goCall {
	return func(ctx context.Context, p *player, c *recordedCall) (any, error) {
		var text string
		p.arg(c, 0, &text)
		return p.user, call(p.user, ctx, text)
	}
}

func setEmail(ctx context.Context, p *player, c *recordedCall) (any, error) {
	var (
		email string
		js    struct{ SendVerificationEmail bool }
		opts  []user.EmailOption
	)
	p.arg(c, 0, &email)
	if len(c.Args) > 1 {
		p.strict(c.Args[1], &js)
		opts = append(opts, user.SendVerificationEmail(js.SendVerificationEmail))
	}
	return p.user, p.user.SetEmail(ctx, email, opts...)
}

func setAccount(ctx context.Context, p *player, c *recordedCall) (any, error) {
	var js struct{ Username, Email, Phone, Password string }
	p.strict(c.Args[0], &js)
	return p.user, p.user.SetAccount(ctx, user.Account(js))
}

func updatePassword(ctx context.Context, p *player, c *recordedCall) (any, error) {
	var js struct{ Password, NewPassword string }
	p.strict(c.Args[0], &js)
	return p.user, p.user.UpdatePassword(ctx, js.Password, js.NewPassword)
}

func requestEmailVerification(ctx context.Context, p *player, _ *recordedCall) (any, error) {
	return nil, p.user.RequestEmailVerification(ctx)
}

// linkThirdParty is recorded only for cases in which it fails whatever its arguments
// are.
func linkThirdParty(ctx context.Context, p *player, c *recordedCall) (any, error) {
	require.Empty(p.t, c.Args)
	return p.user.LinkThirdParty(ctx, "", "")
}

// linkWithAuthData is recorded only for cases in which it fails whatever its arguments
// are.
func linkWithAuthData(ctx context.Context, p *player, c *recordedCall) (any, error) {
	require.Empty(p.t, c.Args)
	return p.user.LinkThirdPartyWithAuthData(ctx, platform.OAuthData{})
}
