package live_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
)

// leave makes a call that opens another page, and returns its URL.
func (v *vendor) leave(t *testing.T, name string, args ...any) string {
	t.Helper()
	if args == nil {
		args = []any{}
	}
	return v.textOf(t, m{"call": name, "args": args, "leaves": true})
}

// visit opens a page.
func (v *vendor) visit(t *testing.T, page string) {
	t.Helper()
	require.Nil(t, v.ask(t, m{"visit": page}).Error)
}

func (v *vendor) textOf(t *testing.T, line m) string {
	t.Helper()
	o := v.ask(t, line)
	require.Nil(t, o.Error)
	var text string
	require.NoError(t, json.Unmarshal(o.Value, &text))
	return text
}

// webPerson is somebody at a provider of web logins.
type webPerson struct {
	on       *emulator
	provider platform.WebProvider
	openid   string
}

// answer is what the person does on the page of a redirect URL: "allow" or "refuse". It
// returns the URL to which the browser comes back.
func (p webPerson) answer(t *testing.T, what, redirectURL string) string {
	t.Helper()
	var out struct {
		URL string `json:"callback_url"`
	}
	p.on.ask(t, http.MethodPost, "people/"+string(p.provider)+"/"+p.openid+"/"+what+"-web-login", m{"redirect_url": redirectURL}, &out)
	return out.URL
}

// webOptions are the options of a web login, as both clients take them.
type webOptions struct {
	js       m
	begin    []platform.ThirdPartyAuthOption
	login    []platform.LoginOption
	link     []platform.LinkOption
	vendors  int // how many requests more the vendor's client sends
	provider platform.WebProvider
}

var webLogins = map[string]webOptions{
	"WeChat, website":          {provider: platform.WeChatWeb},
	"WeChat, official account": {provider: platform.WeChatMP},
	"Weibo":                    {provider: platform.Weibo},
	"overwrite": {
		provider: platform.Weibo, js: m{"syncUserProfile": "overwrite"},
		login: []platform.LoginOption{auth.SyncUserProfile(platform.Overwrite)}, link: []platform.LinkOption{auth.SyncUserProfile(platform.Overwrite)},
	},
	"silent": {
		provider: platform.WeChatMP, js: m{"silent": true}, vendors: 1, // it reads the user, whom the response has
		begin: []platform.ThirdPartyAuthOption{auth.Silent(true)}, login: []platform.LoginOption{auth.Silent(true)},
	},
}

// web goes through the vendor's redirect mode up to the page that began it: the documented
// loginWithThirdParty or linkThirdParty, and thirdPartyAuth on the page between, before
// and after the provider's page.
func (v *vendor) web(t *testing.T, call string, p webPerson, options m) outcome {
	t.Helper()
	v.visit(t, p.on.url+"/page")
	js := m{"mode": "redirect"}
	for name, value := range options {
		js[name] = value
	}
	v.visit(t, v.leave(t, call, string(p.provider), "/auth.html", js))
	v.visit(t, p.answer(t, "allow", v.leave(t, "auth.thirdPartyAuth")))
	v.visit(t, v.leave(t, "auth.thirdPartyAuth"))
	return v.call(t, "auth.getRedirectResult")
}

