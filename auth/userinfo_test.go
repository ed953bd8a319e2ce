package auth_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

func TestSilentLoginTellsWhoAndHowLong(t *testing.T) {
	w := newWorldWith(t, unionIDFromCode) // so that a silent login tells it
	phone, a := w.WeChat("openid-1").SetUnionID("union-1"), w.visitor()
	info, err := a.SilentLogin(ctx, auth.Code(phone.Login()))
	require.NoError(t, err)
	account, _ := w.UserOf(phone)
	ends := start.Add(baastest.DefaultTokenLife - 30*time.Second)
	want := auth.LoginInfo{ID: account.ID, OpenID: "openid-1", UnionID: "union-1", SessionExpiresAt: ends}
	require.Equal(t, want, info)

	again, err := a.SilentLogin(ctx)
	require.NoError(t, err)
	require.Equal(t, want, again)
	require.Equal(t, 1, w.sent(), "the session is the answer")

	text, err := json.Marshal(info)
	require.NoError(t, err)
	require.JSONEq(t, `{"id":61736923,"openid":"openid-1","unionid":"union-1","session_expires_at":1717571259}`, string(text))

	_, err = w.client.Auth("other").SilentLogin(ctx, auth.Code(w.WeChat("openid-2").Login()), auth.CreateUser(false))
	fails(t, herror.NotFound, err)
}

func TestHandleUserInfo(t *testing.T) {
	w := newWorld(t)
	phone, a := w.WeChat("openid-1").SetUnionID("union-1"), w.visitor()
	code := phone.Login()
	info, err := a.HandleUserInfo(ctx, phone.AllowUserInfo(), auth.Code(code))
	require.NoError(t, err)
	account, _ := w.UserOf(phone)
	want := &auth.UserInfo{
		LoginInfo: auth.LoginInfo{
			ID: account.ID, OpenID: "openid-1", UnionID: "union-1",
			SessionExpiresAt: start.Add(baastest.DefaultTokenLife - 30*time.Second),
		},
		NickName: "Larry", AvatarURL: "https://img.example.com/larry.png", Gender: 1,
		City: "Huizhou", Province: "Guangdong", Country: "China", Language: "zh_CN",
	}
	require.Equal(t, want, info)

	w.ResetJournal()
	cached, err := a.UserInfo(ctx)
	require.NoError(t, err)
	require.Equal(t, want, cached)
	require.Zero(t, w.sent())

	text, err := json.Marshal(info)
	require.NoError(t, err)
	require.JSONEq(t, `{"id":61736923,"openid":"openid-1","unionid":"union-1","session_expires_at":1717571259,
		"nickName":"Larry","avatarUrl":"https://img.example.com/larry.png","gender":1,
		"city":"Huizhou","province":"Guangdong","country":"China","language":"zh_CN"}`, string(text))
}

// A phone number has no user info: what the backend knows takes its place.
func TestHandleUserInfoWithAPhoneNumber(t *testing.T) {
	w := newWorld(t)
	phone, a := w.WeChat("openid-1"), w.visitor()
	code := phone.Login()
	_, err := a.HandleUserInfo(ctx, phone.AllowUserInfo(), auth.Code(code))
	require.NoError(t, err)
	code = phone.Login()
	info, err := a.HandleUserInfo(ctx, phone.AllowPhoneNumber(number), auth.Code(code))
	require.NoError(t, err)
	require.Equal(t, "Larry", info.NickName)
	require.Equal(t, "Huizhou", info.City)

	_, err = a.UserInfo(ctx)
	h := fails(t, herror.Unauthorized, err)
	require.Equal(t, info.ID, h.ID, "user info belongs to one login")
}

