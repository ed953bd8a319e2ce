package user

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
)

// LinkWechat links a WeChat user to the account: the documented linkWechat, POST
// v2.4/idp/wechat/user-associate/. It is [Me.LinkOn] for platform.WeChat.
//
// Options: auth.Code, auth.SyncUserProfile, auth.WithUnionID.
func (m *Me) LinkWechat(ctx context.Context, data *platform.AuthData, opts ...platform.LinkOption) (*LinkResult, error) {
	return m.LinkOn(ctx, platform.WeChat{}, data, opts...)
}
