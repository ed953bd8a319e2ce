package user

import (
	"context"

	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/platform"
)

// LinkThirdParty links the person at a web provider to the account, named by the
// auth_token that the browser brought to the callback of auth.ThirdPartyAuth: the
// documented user.linkThirdParty, POST v2.0/idp/{provider}/user-association/. The token
// is good once and is never sent a second time: a code source logs nobody in for it. Its
// one option is auth.SyncUserProfile.
//
// No source has the response to this link: the fields of the [LinkResult] that it does
// not have are empty.
//
// Errors: 400 the token is spent, expired or unknown, or one of the two is linked
// already; 604 not logged in; 605 no token, a bad provider or an option of
// mini-programs; 612 an anonymous user.
func (m *Me) LinkThirdParty(ctx context.Context, provider platform.WebProvider, authToken string, opts ...platform.LinkOption) (*LinkResult, error) {
	params, err := idp.Given(opts)
	if err != nil {
		return nil, err
	}
	if err := m.notAnonymous(); err != nil {
		return nil, err
	}
	call, err := m.conn.Web().Link(provider, authToken, &params)
	if err != nil {
		return nil, err
	}
	return m.dedupeLink(ctx, visitor.IDOf("link", call), func(ctx context.Context, now visitor.Stored) (LinkResult, error) {
		result, _, err := m.sendLink(ctx, m.conn.Manual(), now, call)
		return result, err
	})
}
