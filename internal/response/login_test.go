package response_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
)

// parsed has the parts of a Login that a test compares.
type parsed struct {
	token, openID, unionID, user string
	id                           int64
	anonymous                    bool
	lifetime                     time.Duration // of the session, 0 if unknown
}

func TestParseLogin(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       parsed
	}{
		{
			"a platform", `{"token":"tok","expires_in":2592000,"user_info":{"id":7,"openid":"o","unionid":"u","nickname":"n"}}`,
			parsed{token: "tok", id: 7, openID: "o", unionID: "u", user: `{"id":7,"openid":"o","unionid":"u","nickname":"n"}`, lifetime: 2592000*time.Second - 30*time.Second},
		}, {
			"everything as strings", `{"token":"tok","expires_in":"100","user_info":{"id":"36395395","openid":5}}`,
			parsed{token: "tok", id: 36395395, openID: "5", user: `{"id":"36395395","openid":5}`, lifetime: 70 * time.Second},
		}, {
			"an account with only an id", `{"user_id":"9007199254740993","token":"tok","expires_in":31}`,
			parsed{token: "tok", id: 9007199254740993, lifetime: time.Second},
		}, {
			"an account with the user's fields on the same level",
			`{"id":7,"_username":"a","token":"tok","user_id":7,"expires_in":100,"_session":{"session_key":"tok"},"_anonymous":true}`,
			parsed{token: "tok", id: 7, anonymous: true, user: `{"id":7,"_username":"a","_anonymous":true}`, lifetime: 70 * time.Second},
		}, {
			"a token in the user is removed", `{"token":"tok","user_info":{"id":7,"token":"tok","expires_in":9,"session_key":"k"}}`,
			parsed{token: "tok", id: 7, user: `{"id":7}`},
		}, {
			"a short lifetime has no margin", `{"token":"tok","user_id":7,"expires_in":30}`,
			parsed{token: "tok", id: 7, lifetime: 30 * time.Second},
		}, {
			"a lifetime with a fraction", `{"token":"tok","user_id":7,"expires_in":100.9}`,
			parsed{token: "tok", id: 7, lifetime: 70 * time.Second},
		}, {
			"a very long lifetime", `{"token":"tok","user_id":7,"expires_in":1e300}`,
			parsed{token: "tok", id: 7, lifetime: 100*365*24*time.Hour - 30*time.Second},
		},
		{"no lifetime", `{"token":"tok","user_id":7}`, parsed{token: "tok", id: 7}},
		{"a negative lifetime", `{"token":"tok","user_id":7,"expires_in":-5}`, parsed{token: "tok", id: 7}},
		{"a lifetime that is no number", `{"token":"tok","user_id":7,"expires_in":"soon"}`, parsed{token: "tok", id: 7}},
		{"the last of two tokens", `{"token":"a","user_id":7,"token":"b"}`, parsed{token: "b", id: 7}},
		{"a user_info of null", `{"token":"tok","user_id":7,"user_info":null}`, parsed{token: "tok", id: 7}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := response.ParseLogin(tt.body)
			require.NoError(t, err)
			require.Equal(t, tt.want, of(l))
		})
	}
}

func of(l response.Login) parsed {
	p := parsed{token: l.Token, id: l.UserID, openID: l.OpenID, unionID: l.UnionID, user: string(l.User.Fields), anonymous: l.Anonymous}
	now := time.Unix(1_700_000_000, 0)
	if end := l.ExpiresAt(now); !end.IsZero() {
		p.lifetime = end.Sub(now)
	}
	return p
}

func TestParseLoginRefuses(t *testing.T) {
	for body, want := range map[string]string{
		``:                                     "690: invalid response: login response is not JSON",
		`<html>ok</html>`:                      "690: invalid response: login response is not JSON",
		`[]`:                                   "690: invalid response: login response is not an object",
		`{}`:                                   "690: invalid response: no token",
		`{"user_id":7}`:                        "690: invalid response: no token",
		`{"token":"","user_id":7}`:             "690: invalid response: no token",
		`{"token":5,"user_id":7}`:              "690: invalid response: no token",
		`{"token":null,"user_id":7}`:           "690: invalid response: no token",
		`{"token":"canary-3f9a","user_id":-7}`: "690: invalid response: no user",
		`{"token":"canary-3f9a","user_info":{"id":-7}}`: "690: invalid response: no user",
		`{"token":"canary-3f9a\r\nX: y","user_id":7}`:   "690: invalid response: a token that no header can hold",
		`{"token":"canary-3f9a\u0000","user_id":7}`:     "690: invalid response: a token that no header can hold",
		`{"token":"canary 3f9a","user_id":7}`:           "690: invalid response: a token that no header can hold",
		`{"token":"canary-é","user_id":7}`:              "690: invalid response: a token that no header can hold",
		`{"token":"canary-3f9a"}`:                       "690: invalid response: no user",
		`{"token":"canary-3f9a","user_id":0}`:           "690: invalid response: no user",
		`{"token":"canary-3f9a","user_id":"bob"}`:       "690: invalid response: no user",
		`{"token":"canary-3f9a","user_info":{}}`:        "690: invalid response: no user",
		`{"token":"canary-3f9a","user_info":[7]}`:       "690: invalid response: no user",
		`{"token":"canary-3f9a","id":1.5}`:              "690: invalid response: no user",
	} {
		l, err := response.ParseLogin(body)
		require.EqualError(t, err, want, body)
		require.Equal(t, response.Login{}, l, body)
		var h *herror.HError
		require.ErrorAs(t, err, &h)
		require.True(t, h.Sent(), "the request was sent, so its code may be used up")
	}
}

