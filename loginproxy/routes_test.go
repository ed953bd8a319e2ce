package loginproxy_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/platform"
)

// Every platform logs in by its name and its aliases, and links to an account.
func TestPlatforms(t *testing.T) {
	for _, p := range platform.All() {
		for _, name := range append(p.Aliases(), p.Name()) {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t)
				phone, err := w.Phone(p.Name(), "openid-1")
				require.NoError(t, err)

				account := w.post("/register", "", m{"username": "ann", "password": "correct horse"})
				linked := w.post("/link/"+name, account.token(t), m{"code": phone.Login()})
				require.Equal(t, http.StatusOK, linked.status, linked.body)
				require.EqualValues(t, account.userID(t), linked.field(t, "user_id"))
				require.Equal(t, p.Name() == "alipay", linked.field(t, "alipay_user_id") != nil)

				in := w.post("/login/"+name, "", m{"code": phone.Login(), "createUser": false})
				require.Equal(t, account.userID(t), in.userID(t))
				require.Equal(t, account.userID(t), w.me(in.token(t)).userID(t))
				require.Contains(t, w.observed(), loginproxy.Event{Operation: loginproxy.OpLogin, Platform: p.Name(), Status: 200})
			})
		}
	}
}

// The options of the phone are sent to the backend.
func TestOptions(t *testing.T) {
	w := newWorld(t)
	ks, tt, wx := w.Kuaishou("o"), w.ByteDance("o"), w.WeChat("o")
	for i, c := range []struct {
		path string
		body m
		want string // in the body that the backend was sent
	}{
		{"/login/ks", m{"code": ks.Login()}, `"create_user":true`},
		{"/login/ks", m{"code": ks.Login(), "data": nil}, `"create_user":true`},
		{"/login/ks", m{"code": ks.Login(), "createUser": false}, `"create_user":false`},
		{"/login/ks", m{"code": ks.Login(), "data": event(ks.AllowUserInfoJSON())}, `"update_userprofile":"setnx"`},
		{"/login/ks", m{"code": ks.Login(), "data": event(ks.AllowUserInfoJSON()), "syncUserProfile": "setnx"}, `"update_userprofile":"setnx"`},
		{"/login/ks", m{"code": ks.Login(), "data": event(ks.AllowUserInfoJSON()), "syncUserProfile": "overwrite"}, `"update_userprofile":"overwrite"`},
		{"/login/ks", m{"code": ks.Login(), "data": event(ks.AllowUserInfoJSON()), "syncUserProfile": false}, `"update_userprofile":"false"`},
		{"/login/ks", m{"code": ks.Login(), "data": event(ks.AllowUserInfoJSON()), "syncUserProfile": nil}, `"update_userprofile":"setnx"`},
		{"/login/tt", m{"code": tt.Login()}, `"app_name":"douyin"`},
		{"/login/tt", m{"code": tt.Login(), "appName": "Toutiao"}, `"app_name":"toutiao"`},
		{"/login/wx", m{"code": wx.Login(), "withUnionID": true}, `"login_with_unionid":true`},
	} {
		t.Run(fmt.Sprint(i, c.path), func(t *testing.T) {
			require.Equal(t, http.StatusOK, w.post(c.path, "", c.body).status)
			all := w.Requests()
			require.Contains(t, string(all[len(all)-1].Body), c.want)
		})
	}
}

// The routes for accounts and text messages work.
func TestAccountRoutes(t *testing.T) {
	w := newWorld(t)
	for _, name := range []m{{"username": "ann"}, {"email": "ann@example.com"}, {"phone": "13800138001"}} {
		name["password"] = "correct horse"
		made := w.post("/register", "", name)
		in := w.post("/login", "", name)
		require.Equal(t, made.userID(t), in.userID(t))
		require.NotEqual(t, made.token(t), in.token(t))
	}

	require.Equal(t, "{}", w.post("/sms", "", m{"phone": "13800138000"}).body)
	sms, ok := w.LastSMS("13800138000")
	require.True(t, ok)
	in := w.post("/login/sms", "", m{"phone": "13800138000", "code": sms.Code})
	require.Equal(t, in.userID(t), w.me(in.token(t)).userID(t))

	w.Clock().Advance(time.Minute)
	require.Equal(t, "{}", w.post("/sms", "", m{"phone": "13900139000", "signatureID": 7}).body)
	sms, ok = w.LastSMS("13900139000")
	require.True(t, ok)
	none := w.post("/login/sms", "", m{"phone": "13900139000", "code": sms.Code, "createUser": false})
	require.JSONEq(t, `{"code":404,"error":"not_found","code_spent":true}`, none.body)

	anonymous := w.post("/login/anonymous", "", nil)
	require.Equal(t, anonymous.userID(t), w.me(anonymous.token(t)).userID(t))
	w.post("/login/anonymous", "", m{}).token(t)
}

