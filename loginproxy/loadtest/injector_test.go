package loadtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hydrogen-go/baas/baastest"
)

// fault is a failure of the backend.
type fault int

const (
	none          fault = iota
	slow                // the response takes a while
	unavailable         // 503, and nothing is done
	failsAfter          // 503, and it is done
	garbage             // 200 with something else, and nothing is done
	cutBefore           // no response, and nothing is done
	cutAfter            // no response, and it is done
	cutInResponse       // half a response, and it is done
	rejects             // 401, and nothing is done
	faults

	hangs // no response, and nothing is done; only by fail
)

var faultNames = [faults]string{"none", "slow", "503", "503 after it was done", "garbage",
	"cut before", "cut after", "cut in the response", "401"}

const (
	destroyPath = "/session/destroy/"
	readPath    = "/user/info/"
	idpPath     = "/idp/"
	slowness    = 20 * time.Millisecond
)

// injector stands between the proxies and the double, and injects faults. It knows the
// user of each token, and so whose session each fault may have ended. The double could
// inject faults itself, but it tells the user only in its journal, which would have to
// hold every request.
type injector struct {
	backend    *baastest.Backend
	rate       float64
	keepTokens int64
	secrets    *secrets

	mu          sync.Mutex
	random      *rand.Rand
	tokens      map[string]*token
	rejected    map[int64]int // injected 401s that end a session, by user
	holds       map[int64]*heldRequest
	undestroyed map[int64]bool
	crossed     int // requests for another user than the token's
	seen        int
	hits        [faults]int
	outage      fault // of every request
}

// token is one that the backend issued and still accepts.
type token struct {
	user    int64
	excused bool // by a fault it may be accepted although no session holds it
}

func newInjector(b *baastest.Backend, rate float64, seed uint64) *injector {
	p := &injector{backend: b, rate: rate, random: rand.New(rand.NewPCG(seed, 0))}
	p.reset()
	return p
}

// reset removes all users.
func (p *injector) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens = make(map[string]*token)
	p.rejected = make(map[int64]int)
	p.holds = make(map[int64]*heldRequest)
	p.undestroyed = make(map[int64]bool)
}

// hold has the user's next request for such a path wait until it is released.
func (p *injector) hold(user int64, path string, after bool) *hold {
	h := newHold()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holds[user] = &heldRequest{h, path, after}
	return h
}

// refuseDestroy has the backend refuse to destroy the user's tokens until end is called, so
// that a revived session is noticed: its token still works.
func (p *injector) refuseDestroy(user int64) (end func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.undestroyed[user] = true
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.undestroyed, user)
	}
}

// heldRequest describes the request to hold.
type heldRequest struct {
	*hold
	path  string // a part of the request's
	after bool   // hold the response and not the request
}

func (h *heldRequest) wait(ctx context.Context, after bool) {
	if h != nil && h.after == after {
		h.hold.wait(ctx)
	}
}

// rejections counts the sessions of a user that may have ended by an injected 401.
func (p *injector) rejections(user int64) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rejected[user]
}

// tokensLeft counts the tokens that the backend accepts, without the excused ones, and
// the requests that were made with another user's token.
func (p *injector) tokensLeft() (tokens, crossed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.tokens {
		if !t.excused {
			tokens++
		}
	}
	return tokens, p.crossed
}

// fail has every request fail like that until it is called with none.
func (p *injector) fail(f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outage = f
}

func (p *injector) summary() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "of %d requests", p.seen)
	for f := slow; f < faults; f++ {
		_, _ = fmt.Fprintf(&b, ", %d %s", p.hits[f], faultNames[f])
	}
	return b.String()
}

