package baastest_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// recordedResponse is what the real backend once responded.
func recordedResponse(t *testing.T, name string) m {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "conformance", "testdata", "wire", "real", name+".json"))
	require.NoError(t, err)
	var out m
	decode(t, text, &out)
	return out
}

// sameShape asserts that a response has the members of a recorded one, of the same
// types, and no others but those named.
func sameShape(t *testing.T, recorded, response m, others ...string) {
	t.Helper()
	for name, want := range recorded {
		got, ok := response[name]
		require.True(t, ok, "no %s", name)
		require.Equal(t, reflect.TypeOf(want), reflect.TypeOf(got), name)
		if want, ok := want.(m); ok {
			sameShape(t, want, got.(m))
		}
	}
	for _, name := range names(response) {
		if _, ok := recorded[name]; !ok && !slices.Contains(others, name) {
			require.Fail(t, "a member that was not recorded", name)
		}
	}
}

// The responses have the shape of the recorded ones. The recordings are older than
// phone numbers, and two of their members are undocumented.
func TestRecordedResponses(t *testing.T) {
	const password = "recorded"
	b := newBackend()
	c := newClient(t, b, "")
	byName := m{"username": "ifanr", "password": password}
	sameShape(t, recordedResponse(t, "register_username"), c.ok(201, c.post("v2.0/register/username/", byName)).body, "_phone_verified")
	r := c.ok(201, c.post("v2.0/login/username/", byName))
	sameShape(t, recordedResponse(t, "login_username"), r.body, "_phone_verified")
	sameShape(t, recordedResponse(t, "user_info"), c.self(idOf(r.body)), "_phone_verified")

	sameShape(t, recordedResponse(t, "update_username"), c.ok(200, c.put("v2.0/user/account/", m{"username": "ifanr_new"})).body, "phone", "phone_verified")
	sameShape(t, recordedResponse(t, "update_email"), c.ok(200, c.put("v2.0/user/account/", m{"email": "a@b.c"})).body, "phone", "phone_verified")
	recorded := recordedResponse(t, "update_userinfo")
	delete(recorded, "_status") // undocumented
	sameShape(t, recorded, c.ok(200, c.put("v2.1/user/info/", m{"city": "guangzhou"})).body, "_phone_verified")

	byEmail := m{"email": "someone@example.com", "password": password}
	sameShape(t, recordedResponse(t, "register_email"), c.ok(201, c.post("v2.0/register/email/", byEmail)).body, "_phone_verified")
	sameShape(t, recordedResponse(t, "login_email"), c.ok(201, c.post("v2.0/login/email/", byEmail)).body, "_phone_verified")
	sameShape(t, recordedResponse(t, "login_anonymous"), c.ok(201, c.post(anonymousPath, m{})).body)

	byEmail["password"] = "wrong"
	require.Equal(t, recordedResponse(t, "network_error_json"), c.post("v2.0/login/email/", byEmail).body)
}
