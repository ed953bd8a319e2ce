package loginproxy_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session"
)

// failingStore fails with err, or if that is nil does not respond.
type failingStore struct {
	session.Store
	err error
}

func (s failingStore) Load(ctx context.Context, _ session.Key) (session.Session, session.Revision, error) {
	return session.Session{}, 0, s.wait(ctx)
}

func (s failingStore) Swap(ctx context.Context, _ session.Key, _ session.Revision, _ session.Session) (bool, error) {
	return false, s.wait(ctx)
}

func (s failingStore) wait(ctx context.Context) error {
	if s.err != nil {
		return s.err
	}
	<-ctx.Done()
	return ctx.Err()
}

var errFull = errors.New("redisstore: swap: OOM")

const (
	silentRoute = "POST " + silentPath
	secret      = "canary-secret-7" // a password, a code or a token that no text may show
)

// Every cause has its class, a text that an operator can act on, and the error itself.
func TestCauses(t *testing.T) {
	silent := func(w *world) { w.post("/login/ks", "", m{"code": secret}) }
	good := func(w *world) { w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login()}) }
	faulty := func(f baastest.Fault) func(*world) {
		return func(w *world) {
			w.Fail(silentRoute, f)
			silent(w)
		}
	}
	on := func(store session.Store, do func(*world)) func(*world) {
		return func(w *world) {
			w.proxy = w.replicaOn(store)
			do(w)
		}
	}
	with := func(do func(*world), opts ...loginproxy.Option) func(*world) {
		return func(w *world) {
			w.proxy = w.replica(opts...)
			do(w)
		}
	}
	body := func(body string) func(*world) {
		return func(w *world) { w.post("/login/ks", "", body) }
	}
	hungUp, cancel := context.WithCancel(t.Context())
	cancel()
	const invalid = "605: incorrect parameter type: "
	for _, tt := range []struct {
		name  string
		do    func(*world)
		class loginproxy.Class
		code  herror.Code
		text  string
		is    error
	}{
		// input
		{"spent code", silent, "input", 400, "400: invalid code", herror.BadRequest},
		{"wrong password", func(w *world) { w.post("/login", "", m{"username": "ann", "password": secret}) },
			"input", 400, "400: Invalid username/email or password.", herror.BadRequest},
		{"no session", func(w *world) { w.me(secret) }, "input", 604, "604: session missing", herror.SessionMissing},
		{"no account yet", func(w *world) {
			w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login(), "createUser": false})
		}, "input", 404, "404: not found", herror.NotFound},
		{"not JSON", body(`{"code":"` + secret), "input", 605, invalid + "the body is not JSON", herror.InvalidParameter},
		{"not an object", body(`["` + secret + `"]`), "input", 605, invalid + "the body is not a JSON object", herror.InvalidParameter},
		{"not UTF-8", body(`{"code":"` + secret + "\xff\"}"), "input", 605, invalid + "the body is not UTF-8", herror.InvalidParameter},
		{"unknown field", body(`{"` + secret + `":1}`), "input", 605, invalid + "the route has no such field", herror.InvalidParameter},
		{"unknown spelling", body(`{"create_user":true}`), "input", 605, invalid + "the route has no such field (field create_user)", herror.InvalidParameter},
		{"wrong type", body(`{"code":{"x":"` + secret + `"}}`), "input", 605, invalid + "the value is of a wrong type or form (field code)", herror.InvalidParameter},
		{"wrong form", body(`{"code":"c","data":"` + secret + `"}`), "input", 605, invalid + "the value is of a wrong type or form (field data)", herror.InvalidParameter},
		{"no documented value", body(`{"code":"c","syncUserProfile":"` + secret + `"}`), "input", 605, invalid + "it is none of the documented values (field syncUserProfile)", herror.InvalidParameter},
		{"given twice", body(`{"code":"c","code":"` + secret + `"}`), "input", 605, invalid + "a field is given twice (field code)", herror.InvalidParameter},
		{"empty", body(`{}`), "input", 605, invalid + "a needed field is missing (field code)", herror.InvalidParameter},
		{"too long", body(`{"code":"` + strings.Repeat(secret, 100) + `"}`), "input", 605, invalid + "code is longer than 1024 bytes", herror.InvalidParameter},
		{"no event", func(w *world) {
			w.post("/phone", w.login(w.Kuaishou("openid-1"), ""), m{})
		}, "input", 605, invalid + "a needed field is missing (field data)", herror.InvalidParameter},
		{"no such route", func(w *world) { w.post("/"+secret, "", nil) }, "input", 404, "no_route", nil},
		{"no content type", func(w *world) {
			w.do(request{method: "POST", path: "/login/ks", header: http.Header{"Content-Type": {secret}}})
		}, "input", 415, "unsupported_media_type", nil},
		{"the phone hangs up", func(w *world) {
			w.do(request{method: "POST", path: "/login/ks", body: m{"code": secret}, ctx: hungUp})
		}, "input", 601, "601: request timeout: the caller gave up: context canceled", context.Canceled},
		{"the phone hangs up, and the store waits", on(failingStore{}, func(w *world) {
			w.do(request{method: "GET", path: "/me", bearer: strings.Repeat("a", 43), ctx: hungUp})
		}), "input", 601, "601: request timeout: the caller gave up: context canceled", context.Canceled},
		{"anonymous", func(w *world) {
			w.post("/link/ks", w.post("/login/anonymous", "", nil).token(w.t), m{"code": secret})
		}, "input", 612, "612: anonymous user is not allowed", herror.AnonymousNotAllowed},

		// refused
		{"603", func(w *world) {
			phone := w.Kuaishou("openid-1")
			w.post("/login/ks", "", m{"code": phone.Login(), "data": event(phone.RefuseUserInfoJSON())})
		}, "refused", 603, "603: unauthorized", herror.UserRefused},
		{"backend's 403", faulty(baastest.Fault{Status: 403}), "refused", 403, "403: injected fault", herror.Forbidden},
		{"rate limit", with(silent, loginproxy.WithRateLimiter(func(context.Context, loginproxy.RateKey) (time.Duration, error) {
			return time.Second, nil
		})), "refused", 429, "too_many_requests", nil},
		{"another origin", with(func(w *world) {
			w.do(request{method: "POST", path: "/login/ks", header: http.Header{"Sec-Fetch-Site": {"cross-site"}}})
		}, loginproxy.WithCookie(cookieName)), "refused", 403, "cross_origin", nil},
		{"login check", with(good, loginproxy.WithLoginCheck(func(context.Context, *loginproxy.Visitor) error {
			return fmt.Errorf("user 7: %w", &loginproxy.Refusal{Status: 403, Name: "banned"})
		})), "refused", 403, "banned: user 7: banned", nil},

		// store
		{"the store is full", on(failingStore{err: errFull}, good), "store", 691, "691: session store failed: redisstore: swap: OOM", errFull},
		{"the store is down", on(brokenStore{}, func(w *world) { w.me(strings.Repeat("a", 43)) }),
			"store", 691, "691: session store failed: context deadline exceeded", herror.StoreFailed},
		{"a record that cannot be read", func(w *world) {
			store := w.damagedStore(session.ErrSealed)
			w.proxy = w.replicaOn(store)
			id := w.login(w.Kuaishou("openid-1"), "")
			w.me(id)
			store.damage()
			w.observedCauses()
			w.me(id)
		}, "store", 691, "691: session store failed: session: a stored session cannot be read: no sealing key decrypts it", session.ErrSealed},
		{"rate limiter", with(silent, loginproxy.WithRateLimiter(func(context.Context, loginproxy.RateKey) (time.Duration, error) {
			return 0, errFull
		})), "store", 503, "limiter_failed: redisstore: swap: OOM", errFull},

		// backend
		{"500", faulty(baastest.Fault{Status: 500, Body: `{"error_msg":"boom ` + secret + `"}`}), "backend", 500, "500: boom [redacted]", herror.Code(500)},
		{"a page of a proxy", faulty(baastest.Fault{Status: 502, Body: "<html>" + secret}), "backend", 502, "502: unknown error", herror.Code(502)},
		{"nonsense", faulty(baastest.Fault{Status: 200, Body: secret}), "backend", 690, "690: invalid response: login response is not JSON", herror.InvalidResponse},
		{"no token", faulty(baastest.Fault{Status: 200, Body: `{}`}), "backend", 690, "690: invalid response: no token", herror.InvalidResponse},
		{"not reachable", faulty(baastest.Fault{Cut: baastest.CutDial}), "backend", 600, "600: network disconnected: connection refused", syscall.ECONNREFUSED},
		{"cut", faulty(baastest.Fault{Cut: baastest.CutAfterRead}), "backend", 600, "600: network disconnected: EOF", herror.NetworkDisconnected},
		{"a logout whose token lives on", func(w *world) {
			id := w.login(w.Kuaishou("openid-1"), "")
			w.Fail("POST /hserve/v2.0/session/destroy/", baastest.Fault{Status: 500})
			w.post("/logout", id, nil).requireOK(w.t)
		}, "backend", 500, "500: injected fault", herror.Code(500)},

		// config
		{"not enabled", func(w *world) {
			w.Fail("POST /hserve/v2.1/login/username/", baastest.Fault{Status: 405, Body: `{"error_msg":"Please enable username login first."}`})
			w.post("/login", "", m{"username": "ann", "password": secret})
		}, "config", 503, "405: Please enable username login first.", herror.Code(405)},
		{"arrears", faulty(baastest.Fault{Status: 402}), "config", 503, "402: injected fault", herror.PaymentRequired},

		// program
		{"a login check that fails", with(good, loginproxy.WithLoginCheck(func(context.Context, *loginproxy.Visitor) error {
			return errFull
		})), "program", 503, "login_check_failed: redisstore: swap: OOM", errFull},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.post("/login/anonymous", "", nil) // the client id is known to be right
			w.observedCauses()
			tt.do(w)
			events := w.observedCauses()
			last := events[len(events)-1]
			require.EqualError(t, last.Err, tt.text)
			require.Equal(t, tt.class, last.Class)
			require.Equal(t, tt.code, last.Code)
			if tt.is != nil {
				require.ErrorIs(t, last.Err, tt.is)
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				require.NotContains(t, fmt.Sprintf(verb, last), secret)
				require.NotContains(t, fmt.Sprintf(verb, last.Err), secret)
			}
		})
	}
}

