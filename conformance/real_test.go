package conformance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// realNow is the clients' time when they receive the real responses.
var realNow = time.Unix(1_700_000_000, 0).UTC()

const (
	realAvatar = "https://media.ifanrusercontent.com/hydrogen/default_avatar.png"
	realID     = 92812581396859 // of login_username.json and user_info.json
)

// realResponse returns a response of the real backend.
func realResponse(t *testing.T, name string) wireResponse {
	t.Helper()
	body, err := os.ReadFile("testdata/wire/real/" + name + ".json")
	require.NoError(t, err)
	return wireResponse{Status: 200, Body: body}
}

// as returns the response with another user id.
func (a wireResponse) as(id, realID int64) wireResponse {
	a.Body = json.RawMessage(strings.ReplaceAll(string(a.Body), fmt.Sprint(realID), fmt.Sprint(id)))
	return a
}

// realBackend returns a server with these responses, and a user of it.
func realBackend(t *testing.T, responses ...wireResponse) (*replay, *auth.Auth) {
	t.Helper()
	server := newReplay(t)
	server.expect(nil, responses...)
	client, err := baas.New("client-1", baas.WithHost(server.URL), baas.WithClock(func() time.Time { return realNow }))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return server, client.Auth(visitor)
}

// requireAsked compares the methods and paths of the requests.
func requireAsked(t *testing.T, server *replay, want ...string) {
	t.Helper()
	var got []string
	for line := range strings.Lines(server.requests()) {
		if method, path, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(path, "/hserve/") {
			got = append(got, method+" "+path)
		}
	}
	require.Equal(t, want, got)
}

func TestRealLogins(t *testing.T) {
	login, register := (*auth.Auth).Login, (*auth.Auth).Register
	byName := auth.Credentials{Username: "ifanr", Password: "secret-password"}
	byEmail := auth.Credentials{Email: "someone@example.com", Password: "secret-password"}
	tests := []struct {
		file        string
		call        func(*auth.Auth, context.Context, auth.Credentials) (*user.CurrentUser, error)
		credentials auth.Credentials
		asked       string
		token       string
		id          int64
		created     int64
		updated     int64
	}{
		{"login_username", login, byName, "POST /hserve/v2.1/login/username/", "rquswn10awhqfl7bf08gf2qhf851wlsw", realID, 1568960121, 1568960121},
		{"login_email", login, byEmail, "POST /hserve/v2.1/login/email/", "omn817etdl9o1fu2recufguv32e930xp", 91458891731308, 1568629630, 1568629630},
		{"register_username", register, byName, "POST /hserve/v2.1/register/username/", "1btiocpi7y8t8bqe71gburcnh1tlz77n", 91457894212014, 1568629387, 1568629387},
		{"register_email", register, byEmail, "POST /hserve/v2.1/register/email/", "fjahxrk7kiszbue6b1b1wplinaegh45q", 91458891731308, 1568629630, 1568629630},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			server, a := realBackend(t, realResponse(t, test.file))
			u, err := test.call(a, t.Context(), test.credentials)
			require.NoError(t, err)
			requireAsked(t, server, test.asked) // the response has all fields of the user, so it is not read

			require.Equal(t, test.id, u.ID())
			require.Equal(t, test.id, u.CreatedBy())
			require.Equal(t, test.credentials.Username, u.Username())
			require.Equal(t, test.credentials.Email, u.Email())
			require.Equal(t, realAvatar, u.Avatar())
			require.Equal(t, time.Unix(test.created, 0).UTC(), u.CreatedAt())
			require.Equal(t, time.Unix(test.updated, 0).UTC(), u.UpdatedAt())
			require.False(t, u.Authorized())
			require.False(t, u.Anonymous())
			require.False(t, u.EmailVerified())
			require.False(t, u.PhoneVerified())
			require.Empty(t, u.OpenID())
			require.True(t, u.Get("_provider").Exists())
			require.False(t, u.Provider(platform.Kuaishou{}).Exists())
			requireRealSession(t, a, test.token, test.id)
			require.Equal(t, realNow.Add(2592000*time.Second-30*time.Second), u.SessionExpiresAt())
			requireHidden(t, test.token, a, u, test.credentials)
		})
	}
}

func requireRealSession(t *testing.T, a *auth.Auth, token string, id int64) {
	t.Helper()
	s, err := a.Session(t.Context())
	require.NoError(t, err)
	require.Equal(t, token, s.Token.Reveal())
	require.Equal(t, id, s.UserID)
	require.Equal(t, realNow.Add(2592000*time.Second-30*time.Second), s.ExpiresAt)
}

// requireHidden asserts that nothing that is printed or marshalled shows the token,
// the password or the stored session.
func requireHidden(t *testing.T, token string, a *auth.Auth, u *user.CurrentUser, credentials auth.Credentials) {
	t.Helper()
	for _, key := range []string{"token", "expires_in", "_session", "session_key"} {
		require.False(t, u.Get(key).Exists(), key)
	}
	s, err := a.Session(t.Context())
	require.NoError(t, err)
	var printed []string
	for _, v := range []any{u, a, s, &s, s.Token, credentials, struct{ inner any }{u}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			printed = append(printed, fmt.Sprintf(verb, v))
		}
	}
	asJSON, err := json.Marshal(u)
	require.NoError(t, err)
	var decoded map[string]any
	require.NoError(t, u.Decode(&decoded))
	printed = append(printed, string(asJSON), fmt.Sprint(decoded))
	for _, text := range printed {
		require.NotContains(t, text, token)
		require.NotContains(t, text, fmt.Sprintf("%x", token))
		require.NotContains(t, text, credentials.Password)
		require.NotContains(t, text, "203.0.113.7") // part of _session
	}
}

