package baastest

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Request is a request to the backend, as the journal keeps it. Query,
// Header and Body hold what was sent, secrets included; printing, logging or marshalling
// a Request leaves them out. The client secret is the exception: the Body of a request for
// a code or a token of the Open API has REDACTED in its place.
type Request struct {
	Time time.Time `json:"time"` // by the backend's clock
	// Method is that of X-Hydrogen-Request-Method where the client sent that header.
	Method string      `json:"method"`
	Path   string      `json:"path"`
	Query  string      `json:"-"`
	Header http.Header `json:"-"`
	Body   []byte      `json:"-"`
	// Status is 0 where no response was sent.
	Status int `json:"status"`
	// Fault is the route of the fault that hit the request, "**" for one that hits
	// every request, "" for none.
	Fault string `json:"fault,omitempty"`
}

// Format prints method, path and status.
func (r Request) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%s %s %d", r.Method, r.Path, r.Status)
}

// LogValue returns what Format prints, in fields.
func (r Request) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("method", r.Method), slog.String("path", r.Path), slog.Int("status", r.Status))
}

// journal is a ring buffer of the last requests.
type journal struct {
	limit int // set before use

	mu   sync.Mutex
	ring []Request
	next int // where the next request goes once the ring is full
	last int // how many requests were added since the start: the newest one's number
}

func (j *journal) add(r Request) {
	if j.limit == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	if len(j.ring) < j.limit {
		j.ring = append(j.ring, r)
		return
	}
	j.ring[j.next] = r
	j.next = (j.next + 1) % j.limit
}

func (j *journal) all() []Request {
	_, out := j.since(0)
	return out
}

// since returns the requests after that number, oldest first, and the number of the
// first one. The requests of a backend have the numbers 1, 2, 3, … also after a reset.
func (j *journal) since(after int) (first int, requests []Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]Request, 0, len(j.ring))
	out = append(out, j.ring[j.next:]...)
	out = append(out, j.ring[:j.next]...)
	first = j.last - len(out) + 1
	skip := min(max(after+1-first, 0), len(out))
	return first + skip, out[skip:]
}

// numbers are those of the oldest and the newest request. In an empty journal the oldest
// is the one to come.
func (j *journal) numbers() (first, last int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last - len(j.ring) + 1, j.last
}

func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ring, j.next = nil, 0
}

// Requests returns the journal, oldest first. A request is in it once its
// response is decided. Headers and bodies are shared: do not change them.
func (b *Backend) Requests() []Request { return b.journal.all() }

// CountRequests counts the requests of the journal that match a route, written as
// for [Backend.Fail], with the same panic.
func (b *Backend) CountRequests(route string) int {
	p, n := mustPattern(route), 0
	for _, r := range b.journal.all() {
		if p.match(r.Method, r.Path) {
			n++
		}
	}
	return n
}

// ResetJournal empties the journal.
func (b *Backend) ResetJournal() { b.journal.reset() }
