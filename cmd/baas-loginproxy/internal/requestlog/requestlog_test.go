package requestlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/ratelimit"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session"
)

// journal is a log in memory.
type journal struct{ bytes.Buffer }

func (j *journal) logger(more ...func(context.Context) []slog.Attr) *slog.Logger {
	return slog.New(Handler(slog.NewJSONHandler(&j.Buffer, &slog.HandlerOptions{Level: slog.LevelDebug}), more...))
}

// lines returns the lines without their times, and empties the journal.
func (j *journal) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for d := json.NewDecoder(&j.Buffer); ; {
		var line map[string]any
		err := d.Decode(&line)
		if errors.Is(err, io.EOF) {
			return lines
		}
		require.NoError(t, err)
		delete(line, "time")
		lines = append(lines, line)
	}
}

func newLog(t *testing.T, j *journal, opts ...Option) *Log {
	t.Helper()
	l, err := New(j.logger(), opts...)
	require.NoError(t, err)
	return l
}

func TestLines(t *testing.T) {
	t.Parallel()
	var j journal
	l := newLog(t, &j)
	for name, tt := range map[string]struct {
		event loginproxy.Event
		want  map[string]any
	}{
		"success": {
			loginproxy.Event{Operation: loginproxy.OpLogin, Platform: "kuaishou", Status: 200, Duration: 1234567 * time.Nanosecond},
			map[string]any{"level": "INFO", "operation": "login", "platform": "kuaishou", "status": 200., "duration_ms": 1.235},
		},
		"input": {
			loginproxy.Event{Operation: loginproxy.OpMe, Status: 401, Code: 604, Class: loginproxy.ClassInput, Err: herror.SessionMissing},
			map[string]any{"level": "INFO", "operation": "me", "status": 401., "code": 604., "class": "input", "cause": herror.SessionMissing.Error(), "duration_ms": 0.},
		},
		"refused": {
			loginproxy.Event{Operation: loginproxy.OpSMS, Status: 503, Code: 503, Class: loginproxy.ClassRefused, Err: errors.New("banned")},
			map[string]any{"level": "INFO", "operation": "sms", "status": 503., "code": 503., "class": "refused", "cause": "banned", "duration_ms": 0.},
		},
		"store": {
			loginproxy.Event{Operation: loginproxy.OpMe, Status: 503, Code: 691, Class: loginproxy.ClassStore, Err: errors.New("OOM"), Unreadable: true},
			map[string]any{"level": "ERROR", "operation": "me", "status": 503., "code": 691., "class": "store", "cause": "OOM", "unreadable": true, "duration_ms": 0.},
		},
		"config, with a status of the client's fault": {
			loginproxy.Event{Operation: loginproxy.OpLogin, Status: 400, Code: 400, Class: loginproxy.ClassConfig, Err: errors.New("client id")},
			map[string]any{"level": "ERROR", "operation": "login", "status": 400., "code": 400., "class": "config", "cause": "client id", "duration_ms": 0.},
		},
		"a logout that the backend did not hear of": {
			loginproxy.Event{Operation: loginproxy.OpLogout, Status: 200, Code: 601, Class: loginproxy.ClassBackend, Err: errors.New("slow")},
			map[string]any{"level": "ERROR", "operation": "logout", "status": 200., "code": 601., "class": "backend", "cause": "slow", "duration_ms": 0.},
		},
		"a panic": {
			loginproxy.Event{Operation: loginproxy.OpLogin, Status: 500, Class: loginproxy.ClassProgram},
			map[string]any{"level": "ERROR", "operation": "login", "status": 500., "class": "program", "duration_ms": 0.},
		},
		"a class that is missing": {
			loginproxy.Event{Operation: loginproxy.OpForward, Status: 500},
			map[string]any{"level": "ERROR", "operation": "forward", "status": 500., "duration_ms": 0.},
		},
	} {
		l.Request(t.Context(), tt.event)
		tt.want["msg"] = "request"
		require.Equal(t, []map[string]any{tt.want}, j.lines(t), name)
	}
}

