package loginproxy_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session"
)

// The observer is called once per request, with success or an error.
func TestObserver(t *testing.T) {
	w := newWorld(t)
	phone := w.Kuaishou("openid-1")
	token := w.login(phone, "")
	w.observed()
	for _, tt := range []struct {
		r    request
		want loginproxy.Event
	}{
		{request{method: "POST", path: "/login/ks", body: m{"code": phone.Login()}}, loginproxy.Event{Operation: "login", Platform: "kuaishou", Status: 200}},
		{request{method: "POST", path: "/login/ks", body: m{"code": "spent"}}, loginproxy.Event{Operation: "login", Platform: "kuaishou", Status: 400, Code: 400}},
		{request{method: "POST", path: "/login/ks", body: "{"}, loginproxy.Event{Operation: "login", Platform: "kuaishou", Status: 400, Code: 605}},
		{request{method: "GET", path: "/login/ks"}, loginproxy.Event{Operation: "login", Platform: "kuaishou", Status: 405, Code: 405}},
		{request{method: "POST", path: "/login/canary"}, loginproxy.Event{Operation: "unknown", Status: 404, Code: 404}},
		{request{method: "POST", path: "/canary"}, loginproxy.Event{Operation: "unknown", Status: 404, Code: 404}},
		{request{method: "POST", path: "/login"}, loginproxy.Event{Operation: "login", Status: 400, Code: 605}},
		{request{method: "POST", path: "/register"}, loginproxy.Event{Operation: "register", Status: 400, Code: 605}},
		{request{method: "POST", path: "/login/anonymous"}, loginproxy.Event{Operation: "login_anonymous", Status: 200}},
		{request{method: "POST", path: "/login/sms"}, loginproxy.Event{Operation: "login_sms", Status: 400, Code: 605}},
		{request{method: "POST", path: "/sms"}, loginproxy.Event{Operation: "sms", Status: 400, Code: 605}},
		{request{method: "POST", path: "/link/tt", body: m{"code": "c"}}, loginproxy.Event{Operation: "link", Platform: "bytedance", Status: 401, Code: 604}},
		{request{method: "POST", path: "/phone", body: m{}, bearer: token}, loginproxy.Event{Operation: "phone", Status: 400, Code: 605}},
		{request{method: "POST", path: "/phone", body: m{"data": event(phone.RefuseUserInfoJSON())}, bearer: token}, loginproxy.Event{Operation: "phone", Platform: "kuaishou", Status: 403, Code: 603}},
		{request{method: "GET", path: "/me", bearer: token}, loginproxy.Event{Operation: "me", Status: 200}},
		{request{method: "POST", path: "/logout", bearer: token}, loginproxy.Event{Operation: "logout", Status: 200}},
	} {
		w.do(tt.r)
		require.Equal(t, []loginproxy.Event{tt.want}, w.observed(), "%s %s", tt.r.method, tt.r.path)
	}
}

// A panic is observed as a 500, and reaches the server.
func TestObserverOnPanic(t *testing.T) {
	w := newWorld(t)
	w.proxy = w.replica(loginproxy.WithOnLogin(func(context.Context, *loginproxy.Visitor) { panic(http.ErrAbortHandler) }))
	require.PanicsWithValue(t, http.ErrAbortHandler, func() {
		w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login()})
	})
	require.Equal(t, []loginproxy.Event{{Operation: "login", Platform: "kuaishou", Status: 500}}, w.observed())
}

func TestEventDuration(t *testing.T) {
	var events []loginproxy.Event
	w := newWorld(t, loginproxy.WithObserver(func(_ context.Context, e loginproxy.Event) { events = append(events, e) }))
	w.me("")
	require.Len(t, events, 1)
	require.Positive(t, events[0].Duration)
}

