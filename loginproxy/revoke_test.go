package loginproxy_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
)

// operator is a client on the proxy's store.
func (w *world) operator() *baas.Client {
	w.t.Helper()
	client, err := w.Client(baas.WithSessionStore(w.store))
	require.NoError(w.t, err)
	return client
}

// userID returns the id of a person who has logged in before.
func (w *world) userID(openID string) int64 {
	w.t.Helper()
	u, ok := w.UserOf(w.Kuaishou(openID))
	require.True(w.t, ok)
	return u.ID
}

// ways are the ways to log a person in on the phone, with the session id as the result.
var ways = map[string]func(*world, *baastest.Phone, string) string{
	"JSON routes": (*world).login, "drop-in": (*world).vendorLogin,
}

func TestSessionsOfTheProxyAreRevoked(t *testing.T) {
	for name, login := range ways {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			one, two := login(w, w.Kuaishou("openid-1"), ""), login(w, w.Kuaishou("openid-1"), "")
			other := login(w, w.Kuaishou("openid-2"), "")
			userID := w.userID("openid-1")
			w.Clock().Advance(12 * time.Hour)
			require.Equal(t, http.StatusOK, w.me(one).status, "which notes the time")

			infos, err := w.operator().Sessions(t.Context(), userID)
			require.NoError(t, err)
			require.Len(t, infos, 2)
			require.NotEqual(t, infos[0].SeenAt, infos[1].SeenAt)
			revoked, err := w.operator().RevokeUser(t.Context(), userID)
			require.NoError(t, err)
			require.Equal(t, 2, revoked)
			require.Equal(t, http.StatusUnauthorized, w.me(one).status)
			require.Equal(t, http.StatusUnauthorized, w.me(two).status)
			require.Equal(t, http.StatusOK, w.me(other).status)
			require.Zero(t, w.TokensAlive(userID))
		})
	}
}

// A login whose response comes after the revocation is 401 on the phone, and its token
// is destroyed.
func TestALoginDuringARevocation(t *testing.T) {
	for name, start := range map[string]func(w *world, code, bearer string) response{
		"JSON routes": func(w *world, code, bearer string) response { return w.post("/login/ks", bearer, m{"code": code}) },
		"drop-in": func(w *world, code, bearer string) response {
			return w.vendor("POST", silentPath, bearer, m{"code": code, "create_user": true})
		},
	} {
		for _, again := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t)
				id := w.login(w.Kuaishou("openid-1"), "")
				userID, bearer := w.userID("openid-1"), ""
				if again {
					bearer = id
				}
				arrived, release := w.hold("POST " + silentPath)
				done := make(chan response, 1)
				code := w.Kuaishou("openid-1").Login()
				go func() { done <- start(w, code, bearer) }()
				<-arrived
				w.Clock().Advance(time.Second)
				_, err := w.operator().RevokeUser(t.Context(), userID)
				require.NoError(t, err)
				close(release)
				require.Equal(t, http.StatusUnauthorized, (<-done).status)
				infos, err := w.operator().Sessions(t.Context(), userID)
				require.NoError(t, err)
				require.Empty(t, infos)
				require.Zero(t, w.TokensAlive(userID))
			})
		}
	}
}
