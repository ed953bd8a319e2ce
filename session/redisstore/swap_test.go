package redisstore_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
)

func TestSwapAfterTheScriptsWereFlushed(t *testing.T) {
	t.Run("miniredis", func(t *testing.T) { swapAfterFlush(t, options(miniredis.RunT(t).Addr())) })
	t.Run("redis", func(t *testing.T) { swapAfterFlush(t, realOptions(t)) })
}

func swapAfterFlush(t *testing.T, o *redis.Options) {
	client := clientOf(t, o)
	store, key := newStore(t, client), session.KeyOf("k")
	for range 3 {
		require.NoError(t, client.ScriptFlush(t.Context()).Err())
		put(t, store, key, living("a", time.Hour))
		put(t, store, key, living("b", time.Hour))
	}
}

// forgetful loses the reply to the first swap that Redis has executed.
type forgetful struct {
	net.Conn
	lost    *atomic.Bool
	swapped atomic.Bool
}

func (c *forgetful) Write(b []byte) (int, error) {
	if bytes.Contains(bytes.ToLower(b), []byte("eval")) {
		c.swapped.Store(true)
	}
	return c.Conn.Write(b)
}

func (c *forgetful) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b) // Redis has executed the command
	if bytes.HasPrefix(b[:n], []byte(":1")) && c.swapped.Load() && c.lost.CompareAndSwap(false, true) {
		_ = c.Conn.Close()
		return 0, io.EOF
	}
	return n, err
}

func TestASwapWhoseReplyIsLostIsDoneOnce(t *testing.T) {
	var lost atomic.Bool
	mini := miniredis.RunT(t)
	o := options(mini.Addr())
	o.MaxRetries = 1
	o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &forgetful{Conn: conn, lost: &lost}, err
	}
	store, key := newStore(t, clientOf(t, o)), session.KeyOf("k")
	done, err := store.Swap(t.Context(), key, 0, living("a", time.Hour))
	require.NoError(t, err)
	require.True(t, lost.Load())
	require.True(t, done, "the record is in Redis, so the swap succeeded")
	s, rev := load(t, store, key)
	require.Equal(t, "a", s.Token.Reveal())

	again, err := store.Swap(t.Context(), key, 0, living("a", time.Hour))
	require.NoError(t, err)
	require.False(t, again, "another swap of the same session is another swap")
	done, err = store.Swap(t.Context(), key, rev, living("b", time.Hour))
	require.NoError(t, err)
	require.True(t, done)
}

func TestReplicasLoseNoChange(t *testing.T) {
	t.Run("miniredis", func(t *testing.T) { replicasLoseNoChange(t, options(miniredis.RunT(t).Addr())) })
	t.Run("redis", func(t *testing.T) { replicasLoseNoChange(t, realOptions(t)) })
}

func replicasLoseNoChange(t *testing.T, o *redis.Options) {
	const stores, callers, changes = 3, 4, 10
	key := session.KeyOf("k")
	first := living("a", time.Hour)
	first.UserID = 0
	put(t, newStore(t, clientOf(t, o)), key, first)
	var all sync.WaitGroup
	for range stores {
		store := newStore(t, clientOf(t, o))
		for range callers {
			all.Go(func() {
				for range changes {
					if err := increment(store, key); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	s, _ := load(t, newStore(t, clientOf(t, o)), key)
	require.EqualValues(t, stores*callers*changes, s.UserID)
}

func increment(store *redisstore.Store, key session.Key) error {
	for {
		s, rev, err := store.Load(context.Background(), key)
		if err != nil {
			return err
		}
		s.UserID++
		if done, err := store.Swap(context.Background(), key, rev, s); done || err != nil {
			return err
		}
	}
}
