package loginproxy_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session"
)

const (
	silentLogin = "POST /hserve/v2.5/idp/kuaishou/silent-login/"
	destroy     = "POST /hserve/v2.0/session/destroy/"
)

// Every login gives a new id and ends the session before it.
func TestRotation(t *testing.T) {
	w := newWorld(t)
	phone := w.Kuaishou("openid-1")
	first := w.login(phone, "")
	second := w.login(phone, first)
	require.NotEqual(t, first, second)
	require.Equal(t, http.StatusUnauthorized, w.me(first).status)
	user := w.me(second).userID(t)
	require.Equal(t, 1, w.TokensAlive(user), "the old token is destroyed")

	w.post("/register", second, m{"username": "ann", "password": "correct horse"}).token(t)
	require.Equal(t, http.StatusUnauthorized, w.me(second).status)
	require.Zero(t, w.TokensAlive(user))
}

// An id that a client chose never becomes a session id, not even by a login.
func TestFixation(t *testing.T) {
	w := newWorld(t)
	for _, planted := range []string{strings.Repeat("a", 43), "short", strings.Repeat("a", 44), strings.Repeat("é", 21) + "a", "a b", "../../etc"} {
		token := w.login(w.Kuaishou("victim"), planted)
		require.NotEqual(t, planted, token)
		require.Equal(t, http.StatusUnauthorized, w.me(planted).status)
	}
	require.Equal(t, 6, w.store.Len(), "nothing is stored under what was planted")
}

// A login with another user's session id gives a session of the new user only.
func TestOtherUsersSession(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.Kuaishou("ann"), w.Kuaishou("bob")
	annToken := w.login(ann, "")
	annID := w.me(annToken).userID(t)

	// Bob's code with Ann's session id makes a session of Bob, and ends Ann's.
	bobToken := w.login(bob, annToken)
	require.NotEqual(t, annID, w.me(bobToken).userID(t))
	require.Equal(t, http.StatusUnauthorized, w.me(annToken).status)
}

// A login that fails leaves the session unchanged, and no token in the backend.
func TestFailedLoginChangesNothing(t *testing.T) {
	w := newWorldWith(t, baastest.Responses{ShortAccountLogin: true})
	phone := w.Kuaishou("openid-1")
	token := w.login(phone, "")
	id := w.me(token).userID(t)
	for name, body := range map[string]m{
		"spent code": {"code": "spent"},
		"no code":    {},
		"refused":    {"code": phone.Login(), "data": event(phone.RefuseUserInfoJSON())},
	} {
		require.NotEqual(t, http.StatusOK, w.post("/login/ks", token, body).status, name)
		require.Equal(t, id, w.me(token).userID(t), name)
		require.Equal(t, 1, w.TokensAlive(id), name)
	}

	// A login whose user cannot be read fails.
	require.Equal(t, http.StatusOK, w.post("/register", "", m{"username": "ann", "password": "correct horse"}).status)
	w.Fail("GET /hserve/v2.5/user/info/*/", baastest.Fault{Status: 404, Times: 1})
	require.Equal(t, http.StatusNotFound, w.post("/login", token, m{"username": "ann", "password": "correct horse"}).status)
	require.Equal(t, id, w.me(token).userID(t))
	require.Equal(t, 1, w.TokensAlive(id+1), "that of the register")
}

// An anonymous user who registers keeps the account.
func TestAnonymousKeepsID(t *testing.T) {
	w := newWorldWith(t, baastest.Responses{ShortAccountLogin: true})
	anonymous := w.post("/login/anonymous", "", nil)
	registered := w.post("/register", anonymous.token(t), m{"username": "ann", "password": "correct horse"})
	require.Equal(t, anonymous.userID(t), registered.userID(t))
	require.NotEqual(t, anonymous.token(t), registered.token(t))
	require.Equal(t, http.StatusUnauthorized, w.me(anonymous.token(t)).status)
	require.Equal(t, registered.userID(t), w.me(registered.token(t)).userID(t))
}

