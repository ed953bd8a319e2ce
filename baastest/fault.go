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
	// CutDial: no connection comes about. Only the RoundTripper can do that, with
	// ECONNREFUSED; a listening server cuts as CutBeforeRead does.
	CutDial
	// CutBeforeRead: the connection ends before the body is read; the backend does nothing.
	CutBeforeRead
	// CutAfterRead: the connection ends after the request was read; the backend
	// acts on it, but no response comes.
	CutAfterRead
	// CutInResponse: the backend acts, and the response ends halfway.
	CutInResponse
)

// Fault is something that goes wrong with a request. The fields combine; the zero
// Fault does nothing. Requests that a fault hits say so in the journal.
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
	// ContentType goes with Body; empty means JSON.
	ContentType string
	// Act makes the backend act before Status is sent.
	Act bool

	// Cut cuts the connection.
	Cut Cut
}

// response is what the fault sends in place of the backend.
func (f *Fault) response() response {
	if f.Status == http.StatusNoContent || f.Status == http.StatusNotModified {
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

// parsePattern reads "[METHOD ]/path": a segment * stands for any one segment, a
// last segment ** for any number of them. An empty pattern matches every request.
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

// mustPattern is parsePattern for tests, which should not pass by a slip of the pen.
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
	mu   sync.Mutex
	list []*activeFault
}

type activeFault struct {
	pattern pattern
	fault   Fault
	seen    int // requests that matched
	hits    int
}

// take returns the first fault that hits this request, if any.
func (l *faultList) take(method, path string) *activeFault {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, f := range l.list {
		if !f.pattern.match(method, path) {
			continue
		}
		f.seen++
		if f.fault.Every > 1 && f.seen%f.fault.Every != 0 {
			continue
		}
		f.hits++
		if f.fault.Times > 0 && f.hits >= f.fault.Times {
			l.list = slices.Delete(l.list, i, i+1)
		}
		return f
	}
	return nil
}

func (l *faultList) add(f *activeFault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, f)
}

func (l *faultList) remove(f *activeFault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(g *activeFault) bool { return g == f })
}

func (l *faultList) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

// Fail makes requests of a route go wrong. The route is "METHOD /path/", as in
// "POST /hserve/v2.5/idp/kuaishou/silent-login/"; the method may be left out, a
// path segment * stands for any one segment, a last segment ** for any number, and
// "" is every request. The path need not be one that the backend knows. Where
// several faults match, the oldest that still hits does. The func removes the fault.
// A route that no request can match, as one without a slash in front, panics.
func (b *Backend) Fail(route string, fault Fault) (remove func()) {
	f := &activeFault{pattern: mustPattern(route), fault: fault}
	b.faults.add(f)
	return func() { b.faults.remove(f) }
}

// ClearFaults removes all faults.
func (b *Backend) ClearFaults() { b.faults.clear() }
