package auth_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// Differences from the vendor's client, see docs/differences.md, that no other test
// holds.

// A code of a text message keeps its leading zero.
func TestSMSRequestsAreExact(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	w.Fail("POST /hserve/**", baastest.Fault{Status: 201, Body: `{"status":"ok","token":"t","expires_in":60,"id":7}`})
	for _, tt := range []struct {
		call func() error
		want string
	}{
		{func() error { return a.SendSmsCode(ctx, number) }, `{"phone":"13800138000"}`},
		{func() error { return a.SendSmsCode(ctx, number, nil, auth.SignatureID(5)) }, `{"phone":"13800138000","signature_id":5}`},
		{func() error { return a.VerifySmsCode(ctx, number, "012345") }, `{"phone":"13800138000","code":"012345"}`},
		{
			func() error { return second(a.LoginWithSmsVerificationCode(ctx, number, "012345")) },
			`{"phone":"13800138000","code":"012345","create_user":true}`,
		},
	} {
		require.NoError(t, tt.call())
		require.Equal(t, tt.want, string(w.last().Body))
	}
}

func TestBadSMSAndResetArguments(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	for name, text := range map[string]string{"empty": "", "over-long": strings.Repeat("1", 2000), "not UTF-8": "\xff"} {
		for call, err := range map[string]error{
			"SendSmsCode":          a.SendSmsCode(ctx, text),
			"VerifySmsCode, phone": a.VerifySmsCode(ctx, text, "123456"),
			"VerifySmsCode, code":  a.VerifySmsCode(ctx, number, text),
			"SMS login, phone":     second(a.LoginWithSmsVerificationCode(ctx, text, "123456")),
			"SMS login, code":      second(a.LoginWithSmsVerificationCode(ctx, number, text)),
			"RequestPasswordReset": a.RequestPasswordReset(ctx, text),
			"Login, username":      second(a.Login(ctx, auth.Credentials{Username: text, Password: password})),
			"Register, password":   second(a.Register(ctx, auth.Credentials{Username: "ann", Password: text})),
		} {
			require.ErrorIs(t, err, herror.InvalidParameter, "%s: %s", call, name)
		}
	}
	require.Zero(t, w.sent())
}

// The code and text of a kind of login that the app has not enabled.
func TestALoginThatIsNotEnabled(t *testing.T) {
	b, err := baastest.New(baastest.WithoutLogins("email"))
	require.NoError(t, err)
	client, err := b.Client()
	require.NoError(t, err)
	ann := auth.Credentials{Email: "ann@example.com", Password: password}
	for _, call := range []func(context.Context, auth.Credentials) (*user.CurrentUser, error){client.Auth("v").Register, client.Auth("v").Login} {
		_, err = call(ctx, ann)
		require.EqualError(t, fails(t, 405, err), "405: Please enable email login first.")
	}
}

// Every status from 200 to 299 is success, on every platform and in every call.
func TestEvery2xxIsSuccess(t *testing.T) {
	const body = `{"status":"ok","token":"t","expires_in":60,"id":7,"user_id":7,"user_info":{"id":7,"openid":"o"}}`
	for _, status := range []int{200, 201, 202, 299} {
		eachPlatform(t, func(t *testing.T, w *world, on idp) {
			phone, a := w.person(on.Name(), "openid-1"), w.visitor()
			code := phone.Login()
			data := phone.AllowUserInfo()
			w.Fail("/hserve/**", baastest.Fault{Status: status, Body: body})
			_, err := on.Login(a, ctx, nil, auth.Code(code))
			require.NoError(t, err)
			u, err := on.Login(a, ctx, data, auth.Code(code))
			require.NoError(t, err)
			linked, err := on.Link(&u.Me, ctx, data, auth.Code(code))
			require.NoError(t, err)
			require.Equal(t, status, linked.StatusCode)
			if hasPhone(on) {
				_, err = a.UpdatePhoneNumber(ctx, &platform.AuthData{EncryptedData: "e", IV: "i"})
				require.NoError(t, err)
			}
			if on.Name() == "wechat" {
				_, err = a.UpdateUserInfo(ctx, data)
				require.NoError(t, err)
			}
			require.NoError(t, u.Set("age", 1).Update(ctx))
			require.NoError(t, a.SendSmsCode(ctx, number))
			require.NoError(t, a.Logout(ctx))
		})
	}
}

