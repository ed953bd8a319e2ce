package main

import (
	"io/fs"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/testkit"
)

// serveDemo serves the demo.
func serveDemo(t *testing.T, log *slog.Logger) *visitor {
	t.Helper()
	c := defaults()
	c.mode.demo = true
	o, err := c.observe(nil, log)
	require.NoError(t, err)
	s, err := c.site(o, log)
	require.NoError(t, err)
	return serveSite(t, s)
}

// startDemo serves the demo and returns its address.
func startDemo(t *testing.T) string {
	t.Helper()
	return serveDemo(t, silent).url
}

// code returns a login code of the person's app.
func (v *visitor) code(platform string) any {
	v.t.Helper()
	status, out := v.do("POST", "/_emulator/people/"+platform+"/ann/login", nil)
	require.Equal(v.t, http.StatusOK, status)
	return out["code"]
}

func TestDemo(t *testing.T) {
	log := new(testkit.Log)
	v := serveDemo(t, slog.New(withIDs(slog.NewTextHandler(log, nil))))

	status, _ := v.do("GET", "/auth/me", nil)
	require.Equal(t, http.StatusUnauthorized, status)

	code := v.code("kuaishou")
	status, response := v.do("POST", "/auth/login/kuaishou", m{"code": code})
	require.Equal(t, http.StatusOK, status)
	id := response["user"].(m)["id"]
	first := v.session

	status, linked := v.do("POST", "/auth/link/wechat", m{"code": v.code("wechat")})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, id, linked["user_id"])

	status, response = v.do("POST", "/auth/login/wechat", m{"code": v.code("wechat")})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, id, response["user"].(m)["id"])
	require.NotEqual(t, first, v.session)

	// The session is valid on the backend's paths too.
	req, err := http.NewRequestWithContext(t.Context(), "POST", v.url+"/hserve/v2.0/session/destroy/", nil)
	require.NoError(t, err)
	req.Header.Set("X-Hydrogen-Client-ID", "test-client")
	req.Header.Set("Authorization", "Hydrogen-r1 "+v.session)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusCreated, res.StatusCode)
	status, _ = v.do("GET", "/auth/me", nil)
	require.Equal(t, http.StatusUnauthorized, status)

	require.Regexp(t, `msg=request operation=login platform=kuaishou status=200 duration_ms=\S+ user=\d+ request_id=\w{26}\n`, log.String())
	require.Regexp(t, `msg=request operation=logout status=201 duration_ms=\S+ user=\d+ request_id=`, log.String())
	require.Contains(t, log.String(), "msg=request operation=demo status=200 ")
	require.NotContains(t, log.String(), "msg=request status=")
	require.NotContains(t, log.String(), code)
	require.NotContains(t, log.String(), v.session)
	require.NotContains(t, log.String(), first)
}

// The list of the backend's requests has no token.
func TestDemoListsBackendRequests(t *testing.T) {
	v := &visitor{t: t, url: startDemo(t)}
	v.do("POST", "/auth/login/kuaishou", m{"code": v.code("kuaishou")})
	v.do("GET", "/auth/me", nil)
	res, text := v.get("/demo/asked")
	require.Equal(t, "application/json", res.Header.Get("Content-Type"))
	require.Contains(t, text, `"path":"/hserve/v2.5/idp/kuaishou/silent-login/","status":201`)
	require.NotContains(t, text, "Hydrogen-r1")
	require.NotContains(t, text, "code")
}

func TestDemoServesThePage(t *testing.T) {
	v := &visitor{t: t, url: startDemo(t)}
	files, err := fs.ReadDir(page, "page")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		path := "/" + f.Name()
		if path == "/index.html" {
			path = "/"
		}
		res, text := v.get(path)
		want, err := fs.ReadFile(page, "page/"+f.Name())
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, res.StatusCode, path)
		require.Equal(t, string(want), text)
		require.Equal(t, policy, res.Header.Get("Content-Security-Policy"))
		require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
		require.NotContains(t, text, "//cdn")
	}
	require.NotContains(t, policy, "unsafe")
	res, _ := v.get("/readyz")
	require.Equal(t, http.StatusOK, res.StatusCode)
	res, _ = v.get("/elsewhere")
	require.Equal(t, http.StatusNotFound, res.StatusCode)
}
