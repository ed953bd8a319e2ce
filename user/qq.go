package user

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
)

// LinkQQ links a QQ user to the account: the documented linkQQ, POST
// v2.0/idp/qq/user-association/. Data is the event's user info, nil for a link without it.
// The code is the one given with auth.Code, or else the code source's. After it,
// the next login of that QQ user finds this account.
//
// Errors: 400 the QQ user or the account is linked already, 603 data is a refusal, 604 not
// logged in, 605 bad arguments or no code, 612 an anonymous user.
func (m *Me) LinkQQ(ctx context.Context, data *platform.AuthData, opts ...platform.LinkOption) (*LinkResult, error) {
	return m.LinkOn(ctx, platform.QQ{}, data, opts...)
}
