package loadtest_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/redistest"
)

var chaos = flag.Duration("chaos", 20*time.Second, "how long TestChaos injects faults; at least each fault once")

// Three replicas serve users on one Redis, which keeps its data in an append-only file.
// The Redis is killed, paused, filled and made read-only, and the backend fails, one
// fault after another. What the users may see meanwhile is the same as in TestLoad.
// Sessions are lost only when Redis is killed and its files are removed. Then no logout
// is undone.
func TestChaos(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
	ctx := t.Context()
	w := newWorld(t, chaosSetup(func() redis.UniversalClient {
		return redis.NewClient(&redis.Options{Addr: server.Addr(), PoolSize: busy, ContextTimeoutEnabled: true})
	}))
	w.secrets.takeRedisLog(t)
	t.Logf("Redis %s, seed %d", server.Version(ctx), *seed)
	began := w.meter.start()
	tr := w.startTraffic(ctx)
	random := rand.New(rand.NewPCG(*seed, 2))
	outages := append(w.redisOutages(ctx, server), w.backendOutages(server)...)
	tr.warmUp(untilAll)
	end := time.Now().Add(*chaos)
	for n := 0; n < len(outages) || time.Now().Before(end); n++ {
		if n%len(outages) == 0 {
			random.Shuffle(len(outages), func(i, j int) { outages[i], outages[j] = outages[j], outages[i] })
		}
		tr.run(ctx, outages[n%len(outages)])
	}
	tr.halt(ctx)
	w.meter.report(t, began)
	lost, revived, _ := w.losses.counts()
	t.Logf("%d sessions lost, %d logouts undone, %d sessions remain", lost, revived, len(tr.left.loggedIn))
	require.NotZero(t, lost, "Redis has lost its data, and nobody has noticed")
	require.Zero(t, revived)
	tr.finish()
}

// redisOutages are the faults of a single Redis.
func (w *world) redisOutages(ctx context.Context, s *redistest.Server) []outage {
	t := w.t
	do := func(args ...any) func() { return func() { must(ctx, t, s, args...) } }
	nothing := func() {}
	var endLoss func()
	return []outage{
		{"Redis killed", true, s.Kill, func() { s.Restart() }},
		{"Redis killed, files removed", true, func() {
			endLoss = w.losses.begin(time.Time{}, nil)
			s.Kill()
		}, func() {
			s.Forget()
			s.Restart()
			endLoss()
		}},
		{"Redis paused", true, s.Pause, s.Resume},
		{"Redis full", true, func() { fill(ctx, t, s) }, func() { empty(ctx, t, s) }},
		{"Redis a replica without primary", true, do("REPLICAOF", "127.0.0.1", "1"), do("REPLICAOF", "NO", "ONE")},
		{"Redis without enough replicas", true, do("CONFIG", "SET", "min-replicas-to-write", 1), do("CONFIG", "SET", "min-replicas-to-write", 0)},
		{"Redis reads but does not write", true, do("CLIENT", "PAUSE", 1000000, "WRITE"), do("CLIENT", "UNPAUSE")},
		{"Redis closes all connections", false, do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"), nothing},
		{"Redis forgets its scripts", false, do("SCRIPT", "FLUSH"), nothing},
	}
}

// backendOutages are the faults of the backend, and one of both.
func (w *world) backendOutages(s *redistest.Server) []outage {
	var list []outage
	recover := func() { w.injector.fail(none) }
	for _, f := range []fault{unavailable, failsAfter, cutBefore, cutAfter, cutInResponse, garbage} {
		list = append(list, outage{"backend: " + faultNames[f], true, func() { w.injector.fail(f) }, recover})
	}
	return append(list,
		outage{"backend: no response", true, func() { w.injector.fail(hangs) }, recover},
		outage{"backend: 503, and Redis killed", true, func() { w.injector.fail(unavailable); s.Kill() }, func() { s.Restart(); recover() }},
	)
}

// fill stores values until Redis is full.
func fill(ctx context.Context, t *testing.T, s *redistest.Server) {
	t.Helper()
	c := s.Client()
	info, err := c.Info(ctx, "memory").Result()
	require.NoError(t, err)
	used, err := infoField(info, "used_memory")
	require.NoError(t, err)
	require.NoError(t, c.ConfigSet(ctx, "maxmemory", fmt.Sprint(used+4<<20)).Err())
	for n, size := 0, 64<<10; size >= 16; size /= 8 {
		for err = nil; err == nil; n++ {
			require.Less(t, n, 100000, "Redis is never full")
			err = c.Set(ctx, fmt.Sprint("filler:", n), strings.Repeat("x", size), 0).Err()
		}
		require.True(t, redis.HasErrorPrefix(err, "OOM"), "%v", err)
	}
}

// empty removes what fill has stored.
func empty(ctx context.Context, t *testing.T, s *redistest.Server) {
	t.Helper()
	c := s.Client()
	names, err := c.Keys(ctx, "filler:*").Result()
	require.NoError(t, err)
	require.NoError(t, c.Unlink(ctx, names...).Err())
	require.NoError(t, c.ConfigSet(ctx, "maxmemory", "0").Err())
}
