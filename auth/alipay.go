package auth

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithAlipay logs an Alipay user in: the documented auth.loginWithAlipay.
//
// Without data it is the silent login (POST v2.5/idp/alipay/silent-login/), with
// data, the answer of my.getAuthCode for the scope auth_user, the documented forced
// login (…/authenticate/). For a user who cancelled, the phone posts that error as
// data with a code of the scope auth_base, and the login is a silent one.
// Without [Code] a silent login reuses a stored session that is live; every other
// login asks the code source.
//
// Options: [Code], [CreateUser], [SyncUserProfile].
//
// Errors: 400 the code is spent; 404 no account and createUser is false; 605 bad
// arguments or no code; 611 data is a phone number.
func (a *Auth) LoginWithAlipay(ctx context.Context, data *platform.AuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	return a.LoginOn(ctx, platform.Alipay{}, data, opts...)
}