func (a response) requireOK(t *testing.T) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.body)
}

// A request that succeeds has no cause.
func TestNoCause(t *testing.T) {
	w := newWorld(t)
	id := w.login(w.Kuaishou("openid-1"), "")
	w.me(id)
	w.vendor("GET", me, id, nil)
	w.post("/logout", id, nil)
	for _, e := range w.observedCauses() {
		require.NoError(t, e.Err)
		require.Empty(t, e.Class)
	}
}

// A store and a backend that do not respond look alike on the phone, and not in the log.
func TestWhoDidNotRespond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		last := func() loginproxy.Event {
			events := w.observedCauses()
			require.Len(t, events, 1)
			require.Equal(t, herror.RequestTimeout, events[0].Code)
			require.EqualError(t, events[0].Err, "601: request timeout: context deadline exceeded")
			require.ErrorIs(t, events[0].Err, context.DeadlineExceeded)
			return events[0]
		}
		w.proxy = w.replicaOn(failingStore{})
		w.me(strings.Repeat("a", 43))
		require.Equal(t, loginproxy.ClassStore, last().Class)
		w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login()})
		require.Equal(t, loginproxy.ClassStore, last().Class, "the login could not be stored")
		w.post("/login", "", m{"username": "ann", "password": secret})
		require.Equal(t, loginproxy.ClassStore, last().Class, "a wrong password looks the same")

		w.proxy = w.replica()
		w.Fail(silentRoute, baastest.Fault{Delay: time.Hour})
		w.post("/login/ks", "", m{"code": secret})
		require.Equal(t, loginproxy.ClassBackend, last().Class)
	})
}

