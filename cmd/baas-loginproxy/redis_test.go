package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/internal/redistest"
)

const password = "canary-password"

// acl is what the user of Redis may do, as docs/production.md has it.
const acl = "~baas:* +@read +@write +@scripting +time +info"

// with starts a server on that backend with these settings of Redis.
func with(t *testing.T, backend *baastest.Server, environ []string, args ...string) *process {
	t.Helper()
	return start(t, environ, append([]string{"-backend", backend.URL(), "-client-id", backend.ClientID(), "-drain-delay", "0s"}, args...)...)
}

// logsIn has a person log in and out.
func logsIn(t *testing.T, p *process, backend *baastest.Server) {
	t.Helper()
	v := p.visitor()
	status, response := v.do("POST", "/auth/login/kuaishou", m{"code": backend.Kuaishou("ks-ann").Login()})
	require.Equal(t, http.StatusOK, status, "%v\n%s", response, p.log)
	status, _ = v.do("GET", "/auth/me", nil)
	require.Equal(t, http.StatusOK, status)
	status, _ = v.do("POST", "/auth/logout", nil)
	require.Equal(t, http.StatusOK, status)
}

// readyAgain waits until the server is ready.
func (p *process) readyAgain() {
	p.t.Helper()
	p.readyIs(http.StatusOK, ready)
}

func (p *process) readyIs(status int, word string) {
	p.t.Helper()
	v := p.visitor()
	require.Eventually(p.t, func() bool {
		res, text := v.get("/readyz")
		return res.StatusCode == status && text == word+"\n"
	}, 30*time.Second, 100*time.Millisecond, "%s: %s", word, p.log)
}

func TestKindsOfRedis(t *testing.T) {
	t.Parallel()
	backend := baastest.NewServer(t)
	t.Run("a password from a file", func(t *testing.T) {
		t.Parallel()
		redis := redistest.Start(t, "--requirepass", password)
		file := filepath.Join(t.TempDir(), "password")
		require.NoError(t, os.WriteFile(file, []byte(password+"\n"), 0o600))
		p := with(t, backend, nil, "-redis-url", "redis://"+redis.Addr(), "-redis-password-file", file)
		logsIn(t, p, backend)
		require.NotContains(t, p.log.String(), password)
	})
	t.Run("a password in the URL", func(t *testing.T) {
		t.Parallel()
		redis := redistest.Start(t, "--requirepass", password)
		p := with(t, backend, []string{"BAAS_REDIS_URL=redis://:" + password + "@" + redis.Addr() + "/3"})
		logsIn(t, p, backend)
	})
	t.Run("a user who may write keys of the prefix only", func(t *testing.T) {
		t.Parallel()
		redis := redistest.Start(t, append([]string{"--user", "login", "on", ">" + password}, strings.Fields(acl)...)...)
		p := with(t, backend, []string{"BAAS_REDIS_PASSWORD=" + password}, "-redis-url", "redis://"+redis.Addr(), "-redis-username", "login", "-user-index")
		requireReady(t, p, http.StatusOK, ready)
		logsIn(t, p, backend)
	})
	t.Run("a user who may not run scripts", func(t *testing.T) {
		t.Parallel()
		redis := redistest.Start(t, "--user", "login", "on", ">"+password, "~baas:*", "+@read", "+@write", "+time", "+info")
		settings := []string{"BAAS_REDIS_PASSWORD=" + password, "BAAS_REDIS_USERNAME=login", "BAAS_REDIS_URL=redis://" + redis.Addr()}
		p := with(t, backend, settings)
		p.readyIs(http.StatusServiceUnavailable, storeFailed)
		require.Contains(t, p.log.String(), "NOPERM")
		check := begin(t, settings, "-check", "-client-id", "c")
		require.Equal(t, exitFailed, check.ends())
		require.Contains(t, check.log.String(), "redis: a write failed: NOPERM")
	})
	t.Run("TLS both ways", func(t *testing.T) {
		t.Parallel()
		files := newPairFiles(t, newPair(t, "redis"))
		_, port, _ := net.SplitHostPort(freeAddr(t))
		redistest.Start(t, "--tls-port", port, "--tls-cert-file", files.cert, "--tls-key-file", files.key, "--tls-ca-cert-file", files.cert)
		url := "rediss://127.0.0.1:" + port
		p := with(t, backend, nil, "-redis-url", url, "-redis-tls-ca-file", files.cert, "-redis-tls-cert-file", files.cert,
			"-redis-tls-key-file", files.key, "-redis-tls-server-name", "redis")
		logsIn(t, p, backend)
		p = with(t, backend, nil, "-redis-url", url)
		p.logs("not ready")
		require.Contains(t, p.log.String(), "certificate")
	})
	t.Run("a cluster", func(t *testing.T) {
		t.Parallel()
		c := redistest.StartCluster(t, 3, time.Second)
		p := with(t, backend, nil, "-redis-cluster-addrs", strings.Join(c.Addrs(), ","))
		for range 3 {
			logsIn(t, p, backend)
		}
		c.Masters[1].Kill()
		p.readyIs(http.StatusServiceUnavailable, storeFailed)
	})
	t.Run("Sentinels, and a failover", func(t *testing.T) {
		t.Parallel()
		w := redistest.StartWatched(t, time.Second)
		p := with(t, backend, nil, "-redis-sentinel-addrs", strings.Join(w.SentinelAddrs(), ","), "-redis-sentinel-primary", redistest.PrimaryName)
		logsIn(t, p, backend)
		w.Primary.Kill()
		p.readyIs(http.StatusServiceUnavailable, storeFailed)
		p.readyAgain()
		logsIn(t, p, backend)
	})
}

