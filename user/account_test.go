package user_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

const mailPath = "POST /hserve/v2.0/user/email-verify/"

func TestSetUsername(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	require.NoError(t, u.SetUsername(ctx, "bob"))
	require.Equal(t, "bob", u.Username())
	require.NotZero(t, u.ID(), "the answer's few fields are merged")
	require.JSONEq(t, `{"username":"bob"}`, string(w.last().Body))

	_, err := w.AddUser(baastest.User{Username: "taken"})
	require.NoError(t, err)
	fails(t, herror.BadRequest, u.SetUsername(ctx, "taken"))
	require.Equal(t, "bob", u.Username())
}

func TestSetEmail(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	require.NoError(t, u.SetEmail(ctx, "Ann@Example.com"))
	require.Equal(t, "ann@example.com", u.Email())
	require.False(t, u.EmailVerified())
	require.Empty(t, w.Mails(), "no mail unless asked for")
	require.NoError(t, u.SetEmail(ctx, "ann@example.com", user.SendVerificationEmail(false)))
	require.Empty(t, w.Mails())

	require.NoError(t, u.SetEmail(ctx, "ann@example.org", user.SendVerificationEmail(true)))
	mail, ok := w.LastMail("ann@example.org")
	require.True(t, ok)
	require.Equal(t, baastest.VerifyMail, mail.Kind)
}

func TestSetEmailWhoseMailFails(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	w.Fail(mailPath, baastest.Fault{Status: 500})
	err := u.SetEmail(ctx, "ann@example.com", user.SendVerificationEmail(true))
	fails(t, 500, err)
	require.Equal(t, "ann@example.com", u.Email(), "set all the same")
	account, _ := w.User(u.ID())
	require.Equal(t, "ann@example.com", account.Email)
}

func TestBadAccountTexts(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	for name, text := range map[string]string{
		"empty": "", "over-long": strings.Repeat("a", 257), "not UTF-8": "a\xff", "control characters": "a\tb",
	} {
		for call, err := range map[string]error{
			"SetUsername":    u.SetUsername(ctx, text),
			"SetEmail":       u.SetEmail(ctx, text),
			"SetMobilePhone": u.SetMobilePhone(ctx, text),
			"SetAccount":     u.SetAccount(ctx, user.Account{Username: text}),
		} {
			require.ErrorIs(t, err, herror.InvalidParameter, "%s: %s", call, name)
		}
	}
	require.Zero(t, w.sent())
}

// Every call that an anonymous user may not make is refused before it is sent.
func TestAnonymousUsersMayNot(t *testing.T) {
	w := newWorld(t)
	u, err := w.visitor().AnonymousLogin(ctx)
	require.NoError(t, err)
	require.NoError(t, u.Set("age", 1).Update(ctx), "custom fields they may set")
	w.ResetJournal()

	calls := map[string]func(context.Context) error{
		"SetUsername": func(ctx context.Context) error { return u.SetUsername(ctx, "ann") },
		"SetEmail": func(ctx context.Context) error {
			return u.SetEmail(ctx, "ann@example.com", user.SendVerificationEmail(true))
		},
		"SetMobilePhone":           func(ctx context.Context) error { return u.SetMobilePhone(ctx, "13800138000") },
		"SetAccount":               func(ctx context.Context) error { return u.SetAccount(ctx, user.Account{Username: "ann"}) },
		"UpdatePassword":           func(ctx context.Context) error { return u.UpdatePassword(ctx, "secret-1", "secret-2") },
		"RequestEmailVerification": func(ctx context.Context) error { return u.RequestEmailVerification(ctx) },
		"VerifyMobilePhone":        func(ctx context.Context) error { return u.VerifyMobilePhone(ctx, "123456") },
		"LinkThirdParty": func(ctx context.Context) error {
			_, err := u.LinkThirdParty(ctx, platform.Weibo, "token-1")
			return err
		},
		"LinkThirdPartyWithAuthData": func(ctx context.Context) error {
			_, err := u.LinkThirdPartyWithAuthData(ctx, platform.OAuthData{Provider: platform.Apple, Token: "token-1"})
			return err
		},
	}
	for _, on := range testkit.Platforms {
		calls["Link "+on.Name()] = func(ctx context.Context) error {
			_, err := on.Link(&u.Me, ctx, nil, auth.Code("code-1"))
			return err
		}
	}
	for name, call := range calls {
		err := call(ctx)
		require.ErrorIs(t, err, herror.AnonymousNotAllowed, name)
		require.EqualError(t, err, "612: anonymous user is not allowed", name)
	}
	require.Zero(t, w.sent())
}

// A user that was read before another one logged in under the same visitor key
// changes nothing of that one.
func TestAUserActsAsNobodyElse(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	ann, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-a").Login()))
	require.NoError(t, err)
	bob, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-b").Login()))
	require.NoError(t, err)
	w.ResetJournal()
	_, linkErr := ann.LinkTt(ctx, nil, auth.Code(w.ByteDance("openid-c").Login()))
	for name, err := range map[string]error{
		"Update":      ann.Set("age", 1).Update(ctx),
		"SetUsername": ann.SetUsername(ctx, "ann"),
		"mail":        ann.RequestEmailVerification(ctx),
		"LinkTt":      linkErr,
	} {
		require.ErrorIs(t, err, herror.SessionMissing, name)
	}
	require.Zero(t, w.sent())
	require.NoError(t, bob.SetUsername(ctx, "bob"))

	_, err = a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-a").Login()))
	require.NoError(t, err)
	require.NoError(t, ann.Update(ctx), "ann is back, and her change is still noted")
	require.EqualValues(t, 1, ann.Get("age").Int())
}

// The automatic login after a 401 may bring another user: the change is not theirs.
func TestAnAutomaticLoginOfAnotherUserSendsNothing(t *testing.T) {
	var w *world
	next := "openid-a"
	w = newWorld(t, baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) {
		return w.Kuaishou(next).Login(), nil
	}))
	ann, err := w.visitor().CurrentUser(ctx)
	require.NoError(t, err)
	w.RevokeTokens(ann.ID())
	next = "openid-b"
	require.True(t, fails(t, herror.SessionMissing, ann.SetUsername(ctx, "ann")).Sent(), "the first try was")
	bob, _ := w.UserOf(w.Kuaishou("openid-b"))
	require.Empty(t, bob.Username)
}