// If the backend gives a user the same token again, it is not destroyed.
func TestSameTokenAgain(t *testing.T) {
	w := newWorld(t)
	w.Fail(silentLogin, baastest.Fault{Status: 201, Body: `{"token":"always-the-same","expires_in":3600,"user_info":{"id":7}}`})
	first := w.post("/login/ks", "", m{"code": "c"}).token(t)
	w.post("/login/ks", first, m{"code": "c"}).token(t)
	require.Equal(t, http.StatusUnauthorized, w.me(first).status)
	require.Zero(t, w.CountRequests(destroy))
}

func TestLogout(t *testing.T) {
	w := newWorld(t)
	token := w.login(w.Kuaishou("openid-1"), "")
	id := w.me(token).userID(t)
	for range 2 {
		a := w.post("/logout", token, nil)
		require.Equal(t, http.StatusOK, a.status)
		require.Equal(t, "{}", a.body)
		require.Equal(t, http.StatusUnauthorized, w.me(token).status)
	}
	require.Zero(t, w.TokensAlive(id))
	require.Equal(t, 1, w.CountRequests(destroy))
	w.post("/logout", "", nil)
	require.Equal(t, 1, w.store.Len(), "a logout of nobody stores nothing")
}

// A logout succeeds although the backend cannot be reached.
func TestLogoutLost(t *testing.T) {
	w := newWorld(t)
	token := w.login(w.Kuaishou("openid-1"), "")
	w.Fail(destroy, baastest.Fault{Cut: baastest.CutBeforeRead})
	w.observed()
	require.Equal(t, http.StatusOK, w.post("/logout", token, nil).status)
	require.Equal(t, []loginproxy.Event{{Operation: loginproxy.OpLogout, Status: 200, Code: 600}}, w.observed())
	require.Equal(t, http.StatusUnauthorized, w.me(token).status)
}

