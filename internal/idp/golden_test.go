package idp

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/platform"
)

// strategies are those of a transport that nothing is sent with.
var strategies = New(transport.New(transport.Config{BaseURL: "http://backend.test", ClientID: "c", Version: "v1.2.3"}))

func of(t *testing.T, p platform.Platform) Strategy {
	t.Helper()
	s, err := strategies.Of(p)
	require.NoError(t, err)
	return s
}

// agreed is user info as a phone gives it, with a canary in every secret place.
func agreed() *platform.AuthData {
	return &platform.AuthData{
		ErrMsg:        "getUserInfo:ok",
		UserInfo:      json.RawMessage(`{"nickName":"Larry"}`),
		RawData:       `{"nickName":"canary-raw"}`,
		Signature:     "canary-signature",
		EncryptedData: "canary-encrypted",
		IV:            "canary-iv",
	}
}

// phone is the event of a phone number, with the phone code of a newer WeChat.
func phone(code string) *platform.AuthData {
	return &platform.AuthData{EncryptedData: "canary-encrypted", IV: "canary-iv", Code: code}
}

// operation makes one call of a platform.
type operation func(Strategy, *Params) (*Call, error)

func silentLogin(s Strategy, p *Params) (*Call, error) { return s.SilentLogin(p) }

func login(d *platform.AuthData) operation {
	return func(s Strategy, p *Params) (*Call, error) { return s.Login(d, p) }
}

func link(d *platform.AuthData) operation {
	return func(s Strategy, p *Params) (*Call, error) { return s.Link(d, p) }
}

func updatePhone(d *platform.AuthData) operation {
	return func(s Strategy, p *Params) (*Call, error) { return s.UpdatePhone(d, p) }
}

func updateInfo(d *platform.AuthData) operation {
	return func(s Strategy, p *Params) (*Call, error) { return s.UpdateUserInfo(d, p) }
}

const (
	proofJSON = `"rawData":"{\"nickName\":\"canary-raw\"}","signature":"canary-signature","encryptedData":"canary-encrypted","iv":"canary-iv"`
	phoneJSON = `"encryptedData":"canary-encrypted","iv":"canary-iv"`
)

// golden is one call and what it sends.
type golden struct {
	name         string
	make         operation
	option       any // beside the code, or nil
	method, path string
	body         string
}

// The options of the rows.
var (
	noUser    = platform.CreateOption{On: false}
	overwrite = platform.SyncOption{Mode: platform.Overwrite}
	keep      = platform.OverwriteOption{On: false}
	toutiao   = platform.AppNameOption{Name: "toutiao"}
	union     = platform.UnionIDOption{On: true}
)

