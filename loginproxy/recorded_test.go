package loginproxy_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/loginproxy"
)

// recording is a run of the vendor's client: see conformance/testdata/wire/README.md.
type recording struct {
	ClockMS   int64 `json:"clock_ms"`
	Init      []json.RawMessage
	Exchanges []exchange
}

type exchange struct {
	Request struct {
		Method, Path string
		Headers      map[string]string
		Body         json.RawMessage
	}
	Response struct {
		Status      int
		ContentType string
		Raw         string
		Body        json.RawMessage
		Stalled     bool
	}
}

// body is the response's.
func (x exchange) body() string {
	if x.Response.Body == nil {
		return x.Response.Raw
	}
	return string(x.Response.Body)
}

// Every recorded request of the vendor's client reaches the backend unchanged through the
// proxy, with the token in place of the session id. Every recorded response reaches the
// phone unchanged, with the session id in place of the token.
func TestRecordedExchanges(t *testing.T) {
	files, err := filepath.Glob("../conformance/testdata/wire/js/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			var rec recording
			require.NoError(t, json.Unmarshal(text, &rec))
			newReplay(t, rec).play()
		})
	}
}

// replay plays the phone and the backend of a recording, on both sides of a proxy.
type replay struct {
	t       *testing.T
	rec     recording
	phone   http.Handler
	next    *exchange         // that the backend expects
	ids     map[string]string // token → session id
	ended   map[string]bool   // ids whose session has ended
	reached bool              // next has reached the backend
}

func newReplay(t *testing.T, rec recording) *replay {
	t.Helper()
	re := &replay{t: t, rec: rec, ids: map[string]string{}, ended: map[string]bool{}}
	opts := []baas.Option{
		baas.WithHost("https://backend.example"),
		baas.WithHTTPClient(&http.Client{Transport: re}),
		baas.WithClock(func() time.Time { return time.UnixMilli(rec.ClockMS) }),
	}
	var clientID string
	if len(rec.Init) > 0 {
		_ = json.Unmarshal(rec.Init[0], &clientID)
	}
	if len(rec.Init) > 1 {
		var given struct{ Env string }
		require.NoError(t, json.Unmarshal(rec.Init[1], &given))
		if given.Env != "" {
			opts = append(opts, baas.WithEnv(given.Env))
		}
	}
	client, err := baas.New(cmp.Or(clientID, "none"), opts...)
	require.NoError(t, err)
	// Longer than the token lives, so that expires_in stays the token's.
	p, err := loginproxy.New(client, loginproxy.WithIdleTimeout(loginproxy.DefaultAbsoluteTimeout))
	require.NoError(t, err)
	re.phone = p.Backend()
	return re
}

func (re *replay) play() {
	for i := range re.rec.Exchanges {
		x := &re.rec.Exchanges[i]
		if x.Response.Stalled {
			return // the recorded phone never got a response
		}
		re.next, re.reached = x, false
		re.exchange(x)
	}
}

func (re *replay) exchange(x *exchange) {
	var body io.Reader
	if len(x.Request.Body) > 0 && string(x.Request.Body) != "null" {
		body = bytes.NewReader(x.Request.Body)
	}
	r := httptest.NewRequest(x.Request.Method, x.Request.Path, body)
	for name, value := range x.Request.Headers {
		r.Header.Set(name, value)
	}
	token := tokenOf(r.Header)
	if token != "" {
		require.Contains(re.t, re.ids, token, "a token from nowhere")
		r.Header.Set("Authorization", "Hydrogen-r1 "+re.ids[token])
	}
	rec := httptest.NewRecorder()
	re.phone.ServeHTTP(rec, r)

	require.True(re.t, re.reached, "%s %s: %s", x.Request.Method, x.Request.Path, rec.Body)
	require.Equal(re.t, x.Response.Status, rec.Code)
	got := rec.Body.String()
	for token := range re.ids {
		require.NotContains(re.t, got, `"`+token+`"`)
	}
	re.requireSameResponse(x, got)
	if x.Response.Status == http.StatusUnauthorized || strings.HasSuffix(x.Request.Path, "/session/destroy/") {
		re.ended[re.ids[token]] = true
	}
}

// requireSameResponse compares what the phone got with what the backend sent, apart from
// the token, and notes the session id.
func (re *replay) requireSameResponse(x *exchange, got string) {
	var sent, received map[string]any
	if json.Unmarshal([]byte(x.body()), &sent) != nil || sent["token"] == nil {
		if strings.HasPrefix(x.body(), "{") {
			require.JSONEq(re.t, x.body(), got)
		} else {
			require.Equal(re.t, x.body(), got)
		}
		return
	}
	require.NoError(re.t, json.Unmarshal([]byte(got), &received))
	id, _ := received["token"].(string)
	require.Len(re.t, id, 43)
	re.ids[sent["token"].(string)] = id
	received["token"] = sent["token"]
	require.Equal(re.t, sent, received)
}

// RoundTrip plays the backend.
func (re *replay) RoundTrip(r *http.Request) (*http.Response, error) {
	x := re.next
	if re.reached { // the proxy destroys a token that was replaced
		require.Equal(re.t, "/hserve/v2.0/session/destroy/", r.URL.Path)
		return newResponse(r, http.StatusCreated, "", `{"status":"ok"}`), nil
	}
	re.reached = true
	want := http.Header{}
	for name, value := range x.Request.Headers {
		want.Set(name, value)
	}
	require.Equal(re.t, x.Request.Path, r.URL.RequestURI())
	require.Equal(re.t, cmp.Or(want.Get("X-Hydrogen-Request-Method"), x.Request.Method), r.Method)
	for _, name := range []string{
		"X-Hydrogen-Client-Id", "X-Hydrogen-Client-Platform", "X-Hydrogen-Client-Sdk-Type", "X-Hydrogen-Env-Id", "X-Hydrogen-Client-Version",
	} {
		require.Equal(re.t, want.Get(name), r.Header.Get(name), name)
	}
	if token := tokenOf(want); re.ended[re.ids[token]] {
		require.Empty(re.t, r.Header.Get("Authorization"), "the phone's session is over")
	} else {
		require.Equal(re.t, token, tokenOf(r.Header))
	}
	if r.Body != nil {
		sent, err := io.ReadAll(r.Body)
		require.NoError(re.t, err)
		require.JSONEq(re.t, string(x.Request.Body), string(sent))
	}
	return newResponse(r, x.Response.Status, x.Response.ContentType, x.body()), nil
}

func newResponse(r *http.Request, status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Request: r, ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {cmp.Or(contentType, "application/json")}},
		Body:   io.NopCloser(strings.NewReader(body)),
	}
}

// tokenOf returns the token of a request, empty for an Authorization header with another
// scheme, which the recorded program set itself.
func tokenOf(h http.Header) string {
	token, ok := strings.CutPrefix(h.Get("Authorization"), "Hydrogen-r1 ")
	if !ok {
		return ""
	}
	return token
}
