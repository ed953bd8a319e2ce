package live_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
)

// Every call that the builds of the vendor's client have in the auth and user area is
// made on the emulator, directly and through a login proxy. Its outcome and its requests
// to the emulator are the same, except for the differences in viaProxy.
func TestBuilds(t *testing.T) {
	driver := installMinapp(t)
	program := buildEmulator(t)
	used := map[int]bool{} // of viaProxy, by index
	called := map[build][]string{}
	functions := map[build][]string{}
	requests := map[string]int{} // of the WeChat build without a proxy, by scenario and step

	for _, s := range buildScenarios {
		for _, kind := range s.builds {
			t.Run(string(kind)+"/"+s.name, func(t *testing.T) {
				e := startEmulator(t, program)
				v := s.start(t, driver, kind, e)
				direct := s.run(t, v, e, nil)
				have := v.surface(t)
				functions[kind] = have.Functions
				called[kind] = append(called[kind], have.Called...)

				e = startEmulator(t, program) // a new one, so that the ids are the same
				f := startProxy(t, e)
				proxied := s.run(t, s.start(t, driver, kind, &f.emulator), &f.emulator, f)

				for i, st := range s.steps {
					if kind == wechat {
						requests[s.name+": "+st.name] = direct[i].requests
					}
					var known difference
					if at := slices.IndexFunc(viaProxy, func(d difference) bool { return d.isOf(kind, s.name, st.name) }); at >= 0 {
						used[at] = true
						known = viaProxy[at]
					}
					assert.Equal(t, known.direct, without(direct[i].lines, proxied[i].lines), "only directly: %s", st.name)
					assert.Equal(t, known.proxied, without(proxied[i].lines, direct[i].lines), "only through the proxy: %s", st.name)
				}
				f.requireNoTokenSent(t)
			})
		}
	}
	t.Run("the page of trips has the numbers of requests", func(t *testing.T) { requireTrips(t, requests) })
	t.Run("no function is forgotten", func(t *testing.T) { requireAllCalled(t, functions, called) })
	t.Run("no difference is of a step that does not exist", func(t *testing.T) {
		for i, d := range viaProxy {
			require.True(t, used[i], "%+v", d)
			require.NotEmpty(t, d.reason, "%+v", d)
			require.NotEqual(t, d.direct, d.proxied, "%+v", d)
		}
	})
}

// buildScenario is what a user does with the vendor's client, call by call.
type buildScenario struct {
	name        string
	builds      []build
	baseLibrary string // of the WeChat build
	steps       []buildStep
}

// buildStep is a call of the vendor's client and its expected outcome without a proxy.
type buildStep struct {
	name string
	call string
	args func(*testing.T, *person) []any // called before the call; nil for none
	code herror.Code                     // 0 for success
	// webCode is the code in the web build if it is another. There, request fails with
	// any status outside 2xx.
	webCode herror.Code
	// has is the value, or if it is an m, members of it. It is not compared if it is nil.
	has any
	// as names a value that is no object, as the member of an object with that meaning.
	as string
	// sends is the number of requests if the client does not wait for all of them.
	sends int
}

// clientFault is the code of an error that is not an HError.
const clientFault herror.Code = -1

// start starts a build of the vendor's client.
func (s buildScenario) start(t *testing.T, driver string, kind build, e *emulator) *vendor {
	t.Helper()
	p := e.newPerson(t, openID)
	if kind == web {
		return newWebVendor(t, driver, p)
	}
	if s.baseLibrary == "" {
		s.baseLibrary = newBaseLibrary
	}
	return newVendor(t, driver, p, s.baseLibrary)
}

// observation is what can be observed of a call.
type observation struct {
	lines    []string // the outcome and the requests to the emulator
	requests int      // how many there were
}

// run makes the calls, and returns what it observed of each. If f is nil, it compares
// the outcomes with the expected ones.
func (s buildScenario) run(t *testing.T, v *vendor, e *emulator, f *proxyServer) []observation {
	t.Helper()
	p := &person{e, openID}
	var all []observation
	for _, st := range s.steps {
		var args []any
		if st.args != nil {
			args = st.args(t, p)
			e.takeJournal(t) // what happened before the call
		}
		o := v.call(t, st.call, args...)
		if f == nil {
			st.check(t, v.build, o)
		}
		for began := time.Now(); len(e.journal(t)) < st.sends; {
			require.Less(t, time.Since(began), maxWait, "%s: not all requests were sent", st.name)
		}
		exchanges := e.takeJournal(t)
		lines := v.describe(t, st, o, f)
		for _, x := range exchanges {
			lines = append(lines, x.describe(t, v.build))
		}
		all = append(all, observation{lines, len(exchanges)})
	}
	return all
}

