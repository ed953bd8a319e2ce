package loginproxy_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session"
)

// wrongID makes w a world whose proxy has a client id that the backend does not know.
func (w *world) wrongID(opts ...loginproxy.Option) {
	w.t.Helper()
	client, err := baas.New("another-app", baas.WithHTTPClient(&http.Client{Transport: w}), baas.WithSessionStore(w.store))
	require.NoError(w.t, err)
	w.proxy, err = loginproxy.New(client, append(opts, loginproxy.WithObserver(w.observe))...)
	require.NoError(w.t, err)
}

const timeRoute = "GET /hserve/v2.2/server/time/"

// With a client id that the backend does not know, every login is 400, as with a spent
// code. The phone and the log are told that it is not the code.
func TestWrongClientID(t *testing.T) {
	w := newWorld(t)
	w.wrongID()
	for path, body := range map[string]m{
		"/login/ks":        {"code": w.Kuaishou("openid-1").Login()},
		"/login":           {"username": "ann", "password": "p"},
		"/login/sms":       {"phone": "13800138000", "code": "123456"},
		"/login/anonymous": {},
		"/register":        {"username": "ann", "password": "p"},
		"/sms":             {"phone": "13800138000"},
	} {
		a := w.post(path, "", body)
		require.Equal(t, http.StatusServiceUnavailable, a.status, path)
		require.JSONEq(t, `{"code":503,"error":"not_configured","code_spent":false}`, a.body, path)
		events := w.observedCauses()
		require.Len(t, events, 1)
		require.Equal(t, loginproxy.ClassConfig, events[0].Class)
		require.EqualValues(t, 503, events[0].Code)
		require.EqualError(t, events[0].Err, "not_configured: 400: header X-Hydrogen-Client-ID is missing or names no app")
	}
	require.Zero(t, w.store.Len())
}

// Through the drop-in the response stays the backend's.
func TestDropInWrongClientID(t *testing.T) {
	w := newWorld(t)
	w.wrongID()
	a := w.vendor("POST", silentPath, "", m{"code": "c"}, "X-Hydrogen-Client-ID", "another-app")
	require.Equal(t, http.StatusBadRequest, a.status)
	events := w.observedCauses()
	require.Len(t, events, 1)
	require.Equal(t, loginproxy.ClassConfig, events[0].Class)
	require.EqualValues(t, 400, events[0].Code)
}

// A backend that has accepted the client id is not asked about it.
func TestClientIDIsCheckedOnce(t *testing.T) {
	w := newWorld(t)
	spent := func() {
		t.Helper()
		require.JSONEq(t, `{"code":400,"error":"bad_request","code_spent":true}`, w.post("/login/ks", "", m{"code": "spent"}).body)
	}
	spent()
	require.Equal(t, 1, w.CountRequests(timeRoute))
	spent()
	require.Equal(t, 1, w.CountRequests(timeRoute), "the time was accepted")

	for name, accepted := range map[string]func(){
		"login":   func() { w.login(w.Kuaishou("openid-1"), "") },
		"sms":     func() { w.post("/sms", "", m{"phone": "13800138000"}).requireOK(t) },
		"vendor":  func() { w.vendorLogin(w.Kuaishou("openid-1"), "") },
		"forward": func() { w.vendor("GET", "/hserve/v1/content/category/", "", nil) },
	} {
		w.proxy = w.replica()
		if name == "forward" {
			w.responds(200, `{}`, nil)
		}
		accepted()
		w.reply = nil
		w.ResetJournal()
		spent()
		require.Zero(t, w.CountRequests(timeRoute), name)
	}
}

