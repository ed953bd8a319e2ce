package auth_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

const backURL = "https://app.example/back?state=s-1"

// eachWebProvider runs a test with a person of each provider, each in a world of its own.
func eachWebProvider(t *testing.T, test func(t *testing.T, w *world, on platform.WebProvider, person *baastest.Phone)) {
	t.Helper()
	for _, on := range platform.WebProviders() {
		t.Run(string(on), func(t *testing.T) {
			w := newWorld(t)
			test(t, w, on, w.person(string(on), "openid-1"))
		})
	}
}

// webToken goes through the redirects of a web login up to the callback.
func (w *world) webToken(on platform.WebProvider, answer func(redirectURL string) (string, error), opts ...platform.ThirdPartyAuthOption) (string, error) {
	w.t.Helper()
	page, err := w.visitor().ThirdPartyAuth(ctx, on, backURL, opts...)
	require.NoError(w.t, err)
	back, err := answer(page)
	require.NoError(w.t, err)
	require.True(w.t, strings.HasPrefix(back, backURL), back)
	u, err := url.Parse(back)
	require.NoError(w.t, err)
	return auth.CallbackToken(u.Query())
}

func TestWebLogin(t *testing.T) {
	eachWebProvider(t, func(t *testing.T, w *world, on platform.WebProvider, person *baastest.Phone) {
		person.SetProfile(baastest.Profile{NickName: "Ann"})
		token, err := w.webToken(on, person.AllowWebLogin)
		require.NoError(t, err)
		a := w.visitor()
		u, err := a.LoginWithThirdParty(ctx, on, token, auth.SyncUserProfile(platform.Overwrite))
		require.NoError(t, err)
		account, ok := w.UserOf(person)
		require.True(t, ok)
		require.Equal(t, account.ID, u.ID())
		require.Equal(t, []any{"Ann", "openid-1"}, []any{u.Nickname(), u.ProviderByKey(on.ProviderKey()).Get("openid").String()})

		sent := w.Requests()
		base := "/hserve/v2.0/idp/" + string(on)
		require.Equal(t, []string{base + "/redirect/", base + "/authenticate/"}, paths(w)[:2])
		require.Len(t, sent, 3, "and the read of the user")
		require.Equal(t, `{"callback_url":"`+backURL+`"}`, string(sent[0].Body))
		require.JSONEq(t, `{"auth_token":"`+token+`","create_user":true,"update_userprofile":"overwrite"}`, string(sent[1].Body))
		for _, r := range sent {
			require.Equal(t, "WEB", r.Header.Get("X-Hydrogen-Client-Platform"))
		}

		s, err := a.Session(ctx)
		require.NoError(t, err)
		require.Equal(t, []any{u.ID(), "", false}, []any{s.UserID, s.Platform, s.Anonymous})
		again, err := a.CurrentUser(ctx)
		require.NoError(t, err)
		require.Equal(t, u.ID(), again.ID())
		require.NoError(t, a.Logout(ctx))
		require.Zero(t, w.TokensAlive(u.ID()))
	})
}

func TestSilentWebLogin(t *testing.T) {
	w := newWorld(t)
	person := w.WeChatMP("openid-1").SetProfile(baastest.Profile{NickName: "Ann"})
	token, err := w.webToken(platform.WeChatMP, person.AllowWebLogin, auth.Silent(true))
	require.NoError(t, err)
	a := w.visitor()
	_, err = a.LoginWithThirdParty(ctx, platform.WeChatMP, token, auth.Silent(true), auth.CreateUser(false))
	fails(t, herror.NotFound, err)
	token, err = w.webToken(platform.WeChatMP, person.AllowWebLogin, auth.Silent(true))
	require.NoError(t, err)
	w.ResetJournal()
	u, err := a.LoginWithThirdParty(ctx, platform.WeChatMP, token, auth.Silent(true))
	require.NoError(t, err)
	require.Equal(t, []any{"openid-1", ""}, []any{u.OpenID(), u.Nickname()}, "a silent login has no user info")
	require.Equal(t, []string{"/hserve/v2.5/idp/oauth-wechat-mp/silent-login/"}, paths(w), "the response has the user")
	require.JSONEq(t, `{"auth_token":"`+token+`","create_user":true}`, string(w.last().Body))
}

