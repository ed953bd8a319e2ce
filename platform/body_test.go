package platform_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/call"
	"github.com/hydrogen-go/baas/platform"
)

// What each platform sends, to the byte.
func TestBodiesAreExact(t *testing.T) {
	type makes func(platform.Platform, *call.Params) (call.Request, error)
	silent := func(p platform.Platform, o *call.Params) (call.Request, error) { return p.SilentLogin(o) }
	login := func(d *platform.AuthData) makes {
		return func(p platform.Platform, o *call.Params) (call.Request, error) { return p.Login(d, o) }
	}
	link := func(d *platform.AuthData) makes {
		return func(p platform.Platform, o *call.Params) (call.Request, error) { return p.Link(d, o) }
	}
	updatePhone := func(d *platform.AuthData) makes {
		return func(p platform.Platform, o *call.Params) (call.Request, error) { return p.UpdatePhone(d, o) }
	}
	updateInfo := func(d *platform.AuthData) makes {
		return func(p platform.Platform, o *call.Params) (call.Request, error) { return p.UpdateUserInfo(d, o) }
	}
	const (
		proof      = `"rawData":"{\"nickName\":\"canary-raw\"}","signature":"canary-signature","encryptedData":"canary-encrypted","iv":"canary-iv"`
		phoneProof = `"encryptedData":"canary-encrypted","iv":"canary-iv"`
	)
	type row struct {
		name         string
		make         makes
		change       func(*call.Params)
		method, path string
		body         string
	}
	for p, rows := range map[platform.Platform][]row{
		platform.Kuaishou{}: {
			{"silent", silent, nil, "POST", "v2.5/idp/kuaishou/silent-login/", `{"create_user":true,"code":"c"}`},
			{"silent, no account", silent, noUser, "POST", "v2.5/idp/kuaishou/silent-login/", `{"create_user":false,"code":"c"}`},
			{"user info", login(agreed()), overwrite, "POST", "v2.5/idp/kuaishou/authenticate/", `{"code":"c","create_user":true,` + proof + `,"update_userprofile":"overwrite"}`},
			{"phone", login(phone("")), noUser, "POST", "v2.5/idp/kuaishou/phone-login/", `{"code":"c",` + phoneProof + `,"create_user":false}`},
			{"update phone", updatePhone(phone("")), nil, "PUT", "v2.5/idp/kuaishou/phone-verification/", `{` + phoneProof + `,"overwrite":true}`},
			{"keep phone", updatePhone(phone("")), keep, "PUT", "v2.5/idp/kuaishou/phone-verification/", `{` + phoneProof + `,"overwrite":false}`},
			{"link", link(nil), nil, "POST", "v2.5/idp/kuaishou/user-association/", `{"code":"c"}`},
			{"link with user info", link(agreed()), nil, "POST", "v2.5/idp/kuaishou/user-association/", `{` + proof + `,"update_userprofile":"setnx","code":"c"}`},
		},
		platform.ByteDance{}: {
			{"silent", silent, nil, "POST", "v2.5/idp/bytedance/silent-login/", `{"create_user":true,"app_name":"douyin","code":"c"}`},
			{"silent in another app", silent, toutiao, "POST", "v2.5/idp/bytedance/silent-login/", `{"create_user":true,"app_name":"toutiao","code":"c"}`},
			{"user info", login(agreed()), toutiao, "POST", "v2.5/idp/bytedance/authenticate/", `{"code":"c","app_name":"toutiao","create_user":true,` + proof + `,"update_userprofile":"setnx"}`},
			{"link", link(nil), nil, "POST", "v2.4/idp/bytedance/user-association/", `{"code":"c","app_name":"douyin"}`},
			{"link with user info", link(agreed()), overwrite, "POST", "v2.4/idp/bytedance/user-association/", `{` + proof + `,"update_userprofile":"overwrite","app_name":"douyin","code":"c"}`},
		},
		platform.WeChat{}: {
			{"silent", silent, nil, "POST", "v2.5/idp/wechat/silent-login/", `{"create_user":true,"code":"c","login_with_unionid":false}`},
			{"silent by union id", silent, union, "POST", "v2.5/idp/wechat/silent-login/", `{"create_user":true,"code":"c","login_with_unionid":true}`},
			{"user info", login(agreed()), union, "POST", "v2.5/idp/wechat/authenticate/", `{"code":"c","create_user":true,` + proof + `,"update_userprofile":"setnx","login_with_unionid":true}`},
			{"phone, new event", login(phone("p")), nil, "POST", "v2.7/idp/wechat/phone-login/", `{` + phoneProof + `,"create_user":true,"code":"c","phone_code":"p"}`},
			{"phone, old event", login(phone("")), nil, "POST", "v2.5/idp/wechat/phone-login/", `{` + phoneProof + `,"create_user":true,"code":"c"}`},
			{"update phone, new event", updatePhone(phone("p")), nil, "PUT", "v2.7/idp/wechat/phone-verification/", `{` + phoneProof + `,"overwrite":true,"phone_code":"p"}`},
			{"update phone, old event", updatePhone(phone("")), keep, "PUT", "v2.5/idp/wechat/phone-verification/", `{` + phoneProof + `,"overwrite":false}`},
			{"update user info", updateInfo(agreed()), nil, "PUT", "v2.6/idp/wechat/user/info/", `{` + proof + `,"code":"c","update_userprofile":"setnx"}`},
			{"update user info without a code", updateInfo(agreed()), noCode, "PUT", "v2.5/idp/wechat/user/info/", `{"nickName":"Larry","update_userprofile":"setnx"}`},
			{"link", link(nil), nil, "POST", "v2.4/idp/wechat/user-associate/", `{"code":"c","associate_with_unionid":false}`},
			{"link with user info", link(agreed()), union, "POST", "v2.4/idp/wechat/user-associate/", `{` + proof + `,"update_userprofile":"setnx","code":"c","associate_with_unionid":true}`},
		},
		platform.QQ{}: {
			{"silent", silent, nil, "POST", "v2.5/idp/qq/silent-login/", `{"create_user":true,"code":"c"}`},
			{"user info", login(agreed()), nil, "POST", "v2.5/idp/qq/authenticate/", `{"code":"c","create_user":true,` + proof + `,"update_userprofile":"setnx"}`},
			{"link", link(nil), nil, "POST", "v2.0/idp/qq/user-association/", `{"code":"c"}`},
			{"link with user info", link(agreed()), nil, "POST", "v2.0/idp/qq/user-association/", `{` + proof + `,"update_userprofile":"setnx","code":"c"}`},
		},
		platform.Baidu{}: {
			{"silent", silent, noUser, "POST", "v2.5/idp/baidu/silent-login/", `{"create_user":false,"code":"c"}`},
			{"user info", login(agreed()), nil, "POST", "v2.5/idp/baidu/authenticate/", `{"code":"c","create_user":true,"data":"canary-encrypted","iv":"canary-iv","update_userprofile":"setnx"}`},
			{"link", link(nil), nil, "POST", "v2.1/idp/baidu/user-association/", `{"code":"c"}`},
		},
		platform.Alipay{}: {
			{"silent", silent, nil, "POST", "v2.5/idp/alipay/silent-login/", `{"create_user":true,"code":"c"}`},
			{"user info", login(agreed()), noUser, "POST", "v2.5/idp/alipay/authenticate/", `{"code":"c","create_user":false,"update_userprofile":"setnx"}`},
			{"link", link(nil), nil, "PUT", "v2.0/idp/alipay/user-associate/", `{"code":"c","authorized":false}`},
			{"link with user info", link(agreed()), overwrite, "PUT", "v2.0/idp/alipay/user-associate/", `{"code":"c","authorized":true,"update_userprofile":"overwrite"}`},
		},
		platform.JD{}: {
			{"silent", silent, nil, "POST", "v2.5/idp/jd/silent-login/", `{"create_user":true,"code":"c"}`},
			{"user info", login(agreed()), nil, "POST", "v2.5/idp/jd/authenticate/", `{"code":"c","create_user":true,"data":"canary-encrypted","iv":"canary-iv","userInfo":{"nickName":"Larry"},"update_userprofile":"setnx"}`},
			{"link", link(nil), nil, "POST", "v2.4/idp/jd/user-association/", `{"code":"c"}`},
			{"link with user info", link(agreed()), nil, "POST", "v2.4/idp/jd/user-association/", `{"userInfo":{"nickName":"Larry"},"update_userprofile":"setnx","code":"c"}`},
		},
	} {
		for _, tt := range rows {
			t.Run(p.Name()+" "+tt.name, func(t *testing.T) {
				params := call.Defaults()
				params.Code = "c"
				if tt.change != nil {
					tt.change(&params)
				}
				before := params
				r, err := tt.make(p, &params)
				require.NoError(t, err)
				require.Equal(t, tt.method, r.Method)
				require.Equal(t, "/hserve/"+tt.path, r.Path)
				require.Equal(t, tt.body, string(r.Body))
				require.Equal(t, before, params, "the options are the caller's")
				requireSecrets(t, r)
			})
		}
	}
}

