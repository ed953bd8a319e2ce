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

// fault is something that goes wrong at the backend.
type fault int

const (
	none        fault = iota
	slow              // the answer takes a while
	unavailable       // 503, and nothing is done
	failsAfter        // 503, and it is done
	garbage           // 200 with something else, and nothing is done
	cutBefore         // no answer, and nothing is done
	cutAfter          // no answer, and it is done
	cutInAnswer       // half an answer, and it is done
	rejects           // 401, and nothing is done
	faults
)

var faultNames = [faults]string{"none", "slow", "503", "503 after it was done", "garbage",
	"cut before", "cut after", "cut in the answer", "401"}

const (
	destroyPath = "/session/destroy/"
	readPath    = "/user/info/"
	idpPath     = "/idp/"
	slowness    = 20 * time.Millisecond
)

// tap stands between the proxies and the double. The double could inject faults
// itself, but tells whom they hit only in its journal, which would have to hold
// every request. The tap knows whose each token is, and so whose session each
// fault may have ended.
type tap struct {
	backend *baastest.Backend
	rate    float64

	mu       sync.Mutex
	dice     *rand.Rand
	tokens   map[string]*token
	rejected map[int64]int // injected 401s that end a session, by user
	holds    map[int64]*heldRequest
	spared   map[int64]bool
	crossed  int // requests for another user than the token's
	seen     int
	hits     [faults]int
}

// token is one that the backend gave out and still takes.
type token struct {
	user    int64
	excused bool // a fault kept it from whom it was for, or from being destroyed
}

func newTap(b *baastest.Backend, rate float64, seed uint64) *tap {
	p := &tap{backend: b, rate: rate, dice: rand.New(rand.NewPCG(seed, 0))}
	p.reset()
	return p
}

// reset forgets all users.
func (p *tap) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens = make(map[string]*token)
	p.rejected = make(map[int64]int)
	p.holds = make(map[int64]*heldRequest)
	p.spared = make(map[int64]bool)
}

// hold has the user's next request for such a path wait until it is released.
func (p *tap) hold(user int64, path string, after bool) *hold {
	h := newHold()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holds[user] = &heldRequest{h, path, after}
	return h
}

// spare has the backend refuse to destroy the user's tokens until end is called, so
// that a session which is revived shows: it would still work.
func (p *tap) spare(user int64) (end func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spared[user] = true
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.spared, user)
	}
}

// heldRequest is what to hold up.
type heldRequest struct {
	*hold
	path  string // a part of the request's
	after bool   // hold up the answer rather than the request
}

func (h *heldRequest) wait(ctx context.Context, after bool) {
	if h != nil && h.after == after {
		h.hold.wait(ctx)
	}
}

// rejections counts the sessions of a user that may have ended by an injected 401.
func (p *tap) rejections(user int64) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rejected[user]
}

// leftover counts the tokens that the backend takes, but for the excused ones, and
// the requests that were made with another user's token.
func (p *tap) leftover() (tokens, crossed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.tokens {
		if !t.excused {
			tokens++
		}
	}
	return tokens, p.crossed
}

func (p *tap) summary() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "of %d requests", p.seen)
	for f := slow; f < faults; f++ {
		_, _ = fmt.Fprintf(&b, ", %d %s", p.hits[f], faultNames[f])
	}
	return b.String()
}

// ServeHTTP passes a request on to the double, or has something go wrong with it.
func (p *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
	case slow:
		pause(r.Context())
	}
	h.wait(r.Context(), false)
	answer := httptest.NewRecorder()
	p.backend.ServeHTTP(answer, r)
	minted := p.done(bearer, r.URL.Path, f, answer)
	h.wait(r.Context(), true)
	if r.Context().Err() != nil {
		p.excuse(minted)
	}
	forward(w, f, answer)
}

func pause(ctx context.Context) {
	timer := time.NewTimer(slowness)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// forward sends the double's answer, or what the fault makes of it.
func forward(w http.ResponseWriter, f fault, answer *httptest.ResponseRecorder) {
	body := answer.Body.Bytes()
	switch f {
	case cutAfter:
		panic(http.ErrAbortHandler)
	case failsAfter:
		http.Error(w, `{"error_msg":"try again"}`, http.StatusServiceUnavailable)
		return
	}
	header := w.Header()
	for name, values := range answer.Header() {
		header[name] = values
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(answer.Code)
	if f == cutInAnswer {
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body)
}

// arrive decides what becomes of a request, and notes what the session's owner
// must expect where it is not even passed on.
func (p *tap) arrive(bearer, path string) (f fault, h *heldRequest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen++
	t := p.tokens[bearer]
	if p.dice.Float64() < p.rate {
		f = slow + fault(p.dice.IntN(int(faults-slow)))
		p.hits[f]++
	}
	if t == nil {
		return f, nil
	}
	if id, ok := readUser(path); ok && id != t.user {
		p.crossed++
	}
	if p.spared[t.user] && strings.Contains(path, destroyPath) {
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

// passes reports whether the double gets to see a request with that fault.
func passes(f fault) bool {
	switch f {
	case unavailable, garbage, cutBefore, rejects:
		return false
	}
	return true
}

// excuse notes that a new token gets to nobody.
func (p *tap) excuse(minted *token) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if minted != nil {
		minted.excused = true
	}
}

// done keeps the list of tokens after the double has acted. It returns the token
// that the answer gives out, if any.
func (p *tap) done(bearer, path string, f fault, answer *httptest.ResponseRecorder) *token {
	if answer.Code != http.StatusCreated {
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
	if !isLogin(path) || json.Unmarshal(answer.Body.Bytes(), &login) != nil {
		return nil
	}
	minted := &token{user: login.User.ID, excused: f > slow}
	p.tokens[login.Token] = minted
	return minted
}

func isLogin(path string) bool {
	return strings.HasSuffix(path, "/silent-login/") || strings.HasSuffix(path, "/authenticate/")
}

// readUser returns whose user record a path is.
func readUser(path string) (id int64, ok bool) {
	_, rest, ok := strings.Cut(path, readPath)
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(strings.TrimSuffix(rest, "/"), 10, 64)
	return id, err == nil
}