// A phone that hangs up is logged out all the same, also with the vendor's client.
func TestLogoutOfAPhoneThatHangsUp(t *testing.T) {
	w := newWorld(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	token := w.login(w.Kuaishou("openid-1"), "")
	id := w.me(token).userID(t)
	require.Equal(t, http.StatusOK, w.do(request{method: http.MethodPost, path: "/logout", bearer: token, ctx: gone}).status)
	require.Equal(t, http.StatusUnauthorized, w.me(token).status)
	require.Zero(t, w.TokensAlive(id))

	token = w.login(w.Kuaishou("openid-1"), "")
	r := request{method: http.MethodPost, path: destroyPath, ctx: gone}.http(t)
	r.Header.Set("X-Hydrogen-Client-ID", w.ClientID())
	r.Header.Set("Authorization", "Hydrogen-r1 "+token)
	require.Equal(t, http.StatusCreated, w.serve(w.proxy.Backend(), r).status)
	require.Equal(t, http.StatusUnauthorized, w.me(token).status)
	require.Zero(t, w.TokensAlive(id))
}

// A logout is not undone by a login that began before it and ends after it.
func TestLogoutBeatsSlowLogin(t *testing.T) {
	w := newWorld(t)
	phone := w.Kuaishou("openid-1")
	token := w.login(phone, "")
	id := w.me(token).userID(t)
	code := phone.Login()

	arrived, release := w.hold(silentLogin)
	done := make(chan response)
	go func() { done <- w.post("/login/ks", token, m{"code": code}) }()
	<-arrived
	require.Equal(t, http.StatusOK, w.post("/logout", token, nil).status)
	close(release)
	late := <-done
	require.JSONEq(t, `{"code":604,"error":"session_missing","code_spent":true}`, late.body)
	require.Equal(t, http.StatusUnauthorized, w.me(token).status)
	require.Zero(t, w.TokensAlive(id))
}

// A logout is not undone by a read that is under way.
func TestLogoutBeatsSlowRead(t *testing.T) {
	w := newWorld(t)
	token := w.login(w.Kuaishou("openid-1"), "")
	w.Clock().Advance(24 * time.Hour) // so that the read writes the time of the request

	arrived, release := w.hold("GET /hserve/v2.5/user/info/*/")
	done := make(chan response)
	go func() { done <- w.me(token) }()
	<-arrived
	w.post("/logout", token, nil)
	close(release)
	<-done
	require.Equal(t, http.StatusUnauthorized, w.me(token).status)
}

// Two logins of one visitor at once both succeed, each with a session of its own.
func TestConcurrentLogins(t *testing.T) {
	w := newWorld(t)
	phone := w.Kuaishou("openid-1")
	old := w.login(phone, "")
	const n = 8
	responses := make([]response, n)
	var wg sync.WaitGroup
	for i := range n {
		code := phone.Login()
		wg.Go(func() { responses[i] = w.post("/login/ks", old, m{"code": code}) })
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, a := range responses {
		token := a.token(t)
		require.False(t, seen[token])
		seen[token] = true
		require.Equal(t, http.StatusOK, w.me(token).status)
	}
	require.Equal(t, http.StatusUnauthorized, w.me(old).status)
}

// A session that the backend no longer knows ends.
func TestBackendForgets(t *testing.T) {
	w := newWorld(t)
	token := w.login(w.Kuaishou("openid-1"), "")
	w.RevokeTokens(w.me(token).userID(t))
	for range 2 {
		require.JSONEq(t, `{"code":604,"error":"session_missing","code_spent":false}`, w.me(token).body)
	}
	require.Equal(t, 2, w.CountRequests("GET /hserve/v2.5/user/info/*/"))
}

// If the backend responds to a login with 401 because of the token that is sent along, the
// next login with the same id is sent without the token.
func TestBackendRefusesTheTokenAtLogin(t *testing.T) {
	w := newWorldWith(t, baastest.Responses{ShortAccountLogin: true})
	phone := w.Kuaishou("openid-1")
	token := w.login(phone, "")
	w.Fail(silentLogin, baastest.Fault{Status: 401, Times: 1})
	a := w.post("/login/ks", token, m{"code": "c"})
	require.JSONEq(t, `{"code":401,"error":"not_authenticated","code_spent":true}`, a.body)
	require.Equal(t, http.StatusUnauthorized, w.me(token).status)
	w.login(phone, token)
	requests := w.Requests()
	require.Empty(t, requests[len(requests)-1].Header.Get("Authorization"))

	// It is the same for a login that the user refused.
	token = w.login(phone, "")
	w.Fail(silentLogin, baastest.Fault{Status: 401, Times: 1})
	a = w.post("/login/ks", token, m{"code": "c", "data": event(phone.RefuseUserInfoJSON())})
	require.Equal(t, http.StatusForbidden, a.status)
	require.Equal(t, http.StatusUnauthorized, w.me(token).status)

	// A 401 may mean the password, or the new token.
	token = w.login(phone, "")
	credentials := m{"username": "ann", "password": "correct horse"}
	w.post("/register", "", credentials).token(t)
	for _, route := range []string{"POST /hserve/v2.1/login/username/", "GET /hserve/v2.5/user/info/*/"} {
		w.Fail(route, baastest.Fault{Status: 401, Times: 1})
		require.Equal(t, http.StatusUnauthorized, w.post("/login", token, credentials).status)
		require.Equal(t, http.StatusOK, w.me(token).status)
	}
	w.Fail("POST /hserve/v2.1/login/username/", baastest.Fault{Status: 401, Times: 1})
	require.Equal(t, http.StatusUnauthorized, w.vendor("POST", "/hserve/v2.1/login/username/", token, credentials).status)
	require.Equal(t, http.StatusOK, w.me(token).status)

	// If the session cannot be forgotten, the error is the store's.
	store := &counting{Store: w.store}
	w.proxy = w.replicaOn(store)
	store.swapErr = errors.New("canary: read only")
	w.Fail(silentLogin, baastest.Fault{Status: 401, Times: 1})
	require.JSONEq(t, `{"code":691,"error":"store_failed","code_spent":true}`, w.post("/login/ks", token, m{"code": "c"}).body)
}

func TestTimeouts(t *testing.T) {
	w := newWorld(t, loginproxy.WithIdleTimeout(time.Hour), loginproxy.WithAbsoluteTimeout(5*time.Hour))
	alive := func(token string) bool { return w.me(token).status == http.StatusOK }

	idle := w.login(w.Kuaishou("openid-1"), "")
	w.Clock().Advance(59 * time.Minute)
	require.True(t, alive(idle))
	w.Clock().Advance(59 * time.Minute)
	require.True(t, alive(idle), "there was a request in between")
	w.Clock().Advance(time.Hour)
	require.False(t, alive(idle))
	w.Clock().Advance(-time.Hour)
	require.False(t, alive(idle), "it is gone for good")

	busy := w.post("/login/ks", "", m{"code": w.Kuaishou("openid-2").Login()})
	require.EqualValues(t, w.Clock().Now().Add(5*time.Hour).Unix(), busy.field(t, "expires_at"))
	for range 5 {
		require.True(t, alive(busy.token(t)))
		w.Clock().Advance(59 * time.Minute)
	}
	require.True(t, alive(busy.token(t)))
	w.Clock().Advance(5 * time.Minute)
	require.False(t, alive(busy.token(t)))
}

// A shorter absolute timeout also ends older sessions.
func TestShorterAbsoluteTimeout(t *testing.T) {
	w := newWorld(t)
	token := w.login(w.Kuaishou("openid-1"), "")
	w.proxy = w.replica(loginproxy.WithAbsoluteTimeout(time.Minute))
	require.Equal(t, http.StatusOK, w.me(token).status)
	w.Clock().Advance(time.Minute)
	require.Equal(t, http.StatusUnauthorized, w.me(token).status)
}

// The time of the last request is written rarely.
func TestSeenSeldom(t *testing.T) {
	w := newWorld(t)
	store := &counting{Store: w.store}
	w.proxy = w.replicaOn(store, loginproxy.WithIdleTimeout(20*time.Minute))
	token := w.login(w.Kuaishou("openid-1"), "")
	store.swaps = 0
	for range 120 {
		require.Equal(t, http.StatusOK, w.me(token).status)
		w.Clock().Advance(10 * time.Second)
	}
	require.Equal(t, 19, store.swaps, "once a minute")
}

// Replicas on one store serve the same users.
func TestReplicas(t *testing.T) {
	w := newWorld(t)
	one, two := w.replica(), w.replica()
	on := func(p *loginproxy.Proxy, r request) response { return w.serve(p, r.http(t)) }

	in := on(one, request{method: http.MethodPost, path: "/login/ks", body: m{"code": w.Kuaishou("openid-1").Login()}})
	me := request{method: http.MethodGet, path: "/me", bearer: in.token(t)}
	require.Equal(t, in.userID(t), on(two, me).userID(t))
	require.Equal(t, http.StatusOK, on(two, request{method: http.MethodPost, path: "/logout", bearer: in.token(t)}).status)
	require.Equal(t, http.StatusUnauthorized, on(one, me).status)
}

// An error of the store is 503, and changes no session.
func TestStoreFails(t *testing.T) {
	w := newWorld(t)
	store := &counting{Store: w.store}
	w.proxy = w.replicaOn(store)
	phone := w.Kuaishou("openid-1")
	token := w.login(phone, "")
	id := w.me(token).userID(t)

	store.loadErr = errors.New("canary: store down")
	for _, a := range []response{w.me(token), w.post("/logout", token, nil), w.post("/login/ks", token, m{"code": phone.Login()})} {
		require.JSONEq(t, `{"code":691,"error":"store_failed","code_spent":false}`, a.body)
		require.Equal(t, http.StatusServiceUnavailable, a.status)
	}
	store.loadErr, store.swapErr = nil, errors.New("canary: read only")
	require.JSONEq(t, `{"code":691,"error":"store_failed","code_spent":true}`, w.post("/login/ks", "", m{"code": phone.Login()}).body)
	require.JSONEq(t, `{"code":691,"error":"store_failed","code_spent":true}`, w.post("/login/ks", token, m{"code": phone.Login()}).body)
	require.Equal(t, http.StatusServiceUnavailable, w.post("/logout", token, nil).status)
	w.Clock().Advance(24 * time.Hour)
	require.Equal(t, http.StatusOK, w.me(token).status, "the time of the request is best effort")

	// The new session is stored, but the old one stays: the login has failed.
	store.swapErr, store.failSwap = errors.New("canary: flaky"), 2
	require.Equal(t, http.StatusServiceUnavailable, w.post("/login/ks", token, m{"code": phone.Login()}).status)
	store.swapErr = nil
	require.Equal(t, id, w.me(token).userID(t))
	require.Equal(t, 1, w.TokensAlive(id), "those of the failed logins are destroyed")
	require.NotContains(t, w.shown.String(), "canary")
}

// A store that does not reply holds no request for longer than the client's timeout.
func TestStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		token := w.login(w.Kuaishou("openid-1"), "")
		store := &counting{Store: w.store, hangs: true}
		w.proxy = w.replicaOn(store)
		page := w.proxy.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		for path, a := range map[string]response{
			"/me":     w.me(token),
			"/logout": w.post("/logout", token, nil),
			"/login":  w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login()}),
			"a page":  w.serve(page, request{method: http.MethodGet, path: "/", bearer: token}.http(t)),
			me:        w.vendor("GET", me, token, nil),
		} {
			require.Equal(t, http.StatusGatewayTimeout, a.status, path)
		}
	})
}