// The client id may become wrong later, as when the app is deleted.
func TestClientIDIsCheckedAgain(t *testing.T) {
	w := newWorld(t)
	w.login(w.Kuaishou("openid-1"), "")
	w.responds(http.StatusBadRequest, `{"error_msg":"no app"}`, nil)
	for _, tt := range []struct {
		later time.Duration
		want  string
	}{
		{59 * time.Second, `{"code":400,"error":"bad_request","code_spent":true}`},
		{time.Second, `{"code":503,"error":"not_configured","code_spent":false}`},
		{-time.Hour, `{"code":503,"error":"not_configured","code_spent":false}`},
	} {
		w.Clock().Advance(tt.later)
		require.JSONEq(t, tt.want, w.post("/login/ks", "", m{"code": "spent"}).body)
	}
	w.reply = nil
	w.login(w.Kuaishou("openid-1"), "")
	require.JSONEq(t, `{"code":400,"error":"bad_request","code_spent":true}`, w.post("/login/ks", "", m{"code": "spent"}).body)
}

// Where the question about the client id fails too, or is about something else, the error
// is that of the login.
func TestClientIDThatCannotBeChecked(t *testing.T) {
	for name, f := range map[string]baastest.Fault{
		"500": {Status: 500}, "429": {Status: 429}, "no connection": {Cut: baastest.CutDial}, "no response": {Cut: baastest.CutAfterRead},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Fail(timeRoute, f)
			a := w.post("/login/ks", "", m{"code": "spent"})
			require.JSONEq(t, `{"code":400,"error":"bad_request","code_spent":true}`, a.body)
			require.Positive(t, w.CountRequests(timeRoute))
		})
	}
	w := newWorld(t)
	w.Fail(silentRoute, baastest.Fault{Status: 500})
	w.post("/login/ks", "", m{"code": "c"})
	require.Zero(t, w.CountRequests(timeRoute), "a 500 is not about the client id")
}

// An app that has not enabled a login is told apart as well.
func TestLoginThatIsNotEnabled(t *testing.T) {
	b, err := baastest.New(baastest.WithoutLogins("email"))
	require.NoError(t, err)
	t.Cleanup(b.Close)
	client, err := b.Client()
	require.NoError(t, err)
	w := newWorld(t)
	w.proxy, err = loginproxy.New(client, loginproxy.WithObserver(w.observe))
	require.NoError(t, err)
	for _, path := range []string{"/login", "/register"} {
		a := w.post(path, "", m{"email": "ann@example.com", "password": "p"})
		require.JSONEq(t, `{"code":503,"error":"not_configured","code_spent":false}`, a.body)
		events := w.observedCauses()
		require.Equal(t, loginproxy.ClassConfig, events[0].Class)
		require.EqualError(t, events[0].Err, "405: Please enable email login first.")
	}
}

// switchedStore fails all writes while it is off.
type switchedStore struct {
	session.Store
	off    atomic.Bool
	writes atomic.Int32
}

var errReadOnly = errors.New("redisstore: swap: READONLY")

func (s *switchedStore) Swap(ctx context.Context, key session.Key, old session.Revision, next session.Session) (bool, error) {
	s.writes.Add(1)
	if s.off.Load() {
		return false, errReadOnly
	}
	return s.Store.Swap(ctx, key, old, next)
}

