package idp

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/platform"
)

// everyError returns what the requests fail with that take login and link options.
func everyError(p Strategy, data *platform.AuthData, params *Params) []error {
	_, silent := p.SilentLogin(params)
	_, login := p.Login(data, params)
	_, link := p.Link(data, params)
	_, bare := p.Link(nil, params)
	return []error{silent, login, link, bare}
}

func TestUnsupportedOptionsAreRefused(t *testing.T) {
	options := map[string]any{"AppName": toutiao, "WithUnionID": platform.UnionIDOption{On: false}}
	takes := map[string][]string{"bytedance": {"AppName"}, "wechat": {"WithUnionID"}}
	for _, p := range platform.All() {
		for name, option := range options {
			params, err := Given([]any{option})
			require.NoError(t, err)
			for _, err := range everyError(of(t, p), agreed(), &params) {
				if slices.Contains(takes[p.Name()], name) {
					require.NoError(t, err, p.Name()+" "+name)
				} else {
					require.ErrorIs(t, err, herror.InvalidParameter, p.Name()+" "+name)
					require.ErrorContains(t, err, "option "+name)
				}
			}
		}
	}
	params, err := Given([]any{union})
	require.NoError(t, err)
	_, err = of(t, platform.WeChat{}).Login(phone("c"), &params)
	require.ErrorIs(t, err, herror.InvalidParameter, "a phone login has no field for it")
}

