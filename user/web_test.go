package user_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
)

func TestLinkThirdParty(t *testing.T) {
	for _, on := range platform.WebProviders() {
		t.Run(string(on), func(t *testing.T) {
			w := newWorld(t)
			person, err := w.Phone(string(on), "openid-1")
			require.NoError(t, err)
			u := w.member()
			token := person.Login()
			got, err := u.LinkThirdParty(ctx, on, token)
			require.NoError(t, err)
			require.Equal(t, []any{"User associated.", "openid-1", "ok", u.ID(), http.StatusOK},
				[]any{got.Message, got.OpenID, got.Status, got.UserID, got.StatusCode})
			r := w.last()
			require.Equal(t, "/hserve/v2.0/idp/"+string(on)+"/user-association/", r.Path)
			require.JSONEq(t, `{"auth_token":"`+token+`","update_userprofile":"setnx"}`, string(r.Body))
			require.Equal(t, "WEB", r.Header.Get("X-Hydrogen-Client-Platform"))
			require.Equal(t, 1, w.sent())

			read, err := w.visitor().CurrentUser(ctx)
			require.NoError(t, err)
			require.Equal(t, "openid-1", read.ProviderByKey(on.ProviderKey()).Get("openid").String())
			require.Len(t, read.Providers(), 1)
			require.Nil(t, read.Providers()[0].Platform)
			same, err := w.client.Auth("browser").LoginWithThirdParty(ctx, on, person.Login(), auth.CreateUser(false))
			require.NoError(t, err)
			require.Equal(t, u.ID(), same.ID())
		})
	}
}

func TestLinkThirdPartySyncsTheProfile(t *testing.T) {
	for mode, want := range map[platform.SyncMode]string{platform.Overwrite: "Barry", platform.SetNX: "Ann", platform.NoSync: "Ann"} {
		w := newWorld(t)
		u := w.member()
		require.NoError(t, u.Set("nickname", "Ann").Update(ctx))
		person := w.WeChatWeb("openid-1").SetProfile(baastest.Profile{NickName: "Barry"})
		_, err := u.LinkThirdParty(ctx, platform.WeChatWeb, person.Login(), auth.SyncUserProfile(mode))
		require.NoError(t, err)
		account, _ := w.UserOf(person)
		require.Equal(t, want, account.Profile.NickName, mode)
	}
}

func TestLinkThirdPartyErrors(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	for name, tt := range map[string]struct {
		token string
		opt   platform.LinkOption
	}{
		"no token": {"", nil}, "two lines": {"a\nb", nil}, "a code": {"t", auth.Code("c")}, "an app name": {"t", auth.AppName("douyin")},
		"a union id": {"t", auth.WithUnionID(false)}, "a sync mode": {"t", auth.SyncUserProfile("nonsense")},
	} {
		_, err := u.LinkThirdParty(ctx, platform.Weibo, tt.token, tt.opt)
		require.ErrorIs(t, err, herror.InvalidParameter, name)
	}
	require.Zero(t, w.sent())

	// A token is good once, and a person and an account are linked once.
	token := w.Weibo("openid-1").Login()
	_, err := u.LinkThirdParty(ctx, platform.Weibo, token)
	require.NoError(t, err)
	_, err = u.LinkThirdParty(ctx, platform.Weibo, token)
	fails(t, herror.BadRequest, err)
	_, err = u.LinkThirdParty(ctx, platform.Weibo, w.Weibo("openid-2").Login())
	fails(t, herror.BadRequest, err)
	bob, err := w.client.Auth("bob").Register(ctx, auth.Credentials{Username: "bob", Password: "secret-1"})
	require.NoError(t, err)
	_, err = bob.LinkThirdParty(ctx, platform.Weibo, w.Weibo("openid-1").Login())
	fails(t, herror.BadRequest, err)
}

// Without a session nothing is sent, and with one that the backend no longer knows the
// token is sent once: a code source logs nobody in for a link.
func TestLinkThirdPartyNeedsASession(t *testing.T) {
	for name, source := range map[string]bool{"alone": false, "with a code source": true} {
		t.Run(name, func(t *testing.T) {
			var opts []baas.Option
			if source {
				opts = append(opts, baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) {
					t.Error("a code is minted")
					return "", nil
				}))
			}
			w := newWorld(t, opts...)
			u := w.member()
			w.RevokeTokens(u.ID())
			token := w.Weibo("openid-1").Login()
			_, err := u.LinkThirdParty(ctx, platform.Weibo, token)
			require.True(t, fails(t, herror.SessionMissing, err).Sent())
			require.Equal(t, 1, w.sent())
			_, err = u.LinkThirdParty(ctx, platform.Weibo, token)
			require.False(t, fails(t, herror.SessionMissing, err).Sent())
			require.Equal(t, 1, w.sent(), "the session is gone")

			_, err = w.visitor().Login(ctx, auth.Credentials{Username: "ann", Password: "secret-1"})
			require.NoError(t, err)
			_, err = u.LinkThirdParty(ctx, platform.Weibo, token)
			require.NoError(t, err, "the backend refused the session before it looked at the token")
		})
	}
}

// A link acts as the user who asked for it, and never as one who has logged in since.
func TestLinkThirdPartyActsAsNobodyElse(t *testing.T) {
	w := newWorld(t)
	ann := w.member()
	_, err := w.visitor().LoginWithThirdParty(ctx, platform.Weibo, w.Weibo("openid-b").Login())
	require.NoError(t, err)
	w.ResetJournal()
	_, err = ann.LinkThirdParty(ctx, platform.WeChatWeb, w.WeChatWeb("openid-a").Login())
	fails(t, herror.SessionMissing, err)
	require.Zero(t, w.sent())
}
