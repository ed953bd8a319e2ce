package user

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
)

// LinkBaidu links a Baidu user to the account: the documented linkBaidu, POST
// v2.1/idp/baidu/user-association/. It is [Me.LinkOn] for platform.Baidu.
//
// Options: auth.Code, auth.SyncUserProfile.
func (m *Me) LinkBaidu(ctx context.Context, data *platform.AuthData, opts ...platform.LinkOption) (*LinkResult, error) {
	return m.LinkOn(ctx, platform.Baidu{}, data, opts...)
}
