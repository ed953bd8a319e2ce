package loadtest_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/redistest"
)

// On a Redis Cluster of three masters, slots with live sessions move to another master
// under load, and then a master is killed and started again. Nothing is lost.
func TestCluster(t *testing.T) {
	const nodeTimeout = time.Second
	cluster := redistest.StartCluster(t, 3, nodeTimeout, "--appendonly", "yes", "--appendfsync", "always")
	ctx := t.Context()
	s := chaosSetup(func() redis.UniversalClient {
		return redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs(), PoolSize: busy, ContextTimeoutEnabled: true})
	})
	s.rate = 0 // every request that fails is due to Redis
	w := newWorld(t, s)
	w.secrets.takeRedisLog(t)
	tr := w.startTraffic(ctx)
	tr.warmUp(4 * untilAll)

	const slots = redistest.Slots / 8
	from, to := cluster.Masters[0], cluster.Masters[1]
	var m *redistest.Migration
	for i, move := range [][2]*redistest.Server{{from, to}, {to, from}} {
		var keys int
		tr.run(ctx, outage{"slots on the move", false, func() {
			var err error
			m, err = cluster.BeginMigration(ctx, move[0], move[1], 0, slots)
			require.NoError(t, err)
			require.True(t, redistest.Eventually(func() bool {
				n, err := move[0].Errors(ctx, "ASK")
				return err == nil && n >= 10 || w.failures.enough()
			}), "no request is redirected")
		}, func() {
			var err error
			keys, err = m.Finish(ctx)
			require.NoError(t, err)
		}})
		require.NotZero(t, keys, "no session has moved")
		asks, err := move[0].Errors(ctx, "ASK")
		require.NoError(t, err)
		moved, err := move[0].Errors(ctx, "MOVED")
		require.NoError(t, err)
		t.Logf("move %d: %d slots with %d keys, %d replies ASK, %d replies MOVED", i+1, slots, keys, asks, moved)
	}
	tr.run(ctx, outage{"a master killed", true, to.Kill, func() { to.Restart() }})
	tr.halt(ctx)
	lost, revived, _ := w.losses.counts()
	require.Zero(t, lost+revived)
	t.Logf("Redis %s: nothing lost; %d sessions remain", from.Version(ctx), len(tr.left.loggedIn))
	tr.finish()
}
