package redisstore_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
)

func TestRedisKeepsAKeyAsLongAsItIsNeeded(t *testing.T) {
	now := time.Now()
	store, mini := miniStore(t, redisstore.WithClock(func() time.Time { return now }))
	for name, tt := range map[string]struct {
		next session.Session
		life time.Duration
	}{
		"a long session":       {living("a", 30*24*time.Hour), 30 * 24 * time.Hour},
		"one within the grace": {living("a", time.Minute), session.Grace},
		"an ended one":         {living("a", -time.Hour), session.Grace},
		"one without an end":   {session.Session{Token: session.NewSecret("a")}, session.Grace},
		"a logout":             {session.Session{LoggedOut: true}, session.Grace},
		"nothing":              {session.Session{}, session.Grace},
	} {
		t.Run(name, func(t *testing.T) {
			key := session.KeyOf(name)
			if tt.life > session.Grace {
				tt.next.ExpiresAt = now.Add(tt.life)
			}
			put(t, store, key, tt.next)
			require.Equal(t, tt.life, mini.TTL(redisstore.DefaultPrefix+key.String()))
		})
	}
}

func TestRedisRoundsALifeUp(t *testing.T) {
	now := time.Now()
	store, mini := miniStore(t, redisstore.WithClock(func() time.Time { return now }))
	next := living("a", 0)
	next.ExpiresAt = now.Add(time.Hour + time.Nanosecond)
	put(t, store, session.KeyOf("k"), next)
	require.Equal(t, time.Hour+time.Millisecond, mini.TTL(redisstore.DefaultPrefix+session.KeyOf("k").String()))
}

func TestSwapSetsTheLifeAnew(t *testing.T) {
	store, mini := miniStore(t)
	key := session.KeyOf("k")
	put(t, store, key, living("a", 24*time.Hour))
	put(t, store, key, session.Session{LoggedOut: true})
	require.Equal(t, session.Grace, mini.TTL(redisstore.DefaultPrefix+key.String()))
	mini.FastForward(session.Grace)
	require.Empty(t, mini.Keys(), "every key expires")
}

func TestWhatIsInRedis(t *testing.T) {
	store, mini := miniStore(t)
	key := session.KeyOf("cookie-value")
	next := living("the-token", time.Hour)
	next.ExpiresAt = next.ExpiresAt.Truncate(time.Millisecond).UTC()
	rev := put(t, store, key, next)
	require.NotZero(t, rev)
	require.Equal(t, []string{"baas:session:" + key.String()}, mini.Keys())
	record, err := mini.Get(redisstore.DefaultPrefix + key.String())
	require.NoError(t, err)
	var inside session.Session
	require.NoError(t, inside.UnmarshalBinary([]byte(record[8:])))
	require.Equal(t, next, inside)

	ended := living("an-ended-token", -time.Second)
	put(t, store, key, ended)
	require.NotContains(t, mini.Dump(), "ended-token", "the token of an expired session is not stored")
}

func TestPrefixesAreApart(t *testing.T) {
	one, mini := miniStore(t, redisstore.WithPrefix("one:"))
	other := newStore(t, clientOf(t, options(mini.Addr())), redisstore.WithPrefix("other:"))
	key := session.KeyOf("k")
	put(t, one, key, living("a", time.Hour))
	s, rev := load(t, other, key)
	require.Equal(t, session.Session{}, s)
	require.Zero(t, rev)
}

func TestRevisionsOfForgottenKeysDoNotComeBack(t *testing.T) {
	store, mini := miniStore(t)
	key := session.KeyOf("k")
	seen := map[session.Revision]bool{0: true}
	for range 100 {
		rev := put(t, store, key, living("a", time.Hour))
		require.False(t, seen[rev])
		seen[rev] = true
		mini.FlushAll()
		done, err := store.Swap(t.Context(), key, rev, living("late", time.Hour))
		require.NoError(t, err)
		require.False(t, done)
	}
}

