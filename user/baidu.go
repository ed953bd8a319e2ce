package user

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
)

// LinkBaidu links a Baidu user to the account: the documented linkBaidu, POST
// v2.1/idp/baidu/user-association/. Data is the event's user info, nil for a link without it.
// The code is the one given with auth.Code, or else the code source's. After it,
// the next login of that Baidu user finds this account.
//
// Errors: 400 the Baidu user or the account is linked already, 603 data is a refusal, 604 not
// logged in, 605 bad arguments or no code, 612 an anonymous user.
func (m *Me) LinkBaidu(ctx context.Context, data *platform.AuthData, opts ...platform.LinkOption) (*LinkResult, error) {
	return m.LinkOn(ctx, platform.Baidu{}, data, opts...)
}
