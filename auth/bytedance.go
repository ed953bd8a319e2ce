package auth

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithTt logs a ByteDance user in (Douyin, Toutiao …): the documented
// auth.loginWithTt.
//
// Without data it is the silent login (POST v2.5/idp/bytedance/silent-login/), with
// data the documented forced login, for which the phone calls tt.login() first and
// tt.getUserInfo or tt.getUserProfile second (…/authenticate/). What that gives, or
// the error that it gives when the user refuses, is the data. Without [Code] a
// silent login reuses a stored session that is live; every other login asks the
// code source.
//
// Options: [Code], [CreateUser], [SyncUserProfile], [AppName].
//
// Errors: 400 the code is spent or the data does not fit it; 404 no account and
// createUser is false; 603 data is a refusal, with the ids of the code's owner;
// 605 bad arguments or no code; 611 data is a phone number.
func (a *Auth) LoginWithTt(ctx context.Context, data *platform.AuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	return a.LoginOn(ctx, platform.ByteDance{}, data, opts...)
}
