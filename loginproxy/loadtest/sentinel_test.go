package loadtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/redistest"
)

// The Sentinels replace a primary that has not replied for so long.
const downAfter = time.Second

// replicationLag bounds how long a write that the primary has confirmed is on its way
// to the replica, while they are connected.
const replicationLag = time.Second

// Under load the primary of a replica is killed or paused, and the Sentinels make the
// replica the primary. Redis loses what had not reached the replica: nearly nothing while
// they are connected, and everything since if the connection was lost before. Nothing
// else is lost, and no other logout is undone.
func TestSentinelFailover(t *testing.T) {
	for _, tt := range []struct {
		name   string
		pause  bool // the primary is paused, and goes on as a primary after the failover
		cut    bool // the replica loses its primary before the failover
		refuse bool // the primary refuses writes without a replica
	}{
		{name: "killed"},
		{name: "paused", pause: true},
		{name: "disconnected, then killed", cut: true},
		{name: "disconnected, then killed, with min-replicas-to-write", cut: true, refuse: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			redises := redistest.StartWatched(t, downAfter)
			ctx := t.Context()
			s := chaosSetup(func() redis.UniversalClient {
				return redis.NewFailoverClient(&redis.FailoverOptions{
					MasterName: redistest.PrimaryName, SentinelAddrs: redises.SentinelAddrs(),
					PoolSize: busy, ContextTimeoutEnabled: true,
				})
			})
			s.rate = 0       // every request that fails is due to Redis
			s.keepTokens = 1 // every session that is revived is noticed
			s.stayEvery = 3
			w := newWorld(t, s)
			w.secrets.takeRedisLog(t)
			if tt.refuse {
				must(ctx, t, redises.Primary, "CONFIG", "SET", "min-replicas-to-write", 1)
			}
			tr := w.startTraffic(ctx)
			tr.warmUp(4 * untilAll)
			tr.logOut(ctx)

			endLoss := func() {}
			if tt.cut {
				endLoss = w.losses.begin(time.Now(), nil)
				cutReplica(ctx, t, redises)
			}
			switch {
			case tt.refuse: // nothing is written any more, and so nothing is lost
				endLoss()
				endLoss = func() {}
			case tt.cut:
				tr.logOut(ctx)
				tr.warmUp(2 * untilAll)
			}
			var began time.Time
			took := tr.run(ctx, outage{"primary " + tt.name, true, func() {
				began = time.Now()
				if !tt.cut {
					endLoss = w.losses.begin(began.Add(-replicationLag), nil)
				}
				if tt.pause {
					redises.Primary.Pause()
				} else {
					redises.Primary.Kill()
				}
				require.True(t, redistest.Eventually(func() bool { return redises.Promoted(ctx) }), "no new primary")
			}, func() { endLoss() }})
			if tt.pause {
				redises.Primary.Resume()
				tr.warmUp(4 * untilAll)
				tr.logOut(ctx)
			}
			tr.halt(ctx)

			lost, revived, earliest := w.losses.counts()
			t.Logf("Redis %s: %d sessions lost, %d logouts undone; logins again %.1f s after its begin; %d sessions remain",
				redises.Replica.Version(ctx), lost, revived, took.Seconds(), len(tr.left.loggedIn))
			if lost+revived > 0 {
				t.Logf("the earliest lost write was confirmed %.3f s before the failover", began.Sub(earliest).Seconds())
			}
			if tt.cut && !tt.refuse {
				require.NotZero(t, lost, "Redis has lost logins, and nobody has noticed")
				require.NotZero(t, revived, "Redis has lost logouts, and nobody has noticed")
			}
			tr.finish()
		})
	}
}

// cutReplica disconnects the replica from its primary for good: it then tries to
// authenticate, and the primary has no password. Writes that the primary confirms at the
// same moment may not reach the replica.
func cutReplica(ctx context.Context, t *testing.T, redises *redistest.Watched) {
	t.Helper()
	must(ctx, t, redises.Replica, "CONFIG", "SET", "masterauth", "not the password")
	must(ctx, t, redises.Primary, "CLIENT", "KILL", "TYPE", "replica")
	require.True(t, redistest.Eventually(func() bool { return !redises.Replicates(ctx) }))
}
