package loginproxy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session"
)

var start = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// world is a backend with a clock that stands still, and a proxy in front of it.
type world struct {
	*baastest.Backend
	t     *testing.T
	proxy *loginproxy.Proxy
	store *session.Memory

	mu     sync.Mutex
	events []loginproxy.Event // without the causes
	causes []loginproxy.Event // all
	shown  bytes.Buffer       // all bytes that phones were sent
	tokens []string           // all that the backend gave out
	held   *held              // the request to hold
	gaveUp atomic.Bool        // the proxy cancelled a request that was held

	// reply, unless nil, may respond in place of the backend. Nil is the backend's turn.
	reply func(*http.Request) *http.Response
}

func newWorld(t *testing.T, opts ...loginproxy.Option) *world {
	t.Helper()
	return newWorldWith(t, baastest.Responses{}, opts...)
}

// newWorldWith is newWorld where the backend responds otherwise.
func newWorldWith(t *testing.T, r baastest.Responses, opts ...loginproxy.Option) *world {
	t.Helper()
	b, err := baastest.New(baastest.WithClock(baastest.NewClock(start)), baastest.WithResponses(r))
	require.NoError(t, err)
	t.Cleanup(b.Close)
	w := &world{Backend: b, t: t, store: testkit.Memory(t, session.WithClock(b.Clock().Now))}
	w.proxy = w.replica(opts...)
	t.Cleanup(w.requireNothingLeaked)
	return w
}

// replica is another proxy on the same backend and store.
func (w *world) replica(opts ...loginproxy.Option) *loginproxy.Proxy {
	w.t.Helper()
	return w.replicaOn(w.store, opts...)
}

func (w *world) replicaOn(store session.Store, opts ...loginproxy.Option) *loginproxy.Proxy {
	w.t.Helper()
	client, err := w.Client(
		baas.WithSessionStore(store),
		baas.WithHTTPClient(&http.Client{Transport: w}),
	)
	require.NoError(w.t, err)
	p, err := loginproxy.New(client, append([]loginproxy.Option{loginproxy.WithObserver(w.observe)}, opts...)...)
	require.NoError(w.t, err)
	return p
}

func (w *world) observe(_ context.Context, e loginproxy.Event) {
	e.Duration = 0
	w.mu.Lock()
	defer w.mu.Unlock()
	w.causes = append(w.causes, e)
	e.Err, e.Class = nil, ""
	w.events = append(w.events, e)
}

// observed returns the events since the last call.
func (w *world) observed() []loginproxy.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	events := w.events
	w.events = nil
	return events
}

// observedCauses returns the events since the last call, with their causes.
func (w *world) observedCauses() []loginproxy.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	causes := w.causes
	w.causes, w.events = nil, nil
	return causes
}

// sent counts the requests that reached the backend.
func (w *world) sent() int { return len(w.Requests()) }

// request is what a phone sends to the JSON routes.
type request struct {
	method, path string
	body         any // a string is sent as it is
	bearer       string
	header       http.Header
	ctx          context.Context
}

// response is what a phone gets.
type response struct {
	status int
	header http.Header
	body   string
}

// field returns a member of the response's object.
func (a response) field(t *testing.T, name string) any {
	t.Helper()
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &object), a.body)
	return object[name]
}

func (a response) token(t *testing.T) string {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.body)
	token, _ := a.field(t, "token").(string)
	require.Len(t, token, 43)
	return token
}

func (a response) userID(t *testing.T) int64 {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.body)
	user, ok := a.field(t, "user").(map[string]any)
	require.True(t, ok, a.body)
	return int64(user["id"].(float64))
}

func (r request) http(t *testing.T) *http.Request {
	t.Helper()
	var body io.Reader
	switch b := r.body.(type) {
	case nil:
	case string:
		body = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		require.NoError(t, err)
		body = bytes.NewReader(text)
	}
	ctx := r.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	req := httptest.NewRequestWithContext(ctx, r.method, r.path, body)
	if r.method != http.MethodGet {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range r.header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if r.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+r.bearer)
	}
	return req
}

// serve sends a request to a handler and records the response.
func (w *world) serve(h http.Handler, r *http.Request) response {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	a := response{rec.Code, rec.Result().Header, rec.Body.String()}
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = a.header.Write(&w.shown)
	w.shown.WriteString(a.body)
	return a
}

func (w *world) do(r request) response {
	w.t.Helper()
	req := r.http(w.t)
	a := w.serve(w.proxy, req)
	requireDescribed(w.t, req, r.body, a)
	return a
}

func (w *world) post(path, bearer string, body any) response {
	w.t.Helper()
	return w.do(request{method: http.MethodPost, path: path, bearer: bearer, body: body})
}

func (w *world) me(bearer string) response {
	w.t.Helper()
	return w.do(request{method: http.MethodGet, path: "/me", bearer: bearer})
}

// login logs a person in silently and returns the session id.
func (w *world) login(p *baastest.Phone, bearer string) string {
	w.t.Helper()
	return w.post("/login/ks", bearer, m{"code": p.Login()}).token(w.t)
}

// hold keeps back the backend's response to the next request of a route. The first
// channel is closed when the backend has acted on the request. Close the second one to
// let the response through.
func (w *world) hold(route string) (arrived <-chan struct{}, release chan<- struct{}) {
	h := &held{arrived: make(chan struct{}), release: make(chan struct{})}
	h.method, h.path, _ = strings.Cut(route, " ")
	h.path, _, _ = strings.Cut(h.path, "*")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = h
	return h.arrived, h.release
}

type held struct {
	method, path     string
	arrived, release chan struct{}
}

func (w *world) heldBy(r *http.Request) *held {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.held
	if h == nil || r.Method != h.method || !strings.HasPrefix(r.URL.Path, h.path) {
		return nil
	}
	w.held = nil
	return h
}

// RoundTrip sends a request to the backend and records the tokens in the response.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.reply != nil {
		if res := w.reply(r); res != nil {
			return res, nil
		}
	}
	res, err := w.Transport().RoundTrip(r)
	if h := w.heldBy(r); h != nil {
		close(h.arrived)
		select {
		case <-h.release:
		case <-r.Context().Done():
			w.gaveUp.Store(true)
			return nil, r.Context().Err()
		}
	}
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, found := range tokenField.FindAllSubmatch(body, -1) {
		w.tokens = append(w.tokens, string(found[1]))
	}
	return res, nil
}

// failing ends a body with an error, or with io.EOF if that is nil.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

var tokenField = regexp.MustCompile(`"(?:token|session_key)":"([^"]+)"`)

// requireNothingLeaked checks that no phone was sent a token of the backend, and that the
// backend was sent no session id.
func (w *world) requireNothingLeaked() {
	shown := w.shown.String()
	for _, token := range w.tokens {
		require.NotContains(w.t, shown, token, "a phone was sent a token of the backend")
	}
	for _, r := range w.Requests() {
		require.NotRegexp(w.t, `[A-Za-z0-9_-]{43}`, r.Header.Get("Authorization"), "the backend was sent a session id")
	}
}

type m = map[string]any

// event is a button event as a phone posts it.
func event(text []byte) json.RawMessage { return text }
