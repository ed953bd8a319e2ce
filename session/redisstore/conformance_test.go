package redisstore_test

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
	"github.com/hydrogen-go/baas/session/sessiontest"
)

func TestConformance(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
		store, _ := following(t, clock)
		return store
	})
}

func TestConformanceSealed(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
		store, _ := following(t, clock)
		sealed, err := session.NewSealed(store, bytes.Repeat([]byte{1}, session.SealingKeySize))
		require.NoError(t, err)
		return sealed
	})
}

// The calls alternate between two stores, as behind a load balancer.
func TestConformanceOfReplicas(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
		one, mini := following(t, clock)
		other := newStore(t, clientOf(t, options(mini.Addr())), redisstore.WithClock(clock))
		return &replicas{stores: [2]session.Store{one, other}}
	})
}

func TestConformanceOnCluster(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
		mini := miniredis.RunT(t)
		client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{mini.Addr()}, ContextTimeoutEnabled: true})
		t.Cleanup(func() { _ = client.Close() })
		return newStore(t, client, redisstore.WithClock(clock))
	})
}

func TestConformanceOnRedis(t *testing.T) {
	o := realOptions(t)
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
		return newStore(t, clientOf(t, o), redisstore.WithClock(clock))
	})
}

// following returns a store on a miniredis that uses the same clock.
func following(t *testing.T, clock func() time.Time, opts ...redisstore.Option) (session.Store, *miniredis.Miniredis) {
	mini := miniredis.RunT(t)
	client := clientOf(t, options(mini.Addr()))
	client.AddHook(&follow{mini: mini, clock: clock, at: clock()})
	return newStore(t, client, append(opts, redisstore.WithClock(clock))...), mini
}

type replicas struct {
	stores [2]session.Store
	calls  atomic.Uint64
}

func (r *replicas) next() session.Store { return r.stores[r.calls.Add(1)%2] }

func (r *replicas) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	return r.next().Load(ctx, key)
}

func (r *replicas) Swap(ctx context.Context, key session.Key, old session.Revision, next session.Session) (bool, error) {
	return r.next().Swap(ctx, key, old, next)
}