func TestARefusedWebLogin(t *testing.T) {
	eachWebProvider(t, func(t *testing.T, w *world, on platform.WebProvider, person *baastest.Phone) {
		_, err := w.webToken(on, person.RefuseWebLogin)
		require.EqualError(t, fails(t, herror.ThirdPartyAuthDenied, err), "613: third party auth denied")
	})
}

// A web login is never answered with the session that is stored, whoever's it is.
func TestAnAuthTokenAlwaysWins(t *testing.T) {
	eachWebProvider(t, func(t *testing.T, w *world, on platform.WebProvider, ann *baastest.Phone) {
		bob := w.person(string(on), "openid-2")
		a := w.visitor()
		first, err := a.LoginWithThirdParty(ctx, on, ann.Login())
		require.NoError(t, err)
		second, err := a.LoginWithThirdParty(ctx, on, bob.Login())
		require.NoError(t, err)
		require.NotEqual(t, first.ID(), second.ID())
		third, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-3").Login()))
		require.NoError(t, err)
		again, err := a.LoginWithThirdParty(ctx, on, ann.Login(), auth.CreateUser(false))
		require.NoError(t, err)
		require.Equal(t, first.ID(), again.ID())
		require.NotEqual(t, third.ID(), again.ID())
	})
}

func TestAnonymousUserWhoLogsInOnTheWebKeepsTheID(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	anonymous, err := a.AnonymousLogin(ctx)
	require.NoError(t, err)
	u, err := a.LoginWithThirdParty(ctx, platform.Weibo, w.Weibo("openid-1").Login())
	require.NoError(t, err)
	require.Equal(t, anonymous.ID(), u.ID())
	require.False(t, u.Anonymous())
	s, err := a.Session(ctx)
	require.NoError(t, err)
	require.False(t, s.Anonymous)
}

// A person with a unionid is one user on websites, in the WeChat app and in the
// mini-program.
func TestWebLoginByUnionID(t *testing.T) {
	w := newWorld(t)
	mini, err := w.visitor().LoginWithWechat(ctx, nil, auth.Code(w.WeChat("o-1").SetUnionID("union-1").Login()), auth.WithUnionID(true))
	require.NoError(t, err)
	for on, person := range map[platform.WebProvider]*baastest.Phone{
		platform.WeChatWeb: w.WeChatWeb("o-2").SetUnionID("union-1"), platform.WeChatMP: w.WeChatMP("o-3").SetUnionID("union-1"),
	} {
		u, err := w.client.Auth(string(on)).LoginWithThirdParty(ctx, on, person.Login(), auth.CreateUser(false))
		require.NoError(t, err)
		require.Equal(t, []any{mini.ID(), "union-1"}, []any{u.ID(), u.WechatUnionID()})
	}
}

