package ratelimit

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/internal/redistest"
	"github.com/hydrogen-go/baas/loginproxy"
)

// requests has one request of each kind, by whether it may pass when Redis fails.
var requests = map[bool][]loginproxy.RateKey{
	true: {{Operation: loginproxy.OpLogin, Platform: "wechat", Addr: "192.0.2.1"}},
	false: {
		password("192.0.2.1", "ann"),
		password("192.0.2.1", ""),
		{Operation: loginproxy.OpLogin, Platform: "wechat", Addr: "192.0.2.1", Account: "ann"},
		{Operation: loginproxy.OpLoginSMS, Addr: "192.0.2.1", Account: "13800138000"},
		{Operation: loginproxy.OpRegister, Addr: "192.0.2.1", Account: "ann"},
		{Operation: loginproxy.OpSMS, Addr: "192.0.2.1", Account: "13800138000"},
		{Operation: loginproxy.OpSMSCheck, Addr: "192.0.2.1", Account: "13800138000"},
		{Operation: loginproxy.OpPasswordReset, Addr: "192.0.2.1", Account: "ann@example.com"},
		{Operation: loginproxy.OpLoginAnonymous, Addr: "192.0.2.1"},
	},
}

// failing asserts what passes while Redis fails, and returns an error.
func failing(t *testing.T, l *Limiter, decisions *[]Decision) error {
	t.Helper()
	var err error
	for _, k := range requests[true] {
		wait, err := l.Wait(t.Context(), k)
		require.NoError(t, err)
		require.Zero(t, wait)
		last := (*decisions)[len(*decisions)-1]
		require.Equal(t, Unchecked, last.Outcome)
		require.Error(t, last.Err)
	}
	for _, k := range requests[false] {
		_, err = l.Wait(t.Context(), k)
		require.Error(t, err, k.Operation)
		last := (*decisions)[len(*decisions)-1]
		require.Equal(t, Decision{k.Operation, Failed, err}, last)
		for _, secret := range []string{"ann", "13800138000", "192.0.2.1"} {
			require.NotContains(t, err.Error(), secret)
		}
		require.NotContains(t, err.Error(), "\n")
	}
	return err
}

func working(t *testing.T, l *Limiter) {
	t.Helper()
	for _, list := range requests {
		for _, k := range list {
			_, err := l.Wait(t.Context(), k)
			require.NoError(t, err)
		}
	}
}

func redisLimiter(t *testing.T, client redis.UniversalClient, rules Rules) (*Limiter, *[]Decision) {
	t.Helper()
	decisions := new([]Decision)
	l, err := NewRedis(client, DefaultPrefix, rules, record(decisions))
	require.NoError(t, err)
	return l, decisions
}

// On a real Redis: the limits hold, and a server that is killed and starts again.
func TestRedisDown(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	rules := Defaults()
	rules.Login.Account = must("10/24h") // so that a slow machine counts no time as passed
	l, decisions := redisLimiter(t, clientOf(t, server.Addr()), rules)
	for range 10 {
		wait, err := l.Wait(t.Context(), password("192.0.2.1", "ann"))
		require.NoError(t, err)
		require.Zero(t, wait)
	}
	wait, err := l.Wait(t.Context(), password("192.0.2.2", "ann"))
	require.NoError(t, err)
	require.Positive(t, wait)
	require.LessOrEqual(t, wait, 24*time.Hour/10)

	client := server.Client()
	for _, name := range client.Keys(t.Context(), "*").Val() {
		ttl := client.PTTL(t.Context(), name).Val()
		require.Positive(t, ttl, name)
		require.LessOrEqual(t, ttl, 24*time.Hour, name)
	}

	server.Kill()
	var network net.Error
	require.ErrorAs(t, failing(t, l, decisions), &network)
	server.Restart()
	working(t, l)
}

// Without room for a count nothing passes, except what may.
func TestRedisFull(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--maxmemory-policy", "noeviction")
	l, decisions := redisLimiter(t, clientOf(t, server.Addr()), Defaults())
	working(t, l)
	_, err := server.Do(t.Context(), "CONFIG", "SET", "maxmemory", "1")
	require.NoError(t, err)
	require.True(t, redis.HasErrorPrefix(failing(t, l, decisions), "OOM"))
	_, err = server.Do(t.Context(), "CONFIG", "SET", "maxmemory", "0")
	require.NoError(t, err)
	working(t, l)
}

// On a Cluster, the keys of many accounts and addresses are on all nodes, and while one
// node is down, nobody passes on the strength of the other half.
func TestCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 2, time.Second)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs(), ContextTimeoutEnabled: true, MaxRedirects: 1})
	t.Cleanup(func() { _ = client.Close() })
	rules := Rules{Login: Rule{Account: must("2/1h,3/24h"), Address: must("1000/1m,2000/1h")}}
	l, _ := redisLimiter(t, client, rules)
	for i := range 20 {
		ann := password("192.0.2."+strconv.Itoa(i), "ann-"+strconv.Itoa(i))
		for range 2 {
			wait, err := l.Wait(t.Context(), ann)
			require.NoError(t, err)
			require.Zero(t, wait)
		}
		wait, err := l.Wait(t.Context(), ann)
		require.NoError(t, err)
		require.Positive(t, wait)
	}
	for _, master := range cluster.Masters {
		keys, err := master.Client().DBSize(t.Context()).Result()
		require.NoError(t, err)
		require.Positive(t, keys)
	}
	cluster.Masters[1].Kill()
	failed := 0
	for i := range 20 {
		wait, err := l.Wait(t.Context(), password("192.0.2."+strconv.Itoa(i), "ann-"+strconv.Itoa(i)))
		require.True(t, err != nil || wait > 0)
		if err != nil {
			failed++
		}
	}
	require.Positive(t, failed)
}

