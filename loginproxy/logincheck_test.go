package loginproxy_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/loginproxy"
)

// checking is a world whose login check is check.
func checking(t *testing.T, check func(context.Context, *loginproxy.Visitor) error) *world {
	t.Helper()
	return newWorld(t, loginproxy.WithLoginCheck(check))
}

var errBanned = &loginproxy.Refusal{Status: http.StatusForbidden, Name: "banned"}

// liveTokens counts the tokens that the backend has given out and not destroyed.
func (w *world) liveTokens() (live int) {
	w.t.Helper()
	for _, token := range slices.Compact(slices.Sorted(slices.Values(w.tokens))) {
		r := request{method: http.MethodGet, path: me}.http(w.t)
		r.URL.Scheme, r.URL.Host, r.RequestURI = "http", "backend.example", ""
		r.Header.Set("Authorization", "Hydrogen-r1 "+token)
		r.Header.Set("X-Hydrogen-Client-ID", baastest.DefaultClientID)
		res, err := w.Transport().RoundTrip(r)
		require.NoError(w.t, err)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized {
			live++
		}
	}
	return live
}

// A refused login has no session, and its token is destroyed. The phone gets the name.
func TestLoginCheckRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		err    error
		status int
		code   string
		text   string // of the response
		class  loginproxy.Class
	}{
		"a refusal":                 {errBanned, 403, "403", "banned", "refused"},
		"a refusal that is wrapped": {fmt.Errorf("user 7: %w", errBanned), 403, "403", "banned", "refused"},
		"not now":                   {&loginproxy.Refusal{Status: 503, Name: "no_local_row"}, 503, "503", "no_local_row", "refused"},
		"another error":             {errors.New("canary"), 503, "503", "login_check_failed", "program"},
		"an error of the SDK":       {herror.New(herror.UserRefused, "canary"), 503, "503", "login_check_failed", "program"},
		"a status of success":       {&loginproxy.Refusal{Status: 200, Name: "banned"}, 503, "503", "login_check_failed", "program"},
		"a status of a failure":     {&loginproxy.Refusal{Status: 500, Name: "banned"}, 503, "503", "login_check_failed", "program"},
		"no name":                   {&loginproxy.Refusal{Status: 403}, 503, "503", "login_check_failed", "program"},
		"a name with a quote":       {&loginproxy.Refusal{Status: 403, Name: `a"b`}, 503, "503", "login_check_failed", "program"},
		"a name with upper case":    {&loginproxy.Refusal{Status: 403, Name: "Banned"}, 503, "503", "login_check_failed", "program"},
		"a long name":               {&loginproxy.Refusal{Status: 403, Name: strings.Repeat("a", 65)}, 503, "503", "login_check_failed", "program"},
		"nil of the type":           {(*loginproxy.Refusal)(nil), 503, "503", "login_check_failed", "program"},
	} {
		t.Run(name, func(t *testing.T) {
			w := checking(t, func(context.Context, *loginproxy.Visitor) error { return tt.err })
			a := w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login()})
			require.Equal(t, tt.status, a.status)
			require.JSONEq(t, `{"code":`+tt.code+`,"error":"`+tt.text+`","code_spent":true}`, a.body)
			a = w.vendor("POST", silentPath, "", m{"code": w.Kuaishou("openid-2").Login(), "create_user": true})
			a.requireError(t, tt.status, strings.ReplaceAll(tt.text, "_", " "))
			for _, e := range w.observedCauses() {
				require.Equal(t, tt.class, e.Class)
				require.Error(t, e.Err)
				require.Equal(t, tt.status, e.Status)
			}
			require.Zero(t, w.store.Len(), "nothing is stored")
			require.Equal(t, 2, w.CountRequests("POST "+destroyPath))
			require.Len(t, w.tokens, 2)
			require.Zero(t, w.liveTokens())
		})
	}
}

