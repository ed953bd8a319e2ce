package session

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The fields of a header do not overlap.
func TestTheHeaderOfARecord(t *testing.T) {
	require.Equal(t, 34, recordHead)
	key := KeyOf("k")
	for _, tt := range []struct {
		rev      Revision
		end      int64
		ownerTag ownerTag
		size     int
	}{
		{1, 0, 0, 1},
		{max48, 0, 0, 1},
		{1, max48, 0, 1},
		{1, 0, math.MaxUint32, 1},
		{max48, max48, math.MaxUint32, minChunk - recordHead},
		{0x0102_0304_0506, 0x0708_090a_0b0c, 0x0d0e_0f10, minChunk - recordHead + 1},
	} {
		body := bytes.Repeat([]byte{0xf0}, tt.size)
		r := record(append(make([]byte, recordHead), body...))
		r.setHead(idOf(key), tt.rev, tt.end, tt.ownerTag)
		require.Equal(t, idOf(key), r.id())
		require.Equal(t, tt.rev, r.revision())
		require.Equal(t, tt.end, r.end())
		require.Equal(t, tt.ownerTag, r.tag())
		require.Equal(t, body, r.body())
		c := chunk{data: r}
		if !r.alone() {
			c.data = append(c.data, r...)
		}
		require.Equal(t, r, c.at(0))
		for offset := range c.all {
			require.Equal(t, r, c.at(offset))
		}
	}
}

func TestTheEndOfARecord(t *testing.T) {
	grace := Grace.Milliseconds()
	for _, tt := range []struct {
		now     int64
		expires time.Time
		want    int64
	}{
		{0, time.Time{}, grace},
		{5, time.UnixMilli(grace + 5), grace + 5},
		{5, time.UnixMilli(grace + 6), grace + 6},
		{5, time.UnixMilli(max48 + 1), max48},
		{max48, time.UnixMilli(1), max48},
		{-2 * grace, time.UnixMilli(-1), 0},
	} {
		require.Equal(t, tt.want, endOf(tt.now, tt.expires))
	}
}

// A record that is far in the future, or of a clock before 1970, is kept.
func TestMemoryAtTheEndsOfTime(t *testing.T) {
	for _, now := range []time.Time{{}, time.Unix(0, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(200_000_000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		m := newMemory(t, WithClock(func() time.Time { return now }))
		for _, key := range crowdedKeys(m, 50) {
			store(t, m, key, sized(1, 10, 0, now.AddDate(1, 0, 0)))
			s, _, err := m.Load(t.Context(), key)
			require.NoError(t, err)
			require.EqualValues(t, 1, s.UserID)
		}
		require.Equal(t, 50, m.Len())
	}
}

// A store keeps the whole key of a sealed session, and returns it.
func TestMemoryKeepsTheKeyOfASealedSession(t *testing.T) {
	clock := newFakeTime()
	m, owner := newMemory(t, WithClock(clock.now)), Owner{1}
	for i, sealed := range []bool{false, true} {
		key := crowdedKeys(m, 2)[i]
		for _, size := range []int{10, 10, 500, 10} { // in its place, and moved
			_, rev, err := m.Load(t.Context(), key)
			require.NoError(t, err)
			next := sized(1, size, 0, clock.now().Add(time.Hour))
			next.Sealed = sealed
			done, err := m.SwapOwned(t.Context(), key, rev, next, owner)
			require.NoError(t, err)
			require.True(t, done)
			got, _, err := m.Load(t.Context(), key)
			require.NoError(t, err)
			require.Equal(t, next, got)
			checkShape(t, m)
		}
	}
	keys, err := m.Owned(t.Context(), owner)
	require.NoError(t, err)
	require.Len(t, keys, 2)
	require.Contains(t, keys, crowdedKeys(m, 2)[1])
	require.NotContains(t, keys, crowdedKeys(m, 2)[0], "half of it is enough")
}

// Revocations do not add up.
func TestMemoryForgetsRevocations(t *testing.T) {
	clock := newFakeTime()
	m := newMemory(t, WithClock(clock.now))
	for i := range 10_000 {
		require.NoError(t, m.RefuseLogins(t.Context(), Owner{byte(i), byte(i >> 8)}, clock.now()))
		clock.advance(time.Second)
		require.LessOrEqual(t, len(m.refusals.times), 2*int(Grace/time.Second)+1)
	}
}