// While Redis is full, no login succeeds, and nobody learns which password is right.
func TestFullRedis(t *testing.T) {
	t.Parallel()
	redis, backend := redistest.Start(t), baastest.NewServer(t)
	_, err := backend.AddUser(baastest.User{Username: "ann", Password: "right"})
	require.NoError(t, err)
	p := with(t, backend, nil, "-redis-url", "redis://"+redis.Addr(), "-metrics-addr", "127.0.0.1:0")
	logsIn(t, p, backend)
	_, err = redis.Do(t.Context(), "CONFIG", "SET", "maxmemory", "1")
	require.NoError(t, err)
	p.readyIs(http.StatusServiceUnavailable, storeFull)
	v := p.visitor()
	requests := len(backend.Requests())
	var answers []m
	for _, password := range []string{"right", "wrong"} {
		status, response := v.do("POST", "/auth/login", m{"username": "ann", "password": password})
		require.Equal(t, http.StatusServiceUnavailable, status)
		answers = append(answers, response)
	}
	require.Equal(t, answers[0], answers[1])
	require.Len(t, backend.Requests(), requests, "nothing is sent")
	require.Regexp(t, `level=ERROR msg=request operation=login status=503 code=\d+ class=store cause=".*OOM`, p.log.String())
	require.Contains(t, p.log.String(), `msg="not ready: sessions cannot be written" reason=store_full err="OOM`)
	_, text := (&visitor{t: t, url: p.operators}).get("/metrics")
	require.Contains(t, text, "\nbaas_loginproxy_ready 0\n")

	_, err = redis.Do(t.Context(), "CONFIG", "SET", "maxmemory", "0")
	require.NoError(t, err)
	p.readyAgain()
	status, _ := v.do("POST", "/auth/login", m{"username": "ann", "password": "right"})
	require.Equal(t, http.StatusOK, status)
}

// A Redis that is killed and comes back: the log says what happened, and the server goes
// on by itself.
func TestKilledRedis(t *testing.T) {
	t.Parallel()
	redis, backend := redistest.Start(t), baastest.NewServer(t)
	p := with(t, backend, nil, "-redis-url", "redis://"+redis.Addr(), "-log-format", "text")
	v := p.visitor()
	status, _ := v.do("POST", "/auth/login/kuaishou", m{"code": backend.Kuaishou("ks-ann").Login()})
	require.Equal(t, http.StatusOK, status)
	redis.Kill()
	p.readyIs(http.StatusServiceUnavailable, storeFailed)
	res, _ := v.get("/livez")
	require.Equal(t, http.StatusOK, res.StatusCode)
	status, response := v.do("GET", "/auth/me", nil)
	require.Equal(t, http.StatusServiceUnavailable, status, response)
	require.Regexp(t, `level=ERROR msg=request operation=me status=503 code=691 class=store cause=".*connection refused`, p.log.String())
	status, _ = p.visitor().do("POST", "/auth/login/kuaishou", m{"code": backend.Kuaishou("ks-bob").Login()})
	require.Equal(t, http.StatusServiceUnavailable, status)
	p.logs("unchecked=") // it was let through, and why

	redis.Restart()
	p.readyAgain()
	logsIn(t, p, backend)
	require.NotContains(t, p.log.String(), v.session)
}

