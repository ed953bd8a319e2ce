// Package live_test runs the vendor's own client (npm package minapp-sdk), unmodified,
// on cmd/baas-emulator. The package has two builds, for WeChat and for the web.
//
// The WeChat build and this SDK run the same scenarios. They must send the same
// requests, have the same outcomes, and find each other's users.
//
// Both builds make every call that they have in the auth and user area, on the emulator
// and through a login proxy. viaProxy lists what differs between the two, and leftOut
// the functions that are not called. Each entry has a reason. The tests of idling show
// that a session that has ended on the proxy does not lock the client out.
//
// The tests need Node and npm. Without them they are skipped, or fail if CI=true.
package live_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/herror"
)

// Versions of WeChat's base library. Newer ones send a phone code and signed user info;
// older ones do not.
const (
	newBaseLibrary = "3.4.5"
	oldBaseLibrary = "2.15.0"
)

// vendorVersion is the version that the vendor's client sends.
const vendorVersion = "v3.23.6"

// firstUser is the id of the first user that an emulator creates.
const firstUser = 61736923

func TestMinapp(t *testing.T) {
	driver := installMinapp(t)
	program := buildEmulator(t)

	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			e := startEmulator(t, program)
			theirs := s.run(t, e, newVendor(t, driver, e.newPerson(t, openID), s.baseLibrary))

			e = startEmulator(t, program) // a new one, so that the ids are the same
			own := s.run(t, e, newOurs(t, e.newPerson(t, openID)))

			for i, st := range s.steps {
				t.Run(st.name, func(t *testing.T) {
					sameOutcome(t, st, theirs[i].outcome, own[i].outcome)
					sameExchanges(t, st, theirs[i].exchanges, own[i].exchanges)
				})
			}
		})
	}
	t.Run("each client finds the other's users", func(t *testing.T) {
		e := startEmulator(t, program)
		p := e.newPerson(t, openID)
		shareAccount(t, p, newVendor(t, driver, p, newBaseLibrary), newOurs(t, p))
	})
}

// stepResult is the result of a step.
type stepResult struct {
	outcome   outcome
	exchanges []exchange
}

// run runs the scenario with one client on a new emulator and checks each result.
func (s scenario) run(t *testing.T, e *emulator, c client) []stepResult {
	t.Helper()
	var results []stepResult
	p := &person{e, openID}
	for _, st := range s.steps {
		var args []any
		if st.args != nil {
			args = st.args(t, p)
		}
		result := stepResult{outcome: c.call(t, st.call, args...), exchanges: e.takeJournal(t)}
		require.Equal(t, st.code, result.outcome.code(), "%T: %s: %+v", c, st.name, result.outcome.Error)
		requests := []string{}
		for _, x := range result.exchanges {
			requests = append(requests, x.line())
		}
		want := append([]string{}, st.requests...)
		if _, theirs := c.(*vendor); theirs && st.reread != "" {
			want = append(want, st.reread)
		}
		require.Equal(t, want, requests, "%T: %s", c, st.name)
		results = append(results, result)
	}
	return results
}

// line returns an exchange in the form of the scenarios.
func (x exchange) line() string {
	return fmt.Sprintf("%s %s %d", x.Method, strings.TrimPrefix(x.Path, "/hserve/"), x.Status)
}

// sameOutcome compares the outcomes of the two clients.
func sameOutcome(t *testing.T, st step, theirs, own outcome) {
	t.Helper()
	if st.code == herror.Unauthorized {
		require.Equal(t, &failure{
			Code: herror.Unauthorized, Message: "603: unauthorized",
			ID: firstUser, OpenID: openID, // the unionid is set when the user shares user info
		}, theirs.Error)
	}
	if theirs.Error != nil {
		want := *theirs.Error
		if st.textDropped {
			require.Equal(t, want.Code.Error(), want.Message)
			require.Greater(t, len(own.Error.Message), len(want.Message), "ours has the backend's text")
			want.Message = own.Error.Message
		}
		require.Equal(t, want, *own.Error)
		return
	}
	if st.noValue {
		require.Equal(t, "null", string(own.Value))
		return
	}
	require.JSONEq(t, withoutTimes(t, theirs.Value), withoutTimes(t, own.Value))
}

