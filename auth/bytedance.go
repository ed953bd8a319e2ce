package auth

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithTt logs a ByteDance user in (Douyin, Toutiao …): the documented
// auth.loginWithTt. It is [Auth.LoginOn] for platform.ByteDance.
//
// Without data it is the silent login (POST v2.5/idp/bytedance/silent-login/). With
// data it is the documented forced login (…/authenticate/): data is what
// tt.getUserInfo or tt.getUserProfile gave the phone after tt.login(), or the error
// that it gave when the user refused.
//
// Options: [Code], [CreateUser], [SyncUserProfile], [AppName].
func (a *Auth) LoginWithTt(ctx context.Context, data *platform.AuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	return a.LoginOn(ctx, platform.ByteDance{}, data, opts...)
}
