package loginproxy

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
)

const (
	planted = "planted-0123456789"
	fuzzID  = "IDIDIDIDIDIDIDIDIDIDIDIDIDIDIDIDIDIDIDIDIDI"
)

// FuzzHide plants the token of the session in the body, in place of every $, each time
// with other escapes. Whatever the body is, what is passed on has neither that token nor
// a text that the body of a login names as a token.
func FuzzHide(f *testing.F) {
	for _, body := range []string{
		`{"token":"$","expires_in":3600,"user_info":{"id":7,"name":"<&>"}}`,
		`{"_session":{"session_key":"$"},"id":7,"token":"$","expires_in":"3600"}`,
		`{"token":"another-token","user_id":7,"data":[{"Token":"$"}],"access_token":"a third token"}`,
		`{"token":"another-token","user_id":7,"x":"another-token","y":"{\"token\":\"$\"}"}`,
		`{"$":[["$"]],"x":"/a?t=$","y":"\\\\$","z":"%24$"}`,
		`{"token":"a-b-c-d-e","token":"f-g-h-i-j","user_id":7,"user_info":{"session_key":"f-g-h-i-j"},"user_info":{"id":7}}`,
		`{"x":"$"}`, `{"token":"t-0123456","user_id":7,"user_info":{"id":7,"session_key":"a named key"},"x":"<a named key>"}`,
		`{"token":"t-0123456","user_id":7,"x":"{\"token\":\"a named key\"}"}`, `{"token":"t-0123456","user_id":7,"Token":"short"}`,
		`<p>token: $</p>`, `$`, "{\"\xff\":\"$\"}", `{"\u0074oken":"\ud83d\ude00 $","user_id":7,"n":1e400}`,
	} {
		for seed := range uint64(8) {
			f.Add(body, seed, 0, seed%2 == 0)
			f.Add(body, seed, 200, seed%2 == 1)
		}
	}
	f.Fuzz(func(t *testing.T, template string, seed uint64, status int, appData bool) {
		random := rand.New(rand.NewPCG(seed, 0))
		parts := strings.Split(template, "$")
		body := parts[0]
		for _, part := range parts[1:] {
			body += spelled(random) + part
		}
		res := &transport.Response{Status: 200 + status&0x1ff%400, Body: body, Header: http.Header{"Content-Type": {jsonType}}}
		for _, x := range []*exchange{{appData: appData}, {mayHoldToken: true}} {
			own, login := []string{planted}, false
			if x.mayHoldToken && res.Status/100 == 2 && hasToken(body) {
				l, err := response.ParseLogin(body)
				if err != nil {
					continue
				}
				own, login = append(own, l.Token), true
			}
			shown, err := x.hide(res, own, fuzzID, login)
			if err != nil {
				require.ErrorIs(t, err, errToken)
				continue
			}
			before, after := textsIn(body), textsIn(shown)
			after.require(t, own)
			if x.appData {
				continue
			}
			for _, text := range before.named {
				if len(text) >= minNamed {
					after.require(t, []string{text})
				}
			}
			for _, text := range after.named {
				require.Equal(t, fuzzID, text, "named as a token in %q", shown)
			}
			if login {
				require.Equal(t, fuzzID, response.Fields(shown).Get("token").Str)
			}
		}
	})
}

// spelled is the planted token in one of the ways to write it in a string of JSON.
func spelled(random *rand.Rand) string {
	var b strings.Builder
	for i := range len(planted) {
		switch c := planted[i]; random.IntN(4) {
		case 0:
			_, _ = fmt.Fprintf(&b, `\u%04x`, c)
		case 1:
			_, _ = fmt.Fprintf(&b, `\u%04X`, c)
		default:
			b.WriteByte(c)
		}
	}
	switch text := b.String(); random.IntN(6) {
	case 0: // in JSON within a string of JSON
		quoted, _ := json.Marshal(text)
		return string(quoted[1 : len(quoted)-1])
	case 1:
		return strings.ReplaceAll(planted, "-", "%2D")
	default:
		return text
	}
}

// texts is what is in a response, as a phone decodes it.
type texts struct{ all, named []string }

func textsIn(body string) (x texts) {
	x.all = append(x.all, body)
	var decoded json.RawMessage
	if json.Unmarshal([]byte(body), &decoded) == nil {
		x.read(decoded, false)
	}
	return x
}

func (x *texts) read(raw json.RawMessage, named bool) {
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	first, err := dec.Token()
	if err != nil {
		return
	}
	if first == json.Delim('{') || first == json.Delim('[') {
		for dec.More() {
			within := named
			if first == json.Delim('{') {
				key, _ := dec.Token()
				x.all = append(x.all, key.(string))
				within = named || slices.Contains([]string{"token", "sessionkey", "accesstoken", "authtoken"},
					strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(key.(string))))
			}
			var value json.RawMessage
			_ = dec.Decode(&value)
			x.read(value, within)
		}
	}
	text, ok := first.(string)
	if !ok {
		return
	}
	x.all = append(x.all, text)
	if named && text != "" {
		x.named = append(x.named, text)
	}
	if json.Valid([]byte(text)) {
		x.read(json.RawMessage(text), false)
	}
	if plain, err := url.PathUnescape(text); err == nil {
		x.all = append(x.all, plain)
	}
}

func (x *texts) require(t *testing.T, secrets []string) {
	t.Helper()
	for _, text := range x.all {
		for _, secret := range secrets {
			if utf8.ValidString(secret) && !strings.Contains(fuzzID, secret) {
				require.NotContains(t, text, secret)
			}
		}
	}
}

// Unescaping replaces what JSON and URLs define, and leaves all else.
func TestUnescaped(t *testing.T) {
	for text, want := range map[string]string{
		``: ``, `a`: `a`, `\`: `\`, `a\`: `a\`, `\\`: `\`, `\u0061`: `a`, `\u00`: `\u00`, `\u00zz`: `\u00zz`, `\x61`: `\x61`,
		`\ud83d\ude00`: "\U0001f600", `\ud83d`: "\ufffd", `\ud83dx`: "\ufffdx", `\ud83d\u0061`: "\ufffda", `\"\/\b`: "\"/\b", `\\u0061`: `\u0061`,
	} {
		require.Equal(t, want, unescaped(text), text)
	}
	for text, want := range map[string]string{``: ``, `%`: `%`, `%6`: `%6`, `%61`: `a`, `%%61`: `%a`, `%zz%61`: `%zza`, `a%2Db`: `a-b`} {
		require.Equal(t, want, unescapedPercent(text), text)
	}
}

// A text that is escaped again and again is not searched for ever, and counts as one that
// has the secret.
func TestMayHave(t *testing.T) {
	deep := strings.Repeat(`\u005c`, 1) + strings.Repeat("u005c", 1<<10) + "x"
	require.True(t, mayHave(deep, "secret"))
	require.False(t, mayHave(strings.Repeat(`\`, 1<<12), "secret"))
	require.False(t, mayHave(`\u5c0f\u660e \"x\" https:\/\/a.example\/`, "secret"))
	require.True(t, mayHave(`\/`, "/"), "an escape that hides an unusual token")
	require.True(t, mayHave(`a\/b`, "a/b"))
	require.True(t, mayHave(`\"`, `"`))
}