func TestLongCauses(t *testing.T) {
	t.Parallel()
	var j journal
	l := newLog(t, &j)
	l.Request(t.Context(), loginproxy.Event{Err: errors.New(strings.Repeat("汉", 10000)), Class: loginproxy.ClassStore})
	cause := j.lines(t)[0]["cause"].(string)
	require.Equal(t, strings.Repeat("汉", 341)+"…", cause)
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	trusted := func(r *http.Request) bool { return r.RemoteAddr == "10.0.0.1:1" }
	var j journal
	for name, tt := range map[string]struct {
		peer  string
		given []string
		taken bool
	}{
		"none":                   {"10.0.0.1:1", nil, false},
		"of a trusted proxy":     {"10.0.0.1:1", []string{"req-1234.A_b"}, true},
		"of the longest form":    {"10.0.0.1:1", []string{strings.Repeat("a", 64)}, true},
		"of a client":            {"203.0.113.7:1", []string{"req-1234"}, false},
		"too short":              {"10.0.0.1:1", []string{"req-123"}, false},
		"too long":               {"10.0.0.1:1", []string{strings.Repeat("a", 65)}, false},
		"with a space":           {"10.0.0.1:1", []string{"req 12345"}, false},
		"with a line":            {"10.0.0.1:1", []string{"req\n12345"}, false},
		"with a quotation mark":  {"10.0.0.1:1", []string{`req"12345`}, false},
		"with another alphabet":  {"10.0.0.1:1", []string{"req-１２３４"}, false},
		"two of them":            {"10.0.0.1:1", []string{"req-1234", "req-5678"}, false},
		"two, the first is good": {"10.0.0.1:1", []string{"req-1234", ""}, false},
	} {
		l := newLog(t, &j, WithTrusted(trusted))
		var inside string
		h := l.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			inside = ID(r.Context())
			l.Request(r.Context(), loginproxy.Event{Operation: loginproxy.OpMe, Status: 200})
		}))
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = tt.peer
		r.Header["X-Request-Id"] = tt.given
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, inside, w.Header().Get("X-Request-Id"), name)
		require.Equal(t, inside, j.lines(t)[0]["request_id"], name)
		if tt.taken {
			require.Equal(t, tt.given[0], inside, name)
		} else {
			require.Len(t, inside, 26, name)
			require.NotContains(t, tt.given, inside, name)
		}
	}
	l := newLog(t, &j) // by default nobody is trusted
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header.Set("X-Request-Id", "req-1234")
	l.Middleware(http.NotFoundHandler()).ServeHTTP(w, r)
	require.Len(t, w.Header().Get("X-Request-Id"), 26)
	require.Empty(t, ID(t.Context()))
}

// The lines of other packages have the id too, whatever is done to their loggers.
func TestHandler(t *testing.T) {
	t.Parallel()
	var j journal
	log := j.logger(func(context.Context) []slog.Attr { return []slog.Attr{slog.Int("more", 1)} })
	l, err := New(log.With("service", "login"))
	require.NoError(t, err)
	l.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		log.With("a", 1).WithGroup("g").InfoContext(r.Context(), "one", "b", 2)
		log.InfoContext(t.Context(), "two")
		l.Request(r.Context(), loginproxy.Event{})
		require.False(t, log.Handler().Enabled(r.Context(), slog.LevelDebug-1))
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	lines := j.lines(t)
	require.Len(t, lines, 3)
	require.EqualValues(t, 1, lines[0]["a"])
	require.EqualValues(t, 2, lines[0]["g"].(map[string]any)["b"])
	require.Len(t, lines[0]["g"].(map[string]any)["request_id"], 26)
	require.NotContains(t, lines[1], "request_id")
	require.EqualValues(t, 1, lines[1]["more"])
	require.Len(t, lines[2]["request_id"], 26)
	require.Equal(t, "login", lines[2]["service"])

	// New adds the handler if it is missing.
	l, err = New(slog.New(slog.NewJSONHandler(&j.Buffer, nil)))
	require.NoError(t, err)
	l.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		l.Request(r.Context(), loginproxy.Event{})
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	require.Len(t, j.lines(t)[0]["request_id"], 26)
}

// A request that passed although it could not be counted is an error for the operator,
// and has one line.
func TestUncheckedRequests(t *testing.T) {
	t.Parallel()
	var j journal
	l := newLog(t, &j)
	for outcome, want := range map[ratelimit.Outcome]string{ratelimit.Unchecked: "ERROR", ratelimit.Limited: "INFO", ratelimit.Failed: "INFO"} {
		l.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			l.Decision(r.Context(), ratelimit.Decision{Outcome: outcome, Err: errors.New("no redis")})
			l.Request(r.Context(), loginproxy.Event{Operation: loginproxy.OpLogin, Status: 200})
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		lines := j.lines(t)
		require.Len(t, lines, 1)
		require.Equal(t, want, lines[0]["level"], outcome)
		if outcome == ratelimit.Unchecked {
			require.Equal(t, "no redis", lines[0]["unchecked"])
		} else {
			require.NotContains(t, lines[0], "unchecked")
		}
	}
	l.Decision(t.Context(), ratelimit.Decision{Outcome: ratelimit.Unchecked}) // outside of a request
}

