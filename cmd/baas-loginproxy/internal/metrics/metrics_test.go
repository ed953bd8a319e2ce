package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/ratelimit"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/sessiontest"
)

// scrape returns what /metrics responds, without the lines of Go and of the process.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	require.Equal(t, http.StatusOK, w.Code)
	return w.Body.String()
}

// The metrics follow the conventions of Prometheus, and the package documentation names
// all of them.
func TestNames(t *testing.T) {
	t.Parallel()
	m := New("v1.2.3")
	fill(m)
	problems, err := testutil.GatherAndLint(m.Registry())
	require.NoError(t, err)
	require.Empty(t, problems)

	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	families, err := m.Registry().Gather()
	require.NoError(t, err)
	var names []string
	for _, family := range families {
		if strings.HasPrefix(family.GetName(), namespace) {
			names = append(names, family.GetName())
		}
	}
	require.ElementsMatch(t, regexp.MustCompile(namespace+"_[a-z_]+").FindAllString(string(doc), -1), names)

	text := scrape(t, m)
	require.Contains(t, text, `baas_loginproxy_build_info{goversion="go`)
	require.Contains(t, text, `version="v1.2.3"} 1`)
	require.Contains(t, text, "\ngo_goroutines ")
	require.Contains(t, text, "\nprocess_open_fds ")
	require.Contains(t, text, "\npromhttp_metric_handler_requests_total")
}

// fill gives every metric a value.
func fill(m *Metrics) {
	ctx := context.Background()
	m.Request(ctx, loginproxy.Event{Operation: loginproxy.OpLogin, Platform: "kuaishou", Status: 200, Duration: time.Second, Unreadable: true})
	m.Decision(ctx, ratelimit.Decision{Operation: loginproxy.OpSMS, Outcome: ratelimit.Limited})
	m.operation(opLoad, resultOK, time.Now())
	_, _ = m.RoundTripper(roundTrip(func(*http.Request) (*http.Response, error) { return nil, io.EOF })).
		RoundTrip(httptest.NewRequest(http.MethodPost, "/", http.NoBody))
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRequests(t *testing.T) {
	t.Parallel()
	m := New("")
	ctx := t.Context()
	for _, e := range []loginproxy.Event{
		{Operation: loginproxy.OpLogin, Platform: "kuaishou", Status: 200, Duration: 20 * time.Millisecond},
		{Operation: loginproxy.OpLogin, Platform: "kuaishou", Status: 200, Duration: 2 * time.Second},
		{Operation: loginproxy.OpMe, Status: 503, Code: herror.StoreFailed, Class: loginproxy.ClassStore, Err: errors.New("secret-cause"), Unreadable: true},
		{Operation: loginproxy.OpForward, Status: 499, Code: 799},
		{Operation: loginproxy.OpForward, Status: 1, Code: -5},
	} {
		m.Request(ctx, e)
	}
	require.NoError(t, testutil.GatherAndCompare(m.Registry(), strings.NewReader(`
# HELP baas_loginproxy_requests_total Requests that the login server responded to.
# TYPE baas_loginproxy_requests_total counter
baas_loginproxy_requests_total{class="",code="0",operation="login",platform="kuaishou",status="200"} 2
baas_loginproxy_requests_total{class="store",code="691",operation="me",platform="",status="503"} 1
baas_loginproxy_requests_total{class="",code="other",operation="forward",platform="",status="other"} 2
# HELP baas_loginproxy_unreadable_sessions_total Requests whose session is stored but cannot be read.
# TYPE baas_loginproxy_unreadable_sessions_total counter
baas_loginproxy_unreadable_sessions_total 1
`), "baas_loginproxy_requests_total", "baas_loginproxy_unreadable_sessions_total"))
	text := scrape(t, m)
	require.Contains(t, text, `baas_loginproxy_request_duration_seconds_bucket{operation="login",le="0.025"} 1`)
	require.Contains(t, text, `baas_loginproxy_request_duration_seconds_sum{operation="login"} 2.02`)
	require.NotContains(t, text, "secret")
}

func TestInFlight(t *testing.T) {
	t.Parallel()
	m := New("")
	h := m.InFlight(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		require.InDelta(t, 1, testutil.ToFloat64(m.inFlight), 0)
		panic(http.ErrAbortHandler)
	}))
	require.Panics(t, func() { h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody)) })
	require.InDelta(t, 0, testutil.ToFloat64(m.inFlight), 0)
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	m := New("")
	rules := ratelimit.Rules{SMS: ratelimit.Rule{Account: ratelimit.Limits{{Count: 1, Period: time.Minute}}}}
	l, err := ratelimit.NewMemory(rules, ratelimit.WithObserver(m.Decision))
	require.NoError(t, err)
	for range 3 {
		_, err = l.Wait(t.Context(), loginproxy.RateKey{Operation: loginproxy.OpSMS, Account: "13800138000"})
		require.NoError(t, err)
	}
	require.InDelta(t, 1, testutil.ToFloat64(m.limiterDecisions.WithLabelValues("sms", "allowed")), 0)
	require.InDelta(t, 2, testutil.ToFloat64(m.limiterDecisions.WithLabelValues("sms", "limited")), 0)
	require.NotContains(t, scrape(t, m), "13800138000")
}

