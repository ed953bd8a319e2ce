package loginproxy

import (
	"context"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// calls are the SDK's calls for one platform.
type calls struct {
	login func(*auth.Auth, context.Context, *platform.AuthData, ...platform.LoginOption) (*user.CurrentUser, error)
	link  func(*user.CurrentUser, context.Context, *platform.AuthData, ...platform.LinkOption) (*user.LinkResult, error)
}

var callsOf = map[platform.Platform]calls{
	platform.Kuaishou{}:  {(*auth.Auth).LoginWithKs, (*user.CurrentUser).LinkKs},
	platform.ByteDance{}: {(*auth.Auth).LoginWithTt, (*user.CurrentUser).LinkTt},
	platform.WeChat{}:    {(*auth.Auth).LoginWithWechat, (*user.CurrentUser).LinkWechat},
	platform.QQ{}:        {(*auth.Auth).LoginWithQQ, (*user.CurrentUser).LinkQQ},
	platform.Baidu{}:     {(*auth.Auth).LoginWithBaidu, (*user.CurrentUser).LinkBaidu},
	platform.Alipay{}:    {(*auth.Auth).LoginWithAlipay, (*user.CurrentUser).LinkAlipay},
	platform.JD{}:        {(*auth.Auth).LoginWithJd, (*user.CurrentUser).LinkJd},
}
