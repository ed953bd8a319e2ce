package auth_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// eachRefusal runs a test for the refusals that the platforms with a 603 know. The
// responses are pinned so that the user has a unionid without user info.
func eachRefusal(t *testing.T, test func(t *testing.T, w *world, on idp, refuse func(*baastest.Phone) *platform.AuthData)) {
	for _, on := range idps {
		if silentOnRefusal(on) {
			continue
		}
		t.Run(on.Name()+" user info", func(t *testing.T) { test(t, newWorldWith(t, unionIDFromCode), on, (*baastest.Phone).RefuseUserInfo) })
		t.Run(on.Name()+" phone", func(t *testing.T) { test(t, newWorldWith(t, unionIDFromCode), on, (*baastest.Phone).RefusePhoneNumber) })
	}
}

func TestRefusalWithACodeCarriesTheIDsOfItsOwner(t *testing.T) {
	eachRefusal(t, func(t *testing.T, w *world, on idp, refuse func(*baastest.Phone) *platform.AuthData) {
		phone, a := w.person(on.Name(), "openid-1").SetUnionID("union-1"), w.visitor()
		code := phone.Login()
		_, err := on.Login(a, ctx, refuse(phone), auth.Code(code))
		h := fails(t, herror.Unauthorized, err)

		require.EqualError(t, err, "603: unauthorized")
		account, ok := w.UserOf(phone)
		require.True(t, ok)
		require.Equal(t, account.ID, h.ID)
		require.Equal(t, "openid-1", h.OpenID)
		require.True(t, h.Sent(), "the code is spent")
		require.Equal(t, 1, w.sent())
		require.Equal(t, "/hserve/v2.5/idp/"+on.Name()+"/silent-login/", w.last().Path)
		if on.Name() == "wechat" {
			require.Equal(t, "union-1", h.UnionID)
		}
		s, err := a.Session(ctx)
		require.NoError(t, err)
		require.Equal(t, account.ID, s.UserID, "the silent login stands")
	})
}

func TestRefusalWithoutACodeCarriesTheIDsOfTheSession(t *testing.T) {
	eachRefusal(t, func(t *testing.T, w *world, on idp, refuse func(*baastest.Phone) *platform.AuthData) {
		phone, a := w.person(on.Name(), "openid-1"), w.visitor()
		_, err := on.Login(a, ctx, refuse(phone))
		h := fails(t, herror.Unauthorized, err)
		require.Zero(t, h.ID)
		require.Empty(t, h.OpenID)
		require.False(t, h.Sent())

		u, err := on.Login(a, ctx, nil, auth.Code(phone.Login()))
		require.NoError(t, err)
		w.ResetJournal()
		_, err = on.Login(a, ctx, refuse(phone))
		h = fails(t, herror.Unauthorized, err)
		require.Equal(t, u.ID(), h.ID)
		require.Equal(t, "openid-1", h.OpenID)
		require.Zero(t, w.sent())

		require.NoError(t, a.Logout(ctx))
		_, err = on.Login(a, ctx, refuse(phone))
		h = fails(t, herror.Unauthorized, err)
		require.Zero(t, h.ID, "never those of a user who is gone")
		require.Empty(t, h.OpenID)
	})
}

func TestRefusalOfBWithTheSessionOfA(t *testing.T) {
	eachRefusal(t, func(t *testing.T, w *world, on idp, refuse func(*baastest.Phone) *platform.AuthData) {
		ann, bob, a := w.person(on.Name(), "openid-a"), w.person(on.Name(), "openid-b"), w.visitor()
		_, err := on.Login(a, ctx, nil, auth.Code(ann.Login()))
		require.NoError(t, err)

		code := bob.Login()
		_, err = on.Login(a, ctx, refuse(bob), auth.Code(code))
		h := fails(t, herror.Unauthorized, err)
		account, _ := w.UserOf(bob)
		require.Equal(t, account.ID, h.ID)
		require.Equal(t, "openid-b", h.OpenID)
	})
}