// The JSON null as an error's body is a body without a text.
func TestErrorBodyOfNull(t *testing.T) {
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		w.Fail("/hserve/**", baastest.Fault{Status: 400, Body: "null"})
		_, err := on.Login(w.visitor(), ctx, nil, auth.Code("code-1"))
		require.EqualError(t, fails(t, herror.BadRequest, err), "400: unknown error")
	})
}

// A call for which nobody need be logged in survives a token that the backend has
// forgotten: it is sent once more without one, and no code is minted for it.
func TestPublicCallsSurviveAStaleToken(t *testing.T) {
	const path = "/hserve/**"
	for name, call := range map[string]func(*auth.Auth) error{
		"SendSmsCode":          func(a *auth.Auth) error { return a.SendSmsCode(ctx, number) },
		"VerifySmsCode":        func(a *auth.Auth) error { return a.VerifySmsCode(ctx, number, "012345") },
		"RequestPasswordReset": func(a *auth.Auth) error { return a.RequestPasswordReset(ctx, "ann@example.com") },
		"GetServerDate":        func(a *auth.Auth) error { return second(a.GetServerDate(ctx)) },
		"ThirdPartyAuth": func(a *auth.Auth) error {
			return second(a.ThirdPartyAuth(ctx, platform.Weibo, "https://app.example/back"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, noCodes(t))
			a := w.enter()
			w.Fail(path, baastest.Fault{Status: 401, Times: 1})
			w.Fail(path, baastest.Fault{Status: 200, Body: `{"time":"2024-05-06T15:08:09+08:00","status":"ok","redirect_url":"https://provider.example/"}`})
			require.NoError(t, call(a))
			sent := w.Requests()
			require.Len(t, sent, 2)
			require.NotEmpty(t, sent[0].Header.Get("Authorization"))
			require.Empty(t, sent[1].Header.Get("Authorization"))
			require.Equal(t, sent[0].Path, sent[1].Path)
			s, err := a.Session(ctx)
			require.NoError(t, err)
			require.True(t, s.IsZero())
		})
	}
}

// A raw request is sent again as it was, also if the new login is another user's.
func TestARawRequestIsNotRewritten(t *testing.T) {
	var w *world
	next := "openid-a"
	w = newWorld(t, baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) {
		return w.Kuaishou(next).Login(), nil
	}))
	a := w.visitor()
	ann, err := a.CurrentUser(ctx)
	require.NoError(t, err)
	w.RevokeTokens(ann.ID())
	next = "openid-b"
	w.ResetJournal()
	path := fmt.Sprintf("/hserve/v2.5/user/info/%d/", ann.ID())
	_, err = a.Request(ctx, auth.Request{Path: path})
	require.NoError(t, err)
	require.Equal(t, []string{path, "/hserve/v2.5/idp/kuaishou/silent-login/", path}, paths(w))
}

// A request adds nothing to the caller's header.
func TestTheCallersHeaderIsNotModified(t *testing.T) {
	w := newWorld(t, baas.WithEnv("env-1"))
	header := http.Header{"X-Trace": {"t-1"}}
	_, err := w.visitor().Request(ctx, auth.Request{Path: timePath, Header: header})
	require.NoError(t, err)
	require.Equal(t, "env-1", w.last().Header.Get("X-Hydrogen-Env-ID"))
	require.Equal(t, http.Header{"X-Trace": {"t-1"}}, header)
}

// A login with a phone number needs the code that the phone got before.
func TestALoginWithAPhoneNumberNeedsACode(t *testing.T) {
	for _, tt := range phoneEvents {
		w := newWorld(t)
		_, err := tt.on.Login(w.visitor(), ctx, &platform.AuthData{EncryptedData: "e", IV: "i", Code: "phone-code"})
		h := fails(t, herror.InvalidParameter, err)
		require.Contains(t, h.Message, "no login code", tt.name)
		require.Zero(t, w.sent(), tt.name)
	}
}

// An error of Alipay's on the phone that is no refusal is a bad argument, and its
// number is no code of ours.
func TestAlipaysErrorsOnThePhone(t *testing.T) {
	for _, number := range []int{10, 12, 13, 14, 19} {
		w := newWorld(t)
		var data platform.AuthData
		require.NoError(t, json.Unmarshal(fmt.Appendf(nil, `{"error":%d,"errorMessage":"m"}`, number), &data))
		_, err := w.visitor().LoginWithAlipay(ctx, &data, auth.Code("code-1"))
		require.EqualError(t, fails(t, herror.InvalidParameter, err),
			fmt.Sprintf("605: incorrect parameter type: the phone could not ask the user: error %d", number))
		require.Zero(t, w.sent())
	}
}
