package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// deploy starts a replica.
func deploy(t *testing.T, backend *baastest.Server, addr string, log *slog.Logger) *visitor {
	t.Helper()
	c := config{redis: addr, backend: backend.URL(), clientID: backend.ClientID()}
	s, err := c.site(t.Context(), log)
	require.NoError(t, err)
	return serveSite(t, s)
}

func TestReplicasShareSessions(t *testing.T) {
	redis, backend, log := miniredis.RunT(t), baastest.NewServer(t), new(syncBuffer)
	one := deploy(t, backend, redis.Addr(), slog.New(slog.NewTextHandler(log, nil)))
	two := deploy(t, backend, redis.Addr(), slog.New(slog.NewTextHandler(log, nil)))
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

	require.Contains(t, log.String(), "operation=logout")
	for _, secret := range []string{code, one.session} {
		require.NotContains(t, log.String(), secret)
		require.NotContains(t, redis.Dump(), secret)
	}
}

// A deployment has no route of the demo.
func TestDeploymentServesNothingElse(t *testing.T) {
	v := deploy(t, baastest.NewServer(t), miniredis.RunT(t).Addr(), silent)
	for _, path := range []string{"/", "/app.js", "/demo/asked", baastest.ControlPath + "journal", "/debug/pprof/"} {
		res, _ := v.get(path)
		require.Equal(t, http.StatusNotFound, res.StatusCode, path)
	}
	res, text := v.get("/healthz")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "ok\n", text)
	res, _ = v.get("/hserve/v2.5/user/info/1/")
	require.Equal(t, http.StatusBadRequest, res.StatusCode, "no client id")
}

func TestHealthWithoutRedis(t *testing.T) {
	redis := miniredis.RunT(t)
	v := deploy(t, baastest.NewServer(t), redis.Addr(), silent)
	redis.SetError("LOADING")
	res, _ := v.get("/healthz")
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	status, response := v.do("POST", "/auth/logout", nil)
	require.Equal(t, http.StatusOK, status, "without a session the store is not read: %v", response)
	v.session = strings.Repeat("x", 43)
	status, response = v.do("GET", "/auth/me", nil)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "store_failed", response["error"])

	redis.SetError("")
	res, _ = v.get("/healthz")
	require.Equal(t, http.StatusOK, res.StatusCode)
}

// All replicas count together. Each account has its own count, which expires.
func TestPasswordsAreNotGuessed(t *testing.T) {
	redis, backend := miniredis.RunT(t), baastest.NewServer(t)
	_, err := backend.AddUser(baastest.User{Username: "ann", Password: "right"})
	require.NoError(t, err)
	replicas := []*visitor{deploy(t, backend, redis.Addr(), silent), deploy(t, backend, redis.Addr(), silent)}
	try := func(n int, account, password string) int {
		status, _ := replicas[n%2].do("POST", "/auth/login", m{"username": account, "password": password})
		return status
	}
	for n := range maxTries {
		require.Equal(t, http.StatusBadRequest, try(n, "ann", "wrong"))
	}
	require.Equal(t, http.StatusTooManyRequests, try(0, "ann", "right"))
	require.Equal(t, http.StatusTooManyRequests, try(1, "ann", "right"))
	require.Equal(t, http.StatusBadRequest, try(0, "bob", "wrong"))
	require.NotContains(t, redis.Dump(), "ann")

	redis.FastForward(per + time.Second)
	require.Equal(t, http.StatusOK, try(0, "ann", "right"))
}

func TestRedisOptions(t *testing.T) {
	t.Setenv("REDIS_USERNAME", "proxy")
	t.Setenv("REDIS_PASSWORD", "canary")
	o, err := redisOptions("redis.internal:6379")
	require.NoError(t, err)
	require.Equal(t, []any{"redis.internal:6379", "proxy", "canary", true}, []any{o.Addr, o.Username, o.Password, o.ContextTimeoutEnabled})

	o, err = redisOptions("rediss://redis.internal/2")
	require.NoError(t, err)
	require.NotNil(t, o.TLSConfig)
	require.Equal(t, 2, o.DB)

	_, err = redisOptions("postgres://u:canary@host")
	require.ErrorContains(t, err, "-redis")
	require.NotContains(t, err.Error(), "canary")
}