// The hooks get the visitor, and can read the user.
func TestHooks(t *testing.T) {
	type call struct {
		what string
		id   int64
	}
	var calls []call
	var w *world
	w = newWorld(t,
		loginproxy.WithOnLogin(func(ctx context.Context, v *loginproxy.Visitor) {
			before := w.sent()
			u, err := v.User(ctx)
			require.NoError(t, err)
			require.Equal(t, v.UserID(), u.ID())
			require.Equal(t, before, w.sent(), "the login has read the user already")
			require.NoError(t, u.Set("seen", true).Update(ctx))
			calls = append(calls, call{"login", v.UserID()})
		}),
		loginproxy.WithOnLogout(func(ctx context.Context, v *loginproxy.Visitor) {
			_, err := v.User(ctx)
			require.EqualError(t, err, "604: session missing", "it is over")
			calls = append(calls, call{"logout", v.UserID()})
		}),
	)
	token := w.login(w.Kuaishou("openid-1"), "")
	id := w.me(token).userID(t)
	w.post("/login/ks", token, m{"code": "spent"})
	w.post("/logout", token, nil)
	w.post("/logout", token, nil)
	require.Equal(t, []call{{"login", id}, {"logout", id}}, calls)
}

// The limiter is called for the documented operations, before anything is sent.
func TestRateLimiter(t *testing.T) {
	var keys []loginproxy.RateKey
	w := newWorld(t, loginproxy.WithRateLimiter(func(_ context.Context, k loginproxy.RateKey) (time.Duration, error) {
		keys = append(keys, k)
		return 1500 * time.Millisecond, nil
	}))
	const addr = "192.0.2.1" // of every httptest.NewRequest
	for _, tt := range []struct {
		path string
		body m
		want loginproxy.RateKey
	}{
		{"/login/ks", m{"code": "c"}, loginproxy.RateKey{Operation: "login", Platform: "kuaishou", Addr: addr}},
		{"/login", m{"username": "ann", "password": "p"}, loginproxy.RateKey{Operation: "login", Addr: addr, Account: "ann"}},
		{"/login", m{"username": "ann", "email": "a@b", "password": "p"}, loginproxy.RateKey{Operation: "login", Addr: addr, Account: "a@b"}},
		{"/login", m{"username": " \tÄnn ", "password": "p"}, loginproxy.RateKey{Operation: "login", Addr: addr, Account: "änn"}},
		{"/register", m{"phone": "1", "email": "a@b", "password": "p"}, loginproxy.RateKey{Operation: "register", Addr: addr, Account: "1"}},
		{"/login/anonymous", m{}, loginproxy.RateKey{Operation: "login_anonymous", Addr: addr}},
		{"/login/sms", m{"phone": "1", "code": "2"}, loginproxy.RateKey{Operation: "login_sms", Addr: addr, Account: "1"}},
		{"/sms", m{"phone": "1"}, loginproxy.RateKey{Operation: "sms", Addr: addr, Account: "1"}},
	} {
		a := w.post(tt.path, "", tt.body)
		require.Equal(t, http.StatusTooManyRequests, a.status)
		require.Equal(t, "2", a.header.Get("Retry-After"))
		require.JSONEq(t, `{"code":429,"error":"too_many_requests","code_spent":false}`, a.body)
		require.Equal(t, []loginproxy.RateKey{tt.want}, keys)
		keys = nil
	}
	for _, path := range []string{"/logout", "/phone", "/link/ks"} {
		w.post(path, "", nil)
	}
	for _, path := range []string{"/login", "/register"} {
		require.Equal(t, http.StatusBadRequest, w.post(path, "", m{"username": strings.Repeat("a", 257), "password": "p"}).status)
	}
	w.me("")
	require.Empty(t, keys)
	require.Zero(t, w.sent())
}

// A limiter that cannot count refuses, on the JSON routes and for the vendor's client.
func TestRateLimiterFails(t *testing.T) {
	for _, wait := range []time.Duration{-1, 0, time.Minute} {
		w := newWorld(t, loginproxy.WithRateLimiter(func(context.Context, loginproxy.RateKey) (time.Duration, error) { return wait, errFull }))
		account := m{"username": "ann", "password": "p"}
		for path, body := range map[string]m{
			"/login/ks": {"code": "c"}, "/login": account, "/login/anonymous": {}, "/login/sms": {"phone": "13800138000", "code": "c"},
			"/register": account, "/sms": {"phone": "13800138000"},
		} {
			a := w.post(path, "", body)
			require.Equal(t, http.StatusServiceUnavailable, a.status, path)
			require.JSONEq(t, `{"code":503,"error":"limiter_failed","code_spent":false}`, a.body)
			require.Empty(t, a.header.Get("Retry-After"))
		}
		w.vendor("POST", silentPath, "", m{"code": "c"}).requireError(t, http.StatusServiceUnavailable, "limiter failed")
		require.Zero(t, w.sent())
		for _, e := range w.observedCauses() {
			require.Equal(t, loginproxy.ClassStore, e.Class)
			require.ErrorIs(t, e.Err, errFull)
		}
	}
}

