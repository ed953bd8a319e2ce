package auth

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithKs logs a Kuaishou user in: the documented auth.loginWithKs.
//
// Without data it is the silent login (POST v2.5/idp/kuaishou/silent-login/);
// data with user info makes the login with user info (…/authenticate/), data with
// a phone number the phone login (…/phone-login/). Data is what the event gave the
// phone; the code given with [Code] must be older than it, so on the phone
// ks.login() comes first. Without [Code] a silent login reuses a stored session
// that is live; every other login asks the code source.
//
// Options: [Code], [CreateUser], [SyncUserProfile].
//
// Errors: 400 the code is spent or the data does not fit it; 404 no account and
// createUser is false; 603 data is a refusal, with the ids of the code's owner;
// 605 bad arguments or no code.
func (a *Auth) LoginWithKs(ctx context.Context, data *platform.AuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	return a.LoginOn(ctx, platform.Kuaishou{}, data, opts...)
}
