package ratelimit

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/loginproxy"
)

// world is a limiter whose clock the test moves.
type world struct {
	*Limiter
	decisions *[]Decision
	advance   func(time.Duration)
}

// worlds runs a test on both stores.
func worlds(t *testing.T, rules Rules, test func(*testing.T, world)) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 678_901_000, time.UTC)
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		now := start
		s := newMemoryStore(func() time.Time { return now }, 1000)
		var decisions []Decision
		l, err := newLimiter(s, rules, []Option{record(&decisions)})
		require.NoError(t, err)
		test(t, world{l, &decisions, func(d time.Duration) { now = now.Add(d) }})
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		mini := miniredis.RunT(t)
		mini.SetTime(start)
		var decisions []Decision
		l, err := NewRedis(clientOf(t, mini.Addr()), DefaultPrefix, rules, record(&decisions))
		require.NoError(t, err)
		now := start
		test(t, world{l, &decisions, func(d time.Duration) {
			now = now.Add(d)
			mini.SetTime(now)
			mini.FastForward(d)
		}})
	})
}

func record(decisions *[]Decision) Option {
	return WithObserver(func(_ context.Context, d Decision) { *decisions = append(*decisions, d) })
}

func clientOf(t *testing.T, addr string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func password(addr, account string) loginproxy.RateKey {
	return loginproxy.RateKey{Operation: loginproxy.OpLogin, Addr: addr, Account: account}
}

// waits asserts how long a request has to wait, 0 if it is allowed.
func (w world) waits(t *testing.T, k loginproxy.RateKey, want time.Duration) {
	t.Helper()
	got, err := w.Wait(t.Context(), k)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestALimit(t *testing.T) {
	t.Parallel()
	worlds(t, Rules{Login: Rule{Account: must("3/1m")}}, func(t *testing.T, w world) {
		ann := password("192.0.2.1", "ann")
		for range 3 {
			w.waits(t, ann, 0)
		}
		w.waits(t, ann, 20*time.Second)
		w.waits(t, ann, 20*time.Second) // a refusal does not count
		w.waits(t, password("192.0.2.1", "bob"), 0)
		w.advance(19 * time.Second)
		w.waits(t, ann, time.Second)
		w.advance(time.Second)
		w.waits(t, ann, 0)
		w.waits(t, ann, 20*time.Second)
		w.advance(time.Hour)
		for range 3 {
			w.waits(t, ann, 0)
		}
		w.waits(t, ann, 20*time.Second)
		require.Equal(t, Decision{loginproxy.OpLogin, Limited, nil}, (*w.decisions)[3])
		require.Equal(t, Decision{loginproxy.OpLogin, Allowed, nil}, (*w.decisions)[0])
		require.Len(t, *w.decisions, 13)
	})
}

// Several limits hold together, a refusal by one counts for none, and the wait is the
// longest.
func TestSeveralLimits(t *testing.T) {
	t.Parallel()
	worlds(t, Rules{SMS: Rule{Account: must("1/1m,3/1h")}}, func(t *testing.T, w world) {
		phone := loginproxy.RateKey{Operation: loginproxy.OpSMS, Addr: "192.0.2.1", Account: "13800138000"}
		w.waits(t, phone, 0)
		w.waits(t, phone, time.Minute)
		spelled := phone
		spelled.Account = "+86 138-0013-8000"
		w.waits(t, spelled, time.Minute)
		for range 2 {
			w.advance(time.Minute)
			w.waits(t, phone, 0)
		}
		w.waits(t, phone, 18*time.Minute) // 20 minutes each, two of which have passed
		w.advance(18 * time.Minute)
		w.waits(t, phone, 0)
	})
}

// Neither a client nor an account that has to wait uses up the count of the other.
func TestARefusalByOneCountsForNeither(t *testing.T) {
	t.Parallel()
	worlds(t, Rules{Login: Rule{Account: must("2/1h"), Address: must("4/1m")}}, func(t *testing.T, w world) {
		const home, elsewhere = "192.0.2.1", "192.0.2.2"
		w.waits(t, password(home, "ann"), 0)
		w.waits(t, password(home, "ann"), 0)
		for range 10 {
			w.waits(t, password(home, "ann"), 30*time.Minute) // gives the address its count back
		}
		w.waits(t, password(home, "bob"), 0)
		w.waits(t, password(home, "cid"), 0)
		for range 10 {
			w.waits(t, password(home, "dan"), 15*time.Second) // by the address
		}
		w.waits(t, password(home, "ann"), 30*time.Minute) // the longest wait of both
		w.waits(t, password(elsewhere, "dan"), 0)
		w.waits(t, password(elsewhere, "dan"), 0)
		w.waits(t, password(elsewhere, "dan"), 30*time.Minute)
	})
}

// Giving back the only count leaves nothing behind.
func TestGivingBackTheFirstCount(t *testing.T) {
	t.Parallel()
	worlds(t, Rules{Login: Rule{Account: must("1/1h"), Address: must("1/1m")}}, func(t *testing.T, w world) {
		w.waits(t, password("192.0.2.1", "ann"), 0)
		w.waits(t, password("192.0.2.2", "ann"), time.Hour)
		w.waits(t, password("192.0.2.2", "bob"), 0)
		w.waits(t, password("192.0.2.2", "cid"), time.Minute)
	})
}

func TestAddressesThatCountTogether(t *testing.T) {
	t.Parallel()
	worlds(t, Rules{AnonymousLogin: must("1/1m")}, func(t *testing.T, w world) {
		from := func(addr string) loginproxy.RateKey {
			return loginproxy.RateKey{Operation: loginproxy.OpLoginAnonymous, Addr: addr}
		}
		w.waits(t, from("2001:db8::1"), 0)
		w.waits(t, from("2001:db8::ffff:2"), time.Minute)
		w.waits(t, from("2001:db8:0:1::1"), 0)
		w.waits(t, from("192.0.2.1"), 0)
		w.waits(t, from("::ffff:192.0.2.1"), time.Minute)
		w.waits(t, from(""), 0)
		w.waits(t, from(""), time.Minute) // those whose address is not known count together
	})
}

// Each kind of request has its own limits and its own counts.
func TestKinds(t *testing.T) {
	t.Parallel()
	kinds := map[string]struct {
		rules Rules
		key   loginproxy.RateKey
	}{
		"login":          {Rules{Login: Rule{Account: must("1/1m")}}, loginproxy.RateKey{Operation: loginproxy.OpLogin}},
		"sms_login":      {Rules{SMSLogin: Rule{Account: must("1/1m")}}, loginproxy.RateKey{Operation: loginproxy.OpLoginSMS}},
		"register":       {Rules{Register: Rule{Account: must("1/1m")}}, loginproxy.RateKey{Operation: loginproxy.OpRegister}},
		"sms":            {Rules{SMS: Rule{Account: must("1/1m")}}, loginproxy.RateKey{Operation: loginproxy.OpSMS}},
		"sms_check":      {Rules{SMSCheck: Rule{Account: must("1/1m")}}, loginproxy.RateKey{Operation: loginproxy.OpSMSCheck}},
		"password_reset": {Rules{PasswordReset: Rule{Account: must("1/1m")}}, loginproxy.RateKey{Operation: loginproxy.OpPasswordReset}},
		"platform":       {Rules{PlatformLogin: must("1/1m")}, loginproxy.RateKey{Operation: loginproxy.OpLogin, Platform: "kuaishou"}},
		"anonymous":      {Rules{AnonymousLogin: must("1/1m")}, loginproxy.RateKey{Operation: loginproxy.OpLoginAnonymous}},
	}
	for name, tt := range kinds {
		worlds(t, tt.rules, func(t *testing.T, w world) {
			for other, k := range kinds {
				key := k.key
				key.Addr = "192.0.2.1"
				if key.Platform == "" && key.Operation != loginproxy.OpLoginAnonymous {
					key.Account = "13800138000"
				}
				require.Equal(t, other, w.rules.kindOf(key).name)
				w.waits(t, key, 0)
				want := time.Duration(0)
				if other == name {
					want = time.Minute
				}
				w.waits(t, key, want)
			}
		})
	}
	all := Defaults()
	worlds(t, all, func(t *testing.T, w world) {
		for name, tt := range kinds { // none of them uses up what another needs
			key := tt.key
			key.Addr = "192.0.2.1"
			if key.Platform == "" && key.Operation != loginproxy.OpLoginAnonymous {
				key.Account = "13800138000"
			}
			wait, err := w.Wait(t.Context(), key)
			require.NoError(t, err, name)
			require.Zero(t, wait, name)
		}
	})
}

// Many at once are never more than the limit.
func TestConcurrentRequests(t *testing.T) {
	t.Parallel()
	worlds(t, Rules{Login: Rule{Account: must("10/1m"), Address: must("100/1m")}}, func(t *testing.T, w world) {
		var mu sync.Mutex
		allowed := 0
		w.Limiter.observe = func(context.Context, Decision) {}
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				wait, err := w.Wait(t.Context(), password("192.0.2."+strconv.Itoa(i%5), "ann"))
				mu.Lock()
				defer mu.Unlock()
				if err == nil && wait == 0 {
					allowed++
				}
			})
		}
		wg.Wait()
		require.Equal(t, 10, allowed)
	})
}