// Responses of the real backend.
func TestParseRecordedLogins(t *testing.T) {
	for file, want := range map[string]int64{
		"login_username": 92812581396859, "login_email": 0, "login_anonymous": 91464885772601,
		"register_username": 0, "register_email": 0,
	} {
		t.Run(file, func(t *testing.T) {
			body, err := os.ReadFile("testdata/" + file + ".json")
			require.NoError(t, err)
			l, err := response.ParseLogin(string(body))
			require.NoError(t, err)
			if want != 0 {
				require.Equal(t, want, l.UserID)
			}
			require.Positive(t, l.UserID)
			require.Len(t, l.Token, 32)
			require.Equal(t, 2592000*time.Second-30*time.Second, of(l).lifetime)
			require.NotContains(t, string(l.User.Fields), l.Token, "the session contains the token")
		})
	}
}

func TestSecretFields(t *testing.T) {
	for _, key := range []string{"token", "expires_in", "_session", "session_key"} {
		require.True(t, response.Secret(key), key)
	}
	for _, key := range []string{"", "id", "Token", "_token", "session"} {
		require.False(t, response.Secret(key), key)
	}
}

func FuzzParseLogin(f *testing.F) {
	for _, seed := range []string{
		`{"token":"tok","expires_in":2592000,"user_info":{"id":7,"openid":"o","unionid":"u"}}`,
		`{"user_id":"7","token":"tok","expires_in":"31"}`,
		`{"id":7,"token":"tok","_session":{"session_key":"tok"},"_anonymous":"true"}`,
		`{"token":"tok","user_id":7,"expires_in":1e999}`,
		"{\"token\":\"\\ud800\xff\",\"user_info\":{\"id\":-1,\"\\u0074oken\":{}}}",
		`<html>`,
	} {
		f.Add(seed)
	}
	now := time.Unix(1_700_000_000, 0)
	f.Fuzz(func(t *testing.T, body string) {
		l, err := response.ParseLogin(body)
		if err != nil {
			require.ErrorIs(t, err, herror.InvalidResponse)
			require.Equal(t, response.Login{}, l)
			return
		}
		require.NotEmpty(t, l.Token)
		require.NotZero(t, l.UserID)
		if end := l.ExpiresAt(now); !end.IsZero() {
			require.True(t, end.After(now), fmt.Sprint(end))
		}
		if l.User.Fields != "" {
			checkUser(t, l.User)
			for _, key := range []string{"token", "expires_in", "_session", "session_key"} {
				require.False(t, l.User.Get(key).Exists(), key)
			}
		}
	})
}

func TestParseUser(t *testing.T) {
	for name, c := range map[string]struct {
		body, want string
		id         int64
		code       herror.Code
	}{
		"a user":            {`{"id":7,"nickname":"Ann"}`, `{"id":7,"nickname":"Ann"}`, 7, 0},
		"an id as a string": {` {"id":"7"} `, `{"id":"7"}`, 7, 0},
		"with secrets":      {`{"token":"t","id":7,"_session":{"session_key":"t"},"age":1}`, `{"id":7,"age":1}`, 7, 0},
		"no id":             {`{"nickname":"Ann"}`, "", 0, herror.InvalidResponse},
		"no object":         {`[7]`, "", 0, herror.InvalidResponse},
		"no JSON":           {`<html>`, "", 0, herror.InvalidResponse},
	} {
		t.Run(name, func(t *testing.T) {
			user, id, err := response.ParseUser(c.body)
			require.Equal(t, c.code, herror.CodeOf(err))
			require.Equal(t, c.want, string(user.Fields))
			require.Equal(t, c.id, id)
		})
	}
}
