package user

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
)

// LinkKs links a Kuaishou user to the account: the documented linkKs, POST
// v2.5/idp/kuaishou/user-association/. It is [Me.LinkOn] for platform.Kuaishou.
//
// Options: auth.Code, auth.SyncUserProfile.
func (m *Me) LinkKs(ctx context.Context, data *platform.AuthData, opts ...platform.LinkOption) (*LinkResult, error) {
	return m.LinkOn(ctx, platform.Kuaishou{}, data, opts...)
}
