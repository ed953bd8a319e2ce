package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// fixture is the login server on a backend double that opens no port.
type fixture struct {
	t       *testing.T
	backend *baastest.Backend
	server  http.Handler
	log     *bytes.Buffer
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	backend, err := baastest.New()
	require.NoError(t, err)
	f := &fixture{t: t, backend: backend, log: new(bytes.Buffer)}
	t.Cleanup(f.backend.Close)
	client, err := f.backend.Client()
	require.NoError(t, err)
	f.server = handler(client, slog.New(slog.NewTextHandler(f.log, nil)))
	return f
}

// do sends a request with a session cookie, or without one where it is nil.
func (f *fixture) do(method, path, body string, cookie *http.Cookie) *http.Response {
	f.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if cookie != nil {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	f.server.ServeHTTP(w, r)
	return w.Result()
}

// login posts a fresh code of the phone, and the event data.
func (f *fixture) login(p *baastest.Phone, event func() []byte, cookie *http.Cookie) *http.Response {
	f.t.Helper()
	code, data := p.Login(), []byte("null") // the code first: the data is encrypted under its session key
	if event != nil {
		data = event()
	}
	body, err := json.Marshal(map[string]any{"code": code, "data": json.RawMessage(data)})
	require.NoError(f.t, err)
	return f.do("POST", "/login", string(body), cookie)
}

// loggedIn requires a successful login and returns its cookie and the user.
func (f *fixture) loggedIn(res *http.Response) (*http.Cookie, result) {
	f.t.Helper()
	require.Equal(f.t, http.StatusOK, res.StatusCode)
	require.Len(f.t, res.Cookies(), 1)
	return res.Cookies()[0], f.read(res)
}

type result struct {
	ID       int64  `json:"id"`
	Nickname string `json:"nickname"`
	Avatar   string `json:"avatar"`
	Code     int    `json:"code"`
	Message  string `json:"message"`
}

func (f *fixture) read(res *http.Response) (got result) {
	f.t.Helper()
	require.Equal(f.t, "no-store", res.Header.Get("Cache-Control"))
	d := json.NewDecoder(res.Body)
	d.DisallowUnknownFields()
	require.NoError(f.t, d.Decode(&got))
	return got
}

// refused requires an error response.
func (f *fixture) refused(status, code int, res *http.Response) {
	f.t.Helper()
	require.Equal(f.t, status, res.StatusCode)
	require.Equal(f.t, code, f.read(res).Code)
	require.Empty(f.t, res.Cookies())
}

func TestLoginMeLogout(t *testing.T) {
	f := newFixture(t)
	ann := f.backend.Kuaishou("ks-ann").SetProfile(baastest.Profile{NickName: "Ann"})

	cookie, got := f.loggedIn(f.login(ann, ann.AllowUserInfoJSON, nil))
	require.Equal(t, "Ann", got.Nickname)
	require.True(t, cookie.HttpOnly && cookie.Secure)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.GreaterOrEqual(t, len(cookie.Value), 26, "a key of 128 random bits")

	me := f.do("GET", "/me", "", cookie)
	require.Equal(t, http.StatusOK, me.StatusCode)
	require.Equal(t, got, f.read(me))

	out := f.do("POST", "/logout", "", cookie)
	require.Equal(t, http.StatusNoContent, out.StatusCode)
	require.Negative(t, out.Cookies()[0].MaxAge)
	require.Zero(t, f.backend.TokensAlive(got.ID))
	f.refused(http.StatusUnauthorized, 604, f.do("GET", "/me", "", cookie))
	require.Equal(t, http.StatusNoContent, f.do("POST", "/logout", "", nil).StatusCode)
}

// A key that an attacker has planted in the visitor's cookie never becomes a session.
func TestLoginTakesNoKeyFromTheVisitor(t *testing.T) {
	f := newFixture(t)
	planted := &http.Cookie{Name: cookieName, Value: "planted"}

	cookie, _ := f.loggedIn(f.login(f.backend.Kuaishou("ks-ann"), nil, planted))

	require.NotEqual(t, planted.Value, cookie.Value)
	f.refused(http.StatusUnauthorized, 604, f.do("GET", "/me", "", planted))
}

// The code decides who logs in, whatever cookie comes with it.
func TestCodeWinsOverCookie(t *testing.T) {
	f := newFixture(t)
	annsCookie, ann := f.loggedIn(f.login(f.backend.Kuaishou("ks-ann"), nil, nil))

	bobsCookie, bob := f.loggedIn(f.login(f.backend.Kuaishou("ks-bob"), nil, annsCookie))

	require.NotEqual(t, ann.ID, bob.ID)
	require.Equal(t, bob.ID, f.read(f.do("GET", "/me", "", bobsCookie)).ID)
	f.refused(http.StatusUnauthorized, 604, f.do("GET", "/me", "", annsCookie))
	require.Zero(t, f.backend.TokensAlive(ann.ID))
}

func TestRefusalLeavesNoSession(t *testing.T) {
	f := newFixture(t)
	ann := f.backend.Kuaishou("ks-ann")

	f.refused(http.StatusForbidden, 603, f.login(ann, ann.RefuseUserInfoJSON, nil))

	account, ok := f.backend.UserOf(ann)
	require.True(t, ok, "the silent login creates the account")
	require.Zero(t, f.backend.TokensAlive(account.ID))
}

func TestFailedLoginKeepsTheSession(t *testing.T) {
	f := newFixture(t)
	cookie, ann := f.loggedIn(f.login(f.backend.Kuaishou("ks-ann"), nil, nil))

	f.refused(http.StatusBadRequest, 400, f.do("POST", "/login", `{"code": "spent"}`, cookie))

	require.Equal(t, ann.ID, f.read(f.do("GET", "/me", "", cookie)).ID)
	require.NotContains(t, f.log.String(), "spent")
}

func TestBadBodies(t *testing.T) {
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"empty":           {"", http.StatusBadRequest},
		"not JSON":        {"code=1", http.StatusBadRequest},
		"unknown field":   {`{"code": "c", "token": "t"}`, http.StatusBadRequest},
		"trailing text":   {`{"code": "c"} {}`, http.StatusBadRequest},
		"no code":         {`{}`, http.StatusBadRequest},
		"empty data":      {`{"code": "c", "data": {}}`, http.StatusBadRequest},
		"data not events": {`{"code": "c", "data": 7}`, http.StatusBadRequest},
		"too large":       {`{"code": "` + strings.Repeat("c", maxBody) + `"}`, http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.refused(test.status, 605, f.do("POST", "/login", test.body, nil))
			require.Empty(t, f.backend.Requests(), "nothing is sent to the backend")
		})
	}
}

