package user

import (
	"context"

	"github.com/hydrogen-go/baas/platform"
)

// LinkJd links a JD user to the account: the documented linkJd, POST
// v2.4/idp/jd/user-association/. It is [Me.LinkOn] for platform.JD.
//
// Options: auth.Code, auth.SyncUserProfile.
func (m *Me) LinkJd(ctx context.Context, data *platform.AuthData, opts ...platform.LinkOption) (*LinkResult, error) {
	return m.LinkOn(ctx, platform.JD{}, data, opts...)
}
