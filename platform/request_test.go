package platform_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/call"
	"github.com/hydrogen-go/baas/platform"
)

func TestByName(t *testing.T) {
	for name, want := range map[string]platform.Platform{
		"kuaishou": platform.Kuaishou{}, "ks": platform.Kuaishou{},
		"bytedance": platform.ByteDance{}, "tt": platform.ByteDance{},
		"wechat": platform.WeChat{}, "wx": platform.WeChat{},
		"qq": platform.QQ{}, "baidu": platform.Baidu{},
		"alipay": platform.Alipay{}, "my": platform.Alipay{},
		"jd": platform.JD{}, "jingdong": platform.JD{},
	} {
		got, ok := platform.ByName(name)
		require.True(t, ok, name)
		require.Equal(t, want, got, name)
	}
	for _, name := range []string{"", "KS", "Kuaishou", "weibo", "ks "} {
		got, ok := platform.ByName(name)
		require.False(t, ok, name)
		require.Nil(t, got)
	}
}

func TestNames(t *testing.T) {
	clients := map[string]string{
		"kuaishou": "KUAISHOU", "bytedance": "BYTEDANCE", "wechat": "WECHAT", "qq": "QQ",
		"baidu": "BAIDU", "alipay": "ALIPAY", "jd": "JINGDONG",
	}
	seen := make(map[string]bool)
	for _, p := range platform.All() {
		require.Equal(t, clients[p.Name()], p.Client())
		for _, name := range append(p.Aliases(), p.Name()) {
			require.False(t, seen[name], "two platforms are called "+name)
			require.Equal(t, strings.ToLower(name), name)
			seen[name] = true
		}
	}
	require.Len(t, platform.All(), len(clients))

	all := platform.All()
	all[0] = nil
	require.NotContains(t, platform.All(), nil, "the list is the caller's own")
}

// Each option, alone, changes exactly its own field.
func TestOptions(t *testing.T) {
	login := func(o platform.LoginOption) func(*call.Params) { return o.ApplyToLogin }
	link := func(o platform.LinkOption) func(*call.Params) { return o.ApplyToLink }
	profile := func(o platform.ProfileOption) func(*call.Params) { return o.ApplyToProfile }
	phone := func(o platform.PhoneOption) func(*call.Params) { return o.ApplyToPhone }
	for _, tt := range []struct {
		name  string
		apply []func(*call.Params)
		want  func(*call.Params)
		given call.Given
	}{
		{
			"Code", []func(*call.Params){login(auth.Code("c")), link(auth.Code("c")), profile(auth.Code("c"))},
			func(p *call.Params) { p.Code = "c" }, call.Code,
		}, {
			"Code of nothing", []func(*call.Params){login(auth.Code(""))},
			func(*call.Params) {}, call.Code,
		}, {
			"CreateUser(false)", []func(*call.Params){login(auth.CreateUser(false))},
			func(p *call.Params) { p.CreateUser = false }, call.CreateUser,
		}, {
			"CreateUser(true)", []func(*call.Params){login(auth.CreateUser(true))},
			func(*call.Params) {}, call.CreateUser,
		}, {
			"SyncUserProfile(Overwrite)",
			[]func(*call.Params){
				login(auth.SyncUserProfile(platform.Overwrite)), link(auth.SyncUserProfile(platform.Overwrite)),
				profile(auth.SyncUserProfile(platform.Overwrite)),
			},
			func(p *call.Params) { p.SyncUserProfile = "overwrite" }, call.SyncUserProfile,
		}, {
			"SyncUserProfile(NoSync)", []func(*call.Params){login(auth.SyncUserProfile(platform.NoSync))},
			func(p *call.Params) { p.SyncUserProfile = "false" }, call.SyncUserProfile,
		}, {
			"SyncUserProfile(SetNX)", []func(*call.Params){login(auth.SyncUserProfile(platform.SetNX))},
			func(*call.Params) {}, call.SyncUserProfile,
		}, {
			"AppName", []func(*call.Params){login(auth.AppName("Douyin_Lite")), link(auth.AppName("DOUYIN_LITE"))},
			func(p *call.Params) { p.AppName = "douyin_lite" }, call.AppName,
		}, {
			"WithUnionID", []func(*call.Params){login(auth.WithUnionID(true)), link(auth.WithUnionID(true))},
			func(p *call.Params) { p.UnionID = true }, call.UnionID,
		}, {
			"Overwrite(false)", []func(*call.Params){phone(auth.Overwrite(false))},
			func(p *call.Params) { p.Overwrite = false }, call.Overwrite,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, apply := range tt.apply {
				got, want := call.Defaults(), call.Defaults()
				apply(&got)
				tt.want(&want)
				want.Given = tt.given
				require.Equal(t, want, got)
			}
		})
	}
}

func TestUnknownSyncModeIsRefused(t *testing.T) {
	for _, mode := range []platform.SyncMode{"", "true", "SETNX", "canary"} {
		for _, p := range platform.All() {
			params := call.Defaults()
			auth.SyncUserProfile(mode).ApplyToLogin(&params)
			params.Code = "code"
			for _, err := range everyError(p, agreed(), &params) {
				require.ErrorIs(t, err, herror.InvalidParameter, p.Name())
				require.NotContains(t, err.Error(), "canary")
			}
		}
	}
}