// ServeHTTP passes a request on to the double, maybe with a fault.
func (p *injector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Hydrogen-r1 ")
	f, h := p.arrive(bearer, r.URL.Path)
	switch f {
	case cutBefore:
		panic(http.ErrAbortHandler)
	case unavailable:
		http.Error(w, `{"error_msg":"try again"}`, http.StatusServiceUnavailable)
		return
	case rejects:
		http.Error(w, `{"error_msg":"unauthorized"}`, http.StatusUnauthorized)
		return
	case garbage:
		_, _ = io.WriteString(w, "<html>It works!</html>")
		return
	case hangs:
		_, _ = io.Copy(io.Discard, r.Body) // the server notices only then that the proxy has hung up
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case slow:
		pause(r.Context(), slowness)
	}
	h.wait(r.Context(), false)
	response := httptest.NewRecorder()
	p.backend.ServeHTTP(response, r)
	issued := p.done(bearer, r.URL.Path, f, response)
	h.wait(r.Context(), true)
	if r.Context().Err() != nil {
		p.excuse(issued)
	}
	forward(w, f, response)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// forward sends the double's response, changed by the fault.
func forward(w http.ResponseWriter, f fault, response *httptest.ResponseRecorder) {
	body := response.Body.Bytes()
	switch f {
	case cutAfter:
		panic(http.ErrAbortHandler)
	case failsAfter:
		http.Error(w, `{"error_msg":"try again"}`, http.StatusServiceUnavailable)
		return
	}
	header := w.Header()
	for name, values := range response.Header() {
		header[name] = values
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(response.Code)
	if f == cutInResponse {
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body)
}

// arrive chooses the fault of a request, and notes its effect on the user's session.
func (p *injector) arrive(bearer, path string) (f fault, h *heldRequest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen++
	t := p.tokens[bearer]
	if p.random.Float64() < p.rate {
		f = slow + fault(p.random.IntN(int(faults-slow)))
		p.hits[f]++
	}
	if p.outage != none {
		f = p.outage
	}
	if t == nil {
		return f, nil
	}
	if id, ok := readUser(path); ok && id != t.user {
		p.crossed++
	}
	kept := p.undestroyed[t.user] || p.keepTokens > 0 && t.user%p.keepTokens == 0
	if kept && f != hangs && strings.Contains(path, destroyPath) {
		f = unavailable
	}
	if f == rejects && !strings.Contains(path, destroyPath) {
		p.rejected[t.user]++
		t.excused = true
	}
	if f > slow && strings.Contains(path, destroyPath) {
		t.excused = true
	}
	if w := p.holds[t.user]; w != nil && strings.Contains(path, w.path) && passes(f) && !w.over() {
		delete(p.holds, t.user)
		h = w
	}
	return f, h
}

// passes reports whether a request with that fault is passed on to the double.
func passes(f fault) bool {
	switch f {
	case unavailable, garbage, cutBefore, rejects, hangs:
		return false
	}
	return true
}

// excuse notes that a new token was not received.
func (p *injector) excuse(issued *token) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if issued != nil {
		issued.excused = true
	}
}

// done updates the tokens after the double has acted. It returns the token that the
// response issues, if any.
func (p *injector) done(bearer, path string, f fault, response *httptest.ResponseRecorder) *token {
	if response.Code != http.StatusCreated {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if strings.Contains(path, destroyPath) {
		delete(p.tokens, bearer)
		return nil
	}
	var login struct {
		Token string `json:"token"`
		User  struct {
			ID int64 `json:"id"`
		} `json:"user_info"`
	}
	if !isLogin(path) || json.Unmarshal(response.Body.Bytes(), &login) != nil {
		return nil
	}
	issued := &token{user: login.User.ID, excused: f > slow}
	p.tokens[login.Token] = issued
	p.secrets.addToken(login.Token)
	return issued
}

func isLogin(path string) bool {
	return strings.HasSuffix(path, "/silent-login/") || strings.HasSuffix(path, "/authenticate/")
}

// readUser returns the user whose record is read at a path.
func readUser(path string) (id int64, ok bool) {
	_, rest, ok := strings.Cut(path, readPath)
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(strings.TrimSuffix(rest, "/"), 10, 64)
	return id, err == nil
}
