package loginproxy_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/platform"
)

// posts are all routes with a body.
var posts = []string{
	"/login/ks", "/login", "/login/sms", "/login/anonymous", "/register", "/sms", "/link/ks", "/phone", "/logout",
}

// A body that is not one JSON object with known fields is refused, and nothing is sent. The
// response says what is wrong.
func TestStrictBodies(t *testing.T) {
	w := newWorld(t)
	for _, path := range posts {
		for reason, bodies := range map[string][]string{
			"unknown_field": {`{"canary":1}`, `{"canary":null}`, `{"":""}`, `{"\u0000":1}`},
			"not_object":    {`[]`, `null`, `"text"`, `7`},
			"not_json":      {`{`, `{}{}`, `{} {}`, `{},`, `{}x`, "\f{}", "{}\u00a0", "\ufeff{}", `{"code":}`},
			"not_utf8":      {"\xff", "{\"code\":\"\xff\"}", "{\"\xff\":1}"},
		} {
			for _, body := range bodies {
				a := w.post(path, "", body)
				require.Equal(t, http.StatusBadRequest, a.status, "%s %s", path, body)
				require.JSONEq(t, `{"code":605,"error":"invalid_parameter","reason":"`+reason+`","code_spent":false}`, a.body, "%s %s", path, body)
			}
		}
	}
	for path, bodies := range map[string][]string{
		"/login/ks": {
			`{"code":7}`, `{"code":"c","createUser":"true"}`, `{"code":"c","createUser":1}`, `{"code":"c","syncUserProfile":true}`,
			`{"code":"c","syncUserProfile":"false"}`, `{"code":"c","syncUserProfile":"always"}`, `{"code":"c","data":"text"}`,
			`{"code":"c","data":[]}`, `{"code":"c","data":{}}`, `{"Code":"c"}`, `{"code":"c","data":false}`, `{"code":"c","data":{"detail":[]}}`, `{"code":"c","data":{"detail":{"iv":7}}}`,
			`{"code":"c","appName":7}`, `{"code":"c","withUnionID":"x"}`, `{"code":"c","overwrite":true}`,
			`{"code":"` + strings.Repeat("c", 2000) + `"}`, `{"code":"a\nb"}`,
		},
		"/link/ks":   {`{"code":"c","createUser":true}`},
		"/phone":     {`{"data":{"detail":{}},"overwrite":"yes"}`, `{"code":"c"}`, `{"data":{"detail":{}},"platform":"canary"}`, `{"data":{"detail":{}},"platform":""}`, `{"data":{"detail":{}},"platform":7}`},
		"/register":  {`{"username":"ann","password":7}`},
		"/login/sms": {`{"phone":13800138000,"code":"1"}`},
		"/sms":       {`{"phone":"13800138000","signatureID":"7"}`, `{"phone":"13800138000","signatureID":0}`, `{"phone":"13800138000","signatureID":1.5}`},
	} {
		for _, body := range bodies {
			require.Equal(t, http.StatusBadRequest, w.post(path, "", body).status, "%s %s", path, body)
		}
	}
	require.Zero(t, w.sent())
	require.Zero(t, w.store.Len())
}

// An event may have unknown fields, because the phone's platform makes it.
func TestEventsMayHaveMore(t *testing.T) {
	w := newWorld(t)
	phone := w.Kuaishou("openid-1")
	code := phone.Login()
	more := strings.Replace(string(phone.AllowUserInfoJSON()), `"detail":{`, `"target":{"id":"b"},"detail":{"cloudID":"x",`, 1)
	w.post("/login/ks", "", m{"code": code, "data": event([]byte(more))}).token(t)
}

func TestContentType(t *testing.T) {
	w := newWorld(t)
	for kind, status := range map[string]int{
		"application/json":                  400,
		"application/json; charset=utf-8":   400,
		"Application/JSON;charset=UTF-8":    400,
		"":                                  415,
		"text/plain":                        415,
		"text/json":                         415,
		"application/x-www-form-urlencoded": 415,
		"multipart/form-data; boundary=x":   415,
		"application/json; charset=gbk":     415,
		"application/json;;":                415,
	} {
		for _, path := range []string{"/login/ks", "/logout"} {
			body := `{"code":""}`
			if path == "/logout" {
				body = `{"code":1}`
			}
			a := w.do(request{method: http.MethodPost, path: path, body: body, header: http.Header{"Content-Type": {kind}}})
			require.Equal(t, status, a.status, kind)
		}
	}
	require.Zero(t, w.sent())
}

