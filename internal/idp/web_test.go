package idp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/platform"
)

var silently = platform.SilentOption{On: true}

// webCalls are the calls of a web login.
var webCalls = map[string]func(platform.WebProvider, *Params) (*Call, error){
	"redirect": func(on platform.WebProvider, p *Params) (*Call, error) {
		return NewWeb(nil).Redirect(on, "https://app.example/back?state=s", p)
	},
	"login": func(on platform.WebProvider, p *Params) (*Call, error) { return NewWeb(nil).Login(on, "t", p) },
	"link":  func(on platform.WebProvider, p *Params) (*Call, error) { return NewWeb(nil).Link(on, "t", p) },
}

// The paths and bodies are those of the vendor's client: core/config.js API.WEB and
// sdk-file/src/web/auth.js.
func TestWebBodiesAreExact(t *testing.T) {
	const callback = `{"callback_url":"https://app.example/back?state=s"`
	for _, tt := range []struct {
		call       string
		options    []any
		path, body string
		on         []platform.WebProvider
	}{
		{"redirect", nil, "v2.0/idp/*/redirect/", callback + `}`, platform.WebProviders()},
		{"redirect", []any{platform.SilentOption{}}, "v2.0/idp/*/redirect/", callback + `}`, platform.WebProviders()},
		{"redirect", []any{silently}, "v2.0/idp/*/redirect/", callback + `,"silent_login":true}`, []platform.WebProvider{platform.WeChatMP}},
		{"login", nil, "v2.0/idp/*/authenticate/", `{"auth_token":"t","create_user":true,"update_userprofile":"setnx"}`, platform.WebProviders()},
		{
			"login", []any{platform.CreateOption{}, mode(platform.Overwrite), platform.SilentOption{}},
			"v2.0/idp/*/authenticate/", `{"auth_token":"t","create_user":false,"update_userprofile":"overwrite"}`, platform.WebProviders(),
		},
		{"login", []any{mode(platform.NoSync)}, "v2.0/idp/*/authenticate/", `{"auth_token":"t","create_user":true,"update_userprofile":"false"}`, platform.WebProviders()},
		{"login", []any{silently}, "v2.5/idp/*/silent-login/", `{"auth_token":"t","create_user":true}`, []platform.WebProvider{platform.WeChatMP}},
		{"login", []any{silently, platform.CreateOption{}}, "v2.5/idp/*/silent-login/", `{"auth_token":"t","create_user":false}`, []platform.WebProvider{platform.WeChatMP}},
		{"link", nil, "v2.0/idp/*/user-association/", `{"auth_token":"t","update_userprofile":"setnx"}`, platform.WebProviders()},
		{"link", []any{mode(platform.NoSync)}, "v2.0/idp/*/user-association/", `{"auth_token":"t","update_userprofile":"false"}`, platform.WebProviders()},
		{"link", nil, "v2.0/idp/*/user-association/", `{"auth_token":"t","update_userprofile":"setnx"}`, []platform.WebProvider{"oauth-new_1"}},
	} {
		for _, on := range tt.on {
			params, err := Given(tt.options)
			require.NoError(t, err)
			got, err := webCalls[tt.call](on, &params)
			require.NoError(t, err)
			secrets := []string{"t"}
			if tt.call == "redirect" {
				secrets = []string{"https://app.example/back?state=s", "state=s"}
			}
			require.Equal(t, transport.Request{
				Method: "POST", Path: "/hserve/" + strings.Replace(tt.path, "*", string(on), 1), Platform: "WEB", Body: tt.body, Secrets: secrets,
			}, got.request)
		}
	}
}

func TestWebOptionsThatAreNotTaken(t *testing.T) {
	for name, tt := range map[string]struct {
		on      platform.WebProvider
		options []any
		calls   []string
	}{
		"a code":                        {platform.Weibo, []any{codeOf("c")}, []string{"redirect", "login", "link"}},
		"an app name":                   {platform.Weibo, []any{toutiao}, []string{"redirect", "login", "link"}},
		"a union id":                    {platform.WeChatWeb, []any{union}, []string{"redirect", "login", "link"}},
		"silent at Weibo":               {platform.Weibo, []any{silently}, []string{"redirect", "login", "link"}},
		"silent on a website":           {platform.WeChatWeb, []any{silently}, []string{"redirect", "login", "link"}},
		"silent in a link":              {platform.WeChatMP, []any{silently}, []string{"link"}},
		"a profile in a silent login":   {platform.WeChatMP, []any{silently, mode(platform.SetNX)}, []string{"redirect", "login", "link"}},
		"to create a user":              {platform.WeChatMP, []any{platform.CreateOption{}}, []string{"redirect", "link"}},
		"a profile before the page":     {platform.WeChatMP, []any{mode(platform.SetNX)}, []string{"redirect"}},
		"no provider":                   {"", nil, []string{"redirect", "login", "link"}},
		"a provider that is a path":     {"../canary", nil, []string{"redirect", "login", "link"}},
		"a provider in capital letters": {"Canary", nil, []string{"redirect", "login", "link"}},
	} {
		t.Run(name, func(t *testing.T) {
			params, err := Given(tt.options)
			require.NoError(t, err)
			for _, call := range tt.calls {
				_, err := webCalls[call](tt.on, &params)
				require.ErrorIs(t, err, herror.InvalidParameter, call)
				require.NotContains(t, err.Error(), "canary")
			}
		})
	}
}

func TestWebArgumentsThatCannotBeSent(t *testing.T) {
	params := Defaults()
	for name, token := range map[string]string{
		"none": "", "over-long": strings.Repeat("canary", check.MaxData), "not UTF-8": "canary\xff", "of two lines": "canary\n",
	} {
		for _, make := range []func(platform.WebProvider, string, *Params) (*Call, error){NewWeb(nil).Login, NewWeb(nil).Link} {
			_, err := make(platform.Weibo, token, &params)
			require.ErrorIs(t, err, herror.InvalidParameter, name)
			require.NotContains(t, err.Error(), "canary", name)
		}
	}
	for name, callback := range map[string]string{
		"none":               "",
		"relative":           "/back?state=canary",
		"of another scheme":  "javascript:canary",
		"without a host":     "https:///canary",
		"with a password":    "https://ann:canary@app.example/",
		"with a fragment":    "https://app.example/#canary",
		"with a token":       "https://app.example/?a=b&token=canary",
		"with a token of %":  "https://app.example/?%74oken=canary",
		"with a semicolon":   "https://app.example/?a=b;token=canary",
		"not a URL":          "https://app.example:canary/",
		"over-long":          "https://app.example/" + strings.Repeat("canary", check.MaxURL),
		"of two lines":       "https://app.example/\ncanary",
		"not UTF-8":          "https://app.example/canary\xff",
		"a backslash's host": `https://canary\@app.example/`,
	} {
		_, err := NewWeb(nil).Redirect(platform.Weibo, callback, &params)
		require.ErrorIs(t, err, herror.InvalidParameter, name)
		require.NotContains(t, err.Error(), "canary", name)
	}
	for _, callback := range []string{
		"https://app.example", "http://localhost:8080/back", "https://app.example/登录?tokens=1&a=b&a=c", "https://[::1]:8080/",
	} {
		_, err := NewWeb(nil).Redirect(platform.Weibo, callback, &params)
		require.NoError(t, err, callback)
	}
}