// Sessions are encrypted with the first key. A rotation logs nobody out.
func TestSealingKeyRotation(t *testing.T) {
	t.Parallel()
	redis, backend := redistest.Start(t), baastest.NewServer(t)
	replica := func(keys string, args ...string) *visitor {
		var environ []string
		if keys != "" {
			environ = []string{"BAAS_SEALING_KEYS=" + keys}
		}
		return with(t, backend, environ, append(args, "-redis-url", "redis://"+redis.Addr())...).visitor()
	}
	session := func(v *visitor, token string) int {
		other := *v
		other.session = token
		status, _ := other.do("GET", "/auth/me", nil)
		return status
	}
	login := func(v *visitor) string {
		status, _ := v.do("POST", "/auth/login/kuaishou", m{"code": backend.Kuaishou("ks-ann").Login()})
		require.Equal(t, http.StatusOK, status)
		return v.session
	}
	plain := replica("")
	unsealed := login(plain)
	introducing, old := replica(keyOne, "-sealing-accept-unsealed"), replica(keyOne)
	require.Equal(t, http.StatusOK, session(introducing, unsealed))
	require.Equal(t, http.StatusServiceUnavailable, session(old, unsealed))
	sealed := login(old)
	require.Equal(t, http.StatusServiceUnavailable, session(plain, sealed))
	reads, writes, done := replica(keyOne+","+keyTwo), replica(keyTwo+","+keyOne), replica(keyTwo)
	for _, v := range []*visitor{reads, writes} {
		require.Equal(t, http.StatusOK, session(v, sealed))
	}
	fresh := login(writes)
	for _, v := range []*visitor{reads, writes, done} {
		require.Equal(t, http.StatusOK, session(v, fresh))
	}
	require.Equal(t, http.StatusServiceUnavailable, session(done, sealed), "the old key was removed too early")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	redis, backend := redistest.Start(t, "--requirepass", password), baastest.NewServer(t)
	admin := redis.Client()
	require.NoError(t, admin.Do(t.Context(), "AUTH", password).Err())
	check := func(environ []string, args ...string) (int, string) {
		p := begin(t, append([]string{"BAAS_REDIS_URL=redis://" + redis.Addr(), "BAAS_CLIENT_ID=" + backend.ClientID(), "BAAS_BACKEND=" + backend.URL()}, environ...),
			append([]string{"-check"}, args...)...)
		code := p.ends()
		require.NotContains(t, p.log.String(), password)
		return code, p.log.String()
	}
	right := "BAAS_REDIS_PASSWORD=" + password
	code, out := check([]string{right}, "-check-backend")
	require.Equal(t, exitOK, code, out)
	require.Equal(t, "settings: ok\nredis: ok, a write succeeded\nbackend: ok, it told its time\n", out)
	require.Equal(t, exitOK, first(check([]string{right})))

	code, out = check([]string{"BAAS_REDIS_PASSWORD=other"})
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, "redis: a write failed: WRONGPASS")
	code, out = check([]string{right, "BAAS_CLIENT_ID=another"}, "-check-backend")
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, "\nbackend: "+backend.URL()+": ")
	code, out = check([]string{right, "BAAS_REDIS_URL=redis://127.0.0.1:1"}, "-check-backend")
	require.Equal(t, exitFailed, code)
	require.Regexp(t, "\nredis: a write failed: .*connection refused\nbackend: ok, it told its time\n$", out)
	code, out = check([]string{right, "BAAS_BACKEND=http://127.0.0.1:1"}, "-check-backend")
	require.Equal(t, exitFailed, code)
	require.Regexp(t, `\nbackend: http://127\.0\.0\.1:1: 600: network disconnected: .*connection refused\n$`, out)
	code, out = check([]string{right}, "-redis-prefix", "")
	require.Equal(t, exitInvalid, code)
	require.Contains(t, out, "BAAS_REDIS_PREFIX")
	code, out = check([]string{right}, "-tls-cert-file", "/nowhere.crt", "-tls-key-file", "/nowhere.key")
	require.Equal(t, exitInvalid, code)
	require.Contains(t, out, "-tls-cert-file (BAAS_TLS_CERT_FILE): open /nowhere.crt")
	for name, wrong := range map[string]struct {
		environ []string
		want    string
	}{
		"endpoint":    {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT is no URL"},
		"user fields": {[]string{"BAAS_USER_FIELDS=id," + strings.Repeat("x", 300)}, "-user-fields (BAAS_USER_FIELDS): "},
	} {
		code, out = check(append(wrong.environ, right))
		require.Equal(t, exitInvalid, code, name)
		require.Contains(t, out, "baas-loginproxy: the settings are wrong\n", name)
		require.Contains(t, out, wrong.want, name)
	}
	files := newPairFiles(t, newPair(t, "redis"))
	code, out = check([]string{right}, "-tls-cert-file", files.cert, "-tls-key-file", files.key)
	require.Equal(t, exitOK, code, out)
	require.Contains(t, out, "settings: warning: the certificate expires on ")
	old := newPairFiles(t, newPairUntil(t, "old", time.Now().Add(-time.Minute)))
	code, out = check([]string{right}, "-tls-cert-file", old.cert, "-tls-key-file", old.key)
	require.Equal(t, exitInvalid, code)
	require.Contains(t, out, "-tls-cert-file (BAAS_TLS_CERT_FILE): the certificate expired on ")
	code, out = check([]string{right, "BAAS_REDIS_URL=rediss://" + redis.Addr()}, "-redis-timeout", "200ms", "-backend-timeout", "2s")
	require.Equal(t, exitFailed, code)
	require.Regexp(t, "redis: a write failed: .*; is it a TLS port\\?: ", out)
	code, out = check([]string{right, "BAAS_REDIS_URL=rediss://" + redis.Addr()}, "-redis-tls-ca-file", files.key)
	require.Equal(t, exitInvalid, code)
	require.Contains(t, out, "-redis-tls-ca-file (BAAS_REDIS_TLS_CA_FILE)")

	require.NoError(t, admin.Do(t.Context(), "CONFIG", "SET", "maxmemory-policy", "allkeys-lru").Err())
	code, out = check([]string{right})
	require.Equal(t, exitOK, code)
	require.Contains(t, out, "redis: warning: maxmemory-policy is allkeys-lru")
	require.NoError(t, admin.Do(t.Context(), "CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1").Err())
	code, out = check([]string{right})
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, "redis: a write failed: OOM")

	require.NoError(t, admin.Do(t.Context(), "CONFIG", "SET", "maxmemory-policy", "volatile-lru").Err())
	p := with(t, backend, []string{right}, "-redis-url", "redis://"+redis.Addr())
	p.logs(`msg="Redis may evict sessions: set its maxmemory-policy to noeviction" policy=volatile-lru`)
}

