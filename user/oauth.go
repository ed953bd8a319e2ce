package user

import (
	"context"

	"github.com/hydrogen-go/baas/internal/call"
	"github.com/hydrogen-go/baas/internal/enduser"
	"github.com/hydrogen-go/baas/platform"
)

// LinkThirdPartyWithAuthData links the user of an OAuth provider, named by the
// token that the provider's own SDK gave an app, to the account: the documented
// linkThirdPartyWithAuthData, POST v2.3/idp/oauth/{provider}/user-association/. Its
// one option is auth.SyncUserProfile.
//
// Errors: 400 the provider does not know the token, or one of the two is linked
// already; 604 not logged in; 605 no token, an unknown provider or an option of
// mini-programs; 612 an anonymous user.
func (u *CurrentUser) LinkThirdPartyWithAuthData(ctx context.Context, data platform.OAuthData, opts ...platform.LinkOption) (*LinkResult, error) {
	params := call.Defaults()
	for _, opt := range opts {
		if opt != nil {
			opt.ApplyToLink(&params)
		}
	}
	if err := u.notAnonymous(); err != nil {
		return nil, err
	}
	req, err := data.LinkRequest(&params)
	if err != nil {
		return nil, err
	}
	return u.flyLink(ctx, req, func(ctx context.Context, now enduser.Stored) (LinkResult, error) {
		result, _, err := u.sendLink(ctx, now.Session, req, "")
		return result, err
	})
}
