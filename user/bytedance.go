package user

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
)

// LinkTt links a ByteDance user to the account: the documented linkTt, POST
// v2.4/idp/bytedance/user-association/. It is [Me.LinkOn] for platform.ByteDance.
//
// Options: auth.Code, auth.SyncUserProfile, auth.AppName.
func (m *Me) LinkTt(ctx context.Context, data *platform.AuthData, opts ...platform.LinkOption) (*LinkResult, error) {
	return m.LinkOn(ctx, platform.ByteDance{}, data, opts...)
}
