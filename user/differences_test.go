package user_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// Differences from the vendor's client, see docs/differences.md, that no other test
// holds.

// SetAccount sends the fields that are set, and no other.
func TestSetAccountIsExact(t *testing.T) {
	for _, tt := range []struct {
		account user.Account
		want    string
	}{
		{user.Account{Username: "bob"}, `{"username":"bob"}`},
		{user.Account{Password: "secret-2"}, `{"new_password":"secret-2"}`},
		{
			user.Account{Username: "bob", Email: "bob@example.com", Phone: "13800138000", Password: "secret-2"},
			`{"email":"bob@example.com","new_password":"secret-2","phone":"13800138000","username":"bob"}`,
		},
	} {
		c := &canned{body: `{"id":7}`}
		u := c.read(t, living("", "", ""))
		require.NoError(t, u.SetAccount(ctx, tt.account))
		require.Equal(t, []string{"PUT /hserve/v2.2/user/account/ " + tt.want}, c.sent)
	}
	c := &canned{body: `{"id":7}`}
	u := c.read(t, living("", "", ""))
	fails(t, herror.InvalidParameter, u.SetAccount(ctx, user.Account{}))
	fails(t, herror.InvalidParameter, u.VerifyMobilePhone(ctx, ""))
	require.Empty(t, c.sent)
}

// The response to a change of the password is merged too.
func TestUpdatePasswordMergesTheResponse(t *testing.T) {
	c := &canned{body: `{"id":7,"_username":"ann"}`}
	u := c.read(t, living("", "", ""))
	c.body = `{"username":"ann","email":"ann@example.com","email_verified":true}`
	require.NoError(t, u.UpdatePassword(ctx, "secret-1", "secret-2"))
	require.Equal(t, "ann@example.com", u.Email())
	require.True(t, u.EmailVerified())
	require.EqualValues(t, 7, u.ID())
}

// Changes of several Set calls are one request.
func TestSetAccumulates(t *testing.T) {
	c := &canned{body: `{"id":7}`}
	u := c.read(t, living("", "", ""))
	u.Set("a", 1)
	u.Set("b", 2)
	require.NoError(t, u.Set("c", 3).Update(ctx))
	require.Equal(t, []string{`PUT /hserve/v2.5/user/info/ {"a":1,"b":2,"c":3}`}, c.sent)
	require.NoError(t, u.Update(ctx))
	require.Len(t, c.sent, 1, "nothing is set any more")
}

// Whatever a link's response has, the session stays that of the login.
func TestALinkLeavesTheSessionAlone(t *testing.T) {
	for name, link := range map[string]func(*user.CurrentUser) error{
		"platform": func(u *user.CurrentUser) error {
			_, err := u.LinkTt(ctx, nil, auth.Code("code-1"))
			return err
		},
		"Alipay": func(u *user.CurrentUser) error {
			_, err := u.LinkAlipay(ctx, nil, auth.Code("code-1"))
			return err
		},
		"a web provider": func(u *user.CurrentUser) error {
			_, err := u.LinkThirdParty(ctx, platform.Weibo, "t")
			return err
		},
		"a provider's token": func(u *user.CurrentUser) error {
			_, err := u.LinkThirdPartyWithAuthData(ctx, platform.OAuthData{Provider: platform.Apple, Token: "t"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u, err := w.visitor().LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
			require.NoError(t, err)
			before, err := w.visitor().Session(ctx)
			require.NoError(t, err)
			for _, body := range []string{
				`{"status":"ok","user_id":1,"token":"other","expires_in":5,"openid":"other","alipay_user_id":"other"}`, `{}`,
			} {
				remove := w.Fail("/hserve/**", baastest.Fault{Status: 200, Body: body})
				require.NoError(t, link(u))
				remove()
				after, err := w.visitor().Session(ctx)
				require.NoError(t, err)
				require.Equal(t, before, after)
			}
		})
	}
}
