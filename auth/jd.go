package auth

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithJd logs a JD user in: the documented auth.loginWithJd. It is
// [Auth.LoginOn] for platform.JD.
//
// Without data it is the silent login (POST v2.5/idp/jd/silent-login/), with data the
// login with user info (…/authenticate/). On the phone jd.login() comes first and the
// user info second.
//
// Options: [Code], [CreateUser], [SyncUserProfile].
func (a *Auth) LoginWithJd(ctx context.Context, data *platform.AuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	return a.LoginOn(ctx, platform.JD{}, data, opts...)
}
