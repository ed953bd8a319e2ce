package loginproxy_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/loginproxy"
)

// limitedWorld has a proxy with a rate limiter that counts its calls.
func limitedWorld(t *testing.T) (*world, *[]loginproxy.RateKey) {
	t.Helper()
	keys := new([]loginproxy.RateKey)
	w := newWorld(t, loginproxy.WithRateLimiter(func(_ context.Context, k loginproxy.RateKey) (time.Duration, error) {
		*keys = append(*keys, k)
		return 0, nil
	}))
	w.responds(201, `{}`, nil)
	return w, keys
}

// Only canonical paths are forwarded, so that the backend cannot take a path for another
// one than the proxy does.
func TestDropInCanonicalPaths(t *testing.T) {
	w, keys := limitedWorld(t)
	reached := 0
	reply := w.reply
	w.reply = func(r *http.Request) *http.Response { reached++; return reply(r) }
	for _, path := range []string{
		"/hserve/v2.1/login/username;x/", "/hserve/v2.1/login;x=1/username/", "/hserve/v2.1/login/username/;x", "/hserve/v2.1;x/login/username/",
		"/hserve/v2.1/login/username%20/", "/hserve/v2.1/login%20/username/", "/hserve/v2.1/%20login/username/", "/hserve/v2.1/login/username/%20",
		"/hserve/v2.1/login/username%00/", "/hserve/v2.1/login/username%0a/", "/hserve/v2.1/login/username%3Fx/", "/hserve/v2.1/login%2Fusername/",
		"/hserve/v2.1/LOGIN/username/", "/hserve/v2.1/login/Username/", "/hserve/V2.1/login/username/", "/hserve/v2.1/User/password/reset/",
		"/hserve/v2.1/user/PASSWORD/reset/", "/hserve/v2.5/idp/Kuaishou/silent-login/", "/hserve/v2.5/idp/kuaishou/Silent-Login/", "/hserve/v2.5/IDP/kuaishou/silent-login/",
		"/hserve/login/username/", "/hserve/x/login/username/", "/hserve/2.1/login/username/", "/hserve/v2.1./login/username/", "/hserve/v/login/username/",
		"/hserve/v2.1/login/username/x/", "/hserve/v2.1/login/username.json/", "/hserve/v2.1/login/", "/hserve/v2.1/login/user/", "/hserve/v2.1/register/sms/",
		"/hserve/v2.1/register/username/x/", "/hserve/v2.2/sms-verification-code/send/", "/hserve/v2.2/sms-verification-code/verify/x/",
		"/hserve/v2.1/sms-phone-verification/x/", "/hserve/v2.0/user/password/reset/x/", "/hserve/v2.0/user/password/", "/hserve/v2.0/session/destroy/x/", "/hserve/v2.0/session/",
		"/hserve/v2.1/login~/username/", "/hserve/v2.1/login+/username/", "/hserve/v2.1/log\u0131n/username/", "/hserve/v2.1/\uff4cogin/username/", "/hserve/v2.1/login:80/username/",
	} {
		r := request{method: http.MethodPost, path: "/x", body: m{"username": "ann"}}.http(t)
		r.URL.Path, r.URL.RawPath = mustPath(t, path)
		w.vendorSends(r).requireError(t, http.StatusNotFound, "no route")
	}
	require.Zero(t, reached)
	require.Empty(t, *keys)
	for _, path := range []string{
		"/hserve/v2.4/table/My_Table-1/record/5F3a/", "/hserve/v2.0/idp/pay/order/AbC1/", "/hserve/v1/cloud-function/job/", "/hserve/v2.1/uploaded-file/5aBc/",
		"/hserve/v2.1/login/username/", "/hserve/v2.1/login/username", "/hserve/v1.4/session/init/", "/hserve/v2.3/idp/oauth/wechat-native/authenticate/",
	} {
		w.vendor("POST", path, "", m{"username": "ann"})
	}
	require.Equal(t, 8, reached)
	require.Len(t, *keys, 4)
}

// mustPath splits an escaped path as net/http does.
func mustPath(t *testing.T, escaped string) (path, raw string) {
	t.Helper()
	u := request{method: http.MethodGet, path: "/"}.http(t).URL
	u, err := u.Parse(escaped)
	require.NoError(t, err)
	return u.Path, u.RawPath
}

