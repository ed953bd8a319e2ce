package loginproxy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
)

// vendor sends what the vendor's client sends, on Kuaishou.
func (w *world) vendor(method, path, id string, body any, header ...string) response {
	w.t.Helper()
	r := request{method: method, path: path, body: body}.http(w.t)
	if id != "" {
		r.Header.Set("Authorization", "Hydrogen-r1 "+id)
	}
	return w.vendorSends(r, header...)
}

// vendorSends sends r with the headers of the vendor's client, and with header.
func (w *world) vendorSends(r *http.Request, header ...string) response {
	w.t.Helper()
	r.Header.Set("X-Hydrogen-Client-ID", baastest.DefaultClientID)
	r.Header.Set("X-Hydrogen-Client-Version", "v3.23.3")
	r.Header.Set("X-Hydrogen-Client-Platform", "KUAISHOU")
	r.Header.Set("X-Hydrogen-Client-SDK-Type", "file")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.serve(w.proxy.Backend(), r)
}

const (
	silentPath   = "/hserve/v2.5/idp/kuaishou/silent-login/"
	destroyPath  = "/hserve/v2.0/session/destroy/"
	registerPath = "/hserve/v2.1/register/username/"
)

// vendorLogin logs a person in as the vendor's client does, and returns the session id.
func (w *world) vendorLogin(p *baastest.Phone, id string) string {
	w.t.Helper()
	a := w.vendor("POST", silentPath, id, m{"code": p.Login(), "create_user": true})
	require.Equal(w.t, http.StatusCreated, a.status, a.body)
	got, _ := a.field(w.t, "token").(string)
	require.Len(w.t, got, 43)
	return got
}

func (a response) requireError(t *testing.T, status int, text string) {
	t.Helper()
	require.Equal(t, status, a.status, a.body)
	require.JSONEq(t, fmt.Sprintf(`{"status":"error","error_msg":%q}`, text), a.body)
}

const me = "/hserve/v2.5/user/info/61736923/"

func TestDropIn(t *testing.T) {
	w := newWorld(t)
	phone := w.Kuaishou("openid-1")
	id := w.vendorLogin(phone, "")

	a := w.vendor("GET", me, id, nil)
	require.Equal(t, http.StatusOK, a.status)
	require.EqualValues(t, 61736923, a.field(t, "id"))
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))

	// Kuaishou's phones send PUT as POST.
	a = w.vendor("POST", "/hserve/v2.5/user/info/", id, m{"level": 7}, "X-Hydrogen-Request-Method", "put")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.EqualValues(t, 7, a.field(t, "level"))
	require.Equal(t, 1, w.CountRequests("PUT /hserve/v2.5/user/info/"))

	a = w.vendor("GET", "/hserve/v2.2/server/time/?a=b%20c", "", nil)
	require.Equal(t, http.StatusOK, a.status)
	last := w.Requests()[len(w.Requests())-1]
	require.Equal(t, "a=b%20c", last.Query)
	require.Equal(t, "v3.23.3", last.Header.Get("X-Hydrogen-Client-Version"))
	for sent, received := range map[string]string{"v1-beta": "v1-beta", "": baas.Version, "v 1": baas.Version, "v\u00e9": baas.Version, strings.Repeat("1", 33): baas.Version} {
		w.vendor("GET", "/hserve/v2.2/server/time/?a=b#c", "", nil, "X-Hydrogen-Client-Version", sent)
		last = w.Requests()[len(w.Requests())-1]
		require.Equal(t, "a=b%23c", last.Query)
		require.Equal(t, received, last.Header.Get("X-Hydrogen-Client-Version"))
	}

	a = w.vendor("POST", destroyPath, id, m{})
	require.Equal(t, http.StatusCreated, a.status)
	require.Zero(t, w.TokensAlive(61736923))
	w.vendor("GET", me, id, nil).requireError(t, http.StatusUnauthorized, "session missing")
}

