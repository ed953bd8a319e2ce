package guard_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/user"
)

// trip is a call in a state, and what it costs. [costs] has all of them.
type trip struct {
	// calls are methods of auth.Auth or user.Me, or routes of the login server. Each of
	// them costs the same.
	calls []string
	title string // in place of the calls on the page, if there are too many
	state string
	// ours is what this SDK needs, and least the fewest with which the call can be made:
	// requests to the backend, and commands to Redis.
	ours, least cost
	// index is how many commands more a redisstore with WithUserIndex sends.
	index int
	// vendor is the number of requests of the vendor's client, or none. From is where it
	// comes from: one of the sources below.
	vendor string
	from   string
	why    string // why ours is more than least
	with   setting
	// run prepares the state. It returns the call, or several that cost the same each.
	run func(*tripWorld) calls
}

type cost struct{ requests, commands int }

// setting is how the world of a trip differs from others.
type setting struct {
	short  bool // the response to a login with an account only names the user
	source bool // the client has a code source
}

// none stands for a number that does not exist, because the vendor's client has no such
// call, and for an empty cell.
const none = "–"

// costs has the trips, by section of the page.
var costs = []struct {
	title string
	trips []trip
}{
	{"Logins", loginTrips},
	{"The session", sessionTrips},
	{"Calls for which nobody need be logged in", publicTrips},
	{"Calls of the user", userTrips},
	{"The login server", proxyTrips},
	{"The login server, for the vendor's client", backendTrips},
}

// Every call costs what the page says, on every kind of store.
func TestTrips(t *testing.T) {
	m := newMeter(t)
	for _, section := range costs {
		for _, tr := range section.trips {
			t.Run(strings.Join(tr.calls, ", ")+", "+tr.state, func(t *testing.T) {
				for _, kind := range []storeKind{{}, {sealed: true}, {index: true}, {sealed: true, index: true}} {
					want := tr.ours
					if kind.index {
						want.commands += tr.index
					}
					for i, got := range m.measure(t, tr, kind) {
						require.Equal(t, want, got, "%+v: %d", kind, i)
					}
				}
				require.LessOrEqual(t, tr.least.requests, tr.ours.requests)
				require.LessOrEqual(t, tr.least.commands, tr.ours.commands)
				require.Equal(t, tr.ours != tr.least, tr.why != "", "a reason where ours is above the least, and nowhere else")
			})
		}
	}
}

// Every call that may send something has its costs in the table, and so has every route
// of the login server.
func TestTripsHaveEveryCall(t *testing.T) {
	listed := map[string]bool{}
	for _, section := range costs {
		for _, tr := range section.trips {
			for _, call := range tr.calls {
				listed[call] = true
			}
		}
	}
	var missing []string
	ctxType := reflect.TypeFor[context.Context]()
	for _, of := range []reflect.Type{reflect.TypeFor[*auth.Auth](), reflect.TypeFor[*user.Me]()} {
		for i := range of.NumMethod() {
			m := of.Method(i)
			if m.Type.NumIn() > 1 && m.Type.In(1) == ctxType && !listed[m.Name] {
				missing = append(missing, of.Elem().String()+"."+m.Name)
			}
		}
	}
	doc, err := os.ReadFile(absolute(t, "loginproxy/doc.go"))
	require.NoError(t, err)
	routes := regexp.MustCompile(`(?m)^//\t((?:POST|GET) +[a-z/{}]+)`).FindAllStringSubmatch(string(doc), -1)
	require.NotEmpty(t, routes)
	for _, route := range routes {
		if name := strings.Join(strings.Fields(route[1]), " "); !listed[name] {
			missing = append(missing, name)
		}
	}
	requireNone(t, missing, "calls and routes without costs")
}

const tripsPage = "docs/trips.md"

// The tables of the page are those of this test. Update them with
// go test -run TestTripsPage ./internal/guard -update.
func TestTripsPage(t *testing.T) {
	text, err := os.ReadFile(absolute(t, tripsPage))
	require.NoError(t, err)
	head, _, found := strings.Cut(string(text), "\n## ")
	require.True(t, found)
	want := head + "\n"
	for _, section := range costs {
		want += "## " + section.title + "\n\n" + tripsTable(section.trips) + "\n"
	}
	want = strings.TrimSuffix(want, "\n")
	if *update {
		require.NoError(t, os.WriteFile(tripsPage, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(text), "run with -update")
}

func tripsTable(trips []trip) string {
	var b strings.Builder
	b.WriteString("| call | state | requests: ours | vendor's | least | Redis: ours | least | with the index | vendor's number, and why ours is above the least |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|\n")
	for _, tr := range trips {
		notes := tr.from
		if tr.why != "" {
			notes = strings.TrimPrefix(notes+". "+tr.why, ". ")
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %d | %d | %d | %d | %s |\n", cmp.Or(tr.title, "`"+strings.Join(tr.calls, "`, `")+"`"), tr.state,
			tr.ours.requests, tr.vendor, tr.least.requests, tr.ours.commands, tr.least.commands, tr.ours.commands+tr.index, cmp.Or(notes, none))
	}
	return b.String()
}

// The sources of the numbers of the vendor's client: a recording, a step of package
// conformance/live, which counts its requests, and files of the client's source.
var (
	recordedSource = regexp.MustCompile("^recorded: `([^`]+)`(?: call (\\d+))?$")
	runSource      = regexp.MustCompile("^run: `[^`:]+: [^`]+`$")
	readSource     = regexp.MustCompile("^read: (?:`[\\w/.-]+\\.js`(?:, )?)+$")
)

// The numbers of the vendor's client that are said to be recorded are those of the
// recordings.
func TestTripsOfTheRecordings(t *testing.T) {
	for _, section := range costs {
		for _, tr := range section.trips {
			if tr.vendor == none {
				require.Empty(t, tr.from, tr.calls)
				continue
			}
			m := recordedSource.FindStringSubmatch(tr.from)
			if m == nil {
				require.True(t, runSource.MatchString(tr.from) || readSource.MatchString(tr.from), "%s: %s", tr.calls, tr.from)
				continue
			}
			files, err := filepath.Glob(absolute(t, "conformance/testdata/wire/js/"+m[1]+".json"))
			require.NoError(t, err)
			require.NotEmpty(t, files, tr.from)
			for _, file := range files {
				require.Equal(t, tr.vendor, strconv.Itoa(recordedRequests(t, file, m[2])), "%s: %s", tr.calls, path.Base(file))
			}
		}
	}
}

// recordedRequests returns the number of requests of a call in a recording: the one with
// that number, or the last one.
func recordedRequests(t *testing.T, file, number string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var recording struct {
		Calls []struct{ Requests int }
	}
	require.NoError(t, json.Unmarshal(text, &recording))
	n := len(recording.Calls)
	if number != "" {
		n, err = strconv.Atoi(number)
		require.NoError(t, err)
	}
	return recording.Calls[n-1].Requests
}