// requireSecrets asserts that every secret text of a body is named as one.
func requireSecrets(t *testing.T, r call.Request) {
	t.Helper()
	var body map[string]any
	require.NoError(t, json.Unmarshal(r.Body, &body))
	for _, field := range []string{"code", "phone_code", "encryptedData", "data", "iv", "signature", "rawData"} {
		if text, ok := body[field]; ok {
			require.Contains(t, r.Secrets, text, field)
		}
	}
}

func noUser(p *call.Params)    { p.Given, p.CreateUser = call.CreateUser, false }
func overwrite(p *call.Params) { p.Given, p.SyncUserProfile = call.SyncUserProfile, "overwrite" }
func keep(p *call.Params)      { p.Given, p.Overwrite = call.Overwrite, false }
func toutiao(p *call.Params)   { p.Given, p.AppName = call.AppName, "toutiao" }
func union(p *call.Params)     { p.Given, p.UnionID = call.UnionID, true }
func noCode(p *call.Params)    { p.Code = "" }

// The event data and the options are the caller's, and are never written to.
func TestDataIsNeverModified(t *testing.T) {
	for _, p := range platform.All() {
		data, params := agreed(), call.Defaults()
		for range 2 {
			_, _ = p.Login(data, &params)
			_, _ = p.Link(data, &params)
			_, _ = p.UpdatePhone(data, &params)
			_, _ = p.UpdateUserInfo(data, &params)
		}
		require.Equal(t, agreed(), data, p.Name())
		require.Equal(t, call.Defaults(), params, p.Name())
	}
}
