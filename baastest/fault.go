package baastest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Cut is a point at which a [Fault] cuts the connection.
type Cut int

const (
	// CutNever leaves the connection alone.
	CutNever Cut = iota
	// CutDial: the connection is refused. Only the RoundTripper can do that, with
	// ECONNREFUSED; a listening server cuts as with CutBeforeRead.
	CutDial
	// CutBeforeRead: the connection ends before the body is read; the backend does nothing.
	CutBeforeRead
	// CutAfterRead: the connection ends after the request was read; the backend
	// acts on it, but sends no response.
	CutAfterRead
	// CutInResponse: the backend acts, and the response ends halfway.
	CutInResponse
)

// Fault is something that goes wrong with a request. The fields combine; the zero
// Fault does nothing. The journal has the route of the fault with every request that
// it hit.
type Fault struct {
	// Times is how many requests to hit; 0 means all until the fault is removed.
	Times int
	// Every hits only each n-th matching request; 0 and 1 mean each.
	Every int

	// Delay is waited, in real time, before the backend acts. A request whose
	// context ends meanwhile is not acted on.
	Delay time.Duration
	// Hold is waited, in real time, after the backend acted and before it responds.
	Hold time.Duration

	// Status, 200 to 599, is sent in place of the backend's own status; the
	// backend does not act, unless Act is set.
	Status int
	// Body goes with Status; empty means an error of the backend's shape, and
	// 204 and 304 have none.
	Body string
	// NoBody makes the response to Status have no body at all.
	NoBody bool
	// ContentType goes with Body; empty means JSON.
	ContentType string
	// Act makes the backend act before Status is sent.
	Act bool

	// Cut cuts the connection.
	Cut Cut
}

// response is what the fault sends in place of the backend.
func (f *Fault) response() response {
	if f.NoBody || f.Status == http.StatusNoContent || f.Status == http.StatusNotModified {
		return response{status: f.Status}
	}
	if f.Body == "" {
		return refuse(f.Status, "injected fault").response()
	}
	return response{status: f.Status, contentType: f.ContentType, body: []byte(f.Body)}
}

// everyRequest is the pattern that matches all.
const everyRequest = "**"

// pattern is a parsed route pattern.
type pattern struct {
	text     string
	method   string // "" for any
	segments []string
}

// parsePattern reads "[METHOD ]/path": a segment * is any one segment, a last
// segment ** is any number of segments. An empty pattern matches every request.
func parsePattern(s string) pattern {
	if s == "" {
		s = everyRequest
	}
	p := pattern{text: s}
	path := s
	if method, rest, ok := strings.Cut(s, " "); ok {
		p.method, path = strings.ToUpper(method), strings.TrimLeft(rest, " ")
	}
	p.segments = strings.Split(path, "/")
	return p
}

// mustPattern is parsePattern for tests, which must not pass because of a mistake in
// a route.
func mustPattern(s string) pattern {
	p := parsePattern(s)
	if !p.matchesPaths() {
		panic("baastest: no request matches the route " + strconv.Quote(s))
	}
	return p
}

// matchesPaths reports whether there is a path that the pattern can match: they all
// begin with a slash.
func (p pattern) matchesPaths() bool {
	return p.segments[0] == "" && len(p.segments) > 1 || p.segments[0] == everyRequest && len(p.segments) == 1
}

func (p pattern) match(method, path string) bool {
	if p.method != "" && p.method != method {
		return false
	}
	parts := strings.Split(path, "/")
	for i, want := range p.segments {
		if want == "**" && i == len(p.segments)-1 {
			return true
		}
		if i >= len(parts) || (want != "*" && want != parts[i]) {
			return false
		}
	}
	return len(parts) == len(p.segments)
}

// faultList holds the faults of a backend.
type faultList struct {
	mu    sync.Mutex
	last  int            // the id of the newest
	all   []*activeFault // oldest first, those that hit nothing any more included
	ended map[int]bool   // by id
}

type activeFault struct {
	id      int
	pattern pattern
	fault   Fault
	seen    int // requests that matched
	hits    int
}

// take returns the first fault that hits this request, if any.
func (l *faultList) take(method, path string) *activeFault {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.all {
		if l.ended[f.id] || !f.pattern.match(method, path) {
			continue
		}
		f.seen++
		if f.fault.Every > 1 && f.seen%f.fault.Every != 0 {
			continue
		}
		f.hits++
		if f.fault.Times > 0 && f.hits >= f.fault.Times {
			l.end(f.id)
		}
		return f
	}
	return nil
}

func (l *faultList) add(p pattern, fault Fault) (id int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	l.all = append(l.all, &activeFault{id: l.last, pattern: p, fault: fault})
	return l.last
}

// end makes a fault hit nothing any more. It needs l.mu.
func (l *faultList) end(id int) {
	if l.ended == nil {
		l.ended = make(map[int]bool)
	}
	l.ended[id] = true
}

// remove ends a fault, and reports whether there is one of that id.
func (l *faultList) remove(id int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := slices.ContainsFunc(l.all, func(f *activeFault) bool { return f.id == id })
	if known {
		l.end(id)
	}
	return known
}

func (l *faultList) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all, l.ended = nil, nil
}

// faultState is a fault and how often it hit.
type faultState struct {
	id     int
	route  string
	fault  Fault
	hits   int
	active bool // it can hit more requests
}

func (l *faultList) states() []faultState {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []faultState{}
	for _, f := range l.all {
		out = append(out, faultState{f.id, f.pattern.text, f.fault, f.hits, !l.ended[f.id]})
	}
	return out
}

// Fail makes requests of a route go wrong. The route is "METHOD /path/", as in
// "POST /hserve/v2.5/idp/kuaishou/silent-login/"; the method may be left out, a
// path segment * is any one segment, a last segment ** is any number of segments,
// and "" is every request. The path need not be one that the backend knows. Where
// several faults match, the oldest that still hits does. The returned func removes
// the fault. A route that no request can match, as one without a leading slash,
// panics; for one that no request happens to match, see [WithStrictFaults].
func (b *Backend) Fail(route string, fault Fault) (remove func()) {
	id := b.faults.add(mustPattern(route), fault)
	return func() { b.faults.remove(id) }
}

// UnusedFaults returns the routes of the faults that hit no request, oldest first:
// of those in force and of those removed one by one, since the last
// [Backend.ClearFaults] or [Backend.Reset].
func (b *Backend) UnusedFaults() []string {
	var routes []string
	for _, f := range b.faults.states() {
		if f.hits == 0 {
			routes = append(routes, f.route)
		}
	}
	return routes
}

// ClearFaults removes all faults.
func (b *Backend) ClearFaults() { b.faults.clear() }
