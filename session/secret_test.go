package session_test

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/session"
)

const canary = "canary-3f9a"

// verbs are the verbs of fmt, some with flags.
var verbs = []string{
	"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%t", "%T", "%p", "%c", "%b", "%o", "%U", "%e",
	"%10v", "%-40s", "%.3s", "%+q", "%z",
}

// shows reports whether text contains the canary, as text, in hexadecimal or as a
// list of bytes.
func shows(text string) bool {
	b := []byte(text)
	return bytes.Contains(b, []byte(canary)) ||
		bytes.Contains(bytes.ToLower(b), fmt.Appendf(nil, "%x", canary)) ||
		bytes.Contains(bytes.ToLower(b), fmt.Appendf(nil, "% x", canary)) ||
		bytes.Contains(b, []byte(fmt.Sprint([]byte(canary))))
}

// holder has secrets in unexported fields, where fmt cannot call their methods.
type holder struct {
	secret  session.Secret
	session session.Session
	pointer *session.Session
	list    []session.Secret
	table   map[string]session.Session
	any     any
}

func planted() session.Session {
	return session.Session{
		Token:     session.NewSecret(canary),
		UserID:    7,
		Platform:  "kuaishou",
		UserInfo:  json.RawMessage(`{"nickName":"Larry"}`),
		ExpiresAt: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

func everyShape() map[string]any {
	s, secret := planted(), session.NewSecret(canary)
	return map[string]any{
		"secret":             secret,
		"pointer to secret":  &secret,
		"session":            s,
		"pointer to session": &s,
		"slice":              []session.Session{s},
		"map":                map[string]session.Secret{"a": secret},
		"exported fields":    struct{ A session.Session }{s},
		"unexported fields": holder{
			secret, s, &s, []session.Secret{secret}, map[string]session.Session{"a": s}, s,
		},
		"pointer to unexported fields": &holder{secret: secret, session: s, any: &secret},
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	for name, v := range everyShape() {
		t.Run(name, func(t *testing.T) {
			for _, verb := range verbs {
				require.False(t, shows(fmt.Sprintf(verb, v)), verb)
			}
			require.False(t, shows(fmt.Sprint(v)+fmt.Sprintln(v)))
			require.False(t, shows(fmt.Errorf("wrapped: %v", v).Error()))
		})
	}
}

// fmt prints the address of a secret in an unexported field, not the text.
func TestSecretInAnUnexportedField(t *testing.T) {
	type outer struct{ secret session.Secret }
	type deeper struct{ outer outer }
	v := deeper{outer{session.NewSecret(canary)}}
	require.Regexp(t, `^\{outer:\{secret:\{text:0x[0-9a-f]+\}\}\}$`, fmt.Sprintf("%+v", v))
	require.Regexp(t, `^\{\{\{0x[0-9a-f]+\}\}\}$`, fmt.Sprint(v))
	require.Equal(t, "{outer:{secret:{text:<nil>}}}", fmt.Sprintf("%+v", deeper{}))
	b, err := json.Marshal(struct {
		N      int
		secret session.Secret
	}{1, session.NewSecret(canary)})
	require.NoError(t, err)
	require.Equal(t, `{"N":1}`, string(b))

	exported := struct{ Secret session.Secret }{session.NewSecret(canary)}
	require.Equal(t, "{Secret:[redacted]}", fmt.Sprintf("%+v", exported))
	b, err = json.Marshal(exported)
	require.NoError(t, err)
	require.Equal(t, `{"Secret":"[redacted]"}`, string(b))
}

func TestSecretsAreNeverLogged(t *testing.T) {
	for name, v := range everyShape() {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
				slog.New(h).With("with", v).Info("line", "value", v, slog.Group("group", "value", v))
			}
			require.NotEmpty(t, out.String())
			require.False(t, shows(out.String()), out.String())
		})
	}
}

func TestSecretsAreNeverMarshalled(t *testing.T) {
	for name, v := range everyShape() {
		t.Run(name, func(t *testing.T) {
			b, err := json.Marshal(v)
			require.False(t, shows(string(b)))
			if err != nil {
				require.False(t, shows(err.Error()))
			}
		})
	}
	_, err := json.Marshal(planted())
	require.ErrorContains(t, err, "MarshalBinary", "the error says what to do")
}

func TestSecret(t *testing.T) {
	var empty session.Secret
	full, same := session.NewSecret(canary), session.NewSecret(canary)

	require.Equal(t, canary, full.Reveal())
	require.Equal(t, "[redacted]", full.String())
	require.False(t, full.IsZero())
	require.True(t, full.Equal(same))
	require.False(t, full.Equal(empty))
	require.False(t, full.Equal(session.NewSecret("other")))

	require.Empty(t, empty.Reveal())
	require.Empty(t, empty.String())
	require.True(t, empty.IsZero())
	require.True(t, empty.Equal(session.NewSecret("")))

	for secret, want := range map[session.Secret]string{full: `"[redacted]"`, empty: `""`} {
		b, err := json.Marshal(secret)
		require.NoError(t, err)
		require.Equal(t, want, string(b))
		require.Equal(t, secret.String(), secret.LogValue().String())
		require.Equal(t, secret.String(), fmt.Sprintf("%v", secret))
	}
	var _ encoding.TextMarshaler = full
}

func TestSessionPrints(t *testing.T) {
	require.Equal(t, `session{user:7 platform:"kuaishou" anonymous:false expires:2030-01-02T03:04:05Z}`, fmt.Sprint(planted()))
	require.Equal(t, "session{}", fmt.Sprintf("%+v", session.Session{}))
	require.Equal(t, fmt.Sprint(planted()), planted().LogValue().String())
}

func TestSessionIsLive(t *testing.T) {
	now := time.Now()
	token := session.NewSecret("a")
	for name, tt := range map[string]struct {
		s    session.Session
		live bool
		zero bool
	}{
		"before its end":  {session.Session{Token: token, ExpiresAt: now.Add(1)}, true, false},
		"at its end":      {session.Session{Token: token, ExpiresAt: now}, false, false},
		"after its end":   {session.Session{Token: token, ExpiresAt: now.Add(-1)}, false, false},
		"without an end":  {session.Session{Token: token}, false, false},
		"without a token": {session.Session{UserID: 1, ExpiresAt: now.Add(1)}, false, true},
		"logged out":      {session.Session{LoggedOut: true}, false, true},
		"the zero one":    {session.Session{}, false, true},
	} {
		require.Equal(t, tt.live, tt.s.Live(now), name)
		require.Equal(t, tt.zero, tt.s.IsZero(), name)
	}
}

func TestKeyIsAHash(t *testing.T) {
	key := session.KeyOf("cookie-1")
	require.Equal(t, key, session.KeyOf("cookie-1"))
	require.NotEqual(t, key, session.KeyOf("cookie-2"))
	require.Len(t, key.String(), 64)
	for _, verb := range verbs {
		require.NotContains(t, fmt.Sprintf(verb, key), "cookie-1")
	}
}
