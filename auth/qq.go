package auth

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithQQ logs a QQ user in: the documented auth.loginWithQQ. It is
// [Auth.LoginOn] for platform.QQ.
//
// Without data it is the silent login (POST v2.5/idp/qq/silent-login/), with data the
// login with user info (…/authenticate/). On the phone qq.login() comes first and the
// event second.
//
// Options: [Code], [CreateUser], [SyncUserProfile].
func (a *Auth) LoginWithQQ(ctx context.Context, data *platform.AuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	return a.LoginOn(ctx, platform.QQ{}, data, opts...)
}