func TestAFullMemory(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := newMemoryStore(func() time.Time { return now }, 10)
	l, err := newLimiter(s, Rules{Login: Rule{Address: must("1/1m")}}, nil)
	require.NoError(t, err)
	for i := range 10 {
		wait, err := l.Wait(t.Context(), password("192.0.2."+strconv.Itoa(i), ""))
		require.NoError(t, err)
		require.Zero(t, wait)
	}
	_, err = l.Wait(t.Context(), password("192.0.2.10", ""))
	require.ErrorIs(t, err, errFull)
	wait, err := l.Wait(t.Context(), password("192.0.2.0", "")) // known ones are limited as before
	require.NoError(t, err)
	require.Equal(t, time.Minute, wait)
	now = now.Add(time.Minute)
	for i := range 10 {
		wait, err := l.Wait(t.Context(), password("192.0.3."+strconv.Itoa(i), ""))
		require.NoError(t, err)
		require.Zero(t, wait)
	}
	require.Len(t, s.used, 10)
}

func TestOptions(t *testing.T) {
	t.Parallel()
	client := clientOf(t, "127.0.0.1:1")
	for name, build := range map[string]func() (*Limiter, error){
		"no client":       func() (*Limiter, error) { return NewRedis(nil, DefaultPrefix, Defaults()) },
		"no prefix":       func() (*Limiter, error) { return NewRedis(client, "", Defaults()) },
		"a short secret":  func() (*Limiter, error) { return NewMemory(Defaults(), WithSecret(make([]byte, 15))) },
		"no observer":     func() (*Limiter, error) { return NewMemory(Defaults(), WithObserver(nil)) },
		"a bad count":     func() (*Limiter, error) { return NewMemory(Rules{Login: Rule{Account: Limits{{0, time.Minute}}}}) },
		"a bad period":    func() (*Limiter, error) { return NewMemory(Rules{PlatformLogin: Limits{{1, 0}}}) },
		"too many limits": func() (*Limiter, error) { return NewMemory(Rules{SMS: Rule{Address: make(Limits, 5)}}) },
	} {
		_, err := build()
		require.Error(t, err, name)
	}
	_, err := NewMemory(Rules{SMS: Rule{Account: Limits{{0, time.Minute}}}, AnonymousLogin: Limits{{1, 0}}})
	require.ErrorContains(t, err, "SMS by account: limit 0/1m")
	require.ErrorContains(t, err, "anonymous login: limit 1/0s")
	l, err := NewMemory(Rules{}, nil)
	require.NoError(t, err)
	for range 100 {
		wait, err := l.Wait(t.Context(), password("192.0.2.1", "ann"))
		require.NoError(t, err)
		require.Zero(t, wait)
	}
}