// goldens are what each platform sends, to the byte.
var goldens = map[platform.Platform][]golden{
	platform.Kuaishou{}: {
		{"silent", silentLogin, nil, "POST", "v2.5/idp/kuaishou/silent-login/", `{"code":"c","create_user":true}`},
		{"silent, no account", silentLogin, noUser, "POST", "v2.5/idp/kuaishou/silent-login/", `{"code":"c","create_user":false}`},
		{"user info", login(agreed()), overwrite, "POST", "v2.5/idp/kuaishou/authenticate/", `{"code":"c","create_user":true,` + proofJSON + `,"update_userprofile":"overwrite"}`},
		{"phone", login(phone("")), noUser, "POST", "v2.5/idp/kuaishou/phone-login/", `{"code":"c","create_user":false,` + phoneJSON + `}`},
		{"update phone", updatePhone(phone("")), nil, "PUT", "v2.5/idp/kuaishou/phone-verification/", `{` + phoneJSON + `,"overwrite":true}`},
		{"keep phone", updatePhone(phone("")), keep, "PUT", "v2.5/idp/kuaishou/phone-verification/", `{` + phoneJSON + `,"overwrite":false}`},
		{"link", link(nil), nil, "POST", "v2.5/idp/kuaishou/user-association/", `{"code":"c"}`},
		{"link with user info", link(agreed()), nil, "POST", "v2.5/idp/kuaishou/user-association/", `{"code":"c",` + proofJSON + `,"update_userprofile":"setnx"}`},
	},
	platform.ByteDance{}: {
		{"silent", silentLogin, nil, "POST", "v2.5/idp/bytedance/silent-login/", `{"code":"c","create_user":true,"app_name":"douyin"}`},
		{"silent in another app", silentLogin, toutiao, "POST", "v2.5/idp/bytedance/silent-login/", `{"code":"c","create_user":true,"app_name":"toutiao"}`},
		{"user info", login(agreed()), toutiao, "POST", "v2.5/idp/bytedance/authenticate/", `{"code":"c","create_user":true,` + proofJSON + `,"update_userprofile":"setnx","app_name":"toutiao"}`},
		{"link", link(nil), nil, "POST", "v2.4/idp/bytedance/user-association/", `{"code":"c","app_name":"douyin"}`},
		{"link with user info", link(agreed()), overwrite, "POST", "v2.4/idp/bytedance/user-association/", `{"code":"c",` + proofJSON + `,"update_userprofile":"overwrite","app_name":"douyin"}`},
	},
	platform.WeChat{}: {
		{"silent", silentLogin, nil, "POST", "v2.5/idp/wechat/silent-login/", `{"code":"c","create_user":true,"login_with_unionid":false}`},
		{"silent by union id", silentLogin, union, "POST", "v2.5/idp/wechat/silent-login/", `{"code":"c","create_user":true,"login_with_unionid":true}`},
		{"user info", login(agreed()), union, "POST", "v2.5/idp/wechat/authenticate/", `{"code":"c","create_user":true,` + proofJSON + `,"update_userprofile":"setnx","login_with_unionid":true}`},
		{"phone, new event", login(phone("p")), nil, "POST", "v2.7/idp/wechat/phone-login/", `{"code":"c","create_user":true,` + phoneJSON + `,"phone_code":"p"}`},
		{"phone, old event", login(phone("")), nil, "POST", "v2.5/idp/wechat/phone-login/", `{"code":"c","create_user":true,` + phoneJSON + `}`},
		{"update phone, new event", updatePhone(phone("p")), nil, "PUT", "v2.7/idp/wechat/phone-verification/", `{` + phoneJSON + `,"overwrite":true,"phone_code":"p"}`},
		{"update phone, old event", updatePhone(phone("")), keep, "PUT", "v2.5/idp/wechat/phone-verification/", `{` + phoneJSON + `,"overwrite":false}`},
		{"update user info", updateInfo(agreed()), nil, "PUT", "v2.6/idp/wechat/user/info/", `{` + proofJSON + `,"code":"c","update_userprofile":"setnx"}`},
		{"update user info without a code", updateInfo(agreed()), nil, "PUT", "v2.5/idp/wechat/user/info/", `{"nickName":"Larry","update_userprofile":"setnx"}`},
		{"link", link(nil), nil, "POST", "v2.4/idp/wechat/user-associate/", `{"code":"c","associate_with_unionid":false}`},
		{"link with user info", link(agreed()), union, "POST", "v2.4/idp/wechat/user-associate/", `{"code":"c",` + proofJSON + `,"update_userprofile":"setnx","associate_with_unionid":true}`},
	},
	platform.QQ{}: {
		{"silent", silentLogin, nil, "POST", "v2.5/idp/qq/silent-login/", `{"code":"c","create_user":true}`},
		{"user info", login(agreed()), nil, "POST", "v2.5/idp/qq/authenticate/", `{"code":"c","create_user":true,` + proofJSON + `,"update_userprofile":"setnx"}`},
		{"link", link(nil), nil, "POST", "v2.0/idp/qq/user-association/", `{"code":"c"}`},
		{"link with user info", link(agreed()), nil, "POST", "v2.0/idp/qq/user-association/", `{"code":"c",` + proofJSON + `,"update_userprofile":"setnx"}`},
	},
	platform.Baidu{}: {
		{"silent", silentLogin, noUser, "POST", "v2.5/idp/baidu/silent-login/", `{"code":"c","create_user":false}`},
		{"user info", login(agreed()), nil, "POST", "v2.5/idp/baidu/authenticate/", `{"code":"c","create_user":true,"data":"canary-encrypted","iv":"canary-iv","update_userprofile":"setnx"}`},
		{"link", link(nil), nil, "POST", "v2.1/idp/baidu/user-association/", `{"code":"c"}`},
		{"link with user info", link(agreed()), nil, "POST", "v2.1/idp/baidu/user-association/", `{"code":"c",` + proofJSON + `,"update_userprofile":"setnx"}`},
	},
	platform.Alipay{}: {
		{"silent", silentLogin, nil, "POST", "v2.5/idp/alipay/silent-login/", `{"code":"c","create_user":true}`},
		{"user info", login(agreed()), noUser, "POST", "v2.5/idp/alipay/authenticate/", `{"code":"c","create_user":false,"update_userprofile":"setnx"}`},
		{"link", link(nil), nil, "PUT", "v2.0/idp/alipay/user-associate/", `{"code":"c","authorized":false}`},
		{"link with user info", link(agreed()), overwrite, "PUT", "v2.0/idp/alipay/user-associate/", `{"code":"c","update_userprofile":"overwrite","authorized":true}`},
	},
	platform.JD{}: {
		{"silent", silentLogin, nil, "POST", "v2.5/idp/jd/silent-login/", `{"code":"c","create_user":true}`},
		{"user info", login(agreed()), nil, "POST", "v2.5/idp/jd/authenticate/", `{"code":"c","create_user":true,"data":"canary-encrypted","iv":"canary-iv","userInfo":{"nickName":"Larry"},"update_userprofile":"setnx"}`},
		{"link", link(nil), nil, "POST", "v2.4/idp/jd/user-association/", `{"code":"c"}`},
		{"link with user info", link(agreed()), nil, "POST", "v2.4/idp/jd/user-association/", `{"code":"c","userInfo":{"nickName":"Larry"},"update_userprofile":"setnx"}`},
	},
}

