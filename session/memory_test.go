package session_test

import (
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/sessiontest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	sessiontest.Run(t, func(_ *testing.T, clock func() time.Time) session.Store {
		return testkit.Memory(t, session.WithClock(clock))
	})
}

func TestMemoryTakesTheTimeFromTheSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, key := testkit.Memory(t, nil), session.KeyOf("a")
		put(t, store, key, living(time.Hour, time.Now()))
		time.Sleep(time.Hour - time.Nanosecond)
		require.True(t, loaded(t, store, key))
		time.Sleep(time.Nanosecond)
		require.False(t, loaded(t, store, key))
	})
}

func TestMemoryRefusesBadOptions(t *testing.T) {
	for _, opt := range []session.MemoryOption{session.WithClock(nil), session.WithMaxSessions(0), session.WithMaxSessions(-5)} {
		m, err := session.NewMemory(opt)
		requireInvalid(t, err)
		require.Nil(t, m)
	}
}

// requireInvalid asserts that err is an HError with code 605.
func requireInvalid(t *testing.T, err error) {
	t.Helper()
	var h *herror.HError
	require.ErrorAs(t, err, &h)
	require.Equal(t, herror.InvalidParameter, h.Code)
}

// A platform without a number costs more memory.
func TestMemoryHasANumberForEveryPlatform(t *testing.T) {
	for _, p := range platform.All() {
		require.True(t, session.Numbered(p.Name()), p.Name())
	}
	require.True(t, session.Numbered(""))
	require.False(t, session.Numbered("new"))
}

func TestMemoryIgnoresNilOptions(t *testing.T) {
	m, err := session.NewMemory(nil, session.WithMaxSessions(64), nil)
	require.NoError(t, err)
	for i := range 1000 {
		put(t, m, session.KeyOf(strconv.Itoa(i)), living(time.Hour, time.Now()))
	}
	require.LessOrEqual(t, m.Len(), 64)
}

func TestMemoryIsBounded(t *testing.T) {
	for _, tt := range []struct{ max, most int }{
		{max: 640, most: 640}, {max: 64, most: 64}, {max: 700, most: 700}, {max: 1, most: 64},
	} {
		t.Run(strconv.Itoa(tt.max), func(t *testing.T) {
			m := testkit.Memory(t, session.WithMaxSessions(tt.max))
			var last session.Key
			for i := range 3000 {
				last = session.KeyOf(strconv.Itoa(i))
				put(t, m, last, living(time.Hour, time.Now()))
				require.LessOrEqual(t, m.Len(), tt.most)
			}
			require.Greater(t, m.Len(), tt.most*8/10, "most of the bound is used")
			require.True(t, loaded(t, m, last), "what was just stored is there")
		})
	}
}

func TestMemoryAtItsBoundKeepsWhatIsSwapped(t *testing.T) {
	m := testkit.Memory(t, session.WithMaxSessions(64))
	keys := make([]session.Key, 0, 64)
	for i := range 10_000 {
		if key := session.KeyOf(strconv.Itoa(i)); m.Len() < 64 {
			before := m.Len()
			put(t, m, key, living(time.Hour, time.Now()))
			if m.Len() > before {
				keys = append(keys, key)
			}
		}
	}
	require.Equal(t, 64, m.Len())
	for _, key := range keys { // some were evicted for others of their shard
		if loaded(t, m, key) {
			put(t, m, key, living(time.Hour, time.Now()))
			require.True(t, loaded(t, m, key))
			require.Equal(t, 64, m.Len(), "a write to an existing key evicts no other")
		}
	}
}

// If the store had a goroutine, the synctest bubble would not end.
func TestMemoryDropsTheExpiredWithoutAGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := testkit.Memory(t)
		for i := range 1000 {
			put(t, m, session.KeyOf("short"+strconv.Itoa(i)), living(time.Minute, time.Now()))
		}
		require.Equal(t, 1000, m.Len())
		time.Sleep(session.Grace - time.Second)
		put(t, m, session.KeyOf("long"), living(time.Hour, time.Now()))
		require.Equal(t, 1001, m.Len(), "nothing is removed within the grace")
		time.Sleep(time.Second)
		// Each write sweeps a few chunks of its shard.
		for range 1000 {
			for i := range 1000 {
				put(t, m, session.KeyOf("new"+strconv.Itoa(i)), living(time.Hour, time.Now()))
			}
			if m.Len() == 1001 {
				break
			}
		}
		require.Equal(t, 1001, m.Len())
		require.True(t, loaded(t, m, session.KeyOf("long")))
	})
}

func TestMemoryUnderManyCallers(t *testing.T) {
	m := testkit.Memory(t, session.WithMaxSessions(128))
	var all sync.WaitGroup
	for caller := range 16 {
		all.Go(func() {
			for i := range 200 {
				key := session.KeyOf(strconv.Itoa(i % 50))
				s, rev, err := m.Load(t.Context(), key)
				if err == nil && s.Token.IsZero() {
					s = living(time.Hour, time.Now())
				}
				s.UserID = int64(caller)
				if err == nil {
					_, err = m.Swap(t.Context(), key, rev, s)
				}
				if err != nil || m.Len() > 128 {
					t.Errorf("error %v, length %d", err, m.Len())
				}
			}
		})
	}
	all.Wait()
}

func living(d time.Duration, now time.Time) session.Session {
	return session.Session{Token: session.NewSecret("tok"), UserID: 1, ExpiresAt: now.Add(d)}
}

func put(t *testing.T, m *session.Memory, key session.Key, s session.Session) {
	t.Helper()
	_, rev, err := m.Load(t.Context(), key)
	require.NoError(t, err)
	done, err := m.Swap(t.Context(), key, rev, s)
	require.NoError(t, err)
	require.True(t, done)
}

func loaded(t *testing.T, m *session.Memory, key session.Key) bool {
	t.Helper()
	s, _, err := m.Load(t.Context(), key)
	require.NoError(t, err)
	return !s.IsZero()
}