// A wait of 0 or less allows the request.
func TestRateLimiterAllows(t *testing.T) {
	w := newWorld(t, loginproxy.WithRateLimiter(func(context.Context, loginproxy.RateKey) (time.Duration, error) { return -time.Hour, nil }))
	w.login(w.Kuaishou("openid-1"), "")
}

// Retry-After is at least a second, in whole seconds.
func TestRetryAfter(t *testing.T) {
	for wait, want := range map[time.Duration]string{1: "1", time.Millisecond: "1", time.Second: "1", time.Second + 1: "2", time.Hour: "3600"} {
		w := newWorld(t, loginproxy.WithRateLimiter(func(context.Context, loginproxy.RateKey) (time.Duration, error) { return wait, nil }))
		require.Equal(t, want, w.post("/sms", "", m{"phone": "1"}).header.Get("Retry-After"))
	}
}

func TestClientAddr(t *testing.T) {
	var addrs []string
	limiter := loginproxy.WithRateLimiter(func(_ context.Context, k loginproxy.RateKey) (time.Duration, error) {
		addrs = append(addrs, k.Addr)
		return 0, nil
	})
	w := newWorld(t, limiter)
	r := request{method: http.MethodPost, path: "/login/anonymous", header: http.Header{"X-Forwarded-For": {"203.0.113.9"}}}
	w.do(r)
	odd := r.http(t)
	odd.RemoteAddr = "@" // of a Unix socket
	w.serve(w.proxy, odd)
	w.proxy = w.replica(limiter, loginproxy.WithClientAddr(func(r *http.Request) string { return r.Header.Get("X-Forwarded-For") }))
	w.do(r)
	require.Equal(t, []string{"192.0.2.1", "@", "203.0.113.9"}, addrs)
}

// Printing a value of the package shows no secret.
func TestPrintsNoSecret(t *testing.T) {
	w := newWorld(t)
	token := w.login(w.Kuaishou("openid-1"), "")
	var printed []string
	h := w.proxy.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, v := range []any{loginproxy.FromContext(r.Context()), (*loginproxy.Visitor)(nil), w.proxy, w.observed()} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				printed = append(printed, fmt.Sprintf(verb, v))
			}
		}
		printed = append(printed, loginproxy.FromContext(r.Context()).LogValue().String())
	}))
	w.serve(h, request{method: http.MethodGet, path: "/", bearer: token}.http(t))
	require.Contains(t, printed, "visitor{61736923}")
	for _, secret := range append(slices.Clone(w.tokens), token) {
		for _, text := range printed {
			require.NotContains(t, text, secret)
		}
	}
}

// bothLoad is a store whose first two loads both end before the next call.
type bothLoad struct {
	session.Store
	loads sync.WaitGroup
	left  atomic.Int32
}

func (s *bothLoad) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	stored, revision, err := s.Store.Load(ctx, key)
	if s.left.Add(-1) >= 0 {
		s.loads.Done()
		s.loads.Wait()
	}
	return stored, revision, err
}

// Of two logouts of one session at once, one ends it.
func TestLogoutHookOfTwoLogouts(t *testing.T) {
	w := newWorld(t)
	id := w.login(w.Kuaishou("openid-1"), "")
	store := &bothLoad{Store: w.store}
	store.loads.Add(2)
	store.left.Store(2)
	var calls atomic.Int32
	w.proxy = w.replicaOn(store, loginproxy.WithOnLogout(func(context.Context, *loginproxy.Visitor) { calls.Add(1) }))
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { w.post("/logout", id, nil).requireOK(t) })
	}
	wg.Wait()
	require.EqualValues(t, 1, calls.Load())
}