// A link with user info updates the account's profile as syncUserProfile says.
func TestLinkWithUserInfo(t *testing.T) {
	w := newWorld(t)
	token := w.post("/register", "", m{"username": "ann", "password": "correct horse"}).token(t)
	phone := w.WeChat("openid-1").SetProfile(baastest.Profile{NickName: "Ann"})
	body := m{"code": phone.Login(), "data": event(phone.AllowUserInfoJSON()), "syncUserProfile": "overwrite", "withUnionID": true}
	require.Equal(t, http.StatusOK, w.post("/link/wx", token, body).status)
	require.Equal(t, "Ann", w.me(token).field(t, "user").(m)["nickname"])

	refused := w.post("/link/wx", token, m{"code": phone.Login(), "data": event(phone.RefuseUserInfoJSON())})
	require.Equal(t, http.StatusForbidden, refused.status)
	require.EqualValues(t, 603, refused.field(t, "code"))
}

func TestPhone(t *testing.T) {
	w := newWorld(t)
	phone := w.Kuaishou("openid-1")
	token := w.login(phone, "")

	a := w.post("/phone", token, m{"data": event(phone.AllowPhoneNumberJSON("13800138000"))})
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Equal(t, "13800138000", a.field(t, "user").(m)["_phone"])
	require.Nil(t, a.field(t, "token"))

	a = w.post("/phone", token, m{"data": event(phone.AllowPhoneNumberJSON("13900139000")), "overwrite": false})
	require.JSONEq(t, `{"code":400,"error":"bad_request","code_spent":false}`, a.body, "a phone number needs no code")
}

// The platform field wins over the platform of the session.
func TestPhoneOnPlatform(t *testing.T) {
	for _, name := range []string{"kuaishou", "ks", "wechat", "wx"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			on, ok := platform.ByName(name)
			require.True(t, ok)
			phone, err := w.Phone(on.Name(), "openid-1")
			require.NoError(t, err)
			token := w.post("/register", "", m{"username": "ann", "password": "correct horse"}).token(t)
			data := func() m { return m{"data": event(phone.AllowPhoneNumberJSON("13800138000"))} }
			require.Equal(t, http.StatusOK, w.post("/link/qq", token, m{"code": w.QQ("openid-2").Login()}).status)
			require.Equal(t, http.StatusOK, w.post("/link/"+name, token, m{"code": phone.Login()}).status)
			require.EqualValues(t, 611, w.post("/phone", token, data()).field(t, "code"), "QQ gives no phone numbers")

			w.observed()
			body := data()
			body["platform"] = name
			a := w.post("/phone", token, body)
			require.Equal(t, http.StatusOK, a.status, a.body)
			require.Equal(t, "13800138000", a.field(t, "user").(m)["_phone"])
			require.Equal(t, []loginproxy.Event{{Operation: loginproxy.OpPhone, Platform: on.Name(), Status: 200}}, w.observed())
		})
	}
}

// The response has the user as the backend describes it, and the end of the session.
func TestResponse(t *testing.T) {
	w := newWorld(t)
	in := w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login()})
	want := fmt.Sprintf(`{"token":"%s","expires_at":%d,"user":{"id":61736923,"openid":"openid-1",`,
		in.token(t), start.Add(baastest.DefaultTokenLife).Unix()-30)
	require.True(t, strings.HasPrefix(in.body, want), in.body)
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Set-Cookie": "",
	} {
		require.Equal(t, value, in.header.Get(name), name)
	}
	own := strings.Replace(in.body[strings.Index(in.body, `"expires_at"`):], `"openid":"openid-1",`, "", 1)
	require.Equal(t, `{`+own, w.me(in.token(t)).body, "a read has WeChat's openid only")
}

