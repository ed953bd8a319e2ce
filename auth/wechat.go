package auth

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithWechat logs a WeChat user in: the documented auth.loginWithWechat.
//
// Without data it is the silent login (POST v2.5/idp/wechat/silent-login/); data
// with user info makes the login with user info (…/authenticate/), data with a
// phone number the phone login (v2.7/idp/wechat/phone-login/, or v2.5/… for the
// events of older phones, which have no phone code). The code given with [Code]
// must be older than the data: on the phone, wx.login() comes first. Without
// [Code] a silent login reuses a stored session that is live; every other login
// asks the code source.
//
// Options: [Code], [CreateUser], [SyncUserProfile], [WithUnionID].
//
// Errors: 400 the code is spent or the data does not fit it; 404 no account and
// createUser is false; 603 data is a refusal, with the ids of the code's owner;
// 605 bad arguments or no code.
func (a *Auth) LoginWithWechat(ctx context.Context, data *platform.AuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	return a.LoginOn(ctx, platform.WeChat{}, data, opts...)
}