func TestWebLoginErrors(t *testing.T) {
	eachWebProvider(t, func(t *testing.T, w *world, on platform.WebProvider, person *baastest.Phone) {
		a := w.visitor()
		token := person.Login()
		_, err := a.LoginWithThirdParty(ctx, on, token, auth.CreateUser(false))
		fails(t, herror.NotFound, err)
		_, err = a.LoginWithThirdParty(ctx, on, token)
		require.True(t, fails(t, herror.BadRequest, err).Sent(), "the token is spent")
		_, err = a.LoginWithThirdParty(ctx, on, "made-up")
		fails(t, herror.BadRequest, err)

		w.ResetJournal()
		for name, opts := range map[string][]platform.LoginOption{
			"a code": {auth.Code("c")}, "an app name": {auth.AppName("douyin")}, "a union id": {auth.WithUnionID(true)},
			"a sync mode": {auth.SyncUserProfile("nonsense")},
		} {
			_, err = a.LoginWithThirdParty(ctx, on, "t", opts...)
			require.ErrorIs(t, err, herror.InvalidParameter, name)
		}
		_, err = a.LoginWithThirdParty(ctx, on, "")
		fails(t, herror.InvalidParameter, err)
		_, err = a.ThirdPartyAuth(ctx, on, backURL+"&token=t")
		fails(t, herror.InvalidParameter, err)
		if on != platform.WeChatMP {
			_, err = a.LoginWithThirdParty(ctx, on, "t", auth.Silent(true))
			fails(t, herror.InvalidParameter, err)
			_, err = a.ThirdPartyAuth(ctx, on, backURL, auth.Silent(true))
			fails(t, herror.InvalidParameter, err)
		}
		_, err = a.LoginOn(ctx, platform.WeChat{}, nil, auth.Code("c"), auth.Silent(true))
		fails(t, herror.InvalidParameter, err)
		require.Zero(t, w.sent())
	})
}

func TestThirdPartyAuthErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		fault baastest.Fault
		code  herror.Code
	}{
		"400":                      {baastest.Fault{Status: 400, Body: `{"error_msg":"callback_url ` + backURL + ` is of no safe domain"}`}, herror.BadRequest},
		"another status in JSON":   {baastest.Fault{Status: 200, Body: `{"status":"error","error_msg":"not set up"}`}, herror.ThirdPartyAuthFailed},
		"no URL":                   {baastest.Fault{Status: 200, Body: `{"status":"ok"}`}, herror.InvalidResponse},
		"a URL that is a script":   {baastest.Fault{Status: 200, Body: `{"status":"ok","redirect_url":"javascript:alert(1)"}`}, herror.InvalidResponse},
		"HTML":                     {baastest.Fault{Status: 200, Body: `<html>`, ContentType: "text/html"}, herror.InvalidResponse},
		"no response":              {baastest.Fault{Cut: baastest.CutAfterRead}, herror.NetworkDisconnected},
		"a redirect of the server": {baastest.Fault{Status: 302}, 302},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Fail("POST /hserve/v2.0/idp/oauth-weibo/redirect/", tt.fault)
			page, err := w.visitor().ThirdPartyAuth(ctx, platform.Weibo, backURL)
			require.True(t, fails(t, tt.code, err).Sent())
			require.Empty(t, page)
			require.NotContains(t, err.Error(), "s-1", "an app's state may be a secret")
			require.Equal(t, 1, w.sent())
		})
	}
}

// A 401 to a login with a provider's token is about the session that was sent with it:
// the session is dropped, and a code source logs nobody in for it.
func TestA401ToAWebLoginDropsTheSession(t *testing.T) {
	for name, login := range map[string]func(*auth.Auth) error{
		"web": func(a *auth.Auth) error { return second(a.LoginWithThirdParty(ctx, platform.Weibo, "t")) },
		"app": func(a *auth.Auth) error {
			return second(a.LoginWithThirdPartyAuthData(ctx, platform.OAuthData{Provider: platform.Apple, Token: "t"}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, noCodes(t))
			a := w.enter()
			w.Fail("POST /hserve/**", baastest.Fault{Status: 401})
			require.ErrorIs(t, login(a), herror.NotAuthenticated)
			require.Equal(t, 1, w.sent())
			s, err := a.Session(ctx)
			require.NoError(t, err)
			require.Equal(t, session.Session{}, s)
		})
	}
}

// Where only the second request fails, the user is logged in.
func TestWebLoginWhoseReadFails(t *testing.T) {
	w := newWorld(t)
	w.Fail(readUser, baastest.Fault{Status: 403, Times: 1})
	a := w.visitor()
	_, err := a.LoginWithThirdParty(ctx, platform.Weibo, w.Weibo("openid-1").Login())
	require.True(t, fails(t, herror.Forbidden, err).Sent())
	u, err := a.CurrentUser(ctx)
	require.NoError(t, err)
	account, _ := w.UserOf(w.Weibo("openid-1"))
	require.Equal(t, account.ID, u.ID())
}