func TestUnsupportedCalls(t *testing.T) {
	has := map[string][]string{
		"kuaishou": {"phone login", "update phone"},
		"wechat":   {"phone login", "update phone", "update user info"},
	}
	for _, p := range platform.All() {
		params := Defaults()
		params.Code = "code"
		for what, make := range map[string]operation{
			"phone login": login(phone("")), "update phone": updatePhone(phone("")), "update user info": updateInfo(agreed()),
		} {
			c, err := make(of(t, p), &params)
			if slices.Contains(has[p.Name()], what) {
				require.NoError(t, err, p.Name()+" "+what)
				continue
			}
			require.ErrorIs(t, err, herror.UnsupportedFunction, p.Name()+" "+what)
			require.Nil(t, c)
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
				params := Defaults()
				params.Code = "code"
				s := of(t, p)
				_, login := s.Login(data, &params)
				_, link := s.Link(data, &params)
				_, phone := s.UpdatePhone(data, &params)
				_, profile := s.UpdateUserInfo(data, &params)
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

// The backend's 403 means something of its own to two calls.
func TestStatusesWithAMeaning(t *testing.T) {
	for _, p := range platform.All() {
		for name, tt := range map[string]struct {
			make operation
			want map[string]herror.Code
		}{
			"update phone":     {updatePhone(phone("")), map[string]herror.Code{"kuaishou": herror.SessionMissing}},
			"update user info": {updateInfo(agreed()), map[string]herror.Code{"wechat": herror.UserInfoSwitchOff}},
			"login":            {login(agreed()), nil},
			"link":             {link(agreed()), nil},
		} {
			for _, status := range []int{400, 403} {
				via := transport.New(transport.Config{
					BaseURL: "http://backend.test", ClientID: "c", Version: "v1", Timeout: time.Minute,
					HTTPClient: &http.Client{Transport: answers(status)},
				})
				s, err := New(via).Of(p)
				require.NoError(t, err)
				params := Defaults()
				c, err := tt.make(s, &params)
				if err != nil {
					require.ErrorIs(t, err, herror.UnsupportedFunction)
					continue
				}
				_, err = c.Send(t.Context(), "", "WEB")
				want := herror.Code(status)
				if meant, ok := tt.want[p.Name()]; ok && status == 403 {
					want = meant
				}
				require.Equal(t, want, herror.CodeOf(err), p.Name()+" "+name)
				require.ErrorIs(t, err, herror.Code(status), "the cause stays")
				var h *herror.HError
				require.ErrorAs(t, err, &h)
				require.True(t, h.Sent())
			}
		}
	}
}

// answers gives every request this status.
type answers int

func (status answers) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: int(status), Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func TestEveryPlatformHasAStrategy(t *testing.T) {
	require.Len(t, strategies, len(platform.All()))
	for _, p := range platform.All() {
		require.Equal(t, p, of(t, p).Platform())
	}
	_, err := strategies.Of(nil)
	require.ErrorIs(t, err, herror.InvalidParameter)
	_, err = strategies.Of(stranger{})
	require.ErrorIs(t, err, herror.InvalidParameter)
}

// stranger is a platform of somebody else's.
type stranger struct{ platform.QQ }

func (stranger) Name() string { return "stranger" }

func TestRefusalIsSilentOnAlipayOnly(t *testing.T) {
	for _, p := range platform.All() {
		require.Equal(t, p.Name() == "alipay", of(t, p).SilentOnRefusal(), p.Name())
	}
}

func TestAuthDataThatCannotBeSent(t *testing.T) {
	long := strings.Repeat("x", check.MaxData+1)
	for name, change := range map[string]func(*platform.AuthData){
		"long user info":      func(d *platform.AuthData) { d.UserInfo = json.RawMessage(`{"a":"` + long + `"}`) },
		"long raw data":       func(d *platform.AuthData) { d.RawData = long },
		"long signature":      func(d *platform.AuthData) { d.Signature = long },
		"long encrypted data": func(d *platform.AuthData) { d.EncryptedData = long },
		"long iv":             func(d *platform.AuthData) { d.IV = long },
		"user info no object": func(d *platform.AuthData) { d.UserInfo = json.RawMessage(`["canary"]`) },
		"user info no JSON":   func(d *platform.AuthData) { d.UserInfo = json.RawMessage(`{"canary`) },
		"long phone code":     func(d *platform.AuthData) { d.Code = strings.Repeat("c", check.MaxCode+1) },
		"phone code no UTF-8": func(d *platform.AuthData) { d.Code = "canary\xff" },
	} {
		t.Run(name, func(t *testing.T) {
			for _, p := range platform.All() {
				d, params := agreed(), Defaults()
				change(d)
				for what, makes := range map[string]operation{"login": login(d), "link": link(d)} {
					_, err := makes(of(t, p), &params)
					require.ErrorIs(t, err, herror.InvalidParameter, p.Name()+" "+what)
					require.NotContains(t, err.Error(), "canary")
				}
			}
		})
	}
}

// Whatever a phone sends, a payload is JSON or there is an error that does not quote it.
func FuzzPayload(f *testing.F) {
	for _, seed := range []string{
		`{"detail":{"errMsg":"getUserInfo:ok","userInfo":{"nickName":"a"},"rawData":"r","signature":"s","encryptedData":"e","iv":"i"}}`,
		`{"encryptedData":"e","iv":"i","code":"c"}`,
		`{"data":"e","iv":"i","userInfo":{"a":[1], "update_userprofile":"x"}}`,
		`{"authSuccessScopes":["auth_user"],"errorMessage":"m"}`,
		`{"detail":{"userInfo":"no object","iv":5}}`, `{"iv":"\ud800","rawData":"\u0000<&>\u2028"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		var d platform.AuthData
		if d.UnmarshalJSON(event) != nil {
			return
		}
		for _, p := range platform.All() {
			params := Defaults()
			for _, make := range []operation{login(&d), link(&d), updatePhone(&d), updateInfo(&d)} {
				c, err := make(of(t, p), &params)
				if err != nil {
					code := herror.CodeOf(err)
					require.True(t, code == herror.InvalidParameter || code == herror.UnsupportedFunction, err)
					require.Less(t, len(err.Error()), 120, "an error does not quote")
					continue
				}
				var body map[string]json.RawMessage
				require.NoError(t, json.Unmarshal([]byte(c.request.Body), &body))
				for field, want := range map[string]string{"rawData": d.RawData, "encryptedData": d.EncryptedData, "iv": d.IV, "signature": d.Signature} {
					if raw, ok := body[field]; ok && p.Name() != "wechat" { // whose plain user info may have any field
						var got string
						require.NoError(t, json.Unmarshal(raw, &got))
						require.Equal(t, want, got)
					}
				}
			}
		}
	})
}

// Only what the backend sees is kept as the user's, and no more of it than a phone has.
func TestSharedInfo(t *testing.T) {
	const signed = `{"nickName":"canary-raw"}`
	want := map[string]string{
		"kuaishou": signed, "bytedance": signed, "wechat": signed, "qq": signed,
		"jd": `{"nickName":"Larry"}`, "baidu": "", "alipay": "",
	}
	for _, p := range platform.All() {
		s := of(t, p)
		require.Equal(t, want[p.Name()], string(s.SharedInfo(agreed())), p.Name())
		require.Nil(t, s.SharedInfo(nil))
		require.Nil(t, s.SharedInfo(phone("")))
		large := agreed()
		large.RawData = `{"a":"` + strings.Repeat("x", maxShared) + `"}`
		large.UserInfo = json.RawMessage(large.RawData)
		require.Nil(t, s.SharedInfo(large))
		large.RawData, large.UserInfo = "[]", json.RawMessage("[]")
		require.Nil(t, s.SharedInfo(large))
	}
}
