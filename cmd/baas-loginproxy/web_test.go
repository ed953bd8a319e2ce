package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// browse makes a request as a browser does for a page of that origin.
func browse(t *testing.T, method, url, origin string, header map[string]string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("{}"))
	require.NoError(t, err)
	req.Header.Set("Origin", origin)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res
}

// Only the pages of the configured origins may read responses.
func TestCORS(t *testing.T) {
	t.Parallel()
	const app, other = "https://app.example.com", "https://other.example.com"
	p := start(t, nil, "-demo", "-drain-delay", "0s", "-cors-origins", app)
	preflight := map[string]string{
		"Access-Control-Request-Method":  "POST",
		"Access-Control-Request-Headers": "authorization,content-type,x-hydrogen-client-id",
	}
	for _, path := range []string{"/auth/login/anonymous", "/hserve/v2.1/login/anonymous/"} {
		res := browse(t, http.MethodOptions, p.url+path, app, preflight)
		require.Equal(t, http.StatusNoContent, res.StatusCode)
		require.Equal(t, app, res.Header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "POST", res.Header.Get("Access-Control-Allow-Methods"))
		require.Equal(t, "authorization,content-type,x-hydrogen-client-id", res.Header.Get("Access-Control-Allow-Headers"))
		require.Empty(t, res.Header.Get("Access-Control-Allow-Credentials"), "there is no cookie")
		require.Empty(t, browse(t, http.MethodOptions, p.url+path, other, preflight).Header.Get("Access-Control-Allow-Origin"))
	}
	res := browse(t, http.MethodGet, p.url+"/auth/me", app, nil)
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	require.Equal(t, app, res.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "Retry-After, X-Request-Id", res.Header.Get("Access-Control-Expose-Headers"))
	require.Contains(t, res.Header.Values("Vary"), "Origin")
	require.Empty(t, browse(t, http.MethodGet, p.url+"/auth/me", other, nil).Header.Get("Access-Control-Allow-Origin"))

	p.logs("msg=request operation=preflight status=204 ")
	require.NotContains(t, p.log.String(), "msg=request status=", "a line without an operation")

	p = start(t, nil, "-demo", "-drain-delay", "0s")
	require.Empty(t, browse(t, http.MethodGet, p.url+"/auth/me", app, nil).Header.Get("Access-Control-Allow-Origin"))
}

// With a cookie, an origin may use it only if it is trusted.
func TestCookie(t *testing.T) {
	t.Parallel()
	const app = "https://app.example.com"
	p := start(t, nil, "-demo", "-drain-delay", "0s", "-cookie", "__Host-login", "-cookie-origins", app, "-cors-origins", app)
	body := map[string]string{"Content-Type": "application/json"}
	res := browse(t, http.MethodPost, p.url+"/auth/login/anonymous", app, body)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "true", res.Header.Get("Access-Control-Allow-Credentials"))
	require.Len(t, res.Cookies(), 1)
	require.Equal(t, "__Host-login", res.Cookies()[0].Name)
	require.Equal(t, http.StatusForbidden, browse(t, http.MethodPost, p.url+"/auth/login/anonymous", "https://other.example.com", body).StatusCode)
}

// Only the fields that are asked for, and no body over the limit.
func TestAnswersAndBodies(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "-demo", "-drain-delay", "0s", "-user-fields", "id,nickname", "-max-body", "1024", "-openapi")
	v := p.visitor()
	res, text := v.get("/auth/openapi.json")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Contains(t, text, `"openapi": "3.1`)
	p.logs("msg=request operation=openapi status=200 ")
	status, response := v.do("POST", "/auth/login/kuaishou", m{"code": v.code("kuaishou")})
	require.Equal(t, http.StatusOK, status)
	for name := range response["user"].(m) {
		require.Contains(t, []string{"id", "nickname"}, name)
	}
	status, _ = v.do("POST", "/auth/login", m{"username": "ann", "password": strings.Repeat("x", 2000)})
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
}