// The deadline of the request ends the wait for a Redis that does not reply.
func TestASilentRedis(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	l, decisions := redisLimiter(t, clientOf(t, listener.Addr().String()), Defaults())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = l.Wait(ctx, password("192.0.2.1", "ann"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "rate limiter: Redis did not respond in time: ")
	require.Equal(t, Failed, (*decisions)[0].Outcome)
}

// If the account cannot be counted, the address gets its count back, also when the
// request has ended.
func TestTheAddressGetsItsCountBack(t *testing.T) {
	t.Parallel()
	s := &brokenStore{memoryStore: newMemoryStore(time.Now, 100)}
	rules := Rules{Login: Rule{Account: must("1/1m"), Address: must("1/1m")}}
	l, err := newLimiter(s, rules, nil)
	require.NoError(t, err)
	s.broken = l.name(rules.kindOf(password("", "ann")), "account", "ann")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		_, err = l.Wait(ctx, password("192.0.2.1", "ann"))
		require.ErrorIs(t, err, errBroken)
	}
	wait, err := l.Wait(t.Context(), password("192.0.2.1", ""))
	require.NoError(t, err)
	require.Zero(t, wait)
}

var errBroken = errors.New("broken")

// brokenStore fails to count one subject.
type brokenStore struct {
	*memoryStore
	broken string
}

func (s *brokenStore) take(ctx context.Context, subject string, limits Limits) (time.Duration, error) {
	if subject == s.broken {
		return 0, errBroken
	}
	return s.memoryStore.take(ctx, subject, limits)
}

func (s *brokenStore) giveBack(ctx context.Context, subject string, limits Limits) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.memoryStore.giveBack(ctx, subject, limits)
}

// Error replies have no account, whatever is in Redis.
func TestAnotherProgramsKeys(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	l, _ := redisLimiter(t, clientOf(t, mini.Addr()), Rules{Login: Rule{Account: must("1/1m")}})
	_, err := l.Wait(t.Context(), password("", "ann"))
	require.NoError(t, err)
	name := mini.Keys()[0]
	require.NoError(t, mini.Set(name, "no number"))
	wait, err := l.Wait(t.Context(), password("", "ann")) // counts as none
	require.NoError(t, err)
	require.Zero(t, wait)
	mini.Del(name)
	_, err = mini.Lpush(name, "no text")
	require.NoError(t, err)
	_, err = l.Wait(t.Context(), password("", "ann"))
	require.Error(t, err)
	require.True(t, strings.HasPrefix(err.Error(), "rate limiter: "), err.Error())
}

// In the login server: what is over a limit is 429, and while Redis is down, passwords and
// text messages are 503. Neither reaches the backend. A login on a platform passes.
func TestInTheLoginServer(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	mini.SetTime(time.Now()) // stands still
	rules := Defaults()
	rules.Login.Account = must("1/1h")
	l, decisions := redisLimiter(t, clientOf(t, mini.Addr()), rules)
	backend := baastest.NewServer(t)
	proxy, err := loginproxy.New(backend.Client(), loginproxy.WithRateLimiter(l.Wait))
	require.NoError(t, err)
	call := func(path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		proxy.ServeHTTP(w, r)
		return w
	}
	const wrong = `{"username":"ann","password":"wrong"}`
	require.Equal(t, http.StatusBadRequest, call("/login", wrong).Code)
	sent := len(backend.Requests())
	res := call("/login", `{"username":" Ann","password":"wrong"}`)
	require.Equal(t, http.StatusTooManyRequests, res.Code)
	require.Equal(t, "3600", res.Header().Get("Retry-After"))
	mini.Close()
	for path, body := range map[string]string{
		"/login":           wrong,
		"/login/sms":       `{"phone":"13800138000","code":"1234"}`,
		"/login/anonymous": "{}",
		"/register":        `{"username":"bob","password":"secret"}`,
		"/sms":             `{"phone":"13800138000"}`,
	} {
		res := call(path, body)
		require.Equal(t, http.StatusServiceUnavailable, res.Code, path)
		require.Contains(t, res.Body.String(), "limiter_failed", path)
	}
	require.Len(t, backend.Requests(), sent)
	require.Equal(t, http.StatusOK, call("/login/ks", `{"code":"`+backend.Kuaishou("ks-ann").Login()+`"}`).Code)
	require.Equal(t, Unchecked, (*decisions)[len(*decisions)-1].Outcome)
}

// A client that hangs up is no failure of Redis, and nothing passes.
func TestHangUp(t *testing.T) {
	t.Parallel()
	var decisions []Decision
	l, err := NewRedis(clientOf(t, miniredis.RunT(t).Addr()), DefaultPrefix, Defaults(), record(&decisions))
	require.NoError(t, err)
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	for _, k := range append(requests[true], requests[false]...) {
		_, err := l.Wait(ctx, k)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, Canceled, decisions[len(decisions)-1].Outcome)
	}
}