// check compares an outcome with the expected one.
func (st buildStep) check(t *testing.T, kind build, o outcome) {
	t.Helper()
	code := st.code
	if kind == web && st.webCode != 0 {
		code = st.webCode
	}
	assert.Equal(t, code, o.code(), "%s: %s: %s %+v", kind, st.name, o.Value, o.Error)
	if st.has == nil || code != 0 {
		return
	}
	want, err := json.Marshal(st.has)
	require.NoError(t, err)
	got := o.Value
	if members, ok := st.has.(m); ok {
		var value, some m
		assert.NoError(t, json.Unmarshal(got, &value), "%s: %s", st.name, got)
		some = m{}
		for name := range members {
			if member, ok := value[name]; ok {
				some[name] = member
			}
		}
		got, err = json.Marshal(some)
		require.NoError(t, err)
	}
	assert.JSONEq(t, string(want), string(got), "%s: %s: %s", kind, st.name, o.Value)
}

// describe returns the outcome in lines, with placeholders for what differs between two
// runs. Times that end a session appear as the rest of its life. The lines of an object
// are its members.
func (v *vendor) describe(t *testing.T, st buildStep, o outcome, f *proxyServer) []string {
	t.Helper()
	if o.Error != nil {
		lines := []string{"error " + o.Error.Message}
		if o.Error.ID != 0 || o.Error.OpenID != "" || o.Error.UnionID != "" {
			lines = append(lines, fmt.Sprintf("error of %d %s %s", o.Error.ID, o.Error.OpenID, o.Error.UnionID))
		}
		return lines
	}
	var value any
	require.NoError(t, json.Unmarshal(o.Value, &value))
	if text, _ := value.(string); st.call == "getAuthToken" && text != "" {
		if f == nil || f.issued(text) {
			return []string{"a token of the backend"}
		}
		return []string{"a session id of the proxy"}
	}
	if st.as != "" {
		value = m{st.as: value}
	}
	return members(t, "value", v.stable(value))
}

// members returns a line for every member of a JSON value at any depth.
func members(t *testing.T, path string, value any) []string {
	t.Helper()
	if object, ok := value.(m); ok && len(object) > 0 {
		var lines []string
		for _, name := range slices.Sorted(maps.Keys(object)) {
			lines = append(lines, members(t, path+"."+name, object[name])...)
		}
		return lines
	}
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return []string{path + " = " + string(text)}
}

// stable returns a JSON value with the placeholders of describe.
func (v *vendor) stable(value any) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = v.stable(value[i])
		}
	case m:
		for name, member := range value {
			number, _ := member.(float64)
			switch name {
			case "created_at", "updated_at", "time", "token", "session_key", "ip_address":
				value[name] = "…"
			case "expires_in":
				value[name] = life(time.Duration(number) * time.Second)
			case "session_expires_at", "expired_at":
				value[name] = life(time.Unix(int64(number)+30, 0).Sub(v.now()))
			default:
				value[name] = v.stable(member)
			}
		}
	}
	return value
}

func life(d time.Duration) string { return d.Round(time.Minute).String() }

// describe returns a request to the emulator in a line, with the headers that the
// build's other requests do not have.
func (x exchange) describe(t *testing.T, kind build) string {
	t.Helper()
	line := x.Method + " " + strings.TrimPrefix(x.Path, "/hserve/")
	if x.Query != "" {
		line += "?" + x.Query
	}
	line += fmt.Sprint(" ", x.Status)
	if x.Body != "" {
		line += " " + withoutSecrets(t, x.Body)
	}
	usual := map[string]string{
		"X-Hydrogen-Client-Id":       clientID,
		"X-Hydrogen-Client-Platform": strings.ToUpper(string(kind)),
		"X-Hydrogen-Client-Sdk-Type": "file",
		"X-Hydrogen-Client-Version":  vendorVersion,
	}
	for _, name := range slices.Sorted(maps.Keys(x.Header)) {
		if value := x.Header.Get(name); strings.HasPrefix(name, "X-") && value != usual[name] {
			line += fmt.Sprintf(" %s: %s", name, value)
		}
	}
	if hasToken(t, x) {
		line += " with token"
	}
	return line
}

// issued reports whether the emulator issued this token.
func (f *proxyServer) issued(token string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(f.tokens, token)
}

// without returns the lines of a that b has not.
func without(a, b []string) []string {
	rest := slices.Clone(b)
	var out []string
	for _, line := range a {
		if i := slices.Index(rest, line); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		} else {
			out = append(out, line)
		}
	}
	return out
}