func TestRealAnonymousLogin(t *testing.T) {
	const (
		id    = 91464885772601
		token = "v4pdxqwi45962eucg4q6yc91qq6hoxn1"
	)
	read := realResponse(t, "user_info").as(id, realID)
	read.Body = json.RawMessage(strings.ReplaceAll(string(read.Body), `"_anonymous" : false`, `"_anonymous" : true`))
	server, a := realBackend(t, realResponse(t, "login_anonymous"), read)
	u, err := a.AnonymousLogin(t.Context())
	require.NoError(t, err)
	// The response has only the user's id, so the user is read next.
	requireAsked(t, server, "POST /hserve/v2.0/login/anonymous/", fmt.Sprintf("GET /hserve/v2.5/user/info/%d/", int64(id)))
	require.EqualValues(t, id, u.ID())
	require.True(t, u.Anonymous())
	require.Equal(t, realAvatar, u.Avatar())
	requireRealSession(t, a, token, id)
	requireHidden(t, token, a, u, auth.Credentials{Password: "secret-password"})
}

func TestRealUserRead(t *testing.T) {
	server, a, _ := realLoggedIn(t, realID, realResponse(t, "user_info"))
	u, err := a.CurrentUser(t.Context())
	require.NoError(t, err)
	requireAsked(t, server, "POST /hserve/v2.1/login/username/", fmt.Sprintf("GET /hserve/v2.5/user/info/%d/", int64(realID)))
	require.EqualValues(t, realID, u.ID())
	require.Equal(t, "ifanr", u.Username())
	require.Equal(t, realAvatar, u.Avatar())
	require.JSONEq(t, string(realResponse(t, "user_info").Body), userJSON(t, u))
}

// realLoggedIn logs a user in by username. The responses are for the later requests.
func realLoggedIn(t *testing.T, id int64, responses ...wireResponse) (*replay, *auth.Auth, *user.CurrentUser) {
	t.Helper()
	server, a := realBackend(t, append([]wireResponse{realResponse(t, "login_username").as(id, realID)}, responses...)...)
	u, err := a.Login(t.Context(), auth.Credentials{Username: "ifanr", Password: "secret-password"})
	require.NoError(t, err)
	return server, a, u
}

func userJSON(t *testing.T, u *user.CurrentUser) string {
	t.Helper()
	text, err := json.Marshal(u)
	require.NoError(t, err)
	return string(text)
}

// The responses to account updates have only a few fields. Some of them lack the
// leading underscore.
func TestRealAccountUpdates(t *testing.T) {
	server, _, u := realLoggedIn(t, realID, realResponse(t, "update_username"), realResponse(t, "update_email"))

	require.NoError(t, u.SetUsername(t.Context(), "ifanr_new"))
	require.Equal(t, "ifanr_new", u.Username())
	require.Empty(t, u.Email())
	require.True(t, u.Get("_email").Exists())
	require.True(t, u.Get("_email").IsNull())
	requireRestOfUser(t, u)

	require.NoError(t, u.SetEmail(t.Context(), "ifanr_new@ifanr.com"))
	require.Equal(t, "ifanr_new", u.Username())
	require.Equal(t, "ifanr_new@ifanr.com", u.Email())
	require.Equal(t, "ifanr_new@ifanr.com", u.Get("email").String(), "both spellings of the key work")
	require.False(t, u.EmailVerified())
	requireRestOfUser(t, u)

	requireAsked(t, server, "POST /hserve/v2.1/login/username/", "PUT /hserve/v2.2/user/account/", "PUT /hserve/v2.2/user/account/")
}

// requireRestOfUser asserts that an update has kept the other fields of the user and
// has added no second spelling of a key.
func requireRestOfUser(t *testing.T, u *user.CurrentUser) {
	t.Helper()
	require.EqualValues(t, realID, u.ID())
	require.EqualValues(t, realID, u.CreatedBy())
	require.Equal(t, realAvatar, u.Avatar())
	require.Equal(t, time.Unix(1568960121, 0).UTC(), u.CreatedAt())
	var fields map[string]json.RawMessage
	require.NoError(t, u.Decode(&fields))
	require.Contains(t, fields, "_provider")
	for _, key := range []string{"username", "email", "email_verified", "token"} {
		require.NotContains(t, fields, key)
	}
}

func TestRealFieldUpdate(t *testing.T) {
	const id = 91429574402417
	server, _, u := realLoggedIn(t, id, realResponse(t, "update_userinfo"))
	require.NoError(t, u.Set("city", "guangzhou").Update(t.Context()))
	requireAsked(t, server, "POST /hserve/v2.1/login/username/", "PUT /hserve/v2.5/user/info/")
	require.EqualValues(t, id, u.ID())
	require.Equal(t, "guangzhou", u.City())
	require.Equal(t, "ifanr_new", u.Username())
	require.Equal(t, "ifanr_new@ifanr.com", u.Email())
	require.Equal(t, time.Unix(1568699695, 0).UTC(), u.UpdatedAt())
	require.True(t, u.Get("_status").Exists(), "an undocumented field is kept")

	var want, got map[string]any
	require.NoError(t, json.Unmarshal(realResponse(t, "update_userinfo").Body, &want))
	require.NoError(t, u.Decode(&got))
	require.Equal(t, want, got)
}

func TestRealError(t *testing.T) {
	response := realResponse(t, "network_error_json")
	response.Status = 400
	_, a := realBackend(t, response)
	_, err := a.Login(t.Context(), auth.Credentials{Username: "ifanr", Password: "secret-password"})
	require.ErrorIs(t, err, herror.BadRequest)
	require.EqualError(t, err, "400: Invalid username/email or password.")
	s, err := a.Session(t.Context())
	require.NoError(t, err)
	require.True(t, s.IsZero())
}
