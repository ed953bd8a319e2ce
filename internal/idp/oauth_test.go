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
		params := Defaults()
		params.CreateUser = false
		o := NewOAuth(nil)
		path := "/hserve/v2.3/idp/oauth/" + string(tt.data.Provider) + "/"
		c, err := o.Login(tt.data, &params)
		require.NoError(t, err)
		require.Equal(t, transport.Request{Method: "POST", Path: path + "authenticate/", Body: tt.login, Secrets: []string{"t"}}, c.request)
		c, err = o.Link(tt.data, &params)
		require.NoError(t, err)
		require.Equal(t, transport.Request{Method: "POST", Path: path + "user-association/", Body: tt.link, Secrets: []string{"t"}}, c.request)
	}
}

func TestOAuthDataThatCannotBeSent(t *testing.T) {
	for name, tt := range map[string]struct {
		data   platform.OAuthData
		option any
	}{
		"no provider":                {platform.OAuthData{Token: "canary"}, nil},
		"unknown provider":           {platform.OAuthData{Provider: "../canary", Token: "canary"}, nil},
		"no token":                   {platform.OAuthData{Provider: platform.Apple}, nil},
		"over-long token":            {platform.OAuthData{Provider: platform.Apple, Token: strings.Repeat("canary", check.MaxData)}, nil},
		"token not UTF-8":            {platform.OAuthData{Provider: platform.Apple, Token: "canary\xff"}, nil},
		"a nickname, not from Apple": {platform.OAuthData{Provider: platform.WeiboNative, Token: "canary", Nickname: "n"}, nil},
		"over-long nickname":         {platform.OAuthData{Provider: platform.Apple, Token: "canary", Nickname: strings.Repeat("n", 257)}, nil},
		"a code":                     {platform.OAuthData{Provider: platform.Apple, Token: "canary"}, codeOf("canary")},
		"an app name":                {platform.OAuthData{Provider: platform.Apple, Token: "canary"}, toutiao},
		"a union id":                 {platform.OAuthData{Provider: platform.Apple, Token: "canary"}, union},
		"an unknown sync mode":       {platform.OAuthData{Provider: platform.Apple, Token: "canary"}, mode("canary")},
	} {
		t.Run(name, func(t *testing.T) {
			params, err := Given([]any{tt.option})
			var login, link error
			if err == nil {
				_, login = NewOAuth(nil).Login(tt.data, &params)
				_, link = NewOAuth(nil).Link(tt.data, &params)
			} else {
				login, link = err, err
			}
			for _, err := range []error{login, link} {
				require.ErrorIs(t, err, herror.InvalidParameter)
				require.NotContains(t, err.Error(), "canary")
			}
		})
	}
}
