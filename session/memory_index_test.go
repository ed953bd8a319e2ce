package session

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// slotsOf returns the slots of x, and fails the test unless each is where a search for
// it looks.
func slotsOf(t *testing.T, x index) []slot {
	t.Helper()
	var slots []slot
	for i, s := range x {
		if s == 0 {
			continue
		}
		home := x.home(s.hash())
		require.GreaterOrEqual(t, i, home)
		require.NotContains(t, x[home:i], slot(0), "a gap between a slot and its home")
		slots = append(slots, s)
	}
	require.True(t, slices.IsSorted(slots))
	require.Zero(t, x[len(x)-1], "the last position is always empty")
	return slots
}

func TestIndexHoldsWhatASortedListHolds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	x, want := make(index, 16+tail), []slot{}
	for range 20_000 {
		if n := len(want); n > 0 && random.IntN(2) == 0 {
			i := random.IntN(n)
			x.remove(slices.Index(x, want[i]))
			want = slices.Delete(want, i, i+1)
		} else {
			s := slot(random.Uint64() | 1<<offsetBits)
			for !x.add(s) {
				x = x.resized((len(x) - tail) * 9 / 8)
			}
			i, _ := slices.BinarySearch(want, s)
			want = slices.Insert(want, i, s)
		}
		if random.IntN(100) == 0 {
			x = x.resized(len(want) + 1 + random.IntN(100))
			require.Equal(t, want, append([]slot{}, slotsOf(t, x)...))
		}
	}
	require.Equal(t, want, append([]slot{}, slotsOf(t, x)...))
}

// Slots that all belong at the end have the tail, and after that a longer index.
func TestIndexIsFullAtItsEnd(t *testing.T) {
	x := make(index, 16+tail)
	last := slot(0).withHash(1<<hashBits - 1)
	for i := range slot(tail) {
		require.True(t, x.add(last|(i+1)<<offsetBits))
	}
	before := slices.Clone(x)
	require.False(t, x.add(last|(tail+1)<<offsetBits))
	require.Equal(t, before, x, "it is not changed")
	require.Len(t, slotsOf(t, x), tail)
}

func TestIndexGrowsUntilAllHaveRoom(t *testing.T) {
	x := make(index, 1<<10+tail)
	for i := range slot(3 * tail) { // the last of them fit, with more homes than asked for
		require.True(t, x.add(slot(i<<offsetBits|1<<offsetBits).withHash(uint64(1<<hashBits-1-i<<14))))
	}
	want := slotsOf(t, x)
	small := x.resized(16)
	require.Equal(t, want, slotsOf(t, small))
	require.Greater(t, len(small), 16+tail)
}