// The vendor's web client logs people in and links them, in its redirect mode, on the
// emulator as its provider. This SDK sends the same requests for it.
func TestVendorsWebLogins(t *testing.T) {
	driver := installMinapp(t)
	program := buildEmulator(t)
	for name, on := range webLogins {
		t.Run(name, func(t *testing.T) {
			e := startEmulator(t, program)
			p := webPerson{e, on.provider, "openid-1"}
			v := newWebVendor(t, driver, &person{on: e})
			o := v.web(t, "auth.loginWithThirdParty", p, on.js)
			require.Nil(t, o.Error)
			var result struct {
				Status, Action string
				User           m
			}
			require.NoError(t, json.Unmarshal(o.Value, &result))
			require.Equal(t, []string{"success", "login"}, []string{result.Status, result.Action})
			theirs := webRequests(t, e)

			a := newOurs(t, &person{on: e}).auth
			u, err := a.LoginWithThirdParty(t.Context(), p.provider, p.ours(t, a, on.begin), on.login...)
			require.NoError(t, err)
			require.EqualValues(t, result.User["id"], u.ID(), "the same user")
			same := len(theirs) - on.vendors
			require.Equal(t, theirs[:same], webRequests(t, e))
			for _, more := range theirs[same:] {
				require.Equal(t, fmt.Sprintf("GET /hserve/v2.5/user/info/%d/", u.ID()), more)
			}
			if on.begin != nil {
				return // a link is not silent
			}

			require.Nil(t, v.call(t, "auth.getCurrentUser").Error)
			webRequests(t, e)
			another := webPerson{e, otherProvider(on.provider), "openid-2"}
			o = v.web(t, "user.linkThirdParty", another, on.js)
			require.Nil(t, o.Error)
			require.JSONEq(t, `{"status":"success","action":"associate"}`, string(o.Value))
			theirs = webRequests(t, e)

			me, err := a.Me(t.Context())
			require.NoError(t, err)
			_, err = me.LinkThirdParty(t.Context(), another.provider, another.ours(t, a, nil), on.link...)
			require.NoError(t, err, "it is linked already, to the same user")
			require.Equal(t, theirs, webRequests(t, e))
		})
	}
}

// ours goes through the redirects of a web login of this SDK and returns the token.
func (p webPerson) ours(t *testing.T, a *auth.Auth, options []platform.ThirdPartyAuthOption) string {
	t.Helper()
	page, err := a.ThirdPartyAuth(t.Context(), p.provider, p.on.url+"/back?a=b", options...)
	require.NoError(t, err)
	back, err := url.Parse(p.answer(t, "allow", page))
	require.NoError(t, err)
	token, err := auth.CallbackToken(back.Query())
	require.NoError(t, err)
	return token
}

func otherProvider(p platform.WebProvider) platform.WebProvider {
	if p == platform.Weibo {
		return platform.WeChatWeb
	}
	return platform.Weibo
}

// webRequests returns the requests since the last time, with their bodies. The callback
// URL and the token differ in each login.
func webRequests(t *testing.T, e *emulator) []string {
	t.Helper()
	var sent []string
	for _, r := range e.takeJournal(t) {
		line := r.Method + " " + r.Path
		if strings.Contains(r.Path, "/idp/") {
			var body m
			require.NoError(t, json.Unmarshal([]byte(r.Body), &body))
			for _, name := range []string{"callback_url", "auth_token"} {
				if body[name] != nil {
					body[name] = "…"
				}
			}
			text, err := json.Marshal(body)
			require.NoError(t, err)
			line += " " + string(text)
		}
		require.Equal(t, "WEB", r.Header.Get("X-Hydrogen-Client-Platform"), line)
		sent = append(sent, line)
	}
	return sent
}

// After a refusal the vendor's client begins again, because there is no token. Where the
// login fails, its error is that of the backend, and the code 614 is for a window of its
// own.
func TestVendorsWebLoginsThatFail(t *testing.T) {
	driver := installMinapp(t)
	e := startEmulator(t, buildEmulator(t))
	p := webPerson{e, platform.Weibo, "openid-1"}
	v := newWebVendor(t, driver, &person{on: e})

	v.visit(t, v.leave(t, "auth.loginWithThirdParty", string(p.provider), "/auth.html", m{"mode": "redirect"}))
	first := v.leave(t, "auth.thirdPartyAuth")
	v.visit(t, p.answer(t, "refuse", first))
	second := v.leave(t, "auth.thirdPartyAuth")
	require.NotEqual(t, first, second)
	require.Contains(t, second, "/web-login/")

	v = newWebVendor(t, driver, &person{on: e}) // the call of a page that was left never ends
	o := v.web(t, "auth.loginWithThirdParty", p, m{"createUser": false})
	require.Nil(t, o.Error)
	require.JSONEq(t, `{"status":"fail","action":"login","error":"404: User not found."}`, string(o.Value))
	require.Equal(t, herror.ThirdPartyAuthFailed, v.call(t, "auth.getRedirectResult").code(), "it was read already")

	a := newOurs(t, &person{on: e}).auth
	_, err := a.LoginWithThirdParty(t.Context(), p.provider, p.ours(t, a, nil), auth.CreateUser(false))
	require.ErrorIs(t, err, herror.NotFound)
}
