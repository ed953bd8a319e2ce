package guard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
	"github.com/hydrogen-go/baas/user"
)

// calls are the calls of a trip, made one after the other.
type calls = []func() error

// tripWorld is a backend, a client whose sessions are in Redis, and a login server.
type tripWorld struct {
	*testing.T
	*baastest.Backend
	client *baas.Client
	proxy  *loginproxy.Proxy
	hook   func(context.Context, *loginproxy.Visitor) // after a login or a logout on proxy
}

// counter counts the commands that a Redis client sends.
type counter struct {
	commands  atomic.Int64
	pipelines atomic.Int64
}

func (c *counter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.commands.Add(1)
		return next(ctx, cmd)
	}
}

func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.pipelines.Add(1)
		c.commands.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}

// meter measures trips on one Redis.
type meter struct {
	redis   *redis.Client
	counter *counter
	worlds  int
}

func newMeter(t *testing.T) *meter {
	t.Helper()
	m := &meter{counter: new(counter), redis: redis.NewClient(&redis.Options{
		Addr: miniredis.RunT(t).Addr(), ContextTimeoutEnabled: true, MaxRetries: -1, DisableIdentity: true,
	})}
	t.Cleanup(func() { _ = m.redis.Close() })
	m.redis.AddHook(m.counter)
	w := m.world(t, setting{}, storeKind{index: true}) // from here on, Redis knows the scripts
	w.member()
	_, err := w.client.RevokeUser(t.Context(), 1)
	require.NoError(t, err)
	return m
}

// storeKind is how sessions are stored.
type storeKind struct{ sealed, index bool }

// world returns a new world, without sessions.
func (m *meter) world(t *testing.T, with setting, kind storeKind) *tripWorld {
	t.Helper()
	b, err := baastest.New(
		baastest.WithClock(baastest.NewClock(time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC))),
		baastest.WithResponses(baastest.Responses{ShortAccountLogin: with.short}))
	require.NoError(t, err)
	t.Cleanup(b.Close)
	w := &tripWorld{T: t, Backend: b, hook: func(context.Context, *loginproxy.Visitor) {}}

	m.worlds++
	options := []redisstore.Option{redisstore.WithPrefix(strconv.Itoa(m.worlds) + ":"), redisstore.WithClock(b.Clock().Now)}
	if kind.index {
		options = append(options, redisstore.WithUserIndex())
	}
	var store session.Store
	if store, err = redisstore.New(m.redis, options...); err == nil && kind.sealed {
		store, err = session.NewSealed(store, bytes.Repeat([]byte{1}, session.SealingKeySize))
	}
	require.NoError(t, err)
	opts := []baas.Option{baas.WithSessionStore(store)}
	server, err := b.Client(opts...)
	require.NoError(t, err)
	hook := func(ctx context.Context, v *loginproxy.Visitor) { w.hook(ctx, v) }
	w.proxy, err = loginproxy.New(server, loginproxy.WithOnLogin(hook), loginproxy.WithOnLogout(hook))
	require.NoError(t, err)
	if with.source {
		opts = append(opts, baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) {
			return b.Kuaishou("openid-1").Login(), nil
		}))
	}
	w.client, err = b.Client(opts...)
	require.NoError(t, err)
	return w
}

// measure returns what each call of a trip costs.
func (m *meter) measure(t *testing.T, tr trip, kind storeKind) []cost {
	t.Helper()
	w := m.world(t, tr.with, kind)
	var costs []cost
	for i, call := range tr.run(w) {
		w.ResetJournal()
		m.counter.commands.Store(0)
		m.counter.pipelines.Store(0)
		require.NoError(t, call(), "%s, %s: %d", tr.calls, tr.state, i)
		costs = append(costs, cost{len(w.Requests()), int(m.counter.commands.Load())})
		require.Zero(t, m.counter.pipelines.Load(), "every command is a round trip of its own")
	}
	require.NotEmpty(t, costs)
	return costs
}

