package user

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
)

// LinkAlipay links an Alipay user to the account: the documented linkAlipay, PUT
// v2.0/idp/alipay/user-associate/. It is [Me.LinkOn] for platform.Alipay.
//
// Data is what my.getAuthCode gave the phone. For a user who cancelled, the link is
// made without user info and not refused with 603.
//
// Options: auth.Code, auth.SyncUserProfile.
func (m *Me) LinkAlipay(ctx context.Context, data *platform.AuthData, opts ...platform.LinkOption) (*LinkResult, error) {
	return m.LinkOn(ctx, platform.Alipay{}, data, opts...)
}