// Redis gets hashes. Without the secret, nobody can find a phone number by trying all.
func TestNamesInRedis(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	key := loginproxy.RateKey{Operation: loginproxy.OpSMS, Addr: "192.0.2.1", Account: "13800138000"}
	seen := make(map[string]bool)
	for _, opts := range [][]Option{nil, {WithSecret([]byte(strings.Repeat("a", 32)))}, {WithSecret([]byte(strings.Repeat("b", 32)))}} {
		l, err := NewRedis(clientOf(t, mini.Addr()), "app:", Defaults(), opts...)
		require.NoError(t, err)
		wait, err := l.Wait(t.Context(), key)
		require.NoError(t, err)
		require.Zero(t, wait)
		for _, name := range mini.Keys() {
			require.Regexp(t, `^app:\{[A-Za-z0-9_-]{22}\}:(60|3600|86400)$`, name)
			require.Positive(t, mini.TTL(name))
			seen[name] = true
		}
		require.Len(t, mini.Keys(), 5) // three of the account and two of the address
		mini.FlushAll()
	}
	require.Len(t, seen, 15)
}

// A clock that was far ahead does not lock anybody out for longer than the limit.
func TestATimeFarAhead(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	l, err := NewRedis(clientOf(t, mini.Addr()), DefaultPrefix, Rules{Login: Rule{Account: must("3/1m")}})
	require.NoError(t, err)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	mini.SetTime(now.Add(24 * 365 * time.Hour))
	_, err = l.Wait(t.Context(), password("", "ann"))
	require.NoError(t, err)
	mini.SetTime(now)
	wait, err := l.Wait(t.Context(), password("", "ann"))
	require.NoError(t, err)
	require.Equal(t, 20*time.Second, wait)
}
