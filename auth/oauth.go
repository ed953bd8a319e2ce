package auth

import (
	"context"

	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginWithThirdPartyAuthData logs in with the token that a provider's own SDK gave an app:
// the documented auth.loginWithThirdPartyAuthData of the app SDKs, POST v2.3/idp/oauth/{provider}/authenticate/.
//
// Options: [CreateUser], [SyncUserProfile].
//
// Errors: 400 the provider does not know the token, 404 no account and createUser
// is false, 605 no token, a bad provider or an option of mini-programs.
func (a *Auth) LoginWithThirdPartyAuthData(ctx context.Context, data platform.OAuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	params, err := idp.Given(opts)
	if err != nil {
		return nil, err
	}
	call, err := a.conn.OAuth().Login(data, &params)
	if err != nil {
		return nil, err
	}
	return a.tokenLogin(ctx, call)
}
