package user_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// me is the handle of the visitor who is logged in; the journal is empty.
func (w *world) me() *user.Me {
	w.t.Helper()
	me, err := w.visitor().Me(ctx)
	require.NoError(w.t, err)
	return me
}

func TestMeSendsNothing(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	me := w.me()
	require.Equal(t, u.ID(), me.ID())
	require.Equal(t, u.OpenID(), me.OpenID())
	require.Equal(t, u.UnionID(), me.UnionID())
	require.Equal(t, u.SessionExpiresAt(), me.SessionExpiresAt())
	require.False(t, me.Anonymous())
	require.Zero(t, w.sent())
	require.Equal(t, fmt.Sprintf("user{%d}", u.ID()), fmt.Sprintf("%+v", me))

	_, err := w.client.Auth("nobody").Me(ctx)
	fails(t, herror.SessionMissing, err)
	require.Zero(t, w.sent())
}

// Each call sends its one request and no read before it.
func TestCallsOfMeSendOneRequestEach(t *testing.T) {
	w := newWorld(t)
	w.member()
	me := w.me()
	for name, call := range map[string]func() error{
		"link":         func() error { _, err := me.LinkKs(ctx, nil, auth.Code(w.Kuaishou("o").Login())); return err },
		"link on":      func() error { _, err := me.LinkOn(ctx, platform.QQ{}, nil, auth.Code(w.QQ("o").Login())); return err },
		"field":        func() error { return me.Set("age", 30).Update(ctx) },
		"username":     func() error { return me.SetUsername(ctx, "bob") },
		"email":        func() error { return me.SetEmail(ctx, "bob@example.com") },
		"verification": func() error { return me.RequestEmailVerification(ctx) },
	} {
		w.ResetJournal()
		if name == "verification" {
			require.NoError(t, me.SetEmail(ctx, "new@example.com"))
			w.ResetJournal()
		}
		require.NoError(t, call(), name)
		require.Equal(t, 1, w.sent(), name)
	}
}

// The fields are read once, however many ask for them, and show later changes.
func TestMeReadsTheUserOnce(t *testing.T) {
	w := newWorld(t)
	w.member()
	me := w.me()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			u, err := me.User(ctx)
			if err != nil || u.Username() != "ann" {
				t.Error(u, err)
			}
		})
	}
	all.Wait()
	require.Equal(t, 1, w.sent())
	require.NoError(t, me.SetUsername(ctx, "bob"))
	u, err := me.User(ctx)
	require.NoError(t, err)
	require.Equal(t, "bob", u.Username())
	again, err := u.User(ctx)
	require.NoError(t, err)
	require.Same(t, u, again)
	require.Equal(t, 2, w.sent())
}

func TestMeKeepsNoError(t *testing.T) {
	w := newWorld(t)
	w.member()
	me := w.me()
	w.Fail("GET /hserve/v2.5/user/info/*/", baastest.Fault{Times: 1, Status: 400})
	_, err := me.User(ctx)
	fails(t, herror.BadRequest, err)
	_, err = me.User(ctx)
	require.NoError(t, err)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = w.me().User(ended)
	fails(t, herror.RequestTimeout, err)
}

// A handle acts as the user it was made for, and as nobody else.
func TestMeIsNotTheNextUser(t *testing.T) {
	w := newWorld(t)
	w.member()
	me := w.me()
	_, err := w.visitor().Register(ctx, auth.Credentials{Username: "next", Password: "secret-2"})
	require.NoError(t, err)
	w.ResetJournal()
	_, err = me.User(ctx)
	fails(t, herror.SessionMissing, err)
	w.ResetJournal()
	fails(t, herror.SessionMissing, me.Set("age", 30).Update(ctx))
	_, err = me.LinkKs(ctx, nil, auth.Code(w.Kuaishou("o").Login()))
	fails(t, herror.SessionMissing, err)
	require.Zero(t, w.sent())
}

func TestAnonymousMeMayNotLink(t *testing.T) {
	w := newWorld(t)
	_, err := w.visitor().AnonymousLogin(ctx)
	require.NoError(t, err)
	w.ResetJournal()
	me := w.me()
	require.True(t, me.Anonymous())
	_, err = me.LinkOn(ctx, platform.Kuaishou{}, nil, auth.Code("c"))
	fails(t, herror.AnonymousNotAllowed, err)
	fails(t, herror.AnonymousNotAllowed, me.SetUsername(ctx, "bob"))
	require.Zero(t, w.sent())
}

// With a code source Me logs in, as every other call does.
func TestMeLogsInWhereThereIsACodeSource(t *testing.T) {
	var w *world
	w = newWorld(t, baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) {
		return w.Kuaishou("openid-1").Login(), nil
	}))
	me, err := w.visitor().Me(ctx)
	require.NoError(t, err)
	require.Equal(t, "openid-1", me.OpenID())
	require.Equal(t, 1, w.sent())
}

// Values that no client made fail with 602 and do not panic.
func TestZeroValues(t *testing.T) {
	for _, me := range []*user.Me{new(user.Me), &new(user.CurrentUser).Me} {
		_, err := me.User(ctx)
		fails(t, herror.Uninitialized, err)
		_, err = me.LinkKs(ctx, nil, auth.Code("c"))
		fails(t, herror.Uninitialized, err)
		_, err = me.LinkThirdParty(ctx, platform.Weibo, "t")
		fails(t, herror.Uninitialized, err)
		_, err = me.LinkThirdPartyWithAuthData(ctx, platform.OAuthData{Provider: platform.Apple, Token: "t"})
		fails(t, herror.Uninitialized, err)
		fails(t, herror.Uninitialized, me.Set("age", 30).Update(ctx))
		fails(t, herror.Uninitialized, me.SetUsername(ctx, "bob"))
		fails(t, herror.Uninitialized, me.RequestEmailVerification(ctx))
		require.Zero(t, me.ID())
	}
	u := new(user.CurrentUser)
	require.Zero(t, u.ID())
	require.Empty(t, u.Nickname())
	require.Equal(t, "user{0}", fmt.Sprint(u))
}