// Every error has its own status and body, and the backend's text is not part of it.
func TestErrors(t *testing.T) {
	const silent = "POST /hserve/v2.5/idp/kuaishou/silent-login/"
	login := func(w *world) response { return w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login()}) }
	faulty := func(status int) func(*world) response {
		return func(w *world) response {
			w.Fail(silent, baastest.Fault{Status: status, Body: `{"error_msg":"canary"}`})
			return login(w)
		}
	}
	for _, tt := range []struct {
		name   string
		do     func(*world) response
		status int
		body   string
	}{
		{"spent code", func(w *world) response {
			body := m{"code": w.Kuaishou("openid-1").Login()}
			w.post("/login/ks", "", body)
			return w.post("/login/ks", "", body)
		}, 400, `{"code":400,"error":"bad_request","code_spent":true}`},
		{"wrong password", func(w *world) response { return w.post("/login", "", m{"username": "ann", "password": "canary"}) },
			400, `{"code":400,"error":"bad_request","code_spent":false}`},
		{"wrong code of a text message", func(w *world) response {
			return w.post("/login/sms", "", m{"phone": "13800138000", "code": "000000"})
		}, 400, `{"code":400,"error":"bad_request","code_spent":true}`},
		{"spent code of a link", func(w *world) response {
			token := w.post("/register", "", m{"username": "ann", "password": "correct horse"}).token(w.t)
			return w.post("/link/ks", token, m{"code": "spent"})
		}, 400, `{"code":400,"error":"bad_request","code_spent":true}`},
		{"name that is taken", func(w *world) response {
			w.post("/register", "", m{"username": "ann", "password": "correct horse"}).requireOK(w.t)
			return w.post("/register", "", m{"username": "ann", "password": "correct horse"})
		}, 400, `{"code":400,"error":"bad_request","code_spent":false}`},
		{"me, backend's 500", func(w *world) response {
			token := w.login(w.Kuaishou("openid-1"), "")
			w.Fail("", baastest.Fault{Status: 500})
			return w.me(token)
		}, 502, `{"code":500,"error":"backend_failed","code_spent":false}`},
		{"text message, backend's 500", func(w *world) response {
			w.Fail("", baastest.Fault{Status: 500})
			return w.post("/sms", "", m{"phone": "13800138000"})
		}, 502, `{"code":500,"error":"backend_failed","code_spent":false}`},
		{"anonymous login, connection lost", func(w *world) response {
			w.Fail("", baastest.Fault{Cut: baastest.CutAfterRead})
			return w.post("/login/anonymous", "", nil)
		}, 502, `{"code":600,"error":"network_disconnected","code_spent":false}`},
		{"no account", func(w *world) response {
			return w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login(), "createUser": false})
		}, 404, `{"code":404,"error":"not_found","code_spent":true}`},
		{"refused", func(w *world) response {
			phone := w.WeChat("openid-1").SetUnionID("unionid-1")
			return w.post("/login/wx", "", m{"code": phone.Login(), "data": event(phone.RefuseUserInfoJSON()), "withUnionID": true})
		}, 403, `{"code":603,"error":"unauthorized","code_spent":true,"id":61736923,"openid":"openid-1","unionid":"unionid-1"}`},
		{"not logged in", func(w *world) response { return w.me("") },
			401, `{"code":604,"error":"session_missing","code_spent":false}`},
		{"link, not logged in", func(w *world) response { return w.post("/link/ks", "", m{"code": "c"}) },
			401, `{"code":604,"error":"session_missing","code_spent":false}`},
		{"phone, not logged in", func(w *world) response {
			return w.post("/phone", "", m{"data": event(w.Kuaishou("o").AllowPhoneNumberJSON("13800138000"))})
		}, 401, `{"code":604,"error":"session_missing","code_spent":false}`},
		{"no code", func(w *world) response { return w.post("/login/ks", "", m{}) },
			400, `{"code":605,"error":"invalid_parameter","reason":"missing_field","field":"code","code_spent":false}`},
		{"no password", func(w *world) response { return w.post("/login", "", m{"username": "ann"}) },
			400, `{"code":605,"error":"invalid_parameter","reason":"missing_field","field":"password","code_spent":false}`},
		{"no account named", func(w *world) response { return w.post("/login", "", m{"username": nil, "email": "", "password": "p"}) },
			400, `{"code":605,"error":"invalid_parameter","reason":"missing_field","code_spent":false}`},
		{"register without a body", func(w *world) response { return w.post("/register", "", nil) },
			400, `{"code":605,"error":"invalid_parameter","reason":"missing_field","code_spent":false}`},
		{"no code of a text message", func(w *world) response { return w.post("/login/sms", "", m{"phone": "13800138000", "code": ""}) },
			400, `{"code":605,"error":"invalid_parameter","reason":"missing_field","field":"code","code_spent":false}`},
		{"no phone", func(w *world) response { return w.post("/sms", "", m{}) },
			400, `{"code":605,"error":"invalid_parameter","reason":"missing_field","field":"phone","code_spent":false}`},
		{"no data, not logged in", func(w *world) response { return w.post("/phone", "", m{"data": nil}) },
			400, `{"code":605,"error":"invalid_parameter","reason":"missing_field","field":"data","code_spent":false}`},
		{"no code of a link", func(w *world) response { return w.post("/link/ks", w.login(w.Kuaishou("o"), ""), m{}) },
			400, `{"code":605,"error":"invalid_parameter","reason":"missing_field","field":"code","code_spent":false}`},
		{"code that is no code", func(w *world) response { return w.post("/login/ks", "", m{"code": "a\nb"}) },
			400, `{"code":605,"error":"invalid_parameter","reason":"invalid_value","field":"code","code_spent":false}`},
		{"option of another platform", func(w *world) response { return w.post("/login/ks", "", m{"code": "c", "withUnionID": true}) },
			400, `{"code":605,"error":"invalid_parameter","reason":"invalid_value","field":"withUnionID","code_spent":false}`},
		{"no such call", func(w *world) response {
			return w.post("/login/tt", "", m{"code": "c", "data": event(w.Kuaishou("o").AllowPhoneNumberJSON("13800138000"))})
		}, 501, `{"code":611,"error":"unsupported_function","code_spent":false}`},
		{"anonymous", func(w *world) response {
			return w.post("/link/ks", w.post("/login/anonymous", "", nil).token(w.t), m{"code": "c"})
		}, 403, `{"code":612,"error":"anonymous_not_allowed","code_spent":false}`},
		{"wrong route", func(w *world) response { return w.post("/nowhere", "", nil) },
			404, `{"code":404,"error":"no_route","code_spent":false}`},
		{"unknown platform", func(w *world) response { return w.post("/login/canary", "", nil) },
			404, `{"code":404,"error":"no_route","code_spent":false}`},
		{"wrong method", func(w *world) response { return w.do(request{method: http.MethodGet, path: "/login"}) },
			405, `{"code":405,"error":"method_not_allowed","code_spent":false}`},
		{"no connection", func(w *world) response {
			w.Fail(silent, baastest.Fault{Cut: baastest.CutDial})
			return login(w)
		}, 502, `{"code":600,"error":"network_disconnected","code_spent":false}`},
		{"connection lost", func(w *world) response {
			w.Fail(silent, baastest.Fault{Cut: baastest.CutAfterRead})
			return login(w)
		}, 502, `{"code":600,"error":"network_disconnected","code_spent":true}`},
		{"not JSON", func(w *world) response {
			w.Fail(silent, baastest.Fault{Status: 200, Body: "<html>canary"})
			return login(w)
		}, 502, `{"code":690,"error":"invalid_response","code_spent":true}`},
		{"no life", func(w *world) response {
			w.Fail(silent, baastest.Fault{Status: 200, Body: `{"token":"canary-token","user_info":{"id":7}}`})
			return login(w)
		}, 502, `{"code":690,"error":"invalid_response","code_spent":true}`},
		{"backend's 401", faulty(401), 401, `{"code":401,"error":"not_authenticated","code_spent":true}`},
		{"backend's 402", faulty(402), 503, `{"code":503,"error":"not_configured","code_spent":false}`},
		{"backend's 405", faulty(405), 503, `{"code":503,"error":"not_configured","code_spent":false}`},
		{"backend's 403", faulty(403), 403, `{"code":403,"error":"forbidden","code_spent":true}`},
		{"backend's 429", faulty(429), 429, `{"code":429,"error":"too_many_requests","code_spent":true}`},
		{"backend's 302", faulty(302), 502, `{"code":302,"error":"backend_failed","code_spent":true}`},
		{"backend's 500", faulty(500), 502, `{"code":500,"error":"backend_failed","code_spent":true}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			a := tt.do(w)
			require.Equal(t, tt.status, a.status)
			require.JSONEq(t, tt.body, a.body)
			require.Equal(t, "application/json", a.header.Get("Content-Type"))
			require.Equal(t, "no-store", a.header.Get("Cache-Control"))
			require.NotContains(t, w.shown.String(), "canary")
			if tt.status == http.StatusUnauthorized {
				require.Equal(t, "Bearer", a.header.Get("WWW-Authenticate"))
			}
			events := w.observed()
			last := events[len(events)-1]
			require.Equal(t, tt.status, last.Status)
			require.EqualValues(t, a.field(t, "code"), last.Code)
		})
	}
}

// A proxy that sees a path with what it is mounted at says so, and repeats nothing else of
// the path.
func TestWrongMount(t *testing.T) {
	w := newWorld(t)
	const strip = ", and the proxy sees what stands before it: mount the proxy under http.StripPrefix"
	for path, hint := range map[string]string{
		"/auth/login/ks":               "the path ends in the route login/{platform}" + strip,
		"/auth/login/sms":              "the path ends in the route login/sms" + strip,
		"/api/v1/auth/me":              "the path ends in the route me" + strip,
		"/canary-token/login":          "the path ends in the route login" + strip,
		"//login":                      "the path ends in the route login" + strip,
		"/login/ks/":                   "the route is login/{platform}, without a slash at the end",
		"/me/":                         "the route is me, without a slash at the end",
		"/auth/me/":                    "the path ends in the route me" + strip,
		"/login/canary":                "",
		"/canary":                      "",
		"/":                            "",
		"/me/canary":                   "",
		"/auth/login/ks/canary-secret": "",
	} {
		a := w.post(path, "", nil)
		require.Equal(t, http.StatusNotFound, a.status, path)
		want := m{"code": 404.0, "error": "no_route", "code_spent": false}
		if hint != "" {
			want["hint"] = hint
		}
		var got m
		require.NoError(t, json.Unmarshal([]byte(a.body), &got))
		require.Equal(t, want, got, path)
		events := w.observedCauses()
		require.Len(t, events, 1)
		require.Equal(t, loginproxy.OpUnknown, events[0].Operation)
		require.Equal(t, hint != "", strings.Contains(events[0].Err.Error(), hint) && events[0].Err.Error() != "no_route")
	}
	for path, text := range map[string]string{
		"/v2.5/idp/kuaishou/silent-login/":            "Proxy.Backend needs the whole path, with /hserve/: mount it without http.StripPrefix",
		"/api/hserve/v2.5/idp/kuaishou/silent-login/": "Proxy.Backend needs a path that begins with /hserve/: mount it under http.StripPrefix",
		"/hserve/canary":                              "no route",
	} {
		w.vendor("POST", path, "", m{}).requireError(t, http.StatusNotFound, text)
	}
	require.Zero(t, w.sent())
}

// A logout needs neither a body nor a content type. One with another content type may be
// the form of another site.
func TestLogoutWithoutABody(t *testing.T) {
	w := newWorld(t, loginproxy.WithCookie(cookieName))
	logout := func(body string, header http.Header) int {
		t.Helper()
		id := w.login(w.Kuaishou("openid-1"), "")
		r := request{method: http.MethodPost, path: "/logout"}.http(t)
		if body != "" {
			r = request{method: http.MethodPost, path: "/logout", body: body}.http(t)
		}
		r.Header.Del("Content-Type")
		for name, values := range header {
			r.Header[name] = values
		}
		if r.Header.Get("Cookie") == "" {
			r.Header.Set("Authorization", "Bearer "+id)
		} else {
			r.Header.Set("Cookie", cookieName+"="+id)
		}
		status := w.serve(w.proxy, r).status
		require.Equal(t, status == http.StatusOK, w.me(id).status == http.StatusUnauthorized, "logged out if it says so")
		return status
	}
	byCookie := http.Header{"Cookie": {"-"}}
	require.Equal(t, http.StatusOK, logout("", nil))
	require.Equal(t, http.StatusOK, logout("", byCookie))
	require.Equal(t, http.StatusOK, logout("{}", http.Header{"Content-Type": {"application/json"}}))
	require.Equal(t, http.StatusUnsupportedMediaType, logout("{}", nil))
	require.Equal(t, http.StatusUnsupportedMediaType, logout("", http.Header{"Content-Type": {"text/plain"}}))
	require.Equal(t, http.StatusUnsupportedMediaType, logout("", http.Header{"Cookie": {"-"}, "Content-Type": {"application/x-www-form-urlencoded"}}))
	require.Equal(t, http.StatusForbidden, logout("", http.Header{"Cookie": {"-"}, "Sec-Fetch-Site": {"cross-site"}}))
	require.Equal(t, http.StatusForbidden, logout("", http.Header{"Cookie": {"-"}, "Origin": {"https://evil.example"}}))

	r := request{method: http.MethodPost, path: "/login/anonymous"}.http(t)
	r.Header.Del("Content-Type")
	require.Equal(t, http.StatusUnsupportedMediaType, w.serve(w.proxy, r).status, "only a logout")
}

// A proxy can be mounted at any path.
func TestMounted(t *testing.T) {
	w := newWorld(t)
	for prefix, path := range map[string]string{"/auth/": "/auth/me", "/auth": "/auth/me", "": "/me", "/": "/me"} {
		a := w.serve(http.StripPrefix(prefix, w.proxy), request{method: http.MethodGet, path: path}.http(t))
		require.Equal(t, http.StatusUnauthorized, a.status, prefix)
	}
	a := w.do(request{method: http.MethodPut, path: "/login/ks"})
	require.Equal(t, "POST", a.header.Get("Allow"))
}
