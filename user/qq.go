package user

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
)

// LinkQQ links a QQ user to the account: the documented linkQQ, POST
// v2.0/idp/qq/user-association/. It is [Me.LinkOn] for platform.QQ.
//
// Options: auth.Code, auth.SyncUserProfile.
func (m *Me) LinkQQ(ctx context.Context, data *platform.AuthData, opts ...platform.LinkOption) (*LinkResult, error) {
	return m.LinkOn(ctx, platform.QQ{}, data, opts...)
}
