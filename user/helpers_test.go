package user_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit/variant"
	"github.com/hydrogen-go/baas/user"
)

var (
	start = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	ctx   = context.Background()
)

// world is a backend on a clock that stands still, and a client of it.
type world struct {
	*baastest.Backend
	t      *testing.T
	client *baas.Client
}

func newWorld(t *testing.T, opts ...baas.Option) *world {
	t.Helper()
	b, err := baastest.New(baastest.WithClock(baastest.NewClock(start)), variant.Option())
	require.NoError(t, err)
	t.Cleanup(b.Close)
	client, err := b.Client(opts...)
	require.NoError(t, err)
	return &world{Backend: b, t: t, client: client}
}

func (w *world) visitor() *auth.Auth { return w.client.Auth("visitor") }

// member is a user with a name, logged in as the visitor; the journal is empty.
func (w *world) member() *user.CurrentUser {
	w.t.Helper()
	u, err := w.visitor().Register(ctx, auth.Credentials{Username: "ann", Password: "secret-1"})
	require.NoError(w.t, err)
	w.ResetJournal()
	return u
}

func (w *world) sent() int { return len(w.Requests()) }

// last is the newest request.
func (w *world) last() baastest.Request {
	w.t.Helper()
	all := w.Requests()
	require.NotEmpty(w.t, all)
	return all[len(all)-1]
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
