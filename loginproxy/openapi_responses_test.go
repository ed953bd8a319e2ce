package loginproxy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/platform"
)

// described has openapi.json, once for all tests.
var described struct {
	sync.Mutex // compiling a schema is not safe for concurrent use
	*loginproxy.Description
}

// requireDescribed checks a request that was accepted, and a response of any kind, against
// openapi.json.
func requireDescribed(t *testing.T, r *http.Request, sent any, a response) {
	t.Helper()
	described.Lock()
	defer described.Unlock()
	if described.Description == nil {
		described.Description = loginproxy.NewDescription(t)
	}
	d := described.Description
	path := strings.TrimPrefix(r.URL.Path, "/")
	kind, name, named := strings.Cut(path, "/")
	if _, ok := platform.ByName(name); named && ok {
		path = kind + "/{platform}"
	}
	if d.Paths()[path] != r.Method {
		require.NoError(t, d.CheckError(a.body))
		return
	}
	require.NoError(t, d.CheckResponse(r.Method, path, a.status, a.body), a.body)
	if a.status == http.StatusOK {
		body, err := io.ReadAll(request{method: http.MethodPost, path: "/", body: sent}.http(t).Body)
		require.NoError(t, err)
		require.NoError(t, d.CheckRequest(r.Method, path, string(bytes.TrimSpace(body))), "%s", body)
	}
}

// routeRequest is a request of a route that succeeds.
type routeRequest struct {
	path    string
	session bool // whether it needs one
	body    func(w *world, p *baastest.Phone) any
}

func code(_ *world, p *baastest.Phone) any { return m{"code": p.Login()} }

func nothing(*world, *baastest.Phone) any { return m{} }

var routeRequests = []routeRequest{
	{path: "login/{platform}", body: code},
	{path: "login", body: func(*world, *baastest.Phone) any { return m{"username": "ann", "password": "correct horse"} }},
	{path: "login/anonymous", body: nothing},
	{path: "login/sms", body: func(w *world, _ *baastest.Phone) any {
		require.Equal(w.t, http.StatusOK, w.post("/sms", "", m{"phone": "13800138000"}).status)
		sms, ok := w.LastSMS("13800138000")
		require.True(w.t, ok)
		return m{"phone": "13800138000", "code": sms.Code}
	}},
	{path: "register", body: func(*world, *baastest.Phone) any { return m{"username": "bob", "password": "correct horse"} }},
	{path: "sms", body: func(*world, *baastest.Phone) any { return m{"phone": "13800138000"} }},
	{path: "link/{platform}", session: true, body: func(_ *world, p *baastest.Phone) any { return m{"code": p.Login()} }},
	{path: "phone", session: true, body: func(_ *world, p *baastest.Phone) any {
		return m{"data": event(p.AllowPhoneNumberJSON("13900139000"))}
	}},
	{path: "logout", session: true, body: nothing},
	{path: "me", session: true, body: func(*world, *baastest.Phone) any { return nil }},
}

// trouble is something that goes wrong. It changes the world or the request, and it may
// make the request itself.
type trouble struct {
	name    string
	options []loginproxy.Option
	change  func(w *world, r *request)
	send    func(w *world, r request) response
}

// fault has the backend fail.
func fault(f baastest.Fault) func(*world, *request) {
	return func(w *world, _ *request) { w.Fail("", f) }
}

func body(value any) func(*world, *request) {
	return func(_ *world, r *request) {
		if r.method != http.MethodGet {
			r.body = value
		}
	}
}

func checkingLogins(err error) loginproxy.Option {
	return loginproxy.WithLoginCheck(func(context.Context, *loginproxy.Visitor) error { return err })
}