func TestBodiesAreExact(t *testing.T) {
	for p, rows := range goldens {
		for _, tt := range rows {
			t.Run(p.Name()+" "+tt.name, func(t *testing.T) {
				params, err := Given([]any{tt.option})
				require.NoError(t, err)
				if !strings.Contains(tt.path, "phone-verification") && tt.name != "update user info without a code" {
					require.NoError(t, params.SetCode("c"))
				}
				before := params
				c, err := tt.make(of(t, p), &params)
				require.NoError(t, err)
				require.Equal(t, tt.method, c.request.Method)
				require.Equal(t, "/hserve/"+tt.path, c.request.Path)
				require.Equal(t, p.Client(), c.request.Platform)
				require.Equal(t, tt.body, c.request.Body)
				require.Equal(t, before, params, "the options are the caller's")
				requireSecrets(t, c)
			})
		}
	}
}

// A platform without rows of its own is a platform that nobody has looked at.
func TestEveryCallHasAGolden(t *testing.T) {
	for _, p := range platform.All() {
		for kind, make := range map[string]operation{
			"silent": silentLogin, "user info": login(agreed()), "phone": login(phone("")), "update phone": updatePhone(phone("")),
			"update user info": updateInfo(agreed()), "link": link(nil), "link with user info": link(agreed()),
		} {
			params := Defaults()
			_, err := make(of(t, p), &params)
			has := slices.ContainsFunc(goldens[p], func(g golden) bool { return g.name == kind || strings.HasPrefix(g.name, kind+",") })
			require.Equal(t, herror.CodeOf(err) != herror.UnsupportedFunction, has, "golden row %q of platform %s", kind, p.Name())
		}
	}
}

// requireSecrets asserts that every secret text of a body is named as one.
func requireSecrets(t *testing.T, c *Call) {
	t.Helper()
	var body map[string]any
	require.NoError(t, json.Unmarshal([]byte(c.request.Body), &body))
	for _, field := range []string{"code", "phone_code", "encryptedData", "data", "iv", "signature", "rawData"} {
		if text, ok := body[field]; ok {
			require.Contains(t, c.request.Secrets, text, field)
		}
	}
}

// The event data and the options are the caller's, and are never written to.
func TestDataIsNeverModified(t *testing.T) {
	for _, p := range platform.All() {
		s, data, params := of(t, p), agreed(), Defaults()
		for range 2 {
			_, _ = s.Login(data, &params)
			_, _ = s.Link(data, &params)
			_, _ = s.UpdatePhone(data, &params)
			_, _ = s.UpdateUserInfo(data, &params)
		}
		require.Equal(t, agreed(), data, p.Name())
		require.Equal(t, Defaults(), params, p.Name())
	}
}
