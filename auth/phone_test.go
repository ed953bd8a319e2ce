package auth_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
)

const number, otherNumber = "13800138000", "13900139000"

// phoneEvents are the events that give a phone number, and where they go.
var phoneEvents = []struct {
	name    string
	on      idp
	share   func(*baastest.Phone, string) *platform.AuthData
	version string
}{
	{"kuaishou", idps[0], (*baastest.Phone).AllowPhoneNumber, "v2.5"},
	{"wechat", idps[2], (*baastest.Phone).AllowPhoneNumber, "v2.7"},
	{"wechat, old event", idps[2], (*baastest.Phone).AllowPhoneNumberOld, "v2.5"},
}

func TestLoginWithAPhoneNumber(t *testing.T) {
	for _, tt := range phoneEvents {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			phone := w.person(tt.on.Name(), "openid-1")
			code := phone.Login()
			u, err := tt.on.Login(w.visitor(), ctx, tt.share(phone, number), auth.Code(code))
			require.NoError(t, err)
			require.Equal(t, number, u.Phone())
			require.True(t, u.PhoneVerified())
			require.Equal(t, "/hserve/"+tt.version+"/idp/"+tt.on.Name()+"/phone-login/", w.last().Path)
			require.Equal(t, tt.version == "v2.7", bytesContain(w.last().Body, "phone_code"))
		})
	}
}

func TestLoginWithAPhoneNumberFindsTheAccountThatHasIt(t *testing.T) {
	for _, tt := range phoneEvents {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			seeded, err := w.AddUser(baastest.User{Phone: number, PhoneVerified: true})
			require.NoError(t, err)
			phone := w.person(tt.on.Name(), "openid-1")
			code := phone.Login()
			u, err := tt.on.Login(w.visitor(), ctx, tt.share(phone, number), auth.Code(code), auth.CreateUser(false))
			require.NoError(t, err)
			require.Equal(t, seeded.ID, u.ID())
		})
	}
}

func TestAPhoneNumberOnPlatformsWithoutOneIsUnsupported(t *testing.T) {
	data := &platform.AuthData{EncryptedData: "ZW5j", IV: "aXY="}
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		if hasPhone(on) {
			return
		}
		a := w.visitor()
		_, err := on.Login(a, ctx, data, auth.Code("code-1"))
		fails(t, herror.UnsupportedFunction, err)
		require.Zero(t, w.sent())

		_, err = on.Login(a, ctx, nil, auth.Code(w.person(on.Name(), "openid-1").Login()))
		require.NoError(t, err)
		w.ResetJournal()
		_, err = a.UpdatePhoneNumber(ctx, data)
		fails(t, herror.UnsupportedFunction, err)
		require.Zero(t, w.sent())
	})
}

func TestUnionIDHasNoMeaningWithAPhoneNumber(t *testing.T) {
	w := newWorld(t)
	phone := w.WeChat("openid-1")
	code := phone.Login()
	_, err := w.visitor().LoginWithWechat(ctx, phone.AllowPhoneNumber(number), auth.Code(code), auth.WithUnionID(true))
	fails(t, herror.InvalidParameter, err)
	require.Zero(t, w.sent())
}

func TestUpdatePhoneNumber(t *testing.T) {
	for _, tt := range phoneEvents {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			phone, a := w.person(tt.on.Name(), "openid-1"), w.visitor()
			_, err := tt.on.Login(a, ctx, nil, auth.Code(phone.Login()))
			require.NoError(t, err)

			u, err := a.UpdatePhoneNumber(ctx, tt.share(phone, number))
			require.NoError(t, err)
			require.Equal(t, number, u.Phone())
			require.True(t, u.PhoneVerified())
			require.Equal(t, http.MethodPut, w.last().Method)
			require.Equal(t, "/hserve/"+tt.version+"/idp/"+tt.on.Name()+"/phone-verification/", w.last().Path)

			_, err = a.UpdatePhoneNumber(ctx, tt.share(phone, otherNumber), auth.Overwrite(false))
			require.EqualError(t, fails(t, herror.BadRequest, err), "400: phone number already bound")
			_, err = a.UpdatePhoneNumber(ctx, tt.share(phone, number), auth.Overwrite(false))
			require.NoError(t, err, "the same number is no other")
			u, err = a.UpdatePhoneNumber(ctx, tt.share(phone, otherNumber))
			require.NoError(t, err)
			require.Equal(t, otherNumber, u.Phone(), "overwrite is the default")
			current, err := a.CurrentUser(ctx)
			require.NoError(t, err)
			require.Equal(t, otherNumber, current.Phone())
		})
	}
}

