// Package platformcalls lists, for the tests of several packages, the calls that
// each platform has.
package platformcalls

import (
	"context"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// Calls are the calls that log in and link on a platform.
type Calls struct {
	platform.Platform
	Login func(*auth.Auth, context.Context, *platform.AuthData, ...platform.LoginOption) (*user.CurrentUser, error)
	Link  func(*user.CurrentUser, context.Context, *platform.AuthData, ...platform.LinkOption) (*user.LinkResult, error)
}

// All has every platform.
var All = []Calls{
	{platform.Kuaishou{}, (*auth.Auth).LoginWithKs, (*user.CurrentUser).LinkKs},
	{platform.ByteDance{}, (*auth.Auth).LoginWithTt, (*user.CurrentUser).LinkTt},
	{platform.WeChat{}, (*auth.Auth).LoginWithWechat, (*user.CurrentUser).LinkWechat},
	{platform.QQ{}, (*auth.Auth).LoginWithQQ, (*user.CurrentUser).LinkQQ},
	{platform.Baidu{}, (*auth.Auth).LoginWithBaidu, (*user.CurrentUser).LinkBaidu},
	{platform.Alipay{}, (*auth.Auth).LoginWithAlipay, (*user.CurrentUser).LinkAlipay},
	{platform.JD{}, (*auth.Auth).LoginWithJd, (*user.CurrentUser).LinkJd},
}