// The paths that a rate limiter counts take POST only, and no query. A method that
// the backend might take for POST would not be counted.
func TestDropInMethodsOfLogins(t *testing.T) {
	w, keys := limitedWorld(t)
	w.reply = func(*http.Request) *http.Response { t.Error("forwarded"); return nil }
	for _, path := range []string{
		silentPath, registerPath, destroyPath, "/hserve/v2.1/login/username/", "/hserve/v2.1/login/sms/", "/hserve/v2.0/login/anonymous/",
		"/hserve/v2.2/sms-verification-code/", "/hserve/v1.8/sms-verification-code/verify/", "/hserve/v2.0/user/password/reset/",
		"/hserve/v1.4/session/init/",
	} {
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			a := w.vendor(method, path, "", m{"username": "ann"})
			a.requireError(t, http.StatusMethodNotAllowed, "method not allowed")
			require.Equal(t, "POST", a.header.Get("Allow"))
			w.vendor("POST", path, "", m{}, "X-Hydrogen-Request-Method", method).requireError(t, http.StatusMethodNotAllowed, "method not allowed")
		}
		w.vendor("POST", path+"?username=bob", "", m{"username": "ann"}).requireError(t, http.StatusBadRequest, "invalid parameter")
	}
	require.Empty(t, *keys)
	const link = "/hserve/v2.0/idp/alipay/user-associate/"
	w.vendor("POST", link+"?x=1", "", m{}).requireError(t, http.StatusBadRequest, "invalid parameter")
	a := w.vendor("PATCH", link, "", m{})
	a.requireError(t, http.StatusMethodNotAllowed, "method not allowed")
	require.Equal(t, "POST, PUT", a.header.Get("Allow"), "Alipay's clients send PUT")
}

// A body that another parser may read as another account is refused before the limiter
// is called.
func TestDropInAccountIsUnambiguous(t *testing.T) {
	w, keys := limitedWorld(t)
	for path, field := range map[string]string{
		"/hserve/v2.1/login/username/":                "username",
		"/hserve/v2.1/login/sms/":                     "phone",
		"/hserve/v2.1/register/email/":                "email",
		"/hserve/v2.2/sms-verification-code/":         "phone",
		"/hserve/v1.8/sms-verification-code/verify/":  "phone",
		"/hserve/v2.0/user/password/reset/":           "email",
		"/hserve/v2.3/idp/oauth/apple/authenticate/":  "code",
		"/hserve/v2.4/idp/wechat/user-associate/":     "code",
		"/hserve/v2.5/idp/kuaishou/silent-login/":     "code",
		"/hserve/v1.4/session/init/":                  "code",
		"/hserve/v2.0/login/anonymous/":               "x",
		"/hserve/v2.0/idp/oauth-weibo/user-associate": "code",
	} {
		for _, body := range []string{
			`{"F":"a","F":"b"}`, `{"F":"a","\u00XXREST":"b"}`, `{"F":"a","UPPER":"b"}`, `{"x":1,"x":2,"F":"a"}`, `[{"F":"a"}]`, `"a"`, `7`, `null`,
			`{"F":"a` + "\xff" + `"}`,
		} {
			hex := "0123456789abcdef"
			body = strings.NewReplacer("F", field, "XX", string(hex[field[0]>>4])+string(hex[field[0]&15]), "REST", field[1:], "UPPER", strings.ToUpper(field)).Replace(body)
			w.vendor("POST", path, "", body).requireError(t, http.StatusBadRequest, "invalid parameter")
		}
		if field == "code" || field == "x" {
			continue
		}
		for _, body := range []string{`{"F":["a"]}`, `{"F":{"a":1}}`, `{"F":true}`, `{"F":"a\u0000"}`, `{"F":"a\nb"}`, `{"F":"a\u007f"}`,
			`{"F":13800138000.0}`, `{"F":1.3800138e10}`, `{"F":138001380000e-1}`, `{"F":-7}`} { // other spellings of a number
			w.vendor("POST", path, "", strings.ReplaceAll(body, "F", field)).requireError(t, http.StatusBadRequest, "invalid parameter")
		}
	}
	require.Empty(t, *keys)
	w.vendor("POST", "/hserve/v2.1/login/username/", "", `{"username":null,"x":{"a":1,"a":2}}`)
	w.vendor("POST", "/hserve/v2.1/login/username/", "", `{"username":" 7\t"}`)
	w.vendor("POST", "/hserve/v2.1/login/username/", "", nil)
	w.vendor("POST", "/hserve/v2.2/sms-verification-code/", "", `{"phone":13800138000}`)
	require.Len(t, *keys, 4)
	require.Equal(t, "7", (*keys)[1].Account)
	require.Equal(t, "13800138000", (*keys)[3].Account)
	require.Equal(t, 201, w.vendor("POST", "/hserve/v2.4/table/t/record/", "", `[{"a":1,"a":2}]`).status, "the app's own data is not parsed")
}

// On the JSON routes a field is given once.
func TestDuplicateFields(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct{ path, body, field string }{
		{"/login", `{"username":"ann","password":"p","username":"bob"}`, "username"},
		{"/login/sms", `{"phone":"1","\u0070hone":"2","code":"3"}`, "phone"},
		{"/sms", `{"phone":null,"phone":"2"}`, "phone"},
		{"/login/ks", `{"code":"a","code":"a"}`, "code"},
		{"/phone", `{"data":{"detail":{}},"data":{"detail":{}}}`, "data"},
	} {
		a := w.post(tt.path, "", tt.body)
		require.JSONEq(t, `{"code":605,"error":"invalid_parameter","reason":"duplicate_field","field":"`+tt.field+`","code_spent":false}`, a.body, tt.path)
	}
	require.Zero(t, w.sent())
}