// withoutTimes returns JSON with a placeholder for every time.
func withoutTimes(t *testing.T, text json.RawMessage) string {
	return masked(t, text, "created_at", "updated_at", "session_expires_at")
}

// withoutSecrets returns JSON with a placeholder for everything that differs between
// two logins.
func withoutSecrets(t *testing.T, text string) string {
	if text == "" {
		return "null"
	}
	return masked(t, json.RawMessage(text), "code", "phone_code", "encryptedData", "iv", "signature")
}

// masked returns JSON with a placeholder for the top-level members with these names.
func masked(t *testing.T, text json.RawMessage, names ...string) string {
	t.Helper()
	var object m
	if json.Unmarshal(text, &object) != nil || object == nil {
		return string(text)
	}
	for _, name := range names {
		if _, ok := object[name]; ok {
			object[name] = "…"
		}
	}
	out, err := json.Marshal(object)
	require.NoError(t, err)
	return string(out)
}

// sameExchanges compares the requests of the two clients in a step.
func sameExchanges(t *testing.T, st step, theirs, own []exchange) {
	t.Helper()
	from := "WECHAT"
	if st.web {
		from = "WEB"
	}
	for i := range own { // theirs may end with the reread
		require.JSONEq(t, withoutSecrets(t, theirs[i].Body), withoutSecrets(t, own[i].Body), theirs[i].line())
		for name, want := range map[string][2]string{
			"X-Hydrogen-Client-ID":       {clientID, clientID},
			"X-Hydrogen-Client-Sdk-Type": {"file", "file"},
			"X-Hydrogen-Client-Version":  {vendorVersion, baas.Version},
			"X-Hydrogen-Client-Platform": {"WECHAT", from},
			"X-Hydrogen-Request-Method":  {"", ""},
			"X-Hydrogen-Env-ID":          {"", ""},
		} {
			require.Equal(t, want[0], theirs[i].Header.Get(name), "theirs, %s: %s", theirs[i].line(), name)
			require.Equal(t, want[1], own[i].Header.Get(name), "ours, %s: %s", own[i].line(), name)
		}
		require.Equal(t, hasToken(t, theirs[i]), hasToken(t, own[i]), "token in %s", own[i].line())
	}
}

// hasToken reports whether a request has a token.
func hasToken(t *testing.T, x exchange) bool {
	t.Helper()
	value := x.Header.Get("Authorization")
	if value == "" {
		return false
	}
	require.Regexp(t, `^Hydrogen-r1 \S+$`, value)
	return true
}

// shareAccount makes the two clients use one account alternately.
func shareAccount(t *testing.T, p *person, theirs, own client) {
	t.Helper()
	do := func(c client, name string, args ...any) m {
		t.Helper()
		o := c.call(t, name, args...)
		require.Nil(t, o.Error, "%T: %s", c, name)
		var value m
		require.NoError(t, json.Unmarshal(o.Value, &value))
		return value
	}
	// Ours registers an account, which theirs links and changes.
	made := do(own, "auth.register", larry)
	require.Equal(t, made["id"], do(theirs, "auth.login", larry)["id"])
	require.Equal(t, made["id"], do(theirs, "user.linkWechat")["user_id"])
	do(theirs, "user.set", "level", 7)
	do(theirs, "user.update")

	// Ours logs in by phone, and finds the same account with the same fields.
	found := do(own, "auth.loginWithWechat")
	require.Equal(t, made["id"], found["id"])
	require.Equal(t, p.openid, found["openid"])
	require.EqualValues(t, 7, found["level"])
	require.Equal(t, do(theirs, "auth.getCurrentUser"), do(own, "auth.getCurrentUser"))

	// Theirs sees what ours changes, in another session.
	number := p.act(t, "allow-phone-number", m{"number": "13800138000"})
	do(own, "auth.updatePhoneNumber", number)
	do(own, "auth.logout")
	seen := do(theirs, "auth.getCurrentUser")
	require.Equal(t, "13800138000", seen["_phone"])
	do(theirs, "auth.logout")
	require.Equal(t, seen, do(theirs, "auth.loginWithWechat"))
}
