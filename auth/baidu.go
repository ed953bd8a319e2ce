package auth

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithBaidu logs a Baidu user in: the documented auth.loginWithBaidu. It is
// [Auth.LoginOn] for platform.Baidu.
//
// Without data it is the silent login (POST v2.5/idp/baidu/silent-login/), with data
// the login with user info (…/authenticate/). The vendor's client gets the code with
// swan.getLoginCode() after the event: Baidu's session key stays the same.
//
// Options: [Code], [CreateUser], [SyncUserProfile].
func (a *Auth) LoginWithBaidu(ctx context.Context, data *platform.AuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	return a.LoginOn(ctx, platform.Baidu{}, data, opts...)
}