func TestNewRefuses(t *testing.T) {
	good := clientOf(t, options("127.0.0.1:1"))
	cluster := func(o redis.ClusterOptions) redis.UniversalClient {
		o.Addrs = []string{"127.0.0.1:1"}
		client := redis.NewClusterClient(&o)
		t.Cleanup(func() { _ = client.Close() })
		return client
	}
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = ring.Close() })
	for name, tt := range map[string]struct {
		client redis.UniversalClient
		opt    redisstore.Option
		text   string
	}{
		"nil":                    {nil, nil, "nil"},
		"no deadlines":           {clientOf(t, &redis.Options{Addr: "127.0.0.1:1"}), nil, "ContextTimeoutEnabled"},
		"a cluster without them": {cluster(redis.ClusterOptions{}), nil, "ContextTimeoutEnabled"},
		"reads from replicas":    {cluster(redis.ClusterOptions{ContextTimeoutEnabled: true, ReadOnly: true}), nil, "replicas"},
		"routes by latency":      {cluster(redis.ClusterOptions{ContextTimeoutEnabled: true, RouteByLatency: true}), nil, "replicas"},
		"routes randomly":        {cluster(redis.ClusterOptions{ContextTimeoutEnabled: true, RouteRandomly: true}), nil, "replicas"},
		"a ring":                 {ring, nil, "ring"},
		"an empty prefix":        {good, redisstore.WithPrefix(""), "prefix"},
		"a nil clock":            {good, redisstore.WithClock(nil), "clock"},
	} {
		t.Run(name, func(t *testing.T) {
			store, err := redisstore.New(tt.client, tt.opt)
			var h *herror.HError
			require.ErrorAs(t, err, &h)
			require.Equal(t, herror.InvalidParameter, h.Code)
			require.ErrorContains(t, err, tt.text)
			require.Nil(t, store)
		})
	}
	_, err := redisstore.New(cluster(redis.ClusterOptions{ContextTimeoutEnabled: true}))
	require.NoError(t, err)
}

// Each option alone changes what it is for, and nothing else.
func TestOptions(t *testing.T) {
	key, now := session.KeyOf("k"), time.Now()
	late := func() time.Time { return now.Add(24 * time.Hour) }
	for name, tt := range map[string]struct {
		opts    []redisstore.Option
		prefix  string
		expired bool // a session that expires in an hour
	}{
		"none":             {nil, redisstore.DefaultPrefix, false},
		"nil options":      {[]redisstore.Option{nil, nil}, redisstore.DefaultPrefix, false},
		"a prefix":         {[]redisstore.Option{redisstore.WithPrefix("other:")}, "other:", false},
		"a clock":          {[]redisstore.Option{redisstore.WithClock(late)}, redisstore.DefaultPrefix, true},
		"both and a nil":   {[]redisstore.Option{redisstore.WithClock(late), nil, redisstore.WithPrefix("other:")}, "other:", true},
		"the last of many": {[]redisstore.Option{redisstore.WithPrefix("first:"), redisstore.WithPrefix("other:")}, "other:", false},
	} {
		t.Run(name, func(t *testing.T) {
			store, mini := miniStore(t, tt.opts...)
			put(t, store, key, living("a", time.Hour))
			require.Equal(t, []string{tt.prefix + key.String()}, mini.Keys())
			s, _ := load(t, store, key)
			require.Equal(t, tt.expired, s.IsZero())
		})
	}
}

func TestAStoreIsNotPrinted(t *testing.T) {
	o := options("127.0.0.1:1")
	o.Username, o.Password = "canary-user", "canary-password"
	store := newStore(t, clientOf(t, o))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, v := range []any{store, *store, struct{ s *redisstore.Store }{store}, struct{ s redisstore.Store }{*store}} {
			text := fmt.Sprintf(verb, v)
			require.NotContains(t, text, "canary")
			require.NotContains(t, strings.ToLower(text), fmt.Sprintf("%x", "canary"))
		}
	}
	require.Equal(t, `redisstore{prefix:"baas:session:"}`, fmt.Sprintf("%+v", store))
	require.Equal(t, "redisstore{}", fmt.Sprint((*redisstore.Store)(nil)))
	require.Equal(t, slog.StringValue(`redisstore{prefix:"baas:session:"}`), store.LogValue())
}
