package user

import (
	"context"

	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/internal/visitor"
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
func (m *Me) LinkThirdPartyWithAuthData(ctx context.Context, data platform.OAuthData, opts ...platform.LinkOption) (*LinkResult, error) {
	params, err := idp.Given(opts)
	if err != nil {
		return nil, err
	}
	if err := m.notAnonymous(); err != nil {
		return nil, err
	}
	call, err := m.conn.OAuth().Link(data, &params)
	if err != nil {
		return nil, err
	}
	return m.dedupeLink(ctx, visitor.IDOf("link", call), func(ctx context.Context, now visitor.Stored) (LinkResult, error) {
		result, _, err := m.sendLink(ctx, m.conn, now, call)
		return result, err
	})
}
