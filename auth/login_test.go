package auth_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
)

func TestSilentLogin(t *testing.T) {
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		phone, a := w.person(on.Name(), "openid-1"), w.visitor()

		u, err := on.Login(a, ctx, nil, auth.Code(phone.Login()))
		require.NoError(t, err)

		account, ok := w.UserOf(phone)
		require.True(t, ok)
		require.Equal(t, account.ID, u.ID())
		require.False(t, u.Authorized())
		require.Equal(t, start.Add(baastest.DefaultTokenLife-30*time.Second), u.SessionExpiresAt())

		s, err := a.Session(ctx)
		require.NoError(t, err)
		require.Equal(t, account.ID, s.UserID)
		require.Equal(t, on.Name(), s.Platform)
		require.Equal(t, u.OpenID(), s.OpenID)
		require.Equal(t, start, s.LoggedInAt)
		require.Equal(t, u.SessionExpiresAt(), s.ExpiresAt)
		require.Nil(t, s.UserInfo)

		require.Equal(t, 1, w.sent())
		require.Equal(t, "/hserve/v2.5/idp/"+on.Name()+"/silent-login/", w.last().Path)
		require.Equal(t, on.Client(), w.last().Header.Get("X-Hydrogen-Client-Platform"))
	})
}

func TestLoginWithUserInfo(t *testing.T) {
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		phone, a := w.person(on.Name(), "openid-1"), w.visitor()

		code := phone.Login()
		u, err := on.Login(a, ctx, phone.AllowUserInfo(), auth.Code(code))
		require.NoError(t, err)

		account, ok := w.UserOf(phone)
		require.True(t, ok)
		require.Equal(t, account.ID, u.ID())
		require.Equal(t, "/hserve/v2.5/idp/"+on.Name()+"/authenticate/", w.last().Path)
		require.True(t, u.Authorized())
		require.Equal(t, phone.Profile().NickName, u.Nickname())
		require.True(t, u.Provider(on.Platform).Exists())

		s, err := a.Session(ctx)
		require.NoError(t, err)
		if on.Name() == "baidu" || on.Name() == "alipay" {
			require.Nil(t, s.UserInfo, "the phone's own user info is not sent, so nothing proves it")
			return
		}
		var info struct{ NickName string }
		require.NoError(t, json.Unmarshal(s.UserInfo, &info))
		require.Equal(t, phone.Profile().NickName, info.NickName)
	})
}

func TestDataNewerOrOlderThanTheCodeIsRefused(t *testing.T) {
	for _, on := range idps {
		if on.Name() == "alipay" || on.Name() == "baidu" {
			continue // Alipay encrypts nothing, and Baidu's key stays
		}
		t.Run(on.Name(), func(t *testing.T) {
			w := newWorld(t)
			phone := w.person(on.Name(), "openid-1")
			phone.Login()
			older := phone.AllowUserInfo()
			code := phone.Login()
			_, err := on.Login(w.visitor(), ctx, older, auth.Code(code))
			require.True(t, fails(t, herror.BadRequest, err).Sent(), "the code may be spent")

			code = phone.Login()
			phone.Login()
			_, err = on.Login(w.visitor(), ctx, phone.AllowUserInfo(), auth.Code(code))
			fails(t, herror.BadRequest, err)
		})
	}
}

func TestCreateUserFalseWithoutAnAccountIsNotFound(t *testing.T) {
	type sharing func(*baastest.Phone) *platform.AuthData
	shares := map[string]sharing{
		"silent":    func(*baastest.Phone) *platform.AuthData { return nil },
		"user info": (*baastest.Phone).AllowUserInfo,
		"phone":     func(p *baastest.Phone) *platform.AuthData { return p.AllowPhoneNumber("13800138000") },
	}
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		for name, share := range shares {
			if name == "phone" && !hasPhone(on) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				phone, a := w.person(on.Name(), "openid-"+name), w.client.Auth(name)
				code := phone.Login()
				_, err := on.Login(a, ctx, share(phone), auth.Code(code), auth.CreateUser(false))
				require.EqualError(t, fails(t, herror.NotFound, err), "404: not found")
				_, linked := w.UserOf(phone)
				require.False(t, linked)
				s, err := a.Session(ctx)
				require.NoError(t, err)
				require.True(t, s.IsZero())

				// True is the default, and the account that it makes is found from then on.
				code = phone.Login()
				made, err := on.Login(a, ctx, share(phone), auth.Code(code))
				require.NoError(t, err)
				code = phone.Login()
				found, err := on.Login(a, ctx, share(phone), auth.Code(code), auth.CreateUser(false))
				require.NoError(t, err)
				require.Equal(t, made.ID(), found.ID())
			})
		}
	})
}

