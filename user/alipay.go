package user

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
)

// LinkAlipay links an Alipay user to the account: the documented linkAlipay, PUT
// v2.0/idp/alipay/user-associate/. Data is what my.getAuthCode gave; nil, or
// that of a user who cancelled, makes a link without user info.
// The code is the one given with auth.Code, or else the code source's. After it,
// the next login of that Alipay user finds this account.
//
// Errors: 400 the Alipay user or the account is linked already, 604 not
// logged in, 605 bad arguments or no code, 612 an anonymous user.
func (m *Me) LinkAlipay(ctx context.Context, data *platform.AuthData, opts ...platform.LinkOption) (*LinkResult, error) {
	return m.LinkOn(ctx, platform.Alipay{}, data, opts...)
}