// The size of bodies is limited, with and without Content-Length.
func TestBodyBound(t *testing.T) {
	w := newWorld(t, loginproxy.WithMaxBody(100))
	for _, path := range posts {
		for _, body := range []string{strings.Repeat(" ", 101), `{"code":"` + strings.Repeat("c", 100) + `"}`} {
			for _, length := range []int64{int64(len(body)), -1} {
				r := request{method: http.MethodPost, path: path, body: body}.http(t)
				r.ContentLength = length
				a := w.serve(w.proxy, r)
				require.JSONEq(t, `{"code":413,"error":"body_too_large","code_spent":false}`, a.body)
				require.Equal(t, http.StatusRequestEntityTooLarge, a.status)
			}
		}
	}
	require.Equal(t, http.StatusOK, w.post("/logout", "", strings.Repeat(" ", 98)+"{}").status)
	require.Zero(t, w.sent())
}

// A body that ends early is an error, and nothing is sent.
func TestBrokenBody(t *testing.T) {
	w := newWorld(t)
	r := request{method: http.MethodPost, path: "/login/ks"}.http(t)
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"code":"c"}`), failing{io.ErrUnexpectedEOF}))
	require.Equal(t, http.StatusBadRequest, w.serve(w.proxy, r).status)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r = request{method: http.MethodPost, path: "/login/ks", ctx: ctx}.http(t)
	r.Body = io.NopCloser(failing{context.Canceled})
	require.Equal(t, http.StatusGatewayTimeout, w.serve(w.proxy, r).status)
	require.Zero(t, w.sent())
}

// New refuses invalid clients and options.
func TestNew(t *testing.T) {
	w := newWorld(t)
	client, err := w.Client()
	require.NoError(t, err)
	_, err = loginproxy.New(nil)
	require.EqualError(t, err, "605: incorrect parameter type: client is nil")
	_, err = loginproxy.New(client, nil)
	require.NoError(t, err)
	source, err := w.Client(baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) { return "c", nil }))
	require.NoError(t, err)
	_, err = loginproxy.New(source)
	require.EqualError(t, err, "605: incorrect parameter type: a client with a code source would log in whoever makes up a session id")
	for name, opt := range map[string]loginproxy.Option{
		"login check is nil":                                  loginproxy.WithLoginCheck(nil),
		"no user fields":                                      loginproxy.WithUserFields(),
		"a user field is empty":                               loginproxy.WithUserFields("id", ""),
		"observer is nil":                                     loginproxy.WithObserver(nil),
		"login hook is nil":                                   loginproxy.WithOnLogin(nil),
		"logout hook is nil":                                  loginproxy.WithOnLogout(nil),
		"rate limiter is nil":                                 loginproxy.WithRateLimiter(nil),
		"idle timeout is not over 0":                          loginproxy.WithIdleTimeout(0),
		"absolute timeout is not over 0":                      loginproxy.WithAbsoluteTimeout(-1),
		"max body is less than 1":                             loginproxy.WithMaxBody(0),
		"client address function is nil":                      loginproxy.WithClientAddr(nil),
		"a cookie's name is a token that begins with __Host-": loginproxy.WithCookie("session"),
		"a trusted origin is a scheme and a host":             loginproxy.WithCookie("__Host-s", "app.example.com"),
	} {
		_, err := loginproxy.New(client, opt)
		require.EqualError(t, err, "605: incorrect parameter type: "+name)
	}
	for _, opts := range [][]loginproxy.Option{
		{loginproxy.WithIdleTimeout(2 * time.Hour), loginproxy.WithAbsoluteTimeout(time.Hour)},
		{loginproxy.WithAbsoluteTimeout(time.Hour), loginproxy.WithIdleTimeout(time.Hour + 1)},
	} {
		_, err := loginproxy.New(client, opts...)
		require.EqualError(t, err, "605: incorrect parameter type: the idle timeout is longer than the absolute timeout, 1h0m0s")
	}
	_, err = loginproxy.New(client, loginproxy.WithIdleTimeout(loginproxy.DefaultAbsoluteTimeout+1))
	require.EqualError(t, err, "605: incorrect parameter type: the idle timeout is longer than the absolute timeout, 720h0m0s")
	_, err = loginproxy.New(client, loginproxy.WithIdleTimeout(time.Hour), loginproxy.WithAbsoluteTimeout(time.Hour))
	require.NoError(t, err)
	for _, name := range []string{"__Host-", "__Host-a b", "__Host-a;", ""} {
		_, err := loginproxy.New(client, loginproxy.WithCookie(name))
		require.Error(t, err, name)
	}
}