func TestBackendFailures(t *testing.T) {
	for name, test := range map[string]struct {
		fault        baastest.Fault
		status, code int
	}{
		"its text is not passed on": {baastest.Fault{Status: 400, Body: `{"error_msg": "inner workings"}`}, http.StatusBadRequest, 400},
		"rate limit":                {baastest.Fault{Status: 429}, http.StatusTooManyRequests, 429},
		"broken":                    {baastest.Fault{Status: 500}, http.StatusBadGateway, 500},
		"garbage":                   {baastest.Fault{Status: 201, Body: "<html>", ContentType: "text/html"}, http.StatusBadGateway, 690},
		"cut":                       {baastest.Fault{Cut: baastest.CutAfterRead}, http.StatusBadGateway, 600},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.backend.Fail("POST /hserve/**", test.fault)
			res := f.login(f.backend.Kuaishou("ks-ann"), nil, nil)
			require.Equal(t, test.status, res.StatusCode)
			got := f.read(res)
			require.Equal(t, test.code, got.Code)
			require.NotContains(t, got.Message, "inner workings")
		})
	}
}

func TestCrossSiteRequestsAreRefused(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{"/login", "/logout"} {
		r := httptest.NewRequest("POST", path, strings.NewReader(`{"code": "c"}`))
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		w := httptest.NewRecorder()
		f.server.ServeHTTP(w, r)
		require.Equal(t, http.StatusForbidden, w.Code, path)
	}
	require.Equal(t, http.StatusMethodNotAllowed, f.do("GET", "/login", "", nil).StatusCode)
}