// A Redis that accepts connections and says nothing.
func TestSilentRedis(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	c := begin(t, nil, "-check", "-client-id", "c", "-redis-url", "redis://"+l.Addr().String(), "-redis-timeout", "50ms", "-backend-timeout", "500ms")
	require.Equal(t, exitFailed, c.ends())
	require.Regexp(t, `redis: a write failed: Redis did not respond within \S+s: `, c.log.String())
	p := start(t, nil, "-client-id", "c", "-redis-url", "redis://"+l.Addr().String(), "-redis-timeout", "50ms", "-drain-delay", "0s")
	p.logs("err=\"Redis did not respond within ")
}

func first(code int, _ string) int { return code }

// The log in JSON has one object a line, also what the server's libraries log.
func TestLogIsJSON(t *testing.T) {
	t.Parallel()
	redis, backend := redistest.Start(t), baastest.NewServer(t)
	p := begin(t, nil, "-backend", backend.URL(), "-client-id", backend.ClientID(), "-redis-url", "redis://"+redis.Addr(),
		"-addr", "127.0.0.1:0", "-log-format", "json", "-log-level", "debug", "-drain-delay", "0s")
	p.logs(`"msg":"listening"`)
	for line := range strings.Lines(p.log.String()) {
		var entry struct{ URL string }
		require.NoError(t, json.Unmarshal([]byte(line), &entry), line)
		if entry.URL != "" {
			p.url = entry.URL
		}
	}
	logsIn(t, p, backend)
	require.Equal(t, exitOK, p.stop())
	requests := 0
	for line := range strings.Lines(p.log.String()) {
		var entry m
		require.NoError(t, json.Unmarshal([]byte(line), &entry), line)
		if entry["msg"] == "request" && entry["operation"] != nil {
			require.Len(t, entry["request_id"], 26)
			requests++
		}
	}
	require.Equal(t, 3, requests)
}

func TestFullIsRecognised(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"OOM command not allowed when used memory > 'maxmemory'.":                                                            true,
		"ERR Error running script (call to f_1): @user_script:3: @user_script: 3: -OOM command not allowed when used memory": true,
		"MISCONF Redis is configured to save RDB snapshots":                                                                  false,
	} {
		require.Equal(t, want, isFull(fmt.Errorf("probe: %w", redisError(text))), text)
		require.False(t, isFull(errors.New(text)), "no reply of Redis")
	}
}

// redisError is a reply of Redis.
type redisError string

func (e redisError) Error() string { return string(e) }

func (redisError) RedisError() {}