func TestUpdatePhoneNumberOfAnotherUser(t *testing.T) {
	w := newWorld(t)
	_, err := w.AddUser(baastest.User{Phone: number, PhoneVerified: true})
	require.NoError(t, err)
	phone, a := w.Kuaishou("openid-1"), w.visitor()
	_, err = a.LoginWithKs(ctx, nil, auth.Code(phone.Login()))
	require.NoError(t, err)
	_, err = a.UpdatePhoneNumber(ctx, phone.AllowPhoneNumber(number))
	fails(t, herror.BadRequest, err)
}

func TestUpdatePhoneNumberWhenNotLoggedIn(t *testing.T) {
	for _, tt := range phoneEvents {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			phone, a := w.person(tt.on.Name(), "openid-1"), w.visitor()
			phone.Login()
			_, err := a.UpdatePhoneNumber(ctx, tt.share(phone, number))
			fails(t, herror.SessionMissing, err)
			require.Zero(t, w.sent())

			// A backend that does not know the token says 401, Kuaishou's also 403.
			for _, status := range []int{401, 403} {
				_, err = tt.on.Login(a, ctx, nil, auth.Code(phone.Login()))
				require.NoError(t, err)
				w.Fail("PUT /hserve/**", baastest.Fault{Status: status, Times: 1})
				_, err = a.UpdatePhoneNumber(ctx, tt.share(phone, number))
				if status == 403 && tt.on.Name() == "wechat" {
					fails(t, herror.Forbidden, err)
				} else {
					require.True(t, fails(t, herror.SessionMissing, err).Sent())
					require.ErrorIs(t, err, herror.Code(status), "the backend's own error is the cause")
				}
			}
		})
	}
}

// A session that an account login began is of no platform until one is linked.
func TestUpdatePhoneNumberAfterAnAccountLogin(t *testing.T) {
	for _, tt := range phoneEvents {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			phone, a := w.person(tt.on.Name(), "openid-1"), w.visitor()
			u, err := a.Register(ctx, auth.Credentials{Username: "ann", Password: "secret-1"})
			require.NoError(t, err)
			_, err = a.UpdatePhoneNumber(ctx, tt.share(phone, number))
			fails(t, herror.InvalidParameter, err)

			_, err = tt.on.Link(&u.Me, ctx, nil, auth.Code(phone.Login()))
			require.NoError(t, err)
			u, err = a.UpdatePhoneNumber(ctx, tt.share(phone, number))
			require.NoError(t, err)
			require.Equal(t, number, u.Phone())
		})
	}
}

func TestUpdatePhoneNumberWithBadData(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	_, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
	require.NoError(t, err)
	w.ResetJournal()
	for name, data := range map[string]*platform.AuthData{
		"nil":          nil,
		"empty":        {},
		"without iv":   {EncryptedData: "ZW5j"},
		"over-long":    {EncryptedData: string(make([]byte, 1<<20)), IV: "aXY="},
		"bad code":     {EncryptedData: "ZW5j", IV: "aXY=", Code: "\xff"},
		"only user ID": {UserInfo: []byte(`{"nickName":"Larry"}`)},
	} {
		_, err := a.UpdatePhoneNumber(ctx, data)
		require.ErrorIs(t, err, herror.InvalidParameter, name)
	}
	require.Zero(t, w.sent())
}

func bytesContain(b []byte, text string) bool { return bytes.Contains(b, []byte(text)) }

// A user who logged in with a password and is linked to a platform names it.
func TestUpdatePhoneNumberOnANamedPlatform(t *testing.T) {
	for _, p := range []platform.Platform{platform.Kuaishou{}, platform.WeChat{}} {
		t.Run(p.Name(), func(t *testing.T) {
			w := newWorld(t)
			phone := w.person(p.Name(), "openid-1")
			_, err := w.visitor().LoginOn(ctx, platform.QQ{}, nil, auth.Code(w.QQ("openid-2").Login()))
			require.NoError(t, err)
			me, err := w.visitor().Me(ctx)
			require.NoError(t, err)
			_, err = me.LinkOn(ctx, p, nil, auth.Code(phone.Login()))
			require.NoError(t, err)

			data := phone.AllowPhoneNumberOld("13800138000")
			_, err = w.visitor().UpdatePhoneNumber(ctx, data)
			fails(t, herror.UnsupportedFunction, err)
			u, err := w.visitor().UpdatePhoneNumber(ctx, data, auth.OnPlatform(p))
			require.NoError(t, err)
			require.Equal(t, "13800138000", u.Phone())
			_, err = w.visitor().UpdatePhoneNumber(ctx, data, auth.OnPlatform(nil))
			fails(t, herror.InvalidParameter, err)
		})
	}
}
