// Package testkit has helpers for the tests of several packages.
package testkit

import (
	"context"
	"reflect"
	"runtime"
	"strings"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// Calls has the login and link methods of a platform.
type Calls struct {
	platform.Platform
	Login func(*auth.Auth, context.Context, *platform.AuthData, ...platform.LoginOption) (*user.CurrentUser, error)
	Link  func(*user.Me, context.Context, *platform.AuthData, ...platform.LinkOption) (*user.LinkResult, error)
}

// Platforms has the methods of every platform.
var Platforms = []Calls{
	{platform.Kuaishou{}, (*auth.Auth).LoginWithKs, (*user.Me).LinkKs},
	{platform.ByteDance{}, (*auth.Auth).LoginWithTt, (*user.Me).LinkTt},
	{platform.WeChat{}, (*auth.Auth).LoginWithWechat, (*user.Me).LinkWechat},
	{platform.QQ{}, (*auth.Auth).LoginWithQQ, (*user.Me).LinkQQ},
	{platform.Baidu{}, (*auth.Auth).LoginWithBaidu, (*user.Me).LinkBaidu},
	{platform.Alipay{}, (*auth.Auth).LoginWithAlipay, (*user.Me).LinkAlipay},
	{platform.JD{}, (*auth.Auth).LoginWithJd, (*user.Me).LinkJd},
}

// LoginName returns the name of the login method, such as "LoginWithKs".
func (c Calls) LoginName() string { return nameOf(c.Login) }

// LinkName returns the name of the link method, such as "LinkKs".
func (c Calls) LinkName() string { return nameOf(c.Link) }

// nameOf returns the name of a method expression.
func nameOf(method any) string {
	full := runtime.FuncForPC(reflect.ValueOf(method).Pointer()).Name()
	return full[strings.LastIndexByte(full, '.')+1:]
}