// A panic has a cause too, whose text has the value only if that shows no secret.
func TestCausesOfPanics(t *testing.T) {
	for name, tt := range map[string]struct {
		value any
		text  string
	}{
		"a text":        {secret, "internal_error: panic with a value of type string"},
		"an error":      {errors.New(secret), "internal_error: panic with a value of type *errors.errorString"},
		"http's":        {http.ErrAbortHandler, "internal_error: panic: net/http: abort Handler"},
		"an HError":     {herror.New(herror.StoreFailed, "").WithCause(errFull), "internal_error: panic: 691: session store failed: redisstore: swap: OOM"},
		"of Go, by nil": {nil, "internal_error: panic: runtime error: invalid memory address or nil pointer dereference"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.proxy = w.replica(loginproxy.WithOnLogin(func(context.Context, *loginproxy.Visitor) {
				if tt.value == nil {
					var e *loginproxy.Event
					e.Status = 1
				}
				panic(tt.value)
			}))
			require.Panics(t, func() { w.login(w.Kuaishou("openid-1"), "") })
			events := w.observedCauses()
			require.Len(t, events, 1)
			require.EqualError(t, events[0].Err, tt.text)
			require.Equal(t, loginproxy.ClassProgram, events[0].Class)
			require.Equal(t, http.StatusInternalServerError, events[0].Status)
			if err, ok := tt.value.(error); ok {
				require.ErrorIs(t, events[0].Err, err)
			}
		})
	}
}

