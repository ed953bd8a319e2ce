package ratelimit

import (
	"flag"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Limits{
		"off":             nil,
		"10/1m":           {{10, time.Minute}},
		"5/1h,20/24h":     {{5, time.Hour}, {20, 24 * time.Hour}},
		" 1/1s , 2/1m30s": {{1, time.Second}, {2, 90 * time.Second}},
		"1000000/744h":    {{MaxCount, MaxPeriod}},
	} {
		got, err := Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
		again, err := Parse(got.String())
		require.NoError(t, err, text)
		require.Equal(t, got, again, text)
	}
	for text, want := range map[string]string{
		"":                               `limit "" is not a count and a period`,
		"10":                             "not a count and a period",
		"10/":                            "the period is not a duration",
		"10/m":                           "the period is not a duration",
		"x/1m":                           "the count is not a number",
		"1.5/1m":                         "the count is not a number",
		"99999999999999999999/1m":        "the count is not a number",
		"0/1m":                           "the count is not from 1 to 1000000",
		"-1/1m":                          "the count is not from 1 to 1000000",
		"1000001/1m":                     "the count is not from 1 to 1000000",
		"1/0s":                           "the period is not from 1s to 744h",
		"1/-1m":                          "the period is not from 1s to 744h",
		"1/999ms":                        "the period is not from 1s to 744h",
		"1/745h":                         "the period is not from 1s to 744h",
		"1/1500ms":                       "the period is not in whole seconds",
		"1/1m,2/60s":                     "another limit has the same period",
		"1/1m,":                          "is not a count and a period",
		"1/1m,off":                       "is not a count and a period",
		"1/1s,1/2s,1/3s,1/4s,1/5s":       "more than 4 limits",
		"1/" + strings.Repeat("9", 90):   "longer than 40 bytes",
		strings.Repeat("1/1m,", 1000000): "more than 4 limits",
	} {
		_, err := Parse(text)
		require.ErrorContains(t, err, want)
		require.Less(t, len(err.Error()), 200)
	}
}

func TestLimitsAreFlags(t *testing.T) {
	t.Parallel()
	rules := Defaults()
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.TextVar(&rules.SMS.Account, "limit", rules.SMS.Account, "")
	require.Equal(t, "1/1m,5/1h,10/24h", flags.Lookup("limit").DefValue)
	require.NoError(t, flags.Parse([]string{"-limit", "7/1h"}))
	require.Equal(t, Limits{{7, time.Hour}}, rules.SMS.Account)
	require.Error(t, flags.Parse([]string{"-limit", "7"}))
	require.Equal(t, Limits{{7, time.Hour}}, rules.SMS.Account)
	require.NoError(t, flags.Parse([]string{"-limit", "off"}))
	require.Empty(t, rules.SMS.Account)
}

// Whatever Parse accepts, it reads again from its own text, and no number of a limit
// overflows.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"off", "10/1m", "5/1h,20/24h", "1000000/744h", "1/1s,1/2s,1/3s,1/4s", "7/1h1m1s", "0/0", "1/1m,1/60s", "٣/1m"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		limits, err := Parse(text)
		if err != nil {
			require.Nil(t, limits)
			return
		}
		require.NoError(t, limits.check())
		again, err := Parse(limits.String())
		require.NoError(t, err)
		require.Equal(t, limits, again)
		for _, l := range limits {
			require.Positive(t, l.interval())
			require.GreaterOrEqual(t, l.window(), l.Period.Microseconds())
			require.Less(t, l.window(), l.Period.Microseconds()+int64(l.Count))
		}
	})
}
