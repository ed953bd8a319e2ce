package redisstore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/session"
)

// BenchmarkStore compares the store with plain GET and SET on the same redis-server.
func BenchmarkStore(b *testing.B) {
	o := realOptions(b)
	o.PoolSize = 64
	client := clientOf(b, o)
	plain := newStore(b, client)
	sealed, err := session.NewSealed(plain, bytes.Repeat([]byte{1}, session.SealingKeySize))
	require.NoError(b, err)
	s := living(strings.Repeat("t", 40), time.Hour)
	s.OpenID, s.Platform = strings.Repeat("o", 28), "kuaishou"
	s.UserInfo = json.RawMessage(`{"nickName":"` + strings.Repeat("n", 150) + `"}`)
	encoded, err := s.MarshalBinary()
	require.NoError(b, err)

	require.NoError(b, client.Set(b.Context(), "bare", encoded, time.Hour).Err())
	parallel(b, "load/GET alone", func(ctx context.Context, _ session.Key) error { return client.Get(ctx, "bare").Err() })
	parallel(b, "swap/SET alone", func(ctx context.Context, key session.Key) error {
		return client.SetArgs(ctx, key.String(), encoded, redis.SetArgs{TTL: time.Hour}).Err()
	})
	for name, store := range map[string]session.Store{"plain": plain, "sealed": sealed} {
		key := session.KeyOf(name)
		put(b, store, key, s)
		parallel(b, "load/"+name, func(ctx context.Context, _ session.Key) error {
			_, _, err := store.Load(ctx, key)
			return err
		})
		parallel(b, "swap/"+name, func(ctx context.Context, key session.Key) error {
			_, err := store.Swap(ctx, key, 0, s)
			return err
		})
	}
}

func randomKey() (key session.Key) {
	_, _ = rand.Read(key[:])
	return key
}

// parallel runs call with 1 and with 64 callers, each time with a new key.
func parallel(b *testing.B, name string, call func(context.Context, session.Key) error) {
	for _, tt := range []struct {
		name    string
		callers int
	}{{"/1", 1}, {"/64", 64}} {
		b.Run(name+tt.name, func(b *testing.B) {
			b.ReportAllocs()
			if tt.callers == 1 {
				for b.Loop() {
					if err := call(b.Context(), randomKey()); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.SetParallelism(tt.callers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := call(b.Context(), randomKey()); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