// One session serves the backend's paths, the JSON routes and the middleware.
func TestDropInSharesSessions(t *testing.T) {
	w := newWorld(t)
	phone := w.Kuaishou("openid-1")
	id := w.vendorLogin(phone, "")
	require.EqualValues(t, 61736923, w.me(id).userID(t))
	require.Equal(t, http.StatusOK, w.vendor("GET", me, w.login(phone, id), nil).status)
	w.vendor("GET", me, id, nil).requireError(t, http.StatusUnauthorized, "session missing")

	// A link by the vendor's client gives the session its platform.
	account := w.vendor("POST", registerPath, "", m{"username": "ann", "password": "correct horse"})
	id = account.field(t, "token").(string)
	bob := w.Kuaishou("openid-2")
	code := bob.Login()
	require.Equal(t, http.StatusOK, w.vendor("POST", "/hserve/v2.5/idp/kuaishou/user-association/", id, m{"code": code}).status)
	a := w.post("/phone", id, m{"data": event(bob.AllowPhoneNumberJSON("13800138000"))})
	require.Equal(t, http.StatusOK, a.status, a.body)

	// A second link does not change it.
	require.Equal(t, http.StatusOK, w.vendor("POST", "/hserve/v2.4/idp/bytedance/user-association/", id,
		m{"code": w.ByteDance("openid-2").Login(), "app_name": "douyin"}).status)
	a = w.post("/phone", id, m{"data": event(bob.AllowPhoneNumberJSON("13800138001"))})
	require.Equal(t, http.StatusOK, a.status, a.body)
}

// A user who logs in anonymously through the vendor's client is anonymous on the JSON routes.
func TestDropInAnonymous(t *testing.T) {
	w := newWorld(t)
	bare := w.vendor("POST", "/hserve/v2.0/login/anonymous/", "", m{})
	w.Fail("POST "+silentPath, baastest.Fault{Status: 201, Body: `{"token":"canary-0123456789","expires_in":3600,"user_info":{"id":7,"_anonymous":true}}`})
	told := w.vendor("POST", silentPath, "", m{"code": "c"})
	for _, in := range []response{bare, told} {
		a := w.post("/link/tt", in.field(t, "token").(string), m{"code": "c"})
		require.JSONEq(t, `{"code":612,"error":"anonymous_not_allowed","code_spent":false}`, a.body)
	}
}

// The session takes the platform's ids that stand beside user_id in an account's login.
func TestDropInTakesTheIDsOfAnAccountLogin(t *testing.T) {
	const path = "/hserve/v2.1/login/username/"
	w := newWorld(t)
	w.Fail("POST "+path, baastest.Fault{Status: 201, Body: `{"token":"canary","expires_in":3600,"user_id":7,"openid":"openid-1","unionid":"unionid-1"}`})
	in := w.vendor("POST", path, "", m{"username": "ann", "password": "correct horse"})
	require.Equal(t, "openid-1", in.field(t, "openid"))
	w.visit(in.field(t, "token").(string), func(_ context.Context, v *loginproxy.Visitor) {
		require.EqualValues(t, 7, v.UserID())
		require.Equal(t, "openid-1", v.OpenID())
		require.Equal(t, "unionid-1", v.UnionID())
	})
}

// Every login gives a new id and ends the one before. A login with an unknown id succeeds.
func TestDropInRotates(t *testing.T) {
	w := newWorld(t)
	phone := w.Kuaishou("openid-1")
	first := w.vendorLogin(phone, "")
	second := w.vendorLogin(phone, first)
	require.NotEqual(t, first, second)
	require.Equal(t, 1, w.TokensAlive(61736923))
	third := w.vendorLogin(phone, first)
	require.Equal(t, http.StatusOK, w.vendor("GET", me, second, nil).status, "a login with an unknown id ends no session")

	w.vendorLogin(phone, strings.Repeat("x", 43))
	w.vendorLogin(phone, "planted")
	require.Equal(t, http.StatusOK, w.vendor("GET", me, third, nil).status)

	anonymous := w.vendor("POST", "/hserve/v2.0/login/anonymous/", "", m{})
	made := w.vendor("POST", registerPath, anonymous.field(t, "token").(string), m{"username": "ann", "password": "correct horse"})
	require.Equal(t, anonymous.field(t, "user_id"), made.field(t, "user_id"))
}