// A session that the request came with goes on, as for a login that fails.
func TestLoginCheckKeepsTheOldSession(t *testing.T) {
	for name, login := range map[string]func(*world, string) response{
		"JSON routes": func(w *world, id string) response {
			return w.post("/login/ks", id, m{"code": w.Kuaishou("openid-2").Login()})
		},
		"drop-in": func(w *world, id string) response {
			return w.vendor("POST", silentPath, id, m{"code": w.Kuaishou("openid-2").Login(), "create_user": true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			banned := false
			w := checking(t, func(context.Context, *loginproxy.Visitor) error {
				if banned {
					return errBanned
				}
				return nil
			})
			id := w.login(w.Kuaishou("openid-1"), "")
			banned = true
			require.Equal(t, http.StatusForbidden, login(w, id).status)
			require.Equal(t, w.userID("openid-1"), w.me(id).userID(t))
			require.Equal(t, 1, w.liveTokens())
			require.Equal(t, 1, w.store.Len())
		})
	}
}

// The visitor of the check is that of the login hook: the ids and the user cost no
// request, other calls work.
func TestLoginCheckVisitor(t *testing.T) {
	var seen []string
	w := checking(t, func(ctx context.Context, v *loginproxy.Visitor) error {
		u, err := v.User(ctx)
		if err != nil {
			return err
		}
		seen = append(seen, fmt.Sprintf("%d %q %q %q %t %d", v.UserID(), v.OpenID(), v.UnionID(), v.Platform(), v.Anonymous(), u.ID()))
		return u.Set("checked", true).Update(ctx)
	})
	w.post("/login/wx", "", m{"code": w.WeChat("openid-1").SetUnionID("unionid-1").Login(), "withUnionID": true}).requireOK(t)
	w.vendorLogin(w.Kuaishou("openid-2"), "")
	w.post("/register", "", m{"username": "ann", "password": "correct horse"}).requireOK(t)
	anonymous := w.post("/login/anonymous", "", nil)
	require.Equal(t, []string{
		`61736923 "openid-1" "unionid-1" "wechat" false 61736923`, `61736924 "openid-2" "" "kuaishou" false 61736924`,
		`61736925 "" "" "" false 61736925`, `61736926 "" "" "" true 61736926`,
	}, seen)
	require.Zero(t, w.CountRequests("GET /hserve/v2.5/user/info/61736923/"), "the login has read the user")
	require.Equal(t, http.StatusOK, w.me(anonymous.token(t)).status)
}

// What the check does to the session is in the session.
func TestLoginCheckLinks(t *testing.T) {
	var w *world
	w = checking(t, func(ctx context.Context, v *loginproxy.Visitor) error {
		_, err := v.Me().LinkKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
		return err
	})
	in := w.post("/register", "", m{"username": "ann", "password": "correct horse"}).token(t)
	w.visit(in, func(_ context.Context, v *loginproxy.Visitor) { require.Equal(t, "kuaishou", v.Platform()) })
}

// A check that ends the session has not let the user in.
func TestLoginCheckThatLogsOut(t *testing.T) {
	w := checking(t, func(ctx context.Context, v *loginproxy.Visitor) error { return v.Auth().Logout(ctx) })
	a := w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login()})
	require.JSONEq(t, `{"code":503,"error":"login_check_failed","code_spent":true}`, a.body)
	require.Zero(t, w.store.Len())
	require.Zero(t, w.liveTokens())
}

// A panic leaves nothing behind either, and nothing is sent.
func TestLoginCheckPanics(t *testing.T) {
	w := checking(t, func(context.Context, *loginproxy.Visitor) error { panic("canary") })
	require.PanicsWithValue(t, "canary", func() { w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login()}) })
	require.PanicsWithValue(t, "canary", func() {
		w.vendor("POST", silentPath, "", m{"code": w.Kuaishou("openid-1").Login(), "create_user": true})
	})
	require.Zero(t, w.store.Len())
	require.Len(t, w.tokens, 2)
	require.Zero(t, w.liveTokens())
	for _, e := range w.observedCauses() {
		require.Equal(t, loginproxy.ClassProgram, e.Class)
		require.EqualError(t, e.Err, "internal_error: panic with a value of type string")
	}
}

// After a panic of the hook for logins no session is left: nobody has been told its id. The
// session of before has ended, as after every login.
func TestLoginHookPanics(t *testing.T) {
	w := checking(t, func(context.Context, *loginproxy.Visitor) error { return nil })
	before := w.login(w.Kuaishou("openid-1"), "")
	w.proxy = w.replica(loginproxy.WithOnLogin(func(context.Context, *loginproxy.Visitor) { panic("canary") }))
	require.PanicsWithValue(t, "canary", func() { w.post("/login/ks", before, m{"code": w.Kuaishou("openid-1").Login()}) })
	require.PanicsWithValue(t, "canary", func() {
		w.vendor("POST", silentPath, "", m{"code": w.Kuaishou("openid-1").Login(), "create_user": true})
	})
	require.Equal(t, http.StatusUnauthorized, w.me(before).status)
	require.Len(t, w.tokens, 3)
	require.Zero(t, w.liveTokens())
}

// An anonymous user who may not register stays logged in: the token is the same.
func TestLoginCheckOfAnAnonymousUser(t *testing.T) {
	w := checking(t, func(_ context.Context, v *loginproxy.Visitor) error {
		if v.Anonymous() {
			return nil
		}
		return errBanned
	})
	id := w.post("/login/anonymous", "", nil).token(t)
	refused := w.post("/register", id, m{"username": "ann", "password": "correct horse"})
	require.Equal(t, http.StatusForbidden, refused.status)
	require.JSONEq(t, `{"code":403,"error":"banned","code_spent":false}`, refused.body, "a register sends no code")
	require.Equal(t, http.StatusOK, w.me(id).status)
}

// The hook of logins is called after the check, and only if it says yes.
func TestLoginCheckComesFirst(t *testing.T) {
	var calls []string
	var answer error
	w := newWorld(t,
		loginproxy.WithLoginCheck(func(context.Context, *loginproxy.Visitor) error {
			calls = append(calls, "check")
			return answer
		}),
		loginproxy.WithOnLogin(func(context.Context, *loginproxy.Visitor) { calls = append(calls, "hook") }))
	w.login(w.Kuaishou("openid-1"), "")
	answer = errBanned
	w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login()})
	w.post("/login/ks", "", m{"code": "spent"})
	require.Equal(t, []string{"check", "hook", "check"}, calls)
}
