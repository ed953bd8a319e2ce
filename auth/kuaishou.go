package auth

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithKs logs a Kuaishou user in: the documented auth.loginWithKs. It is
// [Auth.LoginOn] for platform.Kuaishou.
//
// Without data it is the silent login (POST v2.5/idp/kuaishou/silent-login/). With
// user info it is the login with user info (…/authenticate/), with a phone number the
// phone login (…/phone-login/). On the phone ks.login() comes first and the event
// second.
//
// Options: [Code], [CreateUser], [SyncUserProfile].
func (a *Auth) LoginWithKs(ctx context.Context, data *platform.AuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	return a.LoginOn(ctx, platform.Kuaishou{}, data, opts...)
}
