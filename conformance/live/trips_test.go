package live_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tripOfRun finds, in a row of the page of trips, the number of requests of the vendor's
// client and the step that it was counted in.
var tripOfRun = regexp.MustCompile("^(?:\\|[^|]*){3}\\| (\\d+) \\|.*\\| run: `([^`]+)`")

// requireTrips asserts that the page of trips has these numbers of requests, which are
// by scenario and step.
func requireTrips(t *testing.T, requests map[string]int) {
	t.Helper()
	page, err := os.ReadFile("../../docs/trips.md")
	require.NoError(t, err)
	rows := 0
	for line := range strings.Lines(string(page)) {
		row := tripOfRun.FindStringSubmatch(line)
		if row == nil {
			continue
		}
		rows++
		counted, ok := requests[row[2]]
		require.True(t, ok, "no such step: %s", row[2])
		require.Equal(t, row[1], strconv.Itoa(counted), row[2])
	}
	require.NotZero(t, rows)
}
