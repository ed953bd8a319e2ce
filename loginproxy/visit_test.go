package loginproxy_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session"
)

// Visit finds the visitor of a session id without HTTP.
func TestVisit(t *testing.T) {
	w := newWorld(t, loginproxy.WithIdleTimeout(time.Hour))
	id := w.login(w.Kuaishou("openid-1"), "")
	w.observed()
	v, err := w.proxy.Visit(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, w.userID("openid-1"), v.UserID())
	require.Equal(t, "kuaishou", v.Platform())
	u, err := v.User(t.Context())
	require.NoError(t, err)
	require.Equal(t, v.UserID(), u.ID())
	require.Empty(t, w.observed(), "no request")

	for range 3 { // each visit counts as a request
		w.Clock().Advance(40 * time.Minute)
		_, err = w.proxy.Visit(t.Context(), id)
		require.NoError(t, err)
	}
	for _, token := range []string{"", "made up", strings.Repeat("a", 43), "Bearer " + id} {
		v, err = w.proxy.Visit(t.Context(), token)
		require.ErrorIs(t, err, herror.SessionMissing)
		require.Nil(t, v)
	}
	w.Clock().Advance(time.Hour)
	_, err = w.proxy.Visit(t.Context(), id)
	require.ErrorIs(t, err, herror.SessionMissing, "idle")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.proxy.Visit(ctx, id)
	require.ErrorIs(t, err, context.Canceled)
	w.proxy = w.replicaOn(failingStore{err: errFull})
	_, err = w.proxy.Visit(t.Context(), id)
	require.ErrorIs(t, err, herror.StoreFailed)
	require.ErrorIs(t, err, errFull)
}

// Visit does not wait for a store longer than a request would.
func TestVisitHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := newWorld(t).replicaOn(failingStore{}).Visit(context.Background(), strings.Repeat("a", 43))
		require.ErrorIs(t, err, herror.RequestTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// OptionalMiddleware passes requests without a session on, and no request whose session
// it cannot know.
func TestOptionalMiddleware(t *testing.T) {
	w := newWorld(t)
	id := w.login(w.Kuaishou("openid-1"), "")
	page := func(p *loginproxy.Proxy) http.Handler {
		return p.OptionalMiddleware(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			v := loginproxy.FromContext(r.Context())
			_, _ = fmt.Fprint(rw, v == nil, " ", v.UserID())
		}))
	}
	get := func(p *loginproxy.Proxy, bearer string) response {
		return w.serve(page(p), request{method: http.MethodGet, path: "/page", bearer: bearer}.http(t))
	}
	w.observed()
	require.Equal(t, fmt.Sprint(false, " ", w.userID("openid-1")), get(w.proxy, id).body)
	for _, bearer := range []string{"", "made up", strings.Repeat("a", 43)} {
		a := get(w.proxy, bearer)
		require.Equal(t, "true 0", a.body)
		require.Empty(t, a.header.Get("WWW-Authenticate"))
	}
	require.Empty(t, w.observed(), "the program responds")

	a := get(w.replicaOn(failingStore{err: errFull}), id)
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.JSONEq(t, `{"code":691,"error":"store_failed","code_spent":false}`, a.body)
	require.Equal(t, "true 0", get(w.replicaOn(failingStore{err: errFull}), "").body, "it comes with none")

	cookie := page(w.replica(loginproxy.WithCookie(cookieName)))
	r := request{method: http.MethodPost, path: "/page", header: http.Header{"Cookie": {cookieName + "=" + id}, "Sec-Fetch-Site": {"cross-site"}}}
	require.Equal(t, http.StatusForbidden, w.serve(cookie, r.http(t)).status)
	r.header["Sec-Fetch-Site"] = []string{"same-origin"}
	require.Equal(t, http.StatusOK, w.serve(cookie, r.http(t)).status)
}

// panickingStore panics.
type panickingStore struct{ session.Store }

func (panickingStore) Load(context.Context, session.Key) (session.Session, session.Revision, error) {
	panic("canary")
}

// A panic before the program's handler is observed, and goes on. One of the handler is the
// program's own.
func TestMiddlewareOnPanic(t *testing.T) {
	w := newWorld(t)
	p := w.replicaOn(panickingStore{})
	own := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the program's own") })
	for _, h := range []http.Handler{p.Middleware(own), p.OptionalMiddleware(own)} {
		r := request{method: http.MethodGet, path: "/", bearer: strings.Repeat("a", 43)}
		require.PanicsWithValue(t, "canary", func() { w.serve(h, r.http(t)) })
		events := w.observedCauses()
		require.Len(t, events, 1)
		require.Equal(t, loginproxy.ClassProgram, events[0].Class)
		require.Equal(t, http.StatusInternalServerError, events[0].Status)
	}
	require.PanicsWithValue(t, "the program's own", func() {
		w.serve(p.OptionalMiddleware(own), request{method: http.MethodGet, path: "/"}.http(t))
	})
	require.Empty(t, w.observedCauses())
}

