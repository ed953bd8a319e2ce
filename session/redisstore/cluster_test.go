package redisstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/redistest"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
	"github.com/hydrogen-go/baas/session/sessiontest"
)

func clusterClient(t *testing.T, c *redistest.Cluster) *redis.ClusterClient {
	t.Helper()
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addrs(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestConformanceOnRedisCluster(t *testing.T) {
	c := redistest.StartCluster(t, 3, time.Second)
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
		return newStore(t, clusterClient(t, c), redisstore.WithClock(clock), redisstore.WithUserIndex())
	})
}

// While a slot moves, a swap of a key that the old master has is made there, and any
// other swap is redirected to the new master, which does not have the script. The
// sessions of a user are found on both.
func TestSwapWhileASlotMoves(t *testing.T) {
	c := redistest.StartCluster(t, 3, time.Second)
	ctx, client := t.Context(), clusterClient(t, c)
	const prefix = "{k}:" // all keys are in slot 7629 of the second master
	store := newStore(t, client, redisstore.WithPrefix(prefix), redisstore.WithUserIndex())
	slot, err := client.ClusterKeySlot(ctx, prefix).Result()
	require.NoError(t, err)
	from, to := c.Masters[1], c.Masters[2]
	old, fresh := session.KeyOf("old"), session.KeyOf("fresh")
	owner := session.Owner{1}
	done, err := store.SwapOwned(ctx, old, 0, living("a", time.Hour), owner)
	require.NoError(t, err)
	require.True(t, done)
	_, rev := load(t, store, old)

	m, err := c.BeginMigration(ctx, from, to, int(slot), int(slot)+1)
	require.NoError(t, err)
	done, err = store.Swap(ctx, old, rev, living("b", time.Hour))
	require.NoError(t, err)
	require.True(t, done)
	done, err = store.SwapOwned(ctx, fresh, 0, living("c", time.Hour), owner)
	require.NoError(t, err)
	require.True(t, done)
	_, freshRev := load(t, store, fresh)
	owned, err := store.Owned(ctx, owner)
	require.NoError(t, err)
	require.ElementsMatch(t, []session.Key{old, fresh}, owned)
	for name, asked := range map[string]*redistest.Server{"ASK": from, "NOSCRIPT": to} {
		n, err := asked.Errors(ctx, name)
		require.NoError(t, err)
		require.NotZero(t, n, name)
	}
	done, err = store.Swap(ctx, fresh, 0, living("d", time.Hour))
	require.NoError(t, err)
	require.False(t, done, "the new master has the session")

	keys, err := m.Finish(ctx)
	require.NoError(t, err)
	require.Equal(t, 2, keys, "the session and the set of its user")
	for key, token := range map[session.Key]string{old: "b", fresh: "c"} {
		s, _ := load(t, store, key)
		require.Equal(t, token, s.Token.Reveal())
	}
	done, err = store.Swap(ctx, old, rev, living("e", time.Hour))
	require.NoError(t, err)
	require.False(t, done, "the revision has moved too")
	done, err = store.Swap(ctx, fresh, freshRev, session.Session{LoggedOut: true})
	require.NoError(t, err)
	require.True(t, done)
	owned, err = store.Owned(ctx, owner)
	require.NoError(t, err)
	require.ElementsMatch(t, []session.Key{old, fresh}, owned)
	s, _ := load(t, store, fresh)
	require.True(t, s.LoggedOut)
}

// New cannot recognise a client of replicas that has no options for them. Every swap
// with it fails.
func TestAClientOfAReplicaSwapsNothing(t *testing.T) {
	w := redistest.StartWatched(t, time.Second)
	store := newStore(t, redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: redistest.PrimaryName, SentinelAddrs: w.SentinelAddrs(), ReplicaOnly: true,
		ContextTimeoutEnabled: true, MaxRetries: -1,
	}))
	done, err := store.Swap(t.Context(), session.KeyOf("k"), 0, living("a", time.Hour))
	require.False(t, done)
	var reply redis.Error
	require.True(t, errors.As(err, &reply))
	require.Equal(t, "READONLY", reply.Error())
}