func TestHandleUserInfoErrors(t *testing.T) {
	w := newWorldWith(t, unionIDFromCode) // so that a refusal tells it
	phone, a := w.WeChat("openid-1").SetUnionID("union-1"), w.visitor()
	for _, data := range []*platform.AuthData{nil, {}} {
		_, err := a.HandleUserInfo(ctx, data, auth.Code("code-1"))
		fails(t, herror.InvalidParameter, err)
	}
	_, err := a.HandleUserInfo(ctx, phone.AllowUserInfo())
	fails(t, herror.InvalidParameter, err)
	_, err = a.HandleUserInfo(ctx, phone.AllowUserInfo(), auth.Code("code-1"), auth.AppName("douyin"))
	fails(t, herror.InvalidParameter, err)
	require.Zero(t, w.sent())

	code := phone.Login()
	_, err = a.HandleUserInfo(ctx, phone.AllowUserInfo(), auth.Code(code), auth.CreateUser(false))
	fails(t, herror.NotFound, err)

	code = phone.Login()
	_, err = a.HandleUserInfo(ctx, phone.RefuseUserInfo(), auth.Code(code))
	h := fails(t, herror.Unauthorized, err)
	account, _ := w.UserOf(phone)
	require.Equal(t, []any{account.ID, "openid-1", "union-1"}, []any{h.ID, h.OpenID, h.UnionID})
	text, err := json.Marshal(h)
	require.NoError(t, err)
	want := fmt.Sprintf(`{"id":61736923,"openid":"openid-1","unionid":"union-1","code":603,"message":"unauthorized","session_expires_at":%d}`,
		start.Add(baastest.DefaultTokenLife-30*time.Second).Unix())
	require.JSONEq(t, want, string(text))
}

func TestUserInfoWithout(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	_, err := a.UserInfo(ctx)
	fails(t, herror.SessionMissing, err)

	_, err = a.SilentLogin(ctx, auth.Code(w.WeChat("openid-1").Login()))
	require.NoError(t, err)
	_, err = a.UserInfo(ctx)
	require.Equal(t, "openid-1", fails(t, herror.Unauthorized, err).OpenID)

	w.Clock().Advance(baastest.DefaultTokenLife)
	_, err = a.UserInfo(ctx)
	fails(t, herror.SessionMissing, err)
}

// A server that is posted only what proves the user info has the user info too.
func TestUserInfoFromTheRawData(t *testing.T) {
	w := newWorld(t)
	phone, a := w.WeChat("openid-1").SetProfile(baastest.Profile{NickName: "Ann", City: "Paris", Gender: 2}), w.visitor()
	code := phone.Login()
	data := phone.AllowUserInfo()
	data.UserInfo = nil
	handled, err := a.HandleUserInfo(ctx, data, auth.Code(code))
	require.NoError(t, err)
	cached, err := a.UserInfo(ctx)
	require.NoError(t, err)
	require.Equal(t, handled, cached)
	require.Equal(t, []any{"Ann", "Paris", 2}, []any{cached.NickName, cached.City, cached.Gender})

	phone.SetProfile(baastest.Profile{NickName: "Barry"})
	code = phone.Login()
	data = phone.UserProfile()
	data.UserInfo = nil
	_, err = a.UpdateUserInfo(ctx, data, auth.Code(code))
	require.NoError(t, err)
	cached, err = a.UserInfo(ctx)
	require.NoError(t, err)
	require.Equal(t, "Barry", cached.NickName)
}

// What the caller does to the data after a call changes no session.
func TestUserInfoIsACopy(t *testing.T) {
	w := newWorld(t)
	phone, a := w.WeChat("openid-1").SetProfile(baastest.Profile{NickName: "Ann"}), w.client.Resume(session.Session{})
	code := phone.Login()
	data := phone.AllowUserInfo()
	for _, call := range []func() error{
		func() error { return second(a.LoginWithWechat(ctx, data, auth.Code(code))) },
		func() error { return second(a.UpdateUserInfo(ctx, data)) },
	} {
		require.NoError(t, call())
		clear(data.UserInfo)
		info, err := a.UserInfo(ctx)
		require.NoError(t, err)
		require.Equal(t, "Ann", info.NickName)
		data = phone.UserProfile()
	}
}