// The client's timeout does not apply to the handler behind the middleware.
func TestMiddlewareLeavesTheContextAlone(t *testing.T) {
	w := newWorld(t)
	token := w.login(w.Kuaishou("openid-1"), "")
	called := false
	page := w.proxy.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, limited := r.Context().Deadline()
		require.False(t, limited)
		require.NoError(t, r.Context().Err())
		called = true
	}))
	w.serve(page, request{method: http.MethodGet, path: "/", bearer: token}.http(t))
	require.True(t, called)
}

// A phone that hangs up cancels its request, and its session goes on.
func TestPhoneHangsUp(t *testing.T) {
	w := newWorld(t)
	token := w.login(w.Kuaishou("openid-1"), "")
	ctx, cancel := context.WithCancel(context.Background())
	arrived, release := w.hold("GET /hserve/v2.5/user/info/*/")
	done := make(chan response)
	go func() {
		done <- w.do(request{method: http.MethodGet, path: "/me", bearer: token, ctx: ctx})
	}()
	<-arrived
	cancel()
	require.Equal(t, http.StatusGatewayTimeout, (<-done).status)
	close(release)
	require.Equal(t, http.StatusOK, w.me(token).status)
}

// counting is a store that counts its swaps and fails on demand.
type counting struct {
	session.Store
	loadErr, swapErr error
	swaps            int
	failSwap         int // which swap fails, counted from now; 0 for all
	hangs            bool
}

func (c *counting) Load(ctx context.Context, k session.Key) (session.Session, session.Revision, error) {
	if c.hangs {
		<-ctx.Done()
		return session.Session{}, 0, ctx.Err()
	}
	if c.loadErr != nil {
		return session.Session{}, 0, c.loadErr
	}
	return c.Store.Load(ctx, k)
}

func (c *counting) Swap(ctx context.Context, k session.Key, old session.Revision, next session.Session) (bool, error) {
	c.swaps++
	if c.hangs {
		<-ctx.Done()
		return false, ctx.Err()
	}
	if c.failSwap > 0 {
		if c.failSwap--; c.failSwap > 0 {
			return c.Store.Swap(ctx, k, old, next)
		}
		return false, c.swapErr
	}
	if c.swapErr != nil {
		return false, c.swapErr
	}
	return c.Store.Swap(ctx, k, old, next)
}