// Two tabs that come back with one token make one request; two tokens make two.
func TestConcurrentWebLogins(t *testing.T) {
	for name, same := range map[string]bool{"one token": true, "two tokens": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.Fail(webAuthenticate, baastest.Fault{Act: true, Hold: time.Second})
				tokens := []string{w.Weibo("openid-1").Login(), w.Weibo("openid-2").Login()}
				if same {
					tokens[1] = tokens[0]
				}
				ids := make(chan int64, len(tokens))
				for _, token := range tokens {
					go func() {
						u, err := w.visitor().LoginWithThirdParty(ctx, platform.Weibo, token)
						if err != nil { // a newer login came first
							ids <- 0
							return
						}
						ids <- u.ID()
					}()
				}
				first, second := <-ids, <-ids
				require.Equal(t, same, first == second)
				require.Equal(t, map[bool]int{true: 1, false: 2}[same], w.CountRequests(webAuthenticate))
			})
		})
	}
}

func TestCallbackToken(t *testing.T) {
	for query, want := range map[string]struct {
		token string
		code  herror.Code
	}{
		"state=s&token=abc":            {"abc", 0},
		"token=a%2Bb%2F%3D":            {"a+b/=", 0},
		"token=abc&error=server_error": {"abc", 0},
		"":                             {"", herror.ThirdPartyAuthDenied},
		"state=s":                      {"", herror.ThirdPartyAuthDenied},
		"token=":                       {"", herror.ThirdPartyAuthDenied},
		"state=s&error=access_denied":  {"", herror.ThirdPartyAuthDenied},
		"Token=abc":                    {"", herror.ThirdPartyAuthDenied},
		"error=server_error":           {"", herror.ThirdPartyAuthFailed},
		"token=a&token=b":              {"", herror.ThirdPartyAuthFailed},
		"token=a&token=":               {"", herror.ThirdPartyAuthFailed},
		"token=a%0Ab":                  {"", herror.ThirdPartyAuthFailed},
		"token=%ff":                    {"", herror.ThirdPartyAuthFailed},
		"token=" + strings.Repeat("canary", 64<<10/6+1): {"", herror.ThirdPartyAuthFailed},
	} {
		values, err := url.ParseQuery(query)
		require.NoError(t, err)
		token, err := auth.CallbackToken(values)
		require.Equal(t, want.token, token, query)
		if want.code == 0 {
			require.NoError(t, err, query)
			continue
		}
		require.NotContains(t, fails(t, want.code, err).Error(), "canary")
	}
}

// What CallbackToken returns is the token that a browser brought, and can be sent.
func FuzzCallbackToken(f *testing.F) {
	for _, query := range []string{"state=s&token=abc", "token=%00", "token=a&token=b", "error=access_denied", "token=a;b", "token=%e4%bd%a0"} {
		f.Add(query)
	}
	b, err := baastest.New()
	require.NoError(f, err)
	client, err := b.Client()
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, query string) {
		values, _ := url.ParseQuery(query) // as Request.URL.Query does
		token, err := auth.CallbackToken(values)
		if err != nil {
			require.Empty(t, token)
			code := herror.CodeOf(err)
			require.True(t, code == herror.ThirdPartyAuthDenied || code == herror.ThirdPartyAuthFailed)
			return
		}
		require.Equal(t, []string{token}, values["token"])
		b.ResetJournal()
		_, err = client.Auth("visitor").LoginWithThirdParty(t.Context(), platform.Weibo, token)
		require.ErrorIs(t, err, herror.BadRequest, "the backend does not know it")
		var sent struct {
			Token string `json:"auth_token"`
		}
		require.NoError(t, json.Unmarshal(b.Requests()[0].Body, &sent))
		require.Equal(t, token, sent.Token)
	})
}
