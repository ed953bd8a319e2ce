package auth

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithBaidu logs a Baidu user in: the documented auth.loginWithBaidu.
//
// Without data it is the silent login (POST v2.5/idp/baidu/silent-login/), with
// data the login with user info (…/authenticate/), for which the phone calls
// swan.login() first and gets the data second.
// Without [Code] a silent login reuses a stored session that is live; every other
// login asks the code source.
//
// Options: [Code], [CreateUser], [SyncUserProfile].
//
// Errors: 400 the code is spent or the data does not fit it; 404 no account and
// createUser is false; 603 data is a refusal, with the ids of the code's owner;
// 605 bad arguments or no code; 611 data is a phone number.
func (a *Auth) LoginWithBaidu(ctx context.Context, data *platform.AuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	return a.LoginOn(ctx, platform.Baidu{}, data, opts...)
}