// a is the login state of the visitor.
func (w *tripWorld) a() *auth.Auth { return w.client.Auth("visitor") }

// code returns a new login code of the person on Kuaishou.
func (w *tripWorld) code() string { return w.Kuaishou("openid-1").Login() }

// login logs the visitor in on Kuaishou.
func (w *tripWorld) login() *user.CurrentUser {
	w.Helper()
	u, err := w.a().LoginWithKs(w.Context(), nil, auth.Code(w.code()))
	require.NoError(w, err)
	return u
}

// ann are the credentials of the user that member makes.
var ann = auth.Credentials{Username: "ann", Password: "secret-1"}

// annJSON are the same as a phone sends them: the JSON of Credentials has no password.
var annJSON = object{"username": ann.Username, "password": ann.Password}

// member makes the visitor a user with an account.
func (w *tripWorld) member() *user.CurrentUser {
	w.Helper()
	u, err := w.a().Register(w.Context(), ann)
	require.NoError(w, err)
	return u
}

// expire lets the tokens expire that the backend has issued.
func (w *tripWorld) expire() { w.Clock().Advance(baastest.DefaultTokenLife) }

// eachPlatform returns a call for each platform, with a phone, and with a visitor of its
// own whom ready has made ready.
func (w *tripWorld) eachPlatform(ready func(*auth.Auth, *baastest.Phone) func(testkit.Calls) error) calls {
	w.Helper()
	var all calls
	for _, on := range testkit.Platforms {
		phone, err := w.Phone(on.Name(), "openid-of-"+on.Name())
		require.NoError(w, err)
		call := ready(w.client.Auth("visitor on "+on.Name()), phone)
		all = append(all, func() error { return call(on) })
	}
	return all
}

// want returns nil if err is the expected error.
func want(expected, err error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return fmt.Errorf("got %w, want %w", err, expected)
}

// ask sends a request to a handler with the session id, if it is not empty, and asserts
// the status. It returns the JSON of the response.
func (w *tripWorld) ask(h http.Handler, status int, scheme, id, method, path string, body any) object {
	w.Helper()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		require.NoError(w, err)
		content = bytes.NewReader(text)
	}
	r := httptest.NewRequestWithContext(w.Context(), method, path, content)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Hydrogen-Client-ID", w.ClientID())
	if id != "" {
		r.Header.Set("Authorization", scheme+" "+id)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	require.Equal(w, status, rec.Code, "%s %s: %s", method, path, rec.Body)
	var response object
	_ = json.Unmarshal(rec.Body.Bytes(), &response) // not every response is an object
	return response
}

type object = map[string]any

// route makes a request to a JSON route of the login server.
func (w *tripWorld) route(status int, id, method, path string, body any) object {
	w.Helper()
	return w.ask(w.proxy, status, "Bearer", id, method, path, body)
}

// backend makes a request to the login server, as the vendor's client does.
func (w *tripWorld) backend(status int, id, method, path string, body any) object {
	w.Helper()
	return w.ask(w.proxy.Backend(), status, "Hydrogen-r1", id, method, "/hserve/"+path, body)
}

// enter logs in on Kuaishou through the login server and returns the session id.
func (w *tripWorld) enter() string {
	w.Helper()
	id, _ := w.route(http.StatusOK, "", http.MethodPost, "/login/ks", object{"code": w.code()})["token"].(string)
	require.NotEmpty(w, id)
	return id
}

// enroll registers an account through the login server and returns the session id.
func (w *tripWorld) enroll() string {
	w.Helper()
	id, _ := w.route(http.StatusOK, "", http.MethodPost, "/register", annJSON)["token"].(string)
	require.NotEmpty(w, id)
	return id
}

// rest lets so much time pass that the next request notes when it came.
func (w *tripWorld) rest() { w.Clock().Advance(24 * time.Hour) }

// idle lets a session of the login server end because nobody used it.
func (w *tripWorld) idle() { w.Clock().Advance(loginproxy.DefaultIdleTimeout) }

// unknownID has the form of a session id, and is none.
const unknownID = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