// Requests of other paths have a line too, and the writer's other methods still work.
func TestOtherPaths(t *testing.T) {
	t.Parallel()
	var j journal
	l := newLog(t, &j)
	for want, serve := range map[int]http.HandlerFunc{
		404: http.NotFound,
		200: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") },
		204: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusNoContent)
		},
		500: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
	} {
		w := httptest.NewRecorder()
		l.Middleware(serve).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/secret", http.NoBody))
		lines := j.lines(t)
		require.Len(t, lines, 1)
		require.EqualValues(t, want, lines[0]["status"])
		require.NotContains(t, lines[0], "operation")
		require.Equal(t, want >= 500, lines[0]["level"] == "ERROR")
	}
	w := httptest.NewRecorder()
	l.Middleware(Named("preflight", http.NotFoundHandler())).ServeHTTP(w, httptest.NewRequest(http.MethodOptions, "/", http.NoBody))
	require.Equal(t, "preflight", j.lines(t)[0]["operation"])
	Named("outside", http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodOptions, "/", http.NoBody))
	require.Empty(t, j.lines(t))
	srv := httptest.NewServer(l.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		rc := http.NewResponseController(w)
		if rc.SetReadDeadline(time.Now().Add(time.Minute)) != nil || rc.Flush() != nil {
			panic("the writer hides its methods")
		}
	})))
	defer srv.Close()
	res, err := srv.Client().Get(srv.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
}

func TestOptions(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	_, err := New(nil)
	require.Error(t, err)
	for _, opt := range []Option{WithTrusted(nil), WithClientAddr(nil)} {
		_, err := New(log, opt)
		require.Error(t, err)
	}
	l, err := New(log, nil)
	require.NoError(t, err)
	l.Request(t.Context(), loginproxy.Event{}) // is not enabled
	l.User(t.Context(), nil)                   // outside of a request
}

// brokenStore fails while err is not nil.
type brokenStore struct {
	session.Store
	err error
}

func (s *brokenStore) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	if s.err != nil {
		return session.Session{}, 0, s.err
	}
	return s.Store.Load(ctx, key)
}

// A visit of a phone, through all of it: one line for each request, with the user on
// login and logout, the cause of a failure, the id in the client's own lines, and no
// secret.
func TestAVisit(t *testing.T) {
	t.Parallel()
	var j journal
	l := newLog(t, &j, WithClientAddr(func(r *http.Request) string { return strings.TrimSuffix(r.RemoteAddr, ":1") }))
	backend := baastest.NewServer(t)
	store := &brokenStore{Store: testkit.Memory(t)}
	client := backend.Client(baas.WithSessionStore(store), baas.WithLogger(j.logger()))
	proxy, err := loginproxy.New(client, loginproxy.WithObserver(l.Request), loginproxy.WithOnLogin(l.User), loginproxy.WithOnLogout(l.User))
	require.NoError(t, err)
	handler := l.Middleware(http.StripPrefix("/auth", proxy))
	var all bytes.Buffer
	call := func(method, path, token, body string) (response string, request map[string]any) {
		r := httptest.NewRequest(method, "/auth/"+path, strings.NewReader(body))
		r.RemoteAddr = "203.0.113.7:1"
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		all.Write(j.Bytes())
		lines := j.lines(t)
		for _, line := range lines {
			require.Equal(t, w.Header().Get("X-Request-Id"), line["request_id"])
			if line["msg"] == "request" {
				require.Nil(t, request, "one line for each request")
				request = line
			}
		}
		require.NotNil(t, request)
		require.Equal(t, "203.0.113.7", request["client"])
		return w.Body.String(), request
	}
	code := backend.Kuaishou("ks-ann").Login()
	body, line := call(http.MethodPost, "login/ks", "", `{"code":"`+code+`"}`)
	var login struct {
		Token string
		User  struct{ ID int64 }
	}
	require.NoError(t, json.Unmarshal([]byte(body), &login))
	require.NotZero(t, login.User.ID)
	require.EqualValues(t, login.User.ID, line["user"])
	require.Equal(t, "INFO", line["level"])
	_, line = call(http.MethodPost, "login/ks", "", `{"code":"`+code+`"}`)
	require.Equal(t, "input", line["class"])
	require.NotContains(t, line, "user")
	_, line = call(http.MethodPost, "login", "", `{"username":"the-username","password":"the-password"}`)
	require.Equal(t, "INFO", line["level"])
	require.NotEmpty(t, line["cause"])
	_, line = call(http.MethodGet, "me", login.Token, "")
	require.NotContains(t, line, "user")
	store.err = errors.New("redis is full")
	_, line = call(http.MethodGet, "me", login.Token, "")
	require.Equal(t, "ERROR", line["level"])
	require.Contains(t, line["cause"], "redis is full")
	store.err = nil
	_, line = call(http.MethodPost, "logout", login.Token, "{}")
	require.EqualValues(t, login.User.ID, line["user"])
	_, line = call(http.MethodGet, login.Token, "", "")
	require.Equal(t, "unknown", line["operation"])
	for _, secret := range []string{code, login.Token, "the-password", "the-username", "ks-ann"} {
		require.NotContains(t, all.String(), secret)
	}
	require.Contains(t, all.String(), "baas request", "the client's own lines")
}