// everyError returns what the requests fail with that take login and link options.
func everyError(p platform.Platform, data *platform.AuthData, params *call.Params) []error {
	_, silent := p.SilentLogin(params)
	_, login := p.Login(data, params)
	_, link := p.Link(data, params)
	_, bare := p.Link(nil, params)
	return []error{silent, login, link, bare}
}

func TestUnsupportedOptionsAreRefused(t *testing.T) {
	options := map[string]platform.IdentityOption{"AppName": auth.AppName("douyin"), "WithUnionID": auth.WithUnionID(false)}
	takes := map[string][]string{"bytedance": {"AppName"}, "wechat": {"WithUnionID"}}
	for _, p := range platform.All() {
		for name, option := range options {
			params := call.Defaults()
			option(&params)
			for _, err := range everyError(p, agreed(), &params) {
				if slices.Contains(takes[p.Name()], name) {
					require.NoError(t, err, p.Name()+" "+name)
				} else {
					require.ErrorIs(t, err, herror.InvalidParameter, p.Name()+" "+name)
					require.ErrorContains(t, err, "option "+name)
				}
			}
		}
	}
	params := call.Defaults()
	auth.WithUnionID(true).ApplyToLogin(&params)
	_, err := platform.WeChat{}.Login(phone("c"), &params)
	require.ErrorIs(t, err, herror.InvalidParameter, "a phone login has no field for it")
}

func TestUnsupportedCalls(t *testing.T) {
	has := map[string][]string{
		"kuaishou": {"phone login", "update phone"},
		"wechat":   {"phone login", "update phone", "update user info"},
	}
	for _, p := range platform.All() {
		params := call.Defaults()
		params.Code = "code"
		for what, makes := range map[string]func() (call.Request, error){
			"phone login":      func() (call.Request, error) { return p.Login(phone(""), &params) },
			"update phone":     func() (call.Request, error) { return p.UpdatePhone(phone(""), &params) },
			"update user info": func() (call.Request, error) { return p.UpdateUserInfo(agreed(), &params) },
		} {
			r, err := makes()
			if slices.Contains(has[p.Name()], what) {
				require.NoError(t, err, p.Name()+" "+what)
				continue
			}
			require.ErrorIs(t, err, herror.UnsupportedFunction, p.Name()+" "+what)
			require.Equal(t, call.Request{}, r)
		}
	}
}

// Missing data is an error, never a panic and never half a request.
func TestMissingData(t *testing.T) {
	none := map[string]*platform.AuthData{
		"nil": nil, "empty": {}, "refused": {ErrMsg: "fail"}, "iv only": {IV: "i"}, "user info only": {UserInfo: json.RawMessage(`{}`)},
		"raw data only": {RawData: "r"}, "encrypted data only": {EncryptedData: "e"},
	}
	takesUserInfo := []string{"alipay", "jd"} // without any proof
	for name, data := range none {
		for _, p := range platform.All() {
			t.Run(p.Name()+" "+name, func(t *testing.T) {
				params := call.Defaults()
				params.Code = "code"
				_, login := p.Login(data, &params)
				_, link := p.Link(data, &params)
				_, phone := p.UpdatePhone(data, &params)
				_, profile := p.UpdateUserInfo(data, &params)
				for what, err := range map[string]error{"login": login, "link": link, "update phone": phone, "update user info": profile} {
					switch {
					case what == "link" && data == nil: // a link without user info
						require.NoError(t, err)
					case slices.Contains(takesUserInfo, p.Name()) && name == "user info only" && (what == "login" || what == "link"),
						p.Name() == "alipay" && name == "raw data only" && (what == "login" || what == "link"):
						require.NoError(t, err, what)
					default:
						code := herror.CodeOf(err)
						require.True(t, code == herror.InvalidParameter || code == herror.UnsupportedFunction, "%s: %v", what, err)
					}
				}
			})
		}
	}
}

func TestFailures(t *testing.T) {
	const phone, profile = platform.CallUpdatePhone, platform.CallUpdateUserInfo
	special := map[string]map[platform.Call]herror.Code{
		"kuaishou": {phone: herror.SessionMissing},
		"wechat":   {profile: herror.UserInfoSwitchOff},
	}
	for _, p := range platform.All() {
		for _, c := range []platform.Call{phone, profile} {
			forbidden := herror.FromBackend(403, "no")
			got := p.Failure(c, forbidden)
			if want, ok := special[p.Name()][c]; ok {
				require.Equal(t, want, got.Code, p.Name())
				require.ErrorIs(t, got, herror.Forbidden, "the cause stays")
				require.True(t, got.Sent())
			} else {
				require.Same(t, forbidden, got, p.Name())
			}
			other := herror.FromBackend(400, "no")
			require.Same(t, other, p.Failure(c, other), p.Name())
		}
	}
}

func TestRefusalIsSilentOnAlipayOnly(t *testing.T) {
	for _, p := range platform.All() {
		require.Equal(t, p.Name() == "alipay", p.SilentOnRefusal(), p.Name())
	}
}
