package loginproxy_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// visit has the middleware call f.
func (w *world) visit(bearer string, f func(context.Context, *loginproxy.Visitor)) response {
	h := w.proxy.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		f(r.Context(), loginproxy.FromContext(r.Context()))
	}))
	return w.serve(h, request{method: http.MethodGet, path: "/page", bearer: bearer}.http(w.t))
}

func TestMiddleware(t *testing.T) {
	w := newWorld(t)
	phone := w.WeChat("openid-1").SetUnionID("unionid-1")
	in := w.post("/login/wx", "", m{"code": phone.Login(), "withUnionID": true})
	w.ResetJournal()
	w.observed()
	called := false
	a := w.visit(in.token(t), func(_ context.Context, v *loginproxy.Visitor) {
		called = true
		require.Equal(t, in.userID(t), v.UserID())
		require.Equal(t, "openid-1", v.OpenID())
		require.Equal(t, "unionid-1", v.UnionID())
		require.Equal(t, "wechat", v.Platform())
		require.False(t, v.Anonymous())
	})
	require.True(t, called)
	require.Equal(t, http.StatusOK, a.status)
	require.Zero(t, w.sent(), "the ids cost no request")
	require.Empty(t, w.observed(), "a request that passes is the program's own")
}

func TestMiddlewareRefuses(t *testing.T) {
	w := newWorld(t)
	for _, bearer := range []string{"", "made up"} {
		a := w.visit(bearer, func(context.Context, *loginproxy.Visitor) { t.Fatal("let in") })
		require.Equal(t, http.StatusUnauthorized, a.status)
		require.JSONEq(t, `{"code":604,"error":"session_missing","code_spent":false}`, a.body)
		require.Equal(t, []loginproxy.Event{{Operation: "visit", Status: 401, Code: 604}}, w.observed())
	}
}

// The user is read once per request, also by concurrent calls.
func TestVisitorUser(t *testing.T) {
	w := newWorld(t)
	token := w.login(w.Kuaishou("openid-1"), "")
	w.ResetJournal()
	w.visit(token, func(ctx context.Context, v *loginproxy.Visitor) {
		users, errs := make([]*user.CurrentUser, 16), make([]error, 16)
		var wg sync.WaitGroup
		for i := range users {
			wg.Go(func() { users[i], errs[i] = v.User(ctx) })
		}
		wg.Wait()
		require.NoError(t, errors.Join(errs...))
		for _, u := range users {
			require.Same(t, users[0], u)
		}
		require.NoError(t, users[0].Set("level", 7).Update(ctx))
		u, err := v.Auth().CurrentUser(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 7, u.Get("level").Int())
	})
	require.Equal(t, 2, w.CountRequests("GET /hserve/v2.5/user/info/*/"))
}

// A caller whose context ends fails alone, and a read that failed is tried again.
func TestVisitorUserFails(t *testing.T) {
	w := newWorld(t)
	token := w.login(w.Kuaishou("openid-1"), "")
	w.visit(token, func(ctx context.Context, v *loginproxy.Visitor) {
		arrived, release := w.hold("GET /hserve/v2.5/user/info/*/")
		done := make(chan error)
		go func() {
			_, err := v.User(ctx)
			done <- err
		}()
		<-arrived
		gone, cancel := context.WithCancel(ctx)
		cancel()
		_, err := v.User(gone)
		require.ErrorIs(t, err, context.Canceled)
		close(release)
		require.NoError(t, <-done)
	})
	w.visit(token, func(ctx context.Context, v *loginproxy.Visitor) {
		w.Fail("GET /hserve/v2.5/user/info/*/", baastest.Fault{Status: 400, Times: 1})
		_, err := v.User(ctx)
		require.Error(t, err)
		_, err = v.User(ctx)
		require.NoError(t, err)
	})
}

// The handle costs no request, and its calls send one.
func TestVisitorMe(t *testing.T) {
	w := newWorld(t)
	in := w.post("/login/wx", "", m{"code": w.WeChat("openid-1").SetUnionID("unionid-1").Login(), "withUnionID": true})
	phone := w.Kuaishou("openid-2")
	code := phone.Login()
	w.ResetJournal()
	a := w.visit(in.token(t), func(ctx context.Context, v *loginproxy.Visitor) {
		me := v.Me()
		require.Same(t, me, v.Me())
		require.Equal(t, in.userID(t), me.ID())
		require.Equal(t, "openid-1", me.OpenID())
		require.Equal(t, "unionid-1", me.UnionID())
		require.False(t, me.Anonymous())
		require.Zero(t, w.sent())

		linked, err := me.LinkOn(ctx, platform.Kuaishou{}, nil, auth.Code(code))
		require.NoError(t, err)
		require.Equal(t, in.userID(t), linked.UserID)
		require.Equal(t, 1, w.sent())
		require.Equal(t, 1, w.CountRequests("POST /hserve/v2.5/idp/kuaishou/user-association/"))

		u, err := v.User(ctx)
		require.NoError(t, err)
		again, err := me.User(ctx)
		require.NoError(t, err)
		require.Same(t, u, again, "the handle and the visitor share the fields")
		require.Equal(t, 2, w.sent())
	})
	require.Equal(t, http.StatusOK, a.status)
}

// An anonymous user cannot link, and nothing is sent.
func TestVisitorMeAnonymous(t *testing.T) {
	w := newWorld(t)
	token := w.post("/login/anonymous", "", nil).token(t)
	w.ResetJournal()
	w.visit(token, func(ctx context.Context, v *loginproxy.Visitor) {
		require.True(t, v.Me().Anonymous())
		_, err := v.Me().LinkOn(ctx, platform.Kuaishou{}, nil, auth.Code("c"))
		require.ErrorIs(t, err, herror.AnonymousNotAllowed)
	})
	require.Zero(t, w.sent())
}

// Without the middleware the context has no visitor. A nil visitor means that nobody is logged in.
func TestNobody(t *testing.T) {
	v := loginproxy.FromContext(context.Background())
	require.Nil(t, v)
	require.Zero(t, v.UserID())
	require.Empty(t, v.OpenID()+v.UnionID()+v.Platform())
	require.False(t, v.Anonymous())
	require.Nil(t, v.Auth())
	require.Nil(t, v.Me())
	_, err := v.User(context.Background())
	require.EqualError(t, err, "604: session missing")
}
