package auth_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/internal/testkit/variant"
	"github.com/hydrogen-go/baas/platform"
)

var start = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// world is a backend on a clock that stands still, and a client of it.
type world struct {
	*baastest.Backend
	t      *testing.T
	client *baas.Client
}

func newWorld(t *testing.T, opts ...baas.Option) *world {
	t.Helper()
	return newWorldWith(t, func(*baastest.Responses) {}, opts...)
}

// newWorldWith is newWorld where the responses that the test is about are pinned.
func newWorldWith(t *testing.T, pin func(*baastest.Responses), opts ...baas.Option) *world {
	t.Helper()
	b, err := baastest.New(baastest.WithClock(baastest.NewClock(start)), variant.Option(pin))
	require.NoError(t, err)
	t.Cleanup(b.Close)
	client, err := b.Client(opts...)
	require.NoError(t, err)
	return &world{Backend: b, t: t, client: client}
}

// visitor is an end user without a session.
func (w *world) visitor() *auth.Auth { return w.client.Auth("visitor") }

// enter logs the visitor in, with the journal empty afterwards.
func (w *world) enter() *auth.Auth {
	w.t.Helper()
	a := w.visitor()
	_, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
	require.NoError(w.t, err)
	w.ResetJournal()
	return a
}

// noCodes is a code source that fails the test when it is asked.
func noCodes(t *testing.T) baas.Option {
	return baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) {
		t.Error("a code is minted")
		return "", nil
	})
}

// person is the person with this openid on a platform.
func (w *world) person(name, openid string) *baastest.Phone {
	w.t.Helper()
	p, err := w.Phone(name, openid)
	require.NoError(w.t, err)
	return p
}

// sent counts the requests that reached the backend.
func (w *world) sent() int { return len(w.Requests()) }

// last is the newest request.
func (w *world) last() baastest.Request {
	w.t.Helper()
	all := w.Requests()
	require.NotEmpty(w.t, all)
	return all[len(all)-1]
}

type idp = testkit.Calls

var idps = testkit.Platforms

// eachPlatform runs a test on every platform, each in a world of its own.
func eachPlatform(t *testing.T, test func(t *testing.T, w *world, on idp)) {
	t.Helper()
	require.Len(t, idps, len(platform.All()), "a platform is missing in the table")
	for _, on := range idps {
		t.Run(on.Name(), func(t *testing.T) { test(t, newWorld(t), on) })
	}
}

// fails asserts the code of an error and returns it.
func fails(t *testing.T, code herror.Code, err error) *herror.HError {
	t.Helper()
	require.ErrorIs(t, err, code)
	var h *herror.HError
	require.ErrorAs(t, err, &h)
	require.Equal(t, code, h.Code)
	return h
}

// route is the pattern of a path below /hserve/.
func route(method, path string) string { return method + " /hserve/" + path }

const post, put, get = http.MethodPost, http.MethodPut, http.MethodGet

// ctx is the context of all calls whose context is not what is tested.
var ctx = context.Background()

// Pins for newWorldWith.
func wholeAccountLogin(r *baastest.Responses)   { r.ShortAccountLogin = false }
func shortAccountLogin(r *baastest.Responses)   { r.ShortAccountLogin = true }
func unionIDFromUserInfo(r *baastest.Responses) { r.UnionIDFromCode = false }
func unionIDFromCode(r *baastest.Responses)     { r.UnionIDFromCode = true }