// WriteError responds as the routes do.
func TestWriteError(t *testing.T) {
	w := newWorld(t)
	for name, tt := range map[string]struct {
		err    error
		status int
		body   string
		header http.Header
	}{
		"604":              {herror.New(herror.SessionMissing, ""), 401, `{"code":604,"error":"session_missing","code_spent":false}`, http.Header{"Www-Authenticate": {"Bearer"}}},
		"a code":           {herror.NotFound, 404, `{"code":404,"error":"not_found","code_spent":false}`, nil},
		"605 with a field": {herror.New(herror.InvalidParameter, "canary").WithField("nickname"), 400, `{"code":605,"error":"invalid_parameter","reason":"invalid_value","field":"nickname","code_spent":false}`, nil},
		"wrapped":          {fmt.Errorf("canary: %w", herror.New(herror.StoreFailed, "canary")), 503, `{"code":691,"error":"store_failed","code_spent":false}`, nil},
		"sent":             {herror.FromBackend(500, "canary"), 502, `{"code":500,"error":"backend_failed","code_spent":true}`, nil},
		"603":              {&herror.HError{Code: herror.UserRefused, ID: 7, OpenID: "o"}, 403, `{"code":603,"error":"unauthorized","code_spent":false,"id":7,"openid":"o"}`, nil},
		"not enabled":      {herror.FromBackend(405, "canary"), 503, `{"code":503,"error":"not_configured","code_spent":false}`, nil},
		"a refusal":        {fmt.Errorf("canary: %w", &loginproxy.Refusal{Status: 409, Name: "already_joined"}), 409, `{"code":409,"error":"already_joined","code_spent":false}`, nil},
		"no refusal":       {&loginproxy.Refusal{Status: 200, Name: "canary"}, 500, `{"code":500,"error":"internal_error","code_spent":false}`, nil},
		"another error":    {errors.New("canary"), 500, `{"code":500,"error":"internal_error","code_spent":false}`, nil},
		"nil":              {nil, 500, `{"code":500,"error":"internal_error","code_spent":false}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			loginproxy.WriteError(rec, httptest.NewRequest(http.MethodGet, "/", nil), tt.err)
			require.Equal(t, tt.status, rec.Code)
			require.JSONEq(t, tt.body, rec.Body.String())
			if herror.CodeOf(tt.err) != 0 {
				require.Equal(t, herror.HTTPStatus(tt.err), rec.Code)
			}
			for header, values := range tt.header {
				require.Equal(t, values, rec.Header()[header])
			}
			require.Equal(t, "application/json", rec.Header().Get("Content-Type"))
			require.Equal(t, "no-store", rec.Header().Get("Cache-Control"))
			require.Equal(t, "nosniff", rec.Header().Get("X-Content-Type-Options"))
			require.NotContains(t, rec.Body.String(), "canary")
		})
	}
	rec := httptest.NewRecorder()
	_, err := w.proxy.Visit(t.Context(), "made up")
	loginproxy.WriteError(rec, nil, err)
	want := w.me("made up")
	require.Equal(t, want, response{rec.Code, rec.Header(), rec.Body.String()}, "to the byte")
}

// The responses of the JSON routes show the chosen fields of the user only.
func TestUserFields(t *testing.T) {
	w := newWorld(t, loginproxy.WithUserFields("nickname", "id", "nothing"))
	phone := w.Kuaishou("openid-1")
	in := w.post("/login/ks", "", m{"code": phone.Login(), "data": event(phone.AllowUserInfoJSON())})
	nickname := in.field(t, "user").(map[string]any)["nickname"]
	require.NotEmpty(t, nickname)
	want := map[string]any{"id": float64(in.userID(t)), "nickname": nickname}
	require.Equal(t, want, in.field(t, "user"))
	require.Equal(t, want, w.me(in.token(t)).field(t, "user"))
	set := w.post("/phone", in.token(t), m{"data": event(phone.AllowPhoneNumberJSON("13800138000"))})
	require.Equal(t, []string{"id", "nickname"}, keysOf(set.field(t, "user")))

	vendor := w.vendor("POST", silentPath, "", m{"code": phone.Login(), "create_user": true})
	require.Contains(t, vendor.body, `"openid":"openid-1"`, "the vendor's client reads it")
	w.visit(in.token(t), func(ctx context.Context, v *loginproxy.Visitor) {
		u, err := v.User(ctx)
		require.NoError(t, err)
		require.NotEmpty(t, u.Phone(), "the program sees all fields")
	})
}

func keysOf(object any) (keys []string) {
	for _, name := range []string{"id", "nickname", "_phone", "openid", "avatar"} {
		if _, ok := object.(map[string]any)[name]; ok {
			keys = append(keys, name)
		}
	}
	return keys
}
