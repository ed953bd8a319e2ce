package redistest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/redistest"
)

func TestServerIsKilledAndStartedAgain(t *testing.T) {
	s := redistest.Start(t, "--appendonly", "yes")
	ctx, addr := t.Context(), s.Addr()
	_, err := s.Do(ctx, "SET", "k", "v")
	require.NoError(t, err)

	s.Kill()
	_, err = s.Do(ctx, "PING")
	require.Error(t, err)
	s.Restart()
	require.Equal(t, addr, s.Addr())
	got, err := s.Do(ctx, "GET", "k")
	require.NoError(t, err)
	require.Equal(t, "v", got)

	s.Kill()
	s.Forget()
	s.Restart()
	got, err = s.Do(ctx, "EXISTS", "k")
	require.NoError(t, err)
	require.Equal(t, "0", got)
}

func TestMigration(t *testing.T) {
	c := redistest.StartCluster(t, 3, time.Second)
	ctx := t.Context()
	slot, err := c.Masters[0].Client().ClusterKeySlot(ctx, "k").Result() // 7629
	require.NoError(t, err)
	from, to := c.Masters[1], c.Masters[2]
	_, err = from.Do(ctx, "SET", "k", "v")
	require.NoError(t, err)

	m, err := c.BeginMigration(ctx, from, to, int(slot), int(slot)+1)
	require.NoError(t, err)
	_, err = from.Do(ctx, "GET", "{k}2")
	require.ErrorContains(t, err, "ASK")
	keys, err := m.Finish(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, keys)
	got, err := to.Do(ctx, "GET", "k")
	require.NoError(t, err)
	require.Equal(t, "v", got)
	asks, err := from.Errors(ctx, "ASK")
	require.NoError(t, err)
	require.Equal(t, 1, asks)
}

func TestFailover(t *testing.T) {
	w := redistest.StartWatched(t, 500*time.Millisecond)
	ctx := t.Context()
	require.False(t, w.Promoted(ctx))
	w.Primary.Kill()
	require.True(t, redistest.Eventually(func() bool { return w.Promoted(ctx) }))
	_, err := w.Replica.Do(ctx, "SET", "k", "v")
	require.NoError(t, err)
}
