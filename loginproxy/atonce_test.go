package loginproxy_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session"
)

// overtaken is a store in which another request changes each session right after it was
// loaded for the first time: change is called with the session, and reports whether it
// did.
type overtaken struct {
	session.Store
	change func(*session.Session) bool
}

func (o *overtaken) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	s, rev, err := o.Store.Load(ctx, key)
	if next := s; err == nil && !s.IsZero() && o.change(&next) {
		if _, err := o.Store.Swap(ctx, key, rev, next); err != nil {
			return s, rev, err
		}
	}
	return s, rev, err
}

// A route uses the session as the proxy has just loaded it. It notices if another request
// has changed the session since.
func TestRoutesNoticeWhatChangesAfterTheLoad(t *testing.T) {
	const read = "GET /hserve/v2.5/user/info/*/"
	seen := func(s *session.Session) { s.SeenAt = start.Add(time.Second) }
	loggedOut := func(s *session.Session) { *s = session.Session{LoggedOut: true} }
	for _, tt := range []struct {
		name   string
		change func(*session.Session)
		route  func(w *world, id string) response
		status int
		check  func(t *testing.T, w *world, id string, a response)
	}{
		{
			name: "a logout of a session that was just seen", change: seen, status: http.StatusOK,
			route: func(w *world, id string) response { return w.post("/logout", id, nil) },
			check: func(t *testing.T, w *world, id string, _ response) {
				require.Equal(t, http.StatusUnauthorized, w.me(id).status)
				require.Zero(t, w.TokensAlive(61736923))
			},
		}, {
			name: "the same with the vendor's client", change: seen, status: http.StatusCreated,
			route: func(w *world, id string) response { return w.vendor("POST", destroyPath, id, m{}) },
			check: func(t *testing.T, w *world, id string, _ response) {
				require.Equal(t, http.StatusUnauthorized, w.me(id).status)
			},
		}, {
			name: "a login over a session that was just seen", change: seen, status: http.StatusOK,
			route: func(w *world, id string) response {
				return w.post("/login/ks", id, m{"code": w.Kuaishou("openid-1").Login()})
			},
			check: func(t *testing.T, w *world, id string, a response) {
				require.Equal(t, http.StatusUnauthorized, w.me(id).status)
				require.Equal(t, http.StatusOK, w.me(a.token(t)).status)
			},
		}, {
			name: "a login over a session that was just logged out", change: loggedOut, status: http.StatusUnauthorized,
			route: func(w *world, id string) response {
				return w.post("/login/ks", id, m{"code": w.Kuaishou("openid-1").Login()})
			},
			check: func(t *testing.T, w *world, id string, a response) {
				require.JSONEq(t, `{"code":604,"error":"session_missing","code_spent":true}`, a.body)
				require.Equal(t, http.StatusUnauthorized, w.me(id).status)
			},
		}, {
			name: "a first link with a session that was just seen", change: seen, status: http.StatusOK,
			route: func(w *world, id string) response {
				return w.post("/link/tt", id, m{"code": w.ByteDance("openid-1").Login()})
			},
			check: func(t *testing.T, w *world, id string, _ response) {
				w.visit(id, func(_ context.Context, v *loginproxy.Visitor) { require.Equal(t, "bytedance", v.Platform()) })
			},
		}, {
			name: "a first link with a session that was just logged out", change: loggedOut, status: http.StatusOK,
			route: func(w *world, id string) response {
				return w.post("/link/tt", id, m{"code": w.ByteDance("openid-1").Login()})
			},
			check: func(t *testing.T, w *world, id string, _ response) {
				require.Equal(t, http.StatusUnauthorized, w.me(id).status, "the logout stays")
			},
		}, {
			name: "a 401 to a session that was just seen", change: seen, status: http.StatusUnauthorized,
			route: func(w *world, id string) response {
				w.RevokeTokens(61736923)
				return w.me(id)
			},
			check: func(t *testing.T, w *world, id string, _ response) {
				sent := w.CountRequests(read)
				require.Equal(t, http.StatusUnauthorized, w.me(id).status)
				require.Equal(t, sent, w.CountRequests(read), "the session is dropped")
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			in := w.post("/register", "", m{"username": "ann", "password": "correct horse"})
			id := in.token(t)
			changed := false
			w.proxy = w.replicaOn(&overtaken{w.store, func(s *session.Session) bool {
				if changed {
					return false
				}
				changed = true
				tt.change(s)
				return true
			}})
			a := tt.route(w, id)
			require.Equal(t, tt.status, a.status, a.body)
			require.True(t, changed)
			tt.check(t, w, id, a)
		})
	}
}

// What the program calls behind the middleware notices a logout, however late it calls:
// nothing is sent with the token.
func TestVisitorNoticesALogout(t *testing.T) {
	w := newWorld(t)
	id := w.login(w.Kuaishou("openid-1"), "")
	w.visit(id, func(ctx context.Context, v *loginproxy.Visitor) {
		require.Equal(t, http.StatusOK, w.post("/logout", id, nil).status)
		w.ResetJournal()
		_, err := v.User(ctx)
		require.EqualError(t, err, "604: session missing")
		require.EqualError(t, v.Me().Set("level", 7).Update(ctx), "604: session missing")
		_, err = v.Auth().CurrentUser(ctx)
		require.EqualError(t, err, "604: session missing")
		require.Zero(t, w.sent())
	})
}

// A login that fails is a request like any other: it keeps the session from being idle.
func TestFailedLoginsKeepASessionFromBeingIdle(t *testing.T) {
	for name, fail := range map[string]func(w *world, id string) response{
		"JSON":                func(w *world, id string) response { return w.post("/login/ks", id, m{"code": "spent"}) },
		"the vendor's client": func(w *world, id string) response { return w.vendor("POST", silentPath, id, m{"code": "spent"}) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.proxy = w.replica(loginproxy.WithIdleTimeout(time.Hour))
			id := w.login(w.Kuaishou("openid-1"), "")
			for range 3 {
				w.Clock().Advance(59 * time.Minute)
				require.Equal(t, http.StatusBadRequest, fail(w, id).status)
			}
			w.Clock().Advance(59 * time.Minute)
			require.Equal(t, http.StatusOK, w.me(id).status)
		})
	}
}

// After a login of the vendor's client, the hook has the user from the response to the
// login, without the token. A response that only names the user is followed by a read.
func TestDropInHookHasTheUser(t *testing.T) {
	const read = "GET /hserve/v2.5/user/info/*/"
	var w *world
	reads := 0
	w = newWorld(t, loginproxy.WithOnLogin(func(ctx context.Context, v *loginproxy.Visitor) {
		u, err := v.User(ctx)
		require.NoError(t, err)
		require.Equal(t, v.UserID(), u.ID())
		text, err := u.MarshalJSON()
		require.NoError(t, err)
		require.Contains(t, string(text), `"created_at"`)
		require.NotContains(t, string(text), "token")
		reads = w.CountRequests(read)
		require.NoError(t, u.Set("level", 7).Update(ctx))
		require.EqualValues(t, 7, u.Get("level").Int())
	}))
	w.vendorLogin(w.Kuaishou("openid-1"), "")
	require.Zero(t, reads)
	require.Equal(t, http.StatusCreated, w.vendor("POST", registerPath, "", m{"username": "ann", "password": "correct horse"}).status)
	require.Zero(t, reads)
	require.Equal(t, http.StatusCreated, w.vendor("POST", "/hserve/v2.0/login/anonymous/", "", m{}).status)
	require.Equal(t, 1, reads)
}
