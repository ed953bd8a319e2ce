package visitor_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

// world is one end user, a store and a backend, inside a synctest bubble: what
// takes time takes it on the bubble's clock, so that races have one outcome.
type world struct {
	*testing.T
	backend *backend
	store   session.Store
	shared  *visitor.Shared
	conn    *visitor.Conn
}

const visitorKey = "cookie-1"

func newWorld(t *testing.T) *world {
	w := &world{T: t, backend: &backend{known: make(map[string]bool)}, store: testkit.Memory(t)}
	w.shared = &visitor.Shared{
		Transport: transport.New(transport.Config{
			BaseURL:    "http://backend.test",
			ClientID:   "client-1",
			Version:    "v1.2.3",
			HTTPClient: &http.Client{Transport: w.backend},
			Timeout:    time.Minute,
		}),
		Store:   w.store,
		Now:     time.Now,
		Flights: new(visitor.Flights),
	}
	w.conn = visitor.New(w.shared, visitorKey)
	return w
}

// withStore puts another store in the place of the one in memory.
func (w *world) withStore(store session.Store) {
	w.store, w.shared.Store = store, store
	w.conn = visitor.New(w.shared, visitorKey)
}

// autoLogin lets the client log in by itself, as a login that takes a second and
// gives the tokens in turn, the last one for good. It returns the count of logins.
func (w *world) autoLogin(tokens ...string) *int {
	logins := new(int)
	w.shared.AutoLogin = func(ctx context.Context, c *visitor.Conn) (visitor.Result, error) {
		return visitor.Dedupe(ctx, c, visitor.WorkID{Operation: "login"}, func(ctx context.Context, old visitor.Stored) (visitor.Result, error) {
			next := living(tokens[min(*logins, len(tokens)-1)])
			*logins++
			time.Sleep(time.Second)
			return visitor.Result{Stored: visitor.Stored{Session: next}}, c.Establish(ctx, old.Revision, next)
		})
	}
	w.conn = visitor.New(w.shared, visitorKey)
	return logins
}

// living returns a session of now with that token.
func living(token string) session.Session {
	now := time.Now()
	return session.Session{
		Token: session.NewSecret(token), UserID: 7, Platform: "kuaishou", LoggedInAt: now, ExpiresAt: now.Add(time.Hour),
	}
}

// start makes the user logged in with that token.
func (w *world) start(token string) {
	w.Helper()
	_, rev, err := w.conn.Load(w.Context())
	require.NoError(w, err)
	require.NoError(w, w.conn.Establish(w.Context(), rev, living(token)))
}

// stored returns what is in the store.
func (w *world) stored() session.Session {
	w.Helper()
	s, _, err := w.conn.Load(w.Context())
	require.NoError(w, err)
	return s
}

// holding returns a session with that token, as somebody knows it who has not loaded it.
func holding(token string) visitor.Stored {
	return visitor.Stored{Session: session.Session{Token: session.NewSecret(token)}}
}

// ask makes the call that the tests send.
func ask(c *visitor.Conn) visitor.Ask { return visitor.Always(c.Plain(anyRequest())) }

func anyRequest() *transport.Request {
	return &transport.Request{Method: http.MethodPost, Path: "/hserve/", Body: "{}"}
}

// backend answers every request after took: 200 to the tokens it knows, 401 to others.
type backend struct {
	took time.Duration
	fail error // in place of any answer

	mu    sync.Mutex
	known map[string]bool
	asked []string // the tokens of the requests, "" for none
	names []string // where the requests said they came from
}

func (b *backend) RoundTrip(r *http.Request) (*http.Response, error) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Hydrogen-r1 ")
	b.mu.Lock()
	b.asked = append(b.asked, token)
	b.names = append(b.names, r.Header.Get("X-Hydrogen-Client-Platform"))
	status := http.StatusUnauthorized
	if b.known[token] {
		status = http.StatusOK
	}
	b.mu.Unlock()
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	select {
	case <-time.After(b.took):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if b.fail != nil {
		return nil, b.fail
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"id":7}`))}, nil
}

// faulty is a store whose calls fail after some number of them.
type faulty struct {
	session.Store
	loads, swaps int // that still succeed
	refuse       int // swaps that find another revision
	err          error
}

var errStore = errors.New("store down: canary-3f9a")

func (f *faulty) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	if f.loads--; f.loads < 0 {
		return session.Session{}, 0, f.err
	}
	return f.Store.Load(ctx, key)
}

func (f *faulty) Swap(ctx context.Context, key session.Key, old session.Revision, next session.Session) (bool, error) {
	if f.refuse--; f.refuse >= 0 {
		return false, nil
	}
	if f.swaps--; f.swaps < 0 {
		return false, f.err
	}
	return f.Store.Swap(ctx, key, old, next)
}

// failed asserts that err is an *herror.HError with that code and returns it.
func failed(t *testing.T, err error, code herror.Code) *herror.HError {
	t.Helper()
	var h *herror.HError
	require.ErrorAs(t, err, &h)
	require.Equal(t, code, h.Code, h.Error())
	return h
}
