package auth

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithAlipay logs an Alipay user in: the documented auth.loginWithAlipay. It is
// [Auth.LoginOn] for platform.Alipay.
//
// Without data it is the silent login (POST v2.5/idp/alipay/silent-login/). With data,
// what my.getAuthCode gave the phone for the scope auth_user, it is the documented
// forced login (…/authenticate/). For a user who cancelled, the phone posts that error
// as data, with a code of the scope auth_base: then the login is a silent one and not
// a 603.
//
// Options: [Code], [CreateUser], [SyncUserProfile].
func (a *Auth) LoginWithAlipay(ctx context.Context, data *platform.AuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	return a.LoginOn(ctx, platform.Alipay{}, data, opts...)
}