func TestBackendRequests(t *testing.T) {
	t.Parallel()
	m := New("")
	status := 200
	var failure error
	rt := m.RoundTripper(roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status}, failure
	}))
	do := func(method string) {
		_, err := rt.RoundTrip(httptest.NewRequest(method, "/hserve/secret?secret", http.NoBody))
		require.Equal(t, failure, err)
	}
	do(http.MethodGet)
	do("PROPFIND")
	status = 777
	do(http.MethodGet)
	failure = io.EOF
	do(http.MethodPost)
	for labels, want := range map[[2]string]float64{{"GET", "200"}: 1, {"other", "200"}: 1, {"GET", "other"}: 1, {"POST", "error"}: 1} {
		require.InDelta(t, want, testutil.ToFloat64(m.backendRequests.WithLabelValues(labels[0], labels[1])), 0, labels)
	}
	require.Equal(t, 4, testutil.CollectAndCount(m.backendRequests))
	require.NotContains(t, scrape(t, m), "secret")
}

// The decorated store keeps the contract of the inner one.
func TestStoresKeepTheContract(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
		return New("").Store(testkit.Memory(t, session.WithClock(clock)))
	})
}

// plainStore is a store that cannot find the sessions of a user.
type plainStore struct{ session.Store }

func TestStoresKeepTheirInterfaces(t *testing.T) {
	t.Parallel()
	owners := testkit.Memory(t)
	_, ok := New("").Store(owners).(session.OwnerStore)
	require.True(t, ok)
	_, ok = New("").Store(plainStore{owners}).(session.OwnerStore)
	require.False(t, ok)
}

// failingStore fails with err.
type failingStore struct {
	session.OwnerStore
	err error
}

func (s failingStore) Load(context.Context, session.Key) (session.Session, session.Revision, error) {
	return session.Session{}, 0, s.err
}

func (s failingStore) SwapOwned(context.Context, session.Key, session.Revision, session.Session, session.Owner) (bool, error) {
	return false, s.err
}

func TestResultsOfTheStore(t *testing.T) {
	t.Parallel()
	for result, failure := range map[string]error{
		"conflict":   nil,
		"revoked":    fmt.Errorf("swap: %w", session.ErrRevoked),
		"unreadable": fmt.Errorf("swap: %w", session.ErrEncoding),
		"canceled":   fmt.Errorf("swap: %w", context.Canceled),
		"timeout":    fmt.Errorf("swap: %w", context.DeadlineExceeded),
		"error":      io.ErrUnexpectedEOF,
	} {
		m := New("")
		store := m.Store(failingStore{testkit.Memory(t), failure}).(session.OwnerStore)
		live := session.Session{Token: session.NewSecret("secret"), ExpiresAt: time.Now().Add(time.Hour)}
		_, err := store.SwapOwned(t.Context(), session.KeyOf("k"), 0, live, session.Owner{})
		require.Equal(t, failure, err)
		require.InDelta(t, 1, testutil.ToFloat64(m.storeOperations.WithLabelValues("swap", result)), 0, result)
		require.Zero(t, testutil.ToFloat64(m.established))
	}
}