// The session id replaces the token in every documented field of a response.
func TestDropInHidesTokens(t *testing.T) {
	const token = "canary-0123456789"
	for name, tt := range map[string]struct{ sent, received string }{
		"platform": {
			`{"token":"canary-0123456789","expires_in":3600,"user_info":{"id":7,"name":"<&>"}}`,
			`{"token":"ID","expires_in":3600,"user_info":{"id":7,"name":"<&>"}}`,
		},
		"account": {
			`{"_session":{"ip":"x","session_key":"canary-0123456789"},"id":7,"token":"canary-0123456789","expires_in":"3600"}`,
			`{"_session":{"ip":"x","session_key":"ID"},"id":7,"token":"ID","expires_in":"3600"}`,
		},
		"another session key": {
			`{"_session":{"session_key":"canary-key"},"user_id":7,"token":"canary-0123456789","expires_in":60}`,
			`{"_session":{"session_key":"ID"},"user_id":7,"token":"ID","expires_in":60}`,
		},
		"within the user": {
			`{"token":"canary-0123456789","expires_in":60,"user_info":{"id":7,"token":"canary-2","session_key":"canary-3","x":["y"]}}`,
			`{"token":"ID","expires_in":60,"user_info":{"id":7,"token":"ID","session_key":"ID","x":["y"]}}`,
		},
		"escaped": {
			`{"token":"canary\u002d0123456789","expires_in":60,"user_id":7}`,
			`{"token":"ID","expires_in":60,"user_id":7}`,
		},
		"a life over the timeout": {
			`{"token":"canary-0123456789","expires_in":36000,"user_id":7}`,
			`{"token":"ID","expires_in":7200,"user_id":7}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, loginproxy.WithAbsoluteTimeout(2*time.Hour))
			w.Fail("POST "+silentPath, baastest.Fault{Status: 201, Body: tt.sent})
			a := w.vendor("POST", silentPath, "", m{"code": "c"})
			id := a.field(t, "token").(string)
			require.JSONEq(t, strings.ReplaceAll(tt.received, "ID", id), a.body)

			w.Fail("GET "+me, baastest.Fault{Status: 400, Body: `{"error_msg":"no","token":"` + token + `"}`})
			require.JSONEq(t, `{"error_msg":"no","token":"`+id+`"}`, w.vendor("GET", me, id, nil).body)
			w.Fail("POST "+destroyPath, baastest.Fault{Status: 201, Body: `{"token":"` + token + `"}`})
			require.JSONEq(t, `{"token":"`+id+`"}`, w.vendor("POST", destroyPath, id, m{}).body)
			require.NotContains(t, w.shown.String(), "canary")
		})
	}
}

// The login paths of the vendor's first clients return tokens too.
func TestDropInHidesTokensOfOldPaths(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/hserve/v1.4/session/init/", "/hserve/v1.4/session/authenticate/"} {
		w.Fail("POST "+path, baastest.Fault{Status: 201, Body: `{"token":"canary-0123456789","expires_in":3600,"user_info":{"id":7}}`})
		a := w.vendor("POST", path, "", m{"code": "c"})
		require.Len(t, a.field(t, "token"), 43)
		require.NotContains(t, a.body, "canary")
	}
	require.Equal(t, 2, w.store.Len())
}

// A response with a token, from which no session can be made, is not sent to the phone.
func TestDropInStrangeLogins(t *testing.T) {
	for _, sent := range []string{
		`{"token":"canary","expires_in":60}`, `{"token":7,"user_id":7}`, `{"token":"canary","user_id":7}`, `canary`, `["canary"]x`,
	} {
		w := newWorld(t)
		w.Fail("POST "+silentPath, baastest.Fault{Status: 201, Body: sent})
		w.vendor("POST", silentPath, "", m{"code": "c"}).requireError(t, http.StatusBadGateway, "invalid response")
		require.NotContains(t, w.shown.String(), "canary")
		require.Zero(t, w.store.Len())
	}
}

// A response without a body has no token to replace.
func TestDropInEmptyResponse(t *testing.T) {
	w := newWorld(t)
	w.Fail("POST "+silentPath, baastest.Fault{Status: 204})
	a := w.vendor("POST", silentPath, "", m{"code": "c"})
	require.Equal(t, http.StatusNoContent, a.status)
	require.Empty(t, a.body)
}

// A 401 of the backend is sent to the phone and ends the session.
func TestDropInBackendForgets(t *testing.T) {
	w := newWorld(t)
	id := w.vendorLogin(w.Kuaishou("openid-1"), "")
	w.RevokeTokens(61736923)
	w.vendor("GET", me, id, nil).requireError(t, http.StatusUnauthorized, "unauthorized")
	before := w.sent()
	w.vendor("GET", me, id, nil).requireError(t, http.StatusUnauthorized, "session missing")
	require.Equal(t, before, w.sent())
}

func TestDropInTimeouts(t *testing.T) {
	w := newWorld(t, loginproxy.WithIdleTimeout(time.Hour))
	phone := w.Kuaishou("openid-1")
	id := w.vendorLogin(phone, "")
	w.Clock().Advance(time.Hour)
	w.vendor("GET", me, id, nil).requireError(t, http.StatusUnauthorized, "session missing")
	w.vendorLogin(phone, id)
}

// expires_in is the time that the session lives without another request.
func TestDropInTellsTheLife(t *testing.T) {
	const token = 36000 // seconds
	for name, tt := range map[string]struct {
		idle, absolute, login time.Duration
		want                  string
	}{
		"the token's":                     {24 * time.Hour, 48 * time.Hour, 0, `"36000"`},
		"the idle timeout":                {time.Hour, 48 * time.Hour, 0, `3600`},
		"both timeouts":                   {2 * time.Hour, 2 * time.Hour, 0, `7200`},
		"whole seconds":                   {90*time.Second + 999*time.Millisecond, time.Hour, 0, `90`},
		"less what the login took":        {time.Hour, 48 * time.Hour, time.Minute, `3540`},
		"less than the login took":        {time.Minute, 48 * time.Hour, time.Hour, `0`},
		"less what the login took, token": {24 * time.Hour, 48 * time.Hour, time.Minute, `"36000"`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, loginproxy.WithIdleTimeout(tt.idle), loginproxy.WithAbsoluteTimeout(tt.absolute))
			w.Fail("POST "+silentPath, baastest.Fault{Status: 201, Body: fmt.Sprintf(`{"token":"canary","expires_in":"%d","user_info":{"id":7}}`, token)})
			arrived, release := w.hold("POST " + silentPath)
			done := make(chan response)
			go func() { done <- w.vendor("POST", silentPath, "", m{"code": "c"}) }()
			<-arrived
			w.Clock().Advance(tt.login)
			close(release)
			var got struct {
				ExpiresIn json.RawMessage `json:"expires_in"`
			}
			require.NoError(t, json.Unmarshal([]byte((<-done).body), &got))
			require.Equal(t, tt.want, string(got.ExpiresIn))
		})
	}
}

// The vendor's client takes a session for live until expires_in is over. The session
// lives at least as long, with and without requests.
func TestDropInTellsTheTrueLife(t *testing.T) {
	for _, since := range []time.Duration{0, 20 * time.Minute, 50 * time.Minute} { // the last request, since the login
		w := newWorld(t, loginproxy.WithIdleTimeout(time.Hour))
		a := w.vendor("POST", silentPath, "", m{"code": w.Kuaishou("openid-1").Login(), "create_user": true})
		id, told := a.field(t, "token").(string), time.Duration(a.field(t, "expires_in").(float64))*time.Second
		w.Clock().Advance(since)
		require.Equal(t, http.StatusOK, w.vendor("GET", me, id, nil).status)
		w.Clock().Advance(told - since - time.Second)
		require.Equal(t, http.StatusOK, w.vendor("GET", me, id, nil).status)
	}
}

// A logout with an unknown id succeeds. The vendor's client would otherwise keep the id
// and get 401 for everything.
func TestDropInLogoutOfUnknownSession(t *testing.T) {
	w := newWorld(t, loginproxy.WithIdleTimeout(time.Hour))
	phone := w.Kuaishou("openid-1")
	idle, revoked, out := w.vendorLogin(phone, ""), w.vendorLogin(phone, ""), w.vendorLogin(phone, "")
	w.Clock().Advance(time.Hour - time.Second)
	first := w.vendor("POST", destroyPath, out, m{})
	w.RevokeTokens(61736923)
	require.Equal(t, http.StatusUnauthorized, w.vendor("GET", me, revoked, nil).status)
	w.Clock().Advance(time.Hour)
	w.observed()
	before := w.sent()
	for name, id := range map[string]string{
		"idle": idle, "revoked": revoked, "logged out": out, "made up": strings.Repeat("x", 43), "no id": "short",
	} {
		a := w.vendor("POST", destroyPath, id, m{})
		require.Equal(t, first.status, a.status, name)
		require.JSONEq(t, first.body, a.body, name)
		require.Equal(t, []loginproxy.Event{{Operation: loginproxy.OpLogout, Status: 201}}, w.observed(), name)
	}
	require.Equal(t, before, w.sent(), "there is no token to destroy")
}

// A user whose session has ended can ask for the code of a text message and log in with it.
func TestDropInSMSWithUnknownSession(t *testing.T) {
	w := newWorld(t, loginproxy.WithIdleTimeout(time.Hour))
	id := w.vendorLogin(w.Kuaishou("openid-1"), "")
	w.Clock().Advance(time.Hour)
	require.Equal(t, 2, w.vendor("POST", "/hserve/v2.2/sms-verification-code/", id, m{"phone": "13800138000"}).status/100)
	sms, ok := w.LastSMS("13800138000")
	require.True(t, ok)
	a := w.vendor("POST", "/hserve/v2.1/login/sms/", id, m{"phone": "13800138000", "code": sms.Code, "create_user": true})
	require.Equal(t, http.StatusCreated, a.status, a.body)
	require.Equal(t, http.StatusBadRequest, w.vendor("POST", "/hserve/v2.0/user/password/reset/", id, m{}).status, "the backend says so")
}

// A logout succeeds whatever the backend responds.
func TestDropInLogoutLost(t *testing.T) {
	for code, fault := range map[int]baastest.Fault{
		600: {Cut: baastest.CutBeforeRead}, 500: {Status: 500}, 0: {Status: 401},
	} {
		w := newWorld(t)
		id := w.vendorLogin(w.Kuaishou("openid-1"), "")
		w.Fail("POST "+destroyPath, fault)
		w.observed()
		a := w.vendor("POST", destroyPath, id, m{})
		require.JSONEq(t, `{"message":"Destroy succeed.","status":"ok"}`, a.body)
		require.Equal(t, http.StatusCreated, a.status)
		events := w.observed()
		require.Len(t, events, 1)
		require.EqualValues(t, code, events[0].Code)
		w.vendor("GET", me, id, nil).requireError(t, http.StatusUnauthorized, "session missing")
	}
}

// A request that is not the vendor's client's, or is for another app, is not forwarded.
func TestDropInRefuses(t *testing.T) {
	w := newWorld(t, loginproxy.WithMaxBody(100))
	for _, tt := range []struct {
		a      response
		status int
		text   string
	}{
		{w.vendor("GET", "/elsewhere/", "", nil), 404, "no route"},
		{w.vendor("GET", "/hserve", "", nil), 404, "no route"},
		{w.vendor("GET", "/hserve/", "", nil), 404, "no route"},
		{w.vendor("GET", "/hserve/../admin/", "", nil), 404, "no route"},
		{w.vendor("GET", "/hserve/v2.5/./idp/", "", nil), 404, "no route"},
		{w.vendor("GET", "/hserve//v2.5/", "", nil), 404, "no route"},
		{w.vendor("GET", "/hserve/v2.5/user//info/", "", nil), 404, "no route"},
		{w.vendor("GET", "/hserve/v2.5/%2e%2e/admin/", "", nil), 404, "no route"},
		{w.vendor("GET", "/hserve/v2.5/a%2Fb/", "", nil), 404, "no route"},
		{w.vendor("POST", "/hserve/v2.5/%69dp/kuaishou/silent-login/", "", m{}), 404, "no route"},
		{w.vendor("TRACE", me, "", nil), 405, "method not allowed"},
		{w.vendor("POST", me, "", nil, "X-Hydrogen-Request-Method", "CONNECT"), 405, "method not allowed"},
		{w.vendor("GET", me, "", nil, "X-Hydrogen-Client-ID", "another"), 400, "wrong client id"},
		{w.vendor("GET", me, "", nil, "X-Hydrogen-Client-ID", ""), 400, "wrong client id"},
		{w.vendor("GET", me, "", nil, "X-Hydrogen-Env-ID", "another"), 400, "wrong environment"},
		{w.vendor("GET", me, "", nil, "X-Hydrogen-Client-Platform", "canary"), 400, "unknown platform"},
		{w.vendor("GET", me, "unknown", nil), 401, "session missing"},
		{w.vendor("POST", "/hserve/v2.5/idp/kuaishou/user-association/", "unknown", m{"code": "c"}), 401, "session missing"},
		{w.vendor("POST", silentPath, "", "{", "Content-Type", "application/json"), 400, "invalid parameter"},
		{w.vendor("POST", silentPath, "", "{}{}"), 400, "invalid parameter"},
		{w.vendor("POST", silentPath, "", "{}", "Content-Type", "text/plain"), 415, "unsupported media type"},
		{w.vendor("POST", silentPath, "", m{"code": strings.Repeat("c", 100)}), 413, "body too large"},
	} {
		tt.a.requireError(t, tt.status, tt.text)
	}
	require.Zero(t, w.sent())
}

// A connection that fails gets an error in the form of the backend.
func TestDropInBackendDown(t *testing.T) {
	w := newWorld(t)
	w.Fail("", baastest.Fault{Cut: baastest.CutDial})
	w.vendor("POST", silentPath, "", m{"code": "c"}).requireError(t, http.StatusBadGateway, "network disconnected")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := request{method: "GET", path: me, ctx: ctx}.http(t)
	r.Header.Set("X-Hydrogen-Client-ID", baastest.DefaultClientID)
	w.serve(w.proxy.Backend(), r).requireError(t, http.StatusGatewayTimeout, "request timeout")
}

// The rate limiter and the observer are called for the backend's paths.
func TestDropInWatched(t *testing.T) {
	var keys []loginproxy.RateKey
	w := newWorld(t, loginproxy.WithRateLimiter(func(_ context.Context, k loginproxy.RateKey) (time.Duration, error) {
		keys = append(keys, k)
		return time.Minute, nil
	}))
	const addr = "192.0.2.1"
	for _, tt := range []struct {
		method, path string
		body         any
		want         loginproxy.RateKey // the zero value: the limiter is not called
		seen         loginproxy.Event
	}{
		{"POST", silentPath, m{"code": "c"}, loginproxy.RateKey{Operation: "login", Platform: "kuaishou", Addr: addr}, loginproxy.Event{}},
		{"POST", "/hserve/v2.5/idp/kuaishou/authenticate/", m{}, loginproxy.RateKey{Operation: "login", Platform: "kuaishou", Addr: addr}, loginproxy.Event{}},
		{"POST", "/hserve/v2.7/idp/wechat/phone-login/", m{}, loginproxy.RateKey{Operation: "login", Platform: "wechat", Addr: addr}, loginproxy.Event{}},
		{"POST", "/hserve/v2.3/idp/oauth/apple/authenticate/", m{}, loginproxy.RateKey{Operation: "login", Addr: addr}, loginproxy.Event{}},
		{"POST", "/hserve/V2.5/IDP/kuaishou/Silent-Login/", m{}, loginproxy.RateKey{}, loginproxy.Event{Operation: "unknown", Status: 404, Code: 404}},
		{"POST", "/hserve/v2.1/login/username/", m{"username": "ann", "phone": "1"}, loginproxy.RateKey{Operation: "login", Addr: addr, Account: "ann"}, loginproxy.Event{}},
		{"POST", "/hserve/v2.1/login/username", m{"username": " ANN"}, loginproxy.RateKey{Operation: "login", Addr: addr, Account: "ann"}, loginproxy.Event{}},
		{"POST", "/hserve/v2.1/login/email/", `{"mail":"a@b","email":"c@d"}`, loginproxy.RateKey{Operation: "login", Addr: addr, Account: "c@d"}, loginproxy.Event{}},
		{"POST", "/hserve/v2.1/login/sms/", m{"phone": "1", "code": "2"}, loginproxy.RateKey{Operation: "login_sms", Addr: addr, Account: "1"}, loginproxy.Event{}},
		{"POST", "/hserve/v2.0/login/anonymous/", m{}, loginproxy.RateKey{Operation: "login_anonymous", Addr: addr}, loginproxy.Event{}},
		{"POST", "/hserve/v2.1/register/phone/", m{"phone": 138}, loginproxy.RateKey{Operation: "register", Addr: addr, Account: "138"}, loginproxy.Event{}},
		{"POST", "/hserve/v2.2/sms-verification-code/", m{"phone": "1"}, loginproxy.RateKey{Operation: "sms", Addr: addr, Account: "1"}, loginproxy.Event{}},
		{"POST", "/hserve/v1.8/sms-verification-code/verify/", m{"phone": "1"}, loginproxy.RateKey{Operation: "sms_check", Addr: addr, Account: "1"}, loginproxy.Event{}},
		{"POST", "/hserve/v2.1/sms-phone-verification/", m{}, loginproxy.RateKey{Operation: "sms_check", Addr: addr}, loginproxy.Event{}},
		{"POST", "/hserve/v2.0/user/password/reset/", m{"email": "a@b"}, loginproxy.RateKey{Operation: "password_reset", Addr: addr, Account: "a@b"}, loginproxy.Event{}},
		{"POST", "/hserve/v1.4/session/init/", m{"code": "c"}, loginproxy.RateKey{Operation: "login", Addr: addr}, loginproxy.Event{}},

		{"POST", "/hserve/v2.1/login/username/", m{"username": strings.Repeat("a", 257)}, loginproxy.RateKey{}, loginproxy.Event{Operation: "login", Status: 400, Code: 605}},
		{"POST", "/hserve/v2.2/idp/pay/order/", m{}, loginproxy.RateKey{}, loginproxy.Event{Operation: "forward", Status: 404, Code: 404}},
		{"POST", "/hserve/v2.0/idp/alipay/miniapp-qr-code/", m{}, loginproxy.RateKey{}, loginproxy.Event{Operation: "forward", Platform: "alipay", Status: 404, Code: 404}},
		{"POST", "/hserve/v2.4/idp/wechat/jssdk-credentials/", m{}, loginproxy.RateKey{}, loginproxy.Event{Operation: "forward", Platform: "wechat", Status: 404, Code: 404}},
		{"GET", "/hserve/v2.2/server/time/", nil, loginproxy.RateKey{}, loginproxy.Event{Operation: "forward", Status: 200}},
		{"GET", "/hserve/v2.1/login/username/", nil, loginproxy.RateKey{}, loginproxy.Event{Operation: "login", Status: 405, Code: 405}},
		{"POST", "/hserve/v2.5/idp/kuaishou/user-association/", m{"code": "c"}, loginproxy.RateKey{}, loginproxy.Event{Operation: "link", Platform: "kuaishou", Status: 401, Code: 401}},
		{"PUT", "/hserve/v2.5/idp/kuaishou/phone-verification/", m{"encryptedData": "d", "iv": "i", "overwrite": true}, loginproxy.RateKey{}, loginproxy.Event{Operation: "phone", Platform: "kuaishou", Status: 403, Code: 403}},
		{"PUT", "/hserve/v2.6/idp/wechat/user/info/", m{}, loginproxy.RateKey{}, loginproxy.Event{Operation: "forward", Platform: "wechat", Status: 401, Code: 401}},
		{"POST", destroyPath, m{}, loginproxy.RateKey{}, loginproxy.Event{Operation: "logout", Status: 401, Code: 401}},
		{"GET", "/elsewhere", nil, loginproxy.RateKey{}, loginproxy.Event{Operation: "unknown", Status: 404, Code: 404}},
	} {
		keys = nil
		before := w.sent()
		a := w.vendor(tt.method, tt.path, "", tt.body)
		if tt.want == (loginproxy.RateKey{}) {
			require.Empty(t, keys, tt.path)
			require.Equal(t, []loginproxy.Event{tt.seen}, w.observed(), tt.path)
			continue
		}
		a.requireError(t, http.StatusTooManyRequests, "too many requests")
		require.Equal(t, "60", a.header.Get("Retry-After"))
		require.Equal(t, []loginproxy.RateKey{tt.want}, keys, tt.path)
		require.Equal(t, []loginproxy.Event{{Operation: tt.want.Operation, Platform: tt.want.Platform, Status: 429, Code: 429}}, w.observed())
		require.Equal(t, before, w.sent())
	}
}

// The hooks are called for the backend's paths.
func TestDropInHooks(t *testing.T) {
	var calls []string
	w := newWorld(t,
		loginproxy.WithOnLogin(func(ctx context.Context, v *loginproxy.Visitor) {
			u, err := v.User(ctx)
			require.NoError(t, err)
			calls = append(calls, "login of "+u.OpenID()+" on "+v.Platform())
		}),
		loginproxy.WithOnLogout(func(_ context.Context, v *loginproxy.Visitor) { calls = append(calls, "logout of "+v.OpenID()) }),
	)
	id := w.vendorLogin(w.Kuaishou("openid-1"), "")
	w.vendor("POST", destroyPath, id, m{})
	require.Equal(t, []string{"login of openid-1 on kuaishou", "logout of openid-1"}, calls)
}
