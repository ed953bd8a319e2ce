package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/internal/redistest"
)

// deploy starts a replica.
func deploy(t *testing.T, backend *baastest.Server, addr string, args ...string) *process {
	t.Helper()
	return start(t, nil, append([]string{"-backend", backend.URL(), "-client-id", backend.ClientID(),
		"-redis-url", "redis://" + addr, "-drain-delay", "0s"}, args...)...)
}

func TestReplicasShareSessions(t *testing.T) {
	t.Parallel()
	redis, backend := miniredis.RunT(t), baastest.NewServer(t)
	first, second := deploy(t, backend, redis.Addr()), deploy(t, backend, redis.Addr())
	one, two := first.visitor(), second.visitor()
	ann := backend.Kuaishou("ks-ann").SetProfile(baastest.Profile{NickName: "Ann"})

	code := ann.Login()
	status, response := one.do("POST", "/auth/login/kuaishou", m{"code": code, "data": json.RawMessage(ann.AllowUserInfoJSON())})
	require.Equal(t, http.StatusOK, status, response)
	require.Equal(t, "Ann", response["user"].(m)["nickname"])

	two.session = one.session
	status, me := two.do("GET", "/auth/me", nil)
	require.Equal(t, http.StatusOK, status)
	delete(response["user"].(m), "openid") // a read has WeChat's openid only
	require.Equal(t, response["user"], me["user"])

	status, _ = two.do("POST", "/auth/logout", nil)
	require.Equal(t, http.StatusOK, status)
	status, _ = one.do("GET", "/auth/me", nil)
	require.Equal(t, http.StatusUnauthorized, status)

	require.Equal(t, exitOK, first.stop())
	require.Equal(t, exitOK, second.stop())
	require.Contains(t, second.log.String(), "operation=logout")
	for _, secret := range []string{code, one.session} {
		require.NotContains(t, first.log.String()+second.log.String(), secret)
		require.NotContains(t, redis.Dump(), secret)
	}
}

// A deployment has no route of the demo.
func TestDeploymentServesNothingElse(t *testing.T) {
	t.Parallel()
	p := deploy(t, baastest.NewServer(t), miniredis.RunT(t).Addr(), "-metrics-addr", "127.0.0.1:0")
	v := p.visitor()
	for _, path := range []string{"/", "/app.js", "/demo/asked", baastest.ControlPath + "journal", "/debug/pprof/", "/metrics", "/healthz", "/auth/openapi.json"} {
		res, _ := v.get(path)
		require.Equal(t, http.StatusNotFound, res.StatusCode, path)
	}
	res, text := v.get("/livez")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "alive\n", text)
	requireReady(t, p, http.StatusOK, ready)
	require.NotRegexp(t, `"?status"?[=:]200`, p.log.String(), "requests for the health are not logged")
	res, _ = v.get("/hserve/v2.5/user/info/1/")
	require.Equal(t, http.StatusBadRequest, res.StatusCode, "no client id")
	res, _ = (&visitor{t: t, url: p.operators}).get("/auth/me")
	require.Equal(t, http.StatusNotFound, res.StatusCode, "no logins on the address for operators")
}

// The server starts without Redis, says that it is not ready, and becomes ready.
func TestReadyWhenRedisIs(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	redis.SetError("LOADING Redis is loading the dataset in memory")
	p := deploy(t, baastest.NewServer(t), redis.Addr())
	p.logs("not ready: sessions cannot be written")
	requireReady(t, p, http.StatusServiceUnavailable, storeFailed)
	v := p.visitor()
	status, response := v.do("POST", "/auth/logout", nil)
	require.Equal(t, http.StatusOK, status, "without a session the store is not read: %v", response)
	v.session = strings.Repeat("x", 43)
	status, response = v.do("GET", "/auth/me", nil)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "store_failed", response["error"])

	redis.SetError("")
	require.Eventually(t, func() bool {
		res, _ := v.get("/readyz")
		return res.StatusCode == http.StatusOK
	}, 20*time.Second, 50*time.Millisecond)
	require.Contains(t, p.log.String(), "ready: sessions can be written again")
}

// All replicas count together, by account and by address.
func TestPasswordsAreNotGuessed(t *testing.T) {
	t.Parallel()
	redis, backend := redistest.Start(t), baastest.NewServer(t)
	_, err := backend.AddUser(baastest.User{Username: "ann", Password: "right"})
	require.NoError(t, err)
	limits := []string{"-limit-login-account", "3/1h", "-limit-login-address", "5/1h", "-trusted-proxies", "loopback"}
	first, second := deploy(t, backend, redis.Addr(), limits...), deploy(t, backend, redis.Addr(), limits...)
	replicas := []*visitor{first.visitor(), second.visitor()}
	try := func(n int, account, password string) int {
		status, _ := replicas[n%2].do("POST", "/auth/login", m{"username": account, "password": password})
		return status
	}
	for n := range 3 {
		require.Equal(t, http.StatusBadRequest, try(n, "ann", "wrong"))
	}
	require.Equal(t, http.StatusTooManyRequests, try(0, "ann", "right"))
	require.Equal(t, http.StatusTooManyRequests, try(1, "ann", "right"))
	require.Equal(t, http.StatusBadRequest, try(0, "bob", "wrong"))
	require.Equal(t, http.StatusBadRequest, try(1, "eve", "wrong"))
	require.Equal(t, http.StatusTooManyRequests, try(1, "dan", "wrong"), "the address")
	for _, v := range replicas {
		v.forwardedFor = "203.0.113.7"
	}
	require.Equal(t, http.StatusBadRequest, try(1, "dan", "wrong"), "another address")
	keys, err := redis.Do(t.Context(), "KEYS", "*")
	require.NoError(t, err)
	require.Contains(t, keys, "baas:limit:")
	require.NotContains(t, keys, "ann")
}