// A session is counted when a login stores it, and not when its time is noted; and when
// it is deleted, and not when a session that is missing is.
func TestSessions(t *testing.T) {
	t.Parallel()
	m := New("")
	for name, store := range map[string]session.Store{"owner": testkit.Memory(t), "plain": plainStore{testkit.Memory(t)}} {
		store = m.Store(store)
		live := session.Session{Token: session.NewSecret("secret"), ExpiresAt: time.Now().Add(time.Hour)}
		swap := func(key string, next session.Session) {
			_, rev, err := store.Load(t.Context(), session.KeyOf(key))
			require.NoError(t, err, name)
			done, err := store.Swap(t.Context(), session.KeyOf(key), rev, next)
			require.NoError(t, err, name)
			require.True(t, done, name)
		}
		swap("a", live)
		swap("a", live)
		swap("a", session.Session{LoggedOut: true})
		swap("b", live)
		swap("b", session.Session{})
		swap("missing", session.Session{})
		done, err := store.Swap(t.Context(), session.KeyOf("a"), 12345, live)
		require.NoError(t, err)
		require.False(t, done)
	}
	require.InDelta(t, 4, testutil.ToFloat64(m.established), 0)
	require.InDelta(t, 2, testutil.ToFloat64(m.ended.WithLabelValues("logout")), 0)
	require.InDelta(t, 2, testutil.ToFloat64(m.ended.WithLabelValues("other")), 0)
	require.InDelta(t, 2, testutil.ToFloat64(m.storeOperations.WithLabelValues("swap", "conflict")), 0)
}

// All of it around a login server: what one visit counts, on the SDK's own connections.
func TestAVisit(t *testing.T) {
	t.Parallel()
	m := New("")
	backend := baastest.NewServer(t)
	client := backend.Client(baas.WithSessionStore(m.Store(testkit.Memory(t))), baas.WithTransportWrapper(m.RoundTripper))
	proxy, err := loginproxy.New(client, loginproxy.WithObserver(m.Request))
	require.NoError(t, err)
	call := func(method, path, token, body string) string {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		proxy.ServeHTTP(w, r)
		return w.Body.String()
	}
	var login struct{ Token string }
	code := backend.Kuaishou("ks-ann").Login()
	require.NoError(t, json.Unmarshal([]byte(call(http.MethodPost, "/login/ks", "", `{"code":"`+code+`"}`)), &login))
	require.NotEmpty(t, login.Token)
	call(http.MethodPost, "/login/ks", "", `{"code":"`+code+`"}`) // spent
	call(http.MethodGet, "/me", login.Token, "")
	call(http.MethodPost, "/logout", login.Token, "{}")
	call(http.MethodGet, "/me", login.Token, "")
	call(http.MethodGet, "/"+login.Token, "", "")
	text := scrape(t, m)
	for _, line := range []string{
		`baas_loginproxy_requests_total{class="",code="0",operation="login",platform="kuaishou",status="200"} 1`,
		`baas_loginproxy_requests_total{class="input",code="400",operation="login",platform="kuaishou",status="400"} 1`,
		`baas_loginproxy_requests_total{class="",code="0",operation="me",platform="",status="200"} 1`,
		`baas_loginproxy_requests_total{class="input",code="604",operation="me",platform="",status="401"} 1`,
		`baas_loginproxy_requests_total{class="input",code="404",operation="unknown",platform="",status="404"} 1`,
		`baas_loginproxy_sessions_established_total 1`,
		`baas_loginproxy_sessions_ended_total{reason="logout"} 1`,
		`baas_loginproxy_sessions_ended_total{reason="other"} 0`,
		`baas_loginproxy_backend_requests_total{method="POST",status="400"} 1`,
		`baas_loginproxy_store_operations_total{operation="swap",result="ok"} 2`,
	} {
		require.Contains(t, text, "\n"+line+"\n")
	}
	require.NotContains(t, text, code)
	require.NotContains(t, text, login.Token)
	require.NotContains(t, text, "ks-ann")
}
