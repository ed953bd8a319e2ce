package auth

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithWechat logs a WeChat user in: the documented auth.loginWithWechat. It is
// [Auth.LoginOn] for platform.WeChat.
//
// Without data it is the silent login (POST v2.5/idp/wechat/silent-login/). With user
// info it is the login with user info (…/authenticate/), with a phone number the phone
// login: v2.7/idp/wechat/phone-login/, or v2.5/… for the events of older phones, which
// have no phone code. On the phone wx.login() comes first and the event second.
//
// Options: [Code], [CreateUser], [SyncUserProfile], and except with a phone number
// [WithUnionID].
func (a *Auth) LoginWithWechat(ctx context.Context, data *platform.AuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	return a.LoginOn(ctx, platform.WeChat{}, data, opts...)
}