func hasPhone(on idp) bool { return on.Name() == "kuaishou" || on.Name() == "wechat" }

func TestSyncUserProfile(t *testing.T) {
	tests := []struct {
		name     string
		opts     []platform.LoginOption
		nickname string // after the platform's has changed from Larry to Barry
		gender   int    // which the account did not have
	}{
		{"default", nil, "Larry", 2},
		{"setnx", []platform.LoginOption{auth.SyncUserProfile(platform.SetNX)}, "Larry", 2},
		{"overwrite", []platform.LoginOption{auth.SyncUserProfile(platform.Overwrite)}, "Barry", 2},
		{"false", []platform.LoginOption{auth.SyncUserProfile(platform.NoSync)}, "Larry", 0},
	}
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				phone, a := w.person(on.Name(), "openid-"+tt.name), w.visitor()
				phone.SetProfile(baastest.Profile{NickName: "Larry"})
				code := phone.Login()
				_, err := on.Login(a, ctx, phone.AllowUserInfo(), auth.Code(code))
				require.NoError(t, err)

				phone.SetProfile(baastest.Profile{NickName: "Barry", Gender: 2})
				code = phone.Login()
				u, err := on.Login(a, ctx, phone.AllowUserInfo(), append(tt.opts, auth.Code(code))...)
				require.NoError(t, err)
				require.Equal(t, tt.nickname, u.Nickname())
				require.Equal(t, tt.gender, u.Gender())
				again, err := a.CurrentUser(ctx)
				require.NoError(t, err)
				require.Equal(t, tt.nickname, again.Nickname())
				require.Equal(t, tt.gender, again.Gender())
			})
		}
	})
}

func TestByteDanceAppName(t *testing.T) {
	for name, want := range map[string]string{"": "douyin", "Toutiao": "toutiao", "DOUYIN_LITE": "douyin_lite"} {
		w := newWorld(t)
		phone := w.ByteDance("openid-1")
		opts := []platform.LoginOption{auth.Code(phone.Login())}
		if name != "" {
			opts = append(opts, auth.AppName(name))
		}
		_, err := w.visitor().LoginWithTt(ctx, nil, opts...)
		require.NoError(t, err)
		var body struct {
			AppName string `json:"app_name"`
		}
		require.NoError(t, json.Unmarshal(w.last().Body, &body))
		require.Equal(t, want, body.AppName)
	}
}

func TestWeChatUnionID(t *testing.T) {
	w := newWorldWith(t, unionIDFromUserInfo) // because a first login tells none there
	phone := w.WeChat("openid-1").SetUnionID("union-1")
	first, err := w.client.Auth("one").LoginWithWechat(ctx, nil, auth.Code(phone.Login()))
	require.NoError(t, err)
	require.Empty(t, first.UnionID(), "a login by openid sets none")

	same, err := w.client.Auth("two").LoginWithWechat(ctx, nil, auth.Code(phone.Login()), auth.WithUnionID(true))
	require.NoError(t, err)
	require.Equal(t, first.ID(), same.ID())
	require.Equal(t, "union-1", same.UnionID())

	// The user of a web login, with this openid from now on.
	web, err := w.AddUser(baastest.User{WeChatUnionID: "union-2"})
	require.NoError(t, err)
	other := w.WeChat("openid-2").SetUnionID("union-2")
	found, err := w.client.Auth("three").LoginWithWechat(ctx, nil, auth.Code(other.Login()), auth.WithUnionID(true), auth.CreateUser(false))
	require.NoError(t, err)
	require.Equal(t, web.ID, found.ID())
	again, err := w.client.Auth("four").LoginWithWechat(ctx, nil, auth.Code(other.Login()))
	require.NoError(t, err)
	require.Equal(t, web.ID, again.ID())

	third := w.WeChat("openid-3").SetUnionID("union-2")
	_, err = w.client.Auth("five").LoginWithWechat(ctx, nil, auth.Code(third.Login()), auth.WithUnionID(true))
	fails(t, herror.BadRequest, err)
}

