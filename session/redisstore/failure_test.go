package redisstore_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
)

const canary = "canary-token"

// fails asserts that both calls fail, and that the errors show no key and no session.
func fails(t *testing.T, ctx context.Context, store session.Store, check func(error)) {
	t.Helper()
	key := session.KeyOf("k")
	got, rev, err := store.Load(ctx, key)
	require.Error(t, err)
	require.Equal(t, session.Session{}, got)
	require.Zero(t, rev)
	done, swapErr := store.Swap(ctx, key, 0, living(canary, time.Hour))
	require.Error(t, swapErr)
	require.False(t, done)
	for _, err := range []error{err, swapErr} {
		for e := err; e != nil; e = errors.Unwrap(e) {
			require.NotContains(t, e.Error(), canary)
			require.NotContains(t, e.Error(), key.String())
		}
		require.NotContains(t, err.Error(), "\n")
		check(err)
	}
}

func TestErrorRepliesAreReducedToTheirCode(t *testing.T) {
	store, mini := miniStore(t)
	for _, tt := range []struct{ text, code string }{
		{"OOM command not allowed when used memory > 'maxmemory'.", "OOM"},
		{"LOADING Redis is loading the dataset in memory", "LOADING"},
		{"ERR unknown command 'EVALSHA', with args beginning with: '" + canary + "' ", "ERR"},
		{"READONLY You can't write against a read only replica.", "READONLY"},
		{canary + " is not a code", "ERR"},
		{"x" + canary, "ERR"},
	} {
		mini.SetError(tt.text)
		fails(t, t.Context(), store, func(err error) {
			require.True(t, redis.HasErrorPrefix(err, tt.code))
			require.True(t, strings.HasSuffix(err.Error(), ": "+tt.code), err.Error())
		})
	}
}

func TestInvalidRecords(t *testing.T) {
	store, mini := miniStore(t)
	key := session.KeyOf("k")
	for name, record := range map[string]string{
		"empty":                "",
		"less than a revision": "1234567",
		"revision only":        "12345678",
		"no session":           "12345678" + canary,
		"a broken one":         "12345678\x01\x00\x00\x00\x00\x00\x05tok",
	} {
		require.NoError(t, mini.Set(redisstore.DefaultPrefix+key.String(), record))
		got, rev, err := store.Load(t.Context(), key)
		require.ErrorIs(t, err, session.ErrEncoding, name)
		require.ErrorIs(t, err, session.ErrUnreadable, name)
		require.NotContains(t, err.Error(), canary, name)
		require.Equal(t, session.Session{}, got, name)

		// With its revision the record can be replaced.
		done, err := store.Swap(t.Context(), key, rev+1, living("other", time.Hour))
		require.NoError(t, err)
		require.False(t, done, name)
		done, err = store.Swap(t.Context(), key, rev, living("tok", time.Hour))
		require.NoError(t, err)
		require.True(t, done, name)
		got, _, err = store.Load(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, "tok", got.Token.Reveal(), name)
	}
	mini.Del(redisstore.DefaultPrefix + key.String())
	_, err := mini.Lpush(redisstore.DefaultPrefix+key.String(), canary)
	require.NoError(t, err)
	fails(t, t.Context(), store, func(err error) {
		var reply redis.Error
		require.ErrorAs(t, err, &reply)
	})
}

func TestRedisDownLosesNothing(t *testing.T) {
	store, mini := miniStore(t)
	key := session.KeyOf("kept")
	rev := put(t, store, key, living("tok", time.Hour))
	mini.Close()
	fails(t, t.Context(), store, func(err error) {
		var network net.Error
		require.ErrorAs(t, err, &network)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	})
	require.NoError(t, mini.Restart())
	s, again := load(t, store, key)
	require.Equal(t, "tok", s.Token.Reveal())
	require.Equal(t, rev, again)
}

func TestAClosedClient(t *testing.T) {
	mini := miniredis.RunT(t)
	client := redis.NewClient(options(mini.Addr()))
	store := newStore(t, client)
	require.NoError(t, client.Close())
	fails(t, t.Context(), store, func(err error) { require.ErrorIs(t, err, redis.ErrClosed) })
}

// silent returns the address of a server that accepts connections and never replies.
func silent(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		var conns []net.Conn
		for {
			conn, err := listener.Accept()
			if err != nil {
				break
			}
			conns = append(conns, conn)
		}
		for _, conn := range conns {
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return listener.Addr().String()
}

func TestADeadlineEndsTheWaitForASilentRedis(t *testing.T) {
	o := options(silent(t))
	o.ReadTimeout = -1 // none
	store := newStore(t, clientOf(t, o))
	for _, wait := range []time.Duration{time.Millisecond, 20 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		_, _, err := store.Load(ctx, session.KeyOf("k"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		cancel()
		ctx, cancel = context.WithTimeout(t.Context(), wait)
		_, err = store.Swap(ctx, session.KeyOf("k"), 0, living(canary, time.Hour))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		cancel()
	}
}

func TestAnEndedContextSendsNothing(t *testing.T) {
	store, mini := miniStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	fails(t, ctx, store, func(err error) { require.ErrorIs(t, err, context.Canceled) })
	require.Zero(t, mini.CommandCount())
}