func TestUpdateUserInfo(t *testing.T) {
	tests := map[string]struct {
		version string
		opts    func(code string) []platform.ProfileOption
	}{
		"with a code": {"v2.6", func(code string) []platform.ProfileOption {
			return []platform.ProfileOption{auth.Code(code), auth.SyncUserProfile(platform.Overwrite)}
		}},
		"without": {"v2.5", func(string) []platform.ProfileOption {
			return []platform.ProfileOption{auth.SyncUserProfile(platform.Overwrite)}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			phone, a := w.WeChat("openid-1"), w.visitor()
			code := phone.Login()
			_, err := a.LoginWithWechat(ctx, phone.AllowUserInfo(), auth.Code(code))
			require.NoError(t, err)
			phone.SetProfile(baastest.Profile{NickName: "Barry", City: "Paris"})
			code = phone.Login()
			u, err := a.UpdateUserInfo(ctx, phone.UserProfile(), tt.opts(code)...)
			require.NoError(t, err)
			require.Equal(t, "Barry", u.Nickname())
			require.Equal(t, "Paris", u.City())
			require.Equal(t, http.MethodPut, w.last().Method)
			require.Equal(t, "/hserve/"+tt.version+"/idp/wechat/user/info/", w.last().Path)
			info, err := a.UserInfo(ctx)
			require.NoError(t, err)
			require.Equal(t, "Barry", info.NickName, "it is the user info from now on")
		})
	}
}

func TestUpdateUserInfoErrors(t *testing.T) {
	w := newWorld(t)
	phone, a := w.WeChat("openid-1"), w.visitor()
	_, err := a.UpdateUserInfo(ctx, phone.UserProfile())
	fails(t, herror.SessionMissing, err)
	_, err = a.UpdateUserInfo(ctx, nil)
	fails(t, herror.InvalidParameter, err)
	require.Zero(t, w.sent())

	_, err = a.LoginWithWechat(ctx, nil, auth.Code(phone.Login()))
	require.NoError(t, err)
	_, err = a.UpdateUserInfo(ctx, phone.AllowPhoneNumber(number), auth.Code("code-1"))
	fails(t, herror.UnsupportedFunction, err) // a phone number is no user info
	_, err = a.UpdateUserInfo(ctx, phone.UserProfile(), auth.Code(""))
	fails(t, herror.InvalidParameter, err) // a code that got lost is not one that was never given
	require.Equal(t, 1, w.sent())

	w.SetUserInfoUpdates(false)
	code := phone.Login()
	_, err = a.UpdateUserInfo(ctx, phone.UserProfile(), auth.Code(code))
	h := fails(t, herror.UserInfoSwitchOff, err)
	require.EqualError(t, h, "616: please enable sdk update platform user info first")
	require.ErrorIs(t, err, herror.Forbidden)

	w.Fail("PUT /hserve/**", baastest.Fault{Status: 401, Times: 1})
	_, err = a.UpdateUserInfo(ctx, phone.UserProfile())
	fails(t, herror.SessionMissing, err)
	_, err = a.CurrentUser(ctx)
	fails(t, herror.SessionMissing, err)

	for _, on := range idps {
		if on.Name() == "wechat" {
			continue
		}
		_, err = on.Login(a, ctx, nil, auth.Code(w.person(on.Name(), "openid-1").Login()))
		require.NoError(t, err)
		w.ResetJournal()
		_, err = a.UpdateUserInfo(ctx, phone.UserProfile())
		fails(t, herror.UnsupportedFunction, err)
		require.Zero(t, w.sent())
	}
}

// What the phone says of the user beside the signed data is not believed.
func TestUserInfoBesideTheSignedDataIsNotKept(t *testing.T) {
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		phone, a := w.person(on.Name(), "openid-1"), w.visitor()
		code := phone.Login()
		data := phone.AllowUserInfo()
		if on.Name() != "jd" { // whose user info is sent as it is, and believed by the backend
			data.UserInfo = json.RawMessage(`{"nickName":"forged"}`)
		}
		_, err := on.Login(a, ctx, data, auth.Code(code))
		require.NoError(t, err)
		s, err := a.Session(ctx)
		require.NoError(t, err)
		require.NotContains(t, string(s.UserInfo), "forged")
	})
}