// While no session can be stored, nobody learns whether a password is right: the response
// is the same to the byte, and so is the number of writes that were tried.
func TestNoOracleWhileTheStoreFails(t *testing.T) {
	const number = "13800138000"
	type attempt func(w *world, right bool) response
	account := func(path string, right, wrong m) attempt {
		return func(w *world, ok bool) response {
			if ok {
				return w.post(path, "", right)
			}
			return w.post(path, "", wrong)
		}
	}
	vendor := func(path string, right, wrong m) attempt {
		return func(w *world, ok bool) response {
			if ok {
				return w.vendor("POST", path, "", right)
			}
			return w.vendor("POST", path, "", wrong)
		}
	}
	sms := func(w *world, ok bool) string {
		w.Clock().Advance(time.Hour) // one message a minute
		w.post("/sms", "", m{"phone": number}).requireOK(w.t)
		sent, found := w.LastSMS(number)
		require.True(w.t, found)
		if ok {
			return sent.Code
		}
		return "000000"
	}
	good, bad := m{"username": "ann", "password": "correct horse"}, m{"username": "ann", "password": "wrong"}
	fresh := m{"username": "bob", "password": "correct horse"}
	for name, try := range map[string]attempt{
		"login":    account("/login", good, bad),
		"register": account("/register", fresh, good),
		"sms": func(w *world, ok bool) response {
			return w.post("/login/sms", "", m{"phone": number, "code": sms(w, ok)})
		},
		"drop-in login":    vendor("/hserve/v2.1/login/username/", good, bad),
		"drop-in register": vendor(registerPath, fresh, good),
		"drop-in sms": func(w *world, ok bool) response {
			return w.vendor("POST", "/hserve/v2.1/login/sms/", "", m{"phone": number, "code": sms(w, ok), "create_user": true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.post("/register", "", good).requireOK(t)
			store := &switchedStore{Store: w.store}
			w.proxy = w.replicaOn(store)
			store.off.Store(true)
			w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login()}) // the client id is right
			before := w.store.Len()
			writes := func(right bool) (response, int32) {
				store.writes.Store(0)
				w.observedCauses()
				a := try(w, right)
				for _, e := range w.observedCauses() {
					if e.Operation == loginproxy.OpSMS {
						continue
					}
					require.Equal(t, loginproxy.ClassStore, e.Class)
					require.ErrorIs(t, e.Err, errReadOnly)
				}
				return a, store.writes.Load()
			}
			wrong, wrongWrites := writes(false)
			right, rightWrites := writes(true)
			require.Equal(t, http.StatusServiceUnavailable, right.status)
			require.Equal(t, right, wrong)
			require.Equal(t, int32(1), rightWrites)
			require.Equal(t, rightWrites, wrongWrites)
			require.Equal(t, before, w.store.Len())

			store.off.Store(false)
			require.Equal(t, http.StatusBadRequest, try(w, false).status, "with a store that works the password is wrong")
		})
	}
}

// What is written after a wrong password is no session, and a login on a platform writes
// nothing: its code cannot be guessed.
func TestWhatIsWrittenAfterAWrongPassword(t *testing.T) {
	w := newWorld(t)
	store := &switchedStore{Store: w.store}
	w.proxy = w.replicaOn(store)
	w.post("/login/ks", "", m{"code": "spent"})
	w.vendor("POST", silentPath, "", m{"code": "spent"})
	require.Zero(t, store.writes.Load())
	require.Equal(t, 400, w.post("/login", "", m{"username": "ann", "password": "wrong"}).status)
	require.Equal(t, int32(1), store.writes.Load())
	require.Equal(t, 1, w.store.Len(), "a revision")
	w.Clock().Advance(session.Grace)
	w.login(w.Kuaishou("openid-1"), "")
	require.Equal(t, 605, int(w.post("/login", "", m{"username": strings.Repeat("a", 300), "password": "p"}).field(t, "code").(float64)))
	require.Equal(t, int32(2), store.writes.Load(), "nothing is tried for what was not sent")
}

// A login that is refused says no more than a wrong password either.
func TestNoOracleByTheLoginCheck(t *testing.T) {
	w := newWorld(t)
	w.post("/register", "", m{"username": "ann", "password": "correct horse"}).requireOK(t)
	store := &switchedStore{Store: w.store}
	w.proxy = w.replicaOn(store, loginproxy.WithLoginCheck(func(context.Context, *loginproxy.Visitor) error { return errBanned }))
	require.Equal(t, 403, w.post("/login", "", m{"username": "ann", "password": "correct horse"}).status)
	store.off.Store(true)
	right := w.post("/login", "", m{"username": "ann", "password": "correct horse"})
	require.Equal(t, right, w.post("/login", "", m{"username": "ann", "password": "wrong"}))
	require.Equal(t, http.StatusServiceUnavailable, right.status)
	require.Equal(t, 1, w.liveTokens(), "that of the registration")
}