// Bad arguments get their error before anything is sent.
func TestBadLoginArguments(t *testing.T) {
	long := string(make([]byte, 2000))
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		phone, a := w.person(on.Name(), "openid-1"), w.visitor()
		tests := map[string]struct {
			data *platform.AuthData
			opts []platform.LoginOption
		}{
			"no code":                 {},
			"empty code":              {opts: []platform.LoginOption{auth.Code("")}},
			"code over-long":          {opts: []platform.LoginOption{auth.Code(long)}},
			"code not UTF-8":          {opts: []platform.LoginOption{auth.Code("a\xff")}},
			"code with control bytes": {opts: []platform.LoginOption{auth.Code("a\nb")}},
			"unknown sync mode":       {opts: []platform.LoginOption{auth.Code("c"), auth.SyncUserProfile("nonsense")}},
			"empty data":              {data: &platform.AuthData{}, opts: []platform.LoginOption{auth.Code("c")}},
			"user info without a code": {
				data: phone.AllowUserInfo(),
			},
			"user info over-long": {
				data: &platform.AuthData{UserInfo: json.RawMessage(`"` + long + `"`), RawData: "r"},
				opts: []platform.LoginOption{auth.Code("c")},
			},
		}
		if on.Name() != "bytedance" {
			tests["app name elsewhere"] = struct {
				data *platform.AuthData
				opts []platform.LoginOption
			}{opts: []platform.LoginOption{auth.Code("c"), auth.AppName("douyin")}}
		}
		if on.Name() != "wechat" {
			tests["union id elsewhere"] = struct {
				data *platform.AuthData
				opts []platform.LoginOption
			}{opts: []platform.LoginOption{auth.Code("c"), auth.WithUnionID(true)}}
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				_, err := on.Login(a, ctx, tt.data, tt.opts...)
				require.False(t, fails(t, herror.InvalidParameter, err).Sent())
			})
		}
		require.Zero(t, w.sent())
	})
}

func TestEventDataIsNeverModified(t *testing.T) {
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		phone := w.person(on.Name(), "openid-1")
		code := phone.Login()
		data := phone.AllowUserInfo()
		before, err := json.Marshal(data)
		require.NoError(t, err)
		_, err = on.Login(w.visitor(), ctx, data, auth.Code(code))
		require.NoError(t, err)
		after, err := json.Marshal(data)
		require.NoError(t, err)
		require.JSONEq(t, string(before), string(after))
	})
}

func TestTokenThatALoginIsRefusedForIsDropped(t *testing.T) {
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		phone := w.person(on.Name(), "openid-1")
		a := w.visitor()
		_, err := on.Login(a, t.Context(), nil, auth.Code(phone.Login()))
		require.NoError(t, err)

		w.Fail("POST /hserve/v2.5/idp/*/silent-login/", baastest.Fault{Times: 1, Status: http.StatusUnauthorized})
		_, err = on.Login(a, t.Context(), nil, auth.Code(phone.Login()))
		require.ErrorIs(t, err, herror.NotAuthenticated)
		s, err := a.Session(t.Context())
		require.NoError(t, err)
		require.True(t, s.IsZero(), "the backend does not know the token")

		_, err = on.Login(a, t.Context(), nil, auth.Code(phone.Login()))
		require.NoError(t, err)
		require.Empty(t, w.last().Header.Get("Authorization"))
	})
}

func TestWrongPasswordKeepsTheSession(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	_, err := a.AnonymousLogin(t.Context())
	require.NoError(t, err)
	w.Fail("POST /hserve/v2.1/login/username/", baastest.Fault{Times: 1, Status: http.StatusUnauthorized})
	_, err = a.Login(t.Context(), auth.Credentials{Username: "ann", Password: "wrong"})
	require.ErrorIs(t, err, herror.NotAuthenticated)
	_, err = a.CurrentUser(t.Context())
	require.NoError(t, err, "an anonymous user would be lost for good")
}