// Where the silent login behind a refusal fails, it stays a refusal; why there are
// no ids is the cause.
func TestRefusalWhoseSilentLoginFails(t *testing.T) {
	eachRefusal(t, func(t *testing.T, w *world, on idp, refuse func(*baastest.Phone) *platform.AuthData) {
		phone, a := w.person(on.Name(), "openid-1"), w.visitor()
		_, err := on.Login(a, ctx, refuse(phone), auth.Code(phone.Login()), auth.CreateUser(false))
		h := fails(t, herror.Unauthorized, err)
		require.Zero(t, h.ID)
		require.ErrorIs(t, err, herror.NotFound)
		require.True(t, h.Sent())

		gone, cancel := context.WithCancel(ctx)
		cancel()
		_, err = on.Login(a, gone, refuse(phone), auth.Code(phone.Login()))
		h = fails(t, herror.Unauthorized, err)
		require.ErrorIs(t, err, context.Canceled)
		require.False(t, h.Sent())
	})
}

// Alipay's documented fallback: who cancels is logged in silently, options kept.
func TestAlipayLogsInSilentlyWhoCancels(t *testing.T) {
	w := newWorld(t)
	phone, a := w.Alipay("user-1"), w.visitor()
	_, err := a.LoginWithAlipay(ctx, phone.RefuseUserInfo(), auth.Code(phone.Login()), auth.CreateUser(false))
	fails(t, herror.NotFound, err)

	u, err := a.LoginWithAlipay(ctx, phone.RefuseUserInfo(), auth.Code(phone.Login()))
	require.NoError(t, err)
	require.False(t, u.Authorized())
	require.Equal(t, "/hserve/v2.5/idp/alipay/silent-login/", w.last().Path)

	w.ResetJournal()
	_, err = a.LoginWithAlipay(ctx, phone.RefuseUserInfo())
	require.NoError(t, err)
	require.Equal(t, get, w.last().Method, "the session does where no code was given")
}

func TestARefusalAsLinkDataIsUnauthorizedAndSendsNothing(t *testing.T) {
	eachRefusal(t, func(t *testing.T, w *world, on idp, refuse func(*baastest.Phone) *platform.AuthData) {
		phone, a := w.person(on.Name(), "openid-1"), w.visitor()
		u, err := a.Register(ctx, auth.Credentials{Username: "ann", Password: "secret-1"})
		require.NoError(t, err)
		w.ResetJournal()
		code := phone.Login()
		_, err = on.Link(&u.Me, ctx, refuse(phone), auth.Code(code))
		h := fails(t, herror.Unauthorized, err)
		require.Equal(t, u.ID(), h.ID)
		require.Zero(t, w.sent())

		_, err = on.Link(&u.Me, ctx, nil, auth.Code(code))
		require.NoError(t, err, "the code is not spent")
	})
}

// All that wants the user's consent says 603 for a refusal, before it asks who is
// logged in.
func TestRefusalInOtherCalls(t *testing.T) {
	calls := map[string]func(*auth.Auth, *platform.AuthData) (*user.CurrentUser, error){
		"UpdatePhoneNumber": func(a *auth.Auth, d *platform.AuthData) (*user.CurrentUser, error) {
			return a.UpdatePhoneNumber(ctx, d)
		},
		"UpdateUserInfo": func(a *auth.Auth, d *platform.AuthData) (*user.CurrentUser, error) { return a.UpdateUserInfo(ctx, d) },
	}
	for name, call := range calls {
		w := newWorld(t, baas.WithTimeout(baas.DefaultTimeout))
		phone, a := w.WeChat("openid-1"), w.visitor()
		u, err := a.LoginWithWechat(ctx, nil, auth.Code(phone.Login()))
		require.NoError(t, err)
		w.ResetJournal()
		_, err = call(a, phone.RefusePhoneNumber())
		h := fails(t, herror.Unauthorized, err)
		require.Equal(t, u.ID(), h.ID, name)
		require.Equal(t, "openid-1", h.OpenID, name)
		require.Zero(t, w.sent(), name)
	}
}

// silentOnRefusal reports whether a user who refuses is logged in silently.
func silentOnRefusal(on idp) bool { return on.Name() == "alipay" }