// A path outside of the routes is an error like those of the routes, and says where they are.
func TestNoRoute(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "-demo", "-drain-delay", "0s")
	v := p.visitor()
	status, want := v.do("POST", "/auth/nope", nil)
	require.Equal(t, http.StatusNotFound, status)
	want["hint"] = "the routes are under /auth/, as /auth/login/kuaishou"
	for _, path := range []string{"/login/kuaishou", "/nope", "/authentication", "/demo/canary"} {
		status, response := v.do("POST", path, m{})
		require.Equal(t, http.StatusNotFound, status)
		require.Equal(t, want, response, path)
	}
	p.logs("msg=request operation=unknown status=404 code=404 class=input cause=no_route ")
	require.NotContains(t, p.log.String(), "msg=request status=")
	require.NotContains(t, p.log.String(), "canary")
}

// Without -trusted-proxies a balancer would be counted in the place of all its clients.
func TestUntrustedBalancer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args   []string
		header string
		warns  int
	}{
		"no setting":     {nil, "X-Forwarded-For", 1},
		"another":        {[]string{"-trusted-proxies", "192.0.2.1"}, "X-Forwarded-For", 1},
		"another header": {[]string{"-trusted-proxies", "192.0.2.1", "-client-header", "X-Real-IP"}, "X-Real-Ip", 1},
		"the header":     {[]string{"-trusted-proxies", "192.0.2.1", "-client-header", "X-Real-IP"}, "X-Forwarded-For", 0},
		"trusted":        {[]string{"-trusted-proxies", "loopback"}, "X-Forwarded-For", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, nil, append([]string{"-demo", "-drain-delay", "0s"}, tt.args...)...)
			for range 2 {
				browse(t, http.MethodGet, p.url+"/auth/me", "null", map[string]string{tt.header: "203.0.113.7"})
			}
			require.Equal(t, exitOK, p.stop())
			require.Equal(t, tt.warns, strings.Count(p.log.String(), "the limits count the balancer and not the client"))
			require.NotContains(t, p.log.String(), "203.0.113.7")
		})
	}
}

// A request id, and the client's address in the log, come from a trusted proxy only.
func TestRequestID(t *testing.T) {
	t.Parallel()
	id := map[string]string{"X-Request-Id": "from-the-balancer", "X-Forwarded-For": "203.0.113.7"}
	trusting := start(t, nil, "-demo", "-drain-delay", "0s", "-trusted-proxies", "loopback", "-log-client-addr")
	require.Equal(t, "from-the-balancer", browse(t, http.MethodGet, trusting.url+"/auth/me", "null", id).Header.Get("X-Request-Id"))
	trusting.logs("client=203.0.113.7 request_id=from-the-balancer")
	p := start(t, nil, "-demo", "-drain-delay", "0s")
	require.Len(t, browse(t, http.MethodGet, p.url+"/auth/me", "null", id).Header.Get("X-Request-Id"), 26)
	require.Equal(t, exitOK, p.stop())
	require.NotContains(t, p.log.String(), "203.0.113.7")
	require.NotContains(t, p.log.String(), "client=")
}

// Traces go where the environment says, also the last ones before the end.
func TestTraces(t *testing.T) {
	var mu sync.Mutex
	var spans strings.Builder
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		spans.WriteString(r.URL.Path)
		_, _ = io.Copy(&spans, r.Body)
	}))
	t.Cleanup(collector.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	redis, backend := miniredis.RunT(t), baastest.NewServer(t)
	p := with(t, backend, os.Environ(), "-redis-url", "redis://"+redis.Addr())
	v := p.visitor()
	code := backend.Kuaishou("ks-ann").Login()
	status, _ := v.do("POST", "/auth/login/kuaishou", m{"code": code})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, exitOK, p.stop(), p.log)
	require.Regexp(t, `msg=request operation=login .*trace_id=[0-9a-f]{32} span_id=[0-9a-f]{16}`, p.log.String())
	mu.Lock()
	defer mu.Unlock()
	require.Contains(t, spans.String(), "/v1/traces")
	require.Contains(t, spans.String(), "POST /hserve/v2.5/idp/kuaishou/silent-login/")
	for _, secret := range []string{code, v.session} {
		require.NotContains(t, spans.String(), secret)
	}

	p = begin(t, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, "-demo", "-addr", "127.0.0.1:0")
	require.Equal(t, exitInvalid, p.ends())
	require.Contains(t, p.log.String(), "OTEL_EXPORTER_OTLP_PROTOCOL")
}