var troubles = []trouble{
	{name: "none", change: func(*world, *request) {}},
	{name: "status 400", change: fault(baastest.Fault{Status: 400})},
	{name: "status 401", change: fault(baastest.Fault{Status: 401})},
	{name: "status 402", change: fault(baastest.Fault{Status: 402})},
	{name: "status 403", change: fault(baastest.Fault{Status: 403})},
	{name: "status 404", change: fault(baastest.Fault{Status: 404})},
	{name: "status 429", change: fault(baastest.Fault{Status: 429})},
	{name: "status 500", change: fault(baastest.Fault{Status: 500})},
	{name: "no connection", change: fault(baastest.Fault{Cut: baastest.CutDial})},
	{name: "no JSON", change: fault(baastest.Fault{Status: 201, Body: "<html>", ContentType: "text/html"})},
	{name: "too late", change: func(_ *world, r *request) {
		ctx, cancel := context.WithTimeout(context.Background(), -1)
		cancel()
		r.ctx = ctx
	}},
	{name: "no store", change: func(w *world, _ *request) { w.proxy = w.replicaOn(brokenStore{}) }},
	{name: "a store that hangs", change: func(w *world, _ *request) { w.proxy = w.replicaOn(&counting{Store: w.store, hangs: true}) }},
	{name: "no session", change: func(_ *world, r *request) { r.bearer = "" }},
	{name: "unknown field", change: body(m{"x": 1})},
	{name: "large body", change: body(m{"x": strings.Repeat("x", loginproxy.DefaultMaxBody)})},
	{name: "refused", change: func(_ *world, r *request) {
		if given, ok := r.body.(m); ok && (given["code"] != nil || given["data"] != nil) && given["phone"] == nil {
			given["data"] = m{"detail": m{"errMsg": "getUserInfo:fail auth deny"}}
		}
	}},
	{name: "platform without phone numbers", change: func(_ *world, r *request) {
		if given, ok := r.body.(m); ok && r.path == "/phone" {
			given["platform"] = "jd"
		}
	}},
	{name: "phone number on such a platform", change: func(w *world, r *request) {
		if strings.HasSuffix(r.path, "/kuaishou") {
			r.path = strings.Replace(r.path, "kuaishou", "jd", 1)
			r.body = m{"code": "c", "data": event(w.Kuaishou("openid-1").AllowPhoneNumberJSON("13800138000"))}
		}
	}},
	{name: "other type", change: func(_ *world, r *request) { r.header = http.Header{"Content-Type": {"text/plain"}} }},
	{name: "other site", options: []loginproxy.Option{loginproxy.WithCookie(cookieName)}, change: func(_ *world, r *request) {
		r.bearer, r.header = "", http.Header{"Sec-Fetch-Site": {"cross-site"}}
	}},
	{name: "unknown platform", change: func(_ *world, r *request) { r.path = strings.Replace(r.path, "/kuaishou", "/other", 1) }},
	{name: "limiter", options: []loginproxy.Option{loginproxy.WithRateLimiter(func(context.Context, loginproxy.RateKey) (time.Duration, error) {
		return time.Second, nil
	})}},
	{name: "limiter without a store", options: []loginproxy.Option{loginproxy.WithRateLimiter(func(context.Context, loginproxy.RateKey) (time.Duration, error) {
		return 0, errors.New("no store")
	})}},
	{name: "login check", options: []loginproxy.Option{checkingLogins(&loginproxy.Refusal{Status: http.StatusUnavailableForLegalReasons, Name: "banned"})}},
	{name: "login check fails", options: []loginproxy.Option{checkingLogins(errors.New("no database"))}},
	{name: "slow body", send: func(w *world, r request) response {
		req := r.http(w.t)
		if r.method == http.MethodPost {
			req.Body, req.ContentLength = io.NopCloser(failing{os.ErrDeadlineExceeded}), -1
		}
		return w.serve(w.proxy, req)
	}},
}

// Every status of every route in openapi.json occurs, and no other does.
func TestOpenAPIStatuses(t *testing.T) {
	t.Parallel()
	d := loginproxy.NewDescription(t)
	paths := d.Paths()
	var tried []string
	for _, route := range routeRequests {
		tried = append(tried, route.path)
		t.Run(route.path, func(t *testing.T) {
			t.Parallel()
			statuses := map[string]string{} // and what causes them
			for _, tr := range troubles {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					a := tr.meets(w, route, paths[route.path])
					if tr.name == "none" {
						require.Equal(t, http.StatusOK, a.status, a.body)
					}
					status := fmt.Sprint(a.status)
					if a.status == http.StatusUnavailableForLegalReasons {
						status = "4XX" // the program's own
					}
					statuses[status] += " " + tr.name + ","
				})
			}
			require.Equal(t, slices.Sorted(maps.Keys(statuses)), d.Statuses(paths[route.path], route.path), "%v", statuses)
		})
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(paths)), tried, "every route is tried")
}

// meets makes the request of a route, which meets the trouble.
func (tr trouble) meets(w *world, route routeRequest, method string) response {
	w.t.Helper()
	phone := w.Kuaishou("openid-1")
	r := request{method: method, path: "/" + strings.Replace(route.path, "{platform}", "kuaishou", 1)}
	account := w.post("/register", "", m{"username": "ann", "password": "correct horse"})
	if route.session {
		r.bearer = account.token(w.t)
	}
	if route.path == "phone" {
		r.bearer = w.login(phone, "") // so that the backend knows the phone's key
	}
	r.body = route.body(w, phone)
	if tr.options != nil {
		w.proxy = w.replica(tr.options...)
	}
	if tr.change != nil {
		tr.change(w, &r)
	}
	if tr.send != nil {
		return tr.send(w, r)
	}
	return w.serve(w.proxy, r.http(w.t))
}

// The description is served to everyone, and it contains no secret.
func TestOpenAPIHandler(t *testing.T) {
	text, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	w := newWorld(t)
	ask := func(p *loginproxy.Proxy, method string, header http.Header) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/anywhere", nil)
		maps.Copy(r.Header, header)
		rec := httptest.NewRecorder()
		p.OpenAPI().ServeHTTP(rec, r)
		return rec
	}
	got := ask(w.proxy, http.MethodGet, nil)
	require.Equal(t, http.StatusOK, got.Code)
	require.Equal(t, "application/json", got.Header().Get("Content-Type"))
	require.Equal(t, string(text), got.Body.String())

	again := ask(w.proxy, http.MethodGet, http.Header{"If-None-Match": {got.Header().Get("ETag")}})
	require.Equal(t, http.StatusNotModified, again.Code)
	require.Empty(t, again.Body.String())
	require.Empty(t, ask(w.proxy, http.MethodHead, nil).Body.String())

	refused := ask(w.proxy, http.MethodPost, nil)
	require.Equal(t, http.StatusMethodNotAllowed, refused.Code)
	require.Equal(t, "GET, HEAD", refused.Header().Get("Allow"))

	named := ask(w.replica(loginproxy.WithCookie("__Host-app")), http.MethodGet, nil)
	require.Equal(t, strings.ReplaceAll(string(text), "__Host-session", "__Host-app"), named.Body.String())
	require.NotEqual(t, got.Header().Get("ETag"), named.Header().Get("ETag"))

	require.Equal(t, http.StatusNotFound, w.do(request{method: http.MethodGet, path: "/openapi.json"}).status, "no route serves it")
}
