package live_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The vendor's client, unmodified, uses a login proxy as its host. Every scenario has
// the same outcomes and the same requests to the emulator as without the proxy, and the
// phone never receives a token of the emulator.
func TestMinappThroughTheProxy(t *testing.T) {
	driver := installMinapp(t)
	program := buildEmulator(t)

	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			e := startEmulator(t, program)
			direct := s.run(t, e, newVendor(t, driver, e.newPerson(t, openID), s.baseLibrary))

			e = startEmulator(t, program) // a new one, so that the ids are the same
			f := startProxy(t, e)
			proxied := s.run(t, e, newVendor(t, driver, f.newPerson(t, openID), s.baseLibrary))

			for i, st := range s.steps {
				t.Run(st.name, func(t *testing.T) {
					require.Equal(t, direct[i].outcome.Error, proxied[i].outcome.Error)
					if st.code == 0 {
						require.JSONEq(t, withoutTimes(t, direct[i].outcome.Value), withoutTimes(t, proxied[i].outcome.Value))
					}
					sameRequests(t, direct[i].exchanges, proxied[i].exchanges)
				})
			}
			f.requireNoTokenSent(t)
		})
	}
	t.Run("the JSON routes share the session", func(t *testing.T) {
		e := startEmulator(t, program)
		f := startProxy(t, e)
		p := f.newPerson(t, openID)
		shareSessions(t, f, p, newVendor(t, driver, p, newBaseLibrary))
		f.requireNoTokenSent(t)
	})
}

// sameRequests compares the emulator's requests from the client and from the proxy.
func sameRequests(t *testing.T, direct, proxied []exchange) {
	t.Helper()
	require.Len(t, proxied, len(direct))
	for i := range direct {
		line := direct[i].line()
		require.Equal(t, line, proxied[i].line())
		require.JSONEq(t, withoutSecrets(t, direct[i].Body), withoutSecrets(t, proxied[i].Body), line)
		for _, name := range []string{
			"X-Hydrogen-Client-ID", "X-Hydrogen-Client-Version", "X-Hydrogen-Client-Platform",
			"X-Hydrogen-Client-SDK-Type", "X-Hydrogen-Request-Method", "X-Hydrogen-Env-ID",
		} {
			require.Equal(t, direct[i].Header.Get(name), proxied[i].Header.Get(name), "%s: %s", line, name)
		}
		require.Equal(t, hasToken(t, direct[i]), hasToken(t, proxied[i]), "token in %s", line)
	}
}

// shareSessions makes the vendor's client and the JSON routes use one session.
func shareSessions(t *testing.T, f *proxyServer, p *person, theirs client) {
	t.Helper()
	do := func(name string, args ...any) m {
		t.Helper()
		o := theirs.call(t, name, args...)
		require.Nil(t, o.Error, name)
		var value m
		require.NoError(t, json.Unmarshal(o.Value, &value))
		return value
	}
	// The session of the vendor's client is valid for the JSON routes.
	do("auth.loginWithWechat")
	ann := do("auth.getCurrentUser")
	id := f.lastID(t)
	me := f.askJSON(t, http.StatusOK, http.MethodGet, "me", id, nil)
	require.Equal(t, ann, me["user"])

	// Each side sees what the other changes.
	do("user.set", "level", 7)
	do("user.update")
	require.EqualValues(t, 7, f.askJSON(t, http.StatusOK, http.MethodGet, "me", id, nil)["user"].(m)["level"])
	f.askJSON(t, http.StatusOK, http.MethodPost, "phone", id, m{"data": p.act(t, "allow-phone-number", m{"number": "13800138000"})})
	require.Equal(t, "13800138000", do("auth.getCurrentUser")["_phone"])

	// A logout ends the session for both.
	do("auth.logout")
	f.askJSON(t, http.StatusUnauthorized, http.MethodGet, "me", id, nil)

	// A session of the JSON routes is valid for the backend's paths, too.
	in := f.askJSON(t, http.StatusOK, http.MethodPost, "login/wechat", "", m{"code": p.login(t)})
	id = in["token"].(string)
	require.Equal(t, ann["id"], in["user"].(m)["id"])
	const path = "v2.5/user/info/61736923/"
	require.Equal(t, ann["id"], f.askBackend(t, http.StatusOK, http.MethodGet, path, id)["id"])
	f.askBackend(t, http.StatusUnauthorized, http.MethodGet, path, f.lastToken()) // the proxy does not accept the backend's token
	f.askJSON(t, http.StatusOK, http.MethodPost, "logout", id, m{})
	f.askBackend(t, http.StatusUnauthorized, http.MethodGet, path, id)
}
