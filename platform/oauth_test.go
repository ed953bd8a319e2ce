package platform_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/call"
	"github.com/hydrogen-go/baas/platform"
)

func TestOAuthBodiesAreExact(t *testing.T) {
	for _, tt := range []struct {
		data        platform.OAuthData
		login, link string
	}{
		{
			platform.OAuthData{Provider: platform.Apple, Token: "t", Nickname: "n"},
			`{"auth_token":"t","create_user":false,"update_userprofile":"setnx","nickname":"n"}`,
			`{"auth_token":"t","update_userprofile":"setnx","nickname":"n"}`,
		}, {
			platform.OAuthData{Provider: platform.WeChatNative, Token: "t"},
			`{"auth_token":"t","create_user":false,"update_userprofile":"setnx"}`,
			`{"auth_token":"t","update_userprofile":"setnx"}`,
		},
	} {
		params := call.Defaults()
		params.CreateUser = false
		path := "/hserve/v2.3/idp/oauth/" + string(tt.data.Provider) + "/"
		r, err := tt.data.LoginRequest(&params)
		require.NoError(t, err)
		require.Equal(t, call.Request{Method: "POST", Path: path + "authenticate/", Body: []byte(tt.login), Secrets: []string{"t"}}, r)
		r, err = tt.data.LinkRequest(&params)
		require.NoError(t, err)
		require.Equal(t, call.Request{Method: "POST", Path: path + "user-association/", Body: []byte(tt.link), Secrets: []string{"t"}}, r)
	}
}

func TestOAuthDataThatCannotBeSent(t *testing.T) {
	for name, tt := range map[string]struct {
		data   platform.OAuthData
		option platform.LoginOption
	}{
		"no provider":                {platform.OAuthData{Token: "canary"}, nil},
		"unknown provider":           {platform.OAuthData{Provider: "../canary", Token: "canary"}, nil},
		"no token":                   {platform.OAuthData{Provider: platform.Apple}, nil},
		"over-long token":            {platform.OAuthData{Provider: platform.Apple, Token: strings.Repeat("canary", call.MaxData)}, nil},
		"token not UTF-8":            {platform.OAuthData{Provider: platform.Apple, Token: "canary\xff"}, nil},
		"a nickname, not from Apple": {platform.OAuthData{Provider: platform.WeiboNative, Token: "canary", Nickname: "n"}, nil},
		"over-long nickname":         {platform.OAuthData{Provider: platform.Apple, Token: "canary", Nickname: strings.Repeat("n", 257)}, nil},
		"a code":                     {platform.OAuthData{Provider: platform.Apple, Token: "canary"}, auth.Code("canary")},
		"an app name":                {platform.OAuthData{Provider: platform.Apple, Token: "canary"}, auth.AppName("canary")},
		"a union id":                 {platform.OAuthData{Provider: platform.Apple, Token: "canary"}, auth.WithUnionID(true)},
		"an unknown sync mode":       {platform.OAuthData{Provider: platform.Apple, Token: "canary"}, auth.SyncUserProfile("canary")},
	} {
		t.Run(name, func(t *testing.T) {
			params := call.Defaults()
			if tt.option != nil {
				tt.option.ApplyToLogin(&params)
			}
			_, login := tt.data.LoginRequest(&params)
			_, link := tt.data.LinkRequest(&params)
			for _, err := range []error{login, link} {
				require.ErrorIs(t, err, herror.InvalidParameter)
				require.NotContains(t, err.Error(), "canary")
			}
		})
	}
}

func TestOAuthDataIsNeverPrinted(t *testing.T) {
	d := platform.OAuthData{Provider: platform.Apple, Token: "canary", Nickname: "canary"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		require.Equal(t, `oauthdata{provider:"apple"}`, fmt.Sprintf(verb, d))
		require.Equal(t, `oauthdata{provider:"apple"}`, fmt.Sprintf(verb, &d))
	}
	require.Equal(t, slog.StringValue(`oauthdata{provider:"apple"}`), d.LogValue())
}
