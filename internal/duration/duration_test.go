package duration_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/duration"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "0": 0, "-5m": -5 * time.Minute, "7d": 168 * time.Hour, "1d12h": 36 * time.Hour,
		"0d": 0, "-1d": -24 * time.Hour, "-1d12h": -36 * time.Hour, "+2d1ns": 48*time.Hour + 1, "106751d": 106751 * 24 * time.Hour,
	} {
		got, err := duration.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, bad := range []string{
		"", "d", "-d", "--1d", "+-1d", "7", "1.5d", "7days", "1d-1h", "1d+1h", "1dd", "1d 2h", "12h1d", "106752d", "99999999999d", "soon",
	} {
		_, err := duration.Parse(bad)
		require.Error(t, err, bad)
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"30d": 720 * time.Hour, "1d12h": 36 * time.Hour, "12h": 12 * time.Hour, "1m30s": 90 * time.Second, "10m": 10 * time.Minute,
		"0s": 0, "250ms": 250 * time.Millisecond, "1h0m5s": time.Hour + 5*time.Second, "1d5m": 24*time.Hour + 5*time.Minute, "-5m": -5 * time.Minute,
	} {
		require.Equal(t, want, duration.String(d))
	}
}

// What String writes, Parse reads.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"7d", "1d12h", "-3d1ns", "90s", "d", "1.5h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := duration.Parse(text)
		if err != nil {
			require.Zero(t, d)
			return
		}
		again, err := duration.Parse(duration.String(d))
		require.NoError(t, err)
		require.Equal(t, d, again)
	})
}