// What the backend says through the drop-in is in the log too, without what the phone sent.
func TestDropInCauses(t *testing.T) {
	const accountPath = "/hserve/v2.1/login/username/"
	for _, tt := range []struct {
		name       string
		fault      baastest.Fault
		path       string
		body       any
		class      loginproxy.Class
		code       herror.Code
		text       string
		wantStatus int
	}{
		{"wrong password", baastest.Fault{}, accountPath, m{"username": "ann", "password": secret}, "input", 400, "400: Invalid username/email or password.", 400},
		{"an echo", baastest.Fault{Status: 400, Body: `{"error_msg":"no user ann with ` + secret + ` and 1234567"}`}, accountPath,
			m{"username": "ann@example.com", "password": secret, "more": []any{m{"pin": 1234567}}}, "input", 400, "400: no user ann with [redacted] and [redacted]", 400},
		{"an echo of what is within a text", baastest.Fault{Status: 400, Body: `{"error_msg":"bad ` + secret + `"}`}, accountPath,
			m{"username": "ann", "password": `{"a":["` + secret + `"]}`}, "input", 400, "400: bad [redacted]", 400},
		{"not enabled", baastest.Fault{Status: 405, Body: `{"error_msg":"Please enable email login first."}`}, accountPath, m{"username": "ann"}, "config", 405, "405: Please enable email login first.", 405},
		{"500", baastest.Fault{Status: 500, Body: "<html>" + secret}, accountPath, m{"username": "ann"}, "backend", 500, "500: unknown error", 500},
		{"the app's own data", baastest.Fault{Status: 400, Body: `{"error_msg":"` + secret + `"}`}, "/hserve/v2.4/table/t/record/", m{}, "input", 400, "400: unknown error", 400},
		{"duplicate members", baastest.Fault{}, accountPath, `{"username":"a","USERNAME":"` + secret + `"}`, "input", 605, "605: incorrect parameter type: a field is given twice (field USERNAME)", 400},
		{"not JSON", baastest.Fault{}, accountPath, `{"username":"` + secret, "input", 605, "605: incorrect parameter type: the body is not JSON", 400},
		{"not an object", baastest.Fault{}, accountPath, `["` + secret + `"]`, "input", 605, "605: incorrect parameter type: the body is not a JSON object", 400},
		{"an account of another type", baastest.Fault{}, accountPath, `{"username":["` + secret + `"]}`, "input", 605, "605: incorrect parameter type: the account is no text without control characters (field username)", 400},
		{"a query", baastest.Fault{}, accountPath + "?password=" + secret, m{}, "input", 605, "605: incorrect parameter type: the path has a query", 400},
		{"a logout whose token lives on", baastest.Fault{Status: 500, Body: `{"error_msg":"boom"}`}, destroyPath, m{}, "backend", 500, "500: boom", 201},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			id := w.vendorLogin(w.Kuaishou("openid-1"), "")
			if tt.fault.Status != 0 {
				w.Fail("POST "+tt.path, tt.fault)
			}
			w.observedCauses()
			if !strings.HasPrefix(tt.path, "/hserve/v2.4") && tt.path != destroyPath {
				id = ""
			}
			require.Equal(t, tt.wantStatus, w.vendor("POST", tt.path, id, tt.body).status)
			events := w.observedCauses()
			require.Len(t, events, 1)
			require.EqualError(t, events[0].Err, tt.text)
			require.Equal(t, tt.class, events[0].Class)
			require.Equal(t, tt.code, events[0].Code)
		})
	}
}

// The client has chosen the method of a path that is forwarded. That the backend does not
// have it is no mistake of this server.
func TestDropInMethodIsTheClients(t *testing.T) {
	w := newWorld(t)
	w.responds(http.StatusMethodNotAllowed, `{}`, nil)
	w.vendor("DELETE", "/hserve/v2.2/server/time/", "", nil)
	w.vendor("POST", "/hserve/v2.1/login/username/", "", m{"username": "ann", "password": "p"})
	var classes []loginproxy.Class
	for _, e := range w.observedCauses() {
		classes = append(classes, e.Class)
	}
	require.Equal(t, []loginproxy.Class{loginproxy.ClassInput, loginproxy.ClassConfig}, classes)
}
