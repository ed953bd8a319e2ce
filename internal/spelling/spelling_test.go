package spelling

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClosest(t *testing.T) {
	t.Parallel()
	names := []string{"redis-url", "redis-db", "addr", "Cookie"}
	for written, want := range map[string]string{
		"redis-ulr": "redis-url", "redis-dbs": "redis-db", "adr": "addr", "REDIS-URL": "redis-url", "cookei": "Cookie",
		"": "", "nothing-like-it": "", "xy": "", strings.Repeat("a", 65): "",
	} {
		require.Equal(t, want, Closest(written, names), written)
	}
	require.Empty(t, Closest("addr", nil))
	require.Equal(t, "ab", Closest("ac", []string{"ab", "ad"}), "the first of two")
}
