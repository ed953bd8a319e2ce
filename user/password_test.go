package user_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// standing is the clock of a world.
var standing = session.WithClock(func() time.Time { return start })

// elsewhere logs the member in under other visitor keys.
func (w *world) elsewhere(keys ...string) {
	w.t.Helper()
	for _, key := range keys {
		_, err := w.client.Auth(key).Login(ctx, auth.Credentials{Username: "ann", Password: "secret-1"})
		require.NoError(w.t, err)
	}
	w.ResetJournal()
}

// loggedIn reports whether there is a session under a visitor key.
func (w *world) loggedIn(key string) bool {
	w.t.Helper()
	s, err := w.client.Auth(key).Session(ctx)
	require.NoError(w.t, err)
	return !s.IsZero()
}

func TestUpdatePasswordRevokesOtherSessions(t *testing.T) {
	for name, tt := range map[string]struct {
		opts []user.PasswordOption
		stay bool
	}{
		"not by default": {nil, true},
		"nil options":    {[]user.PasswordOption{nil, nil}, true},
		"where asked":    {[]user.PasswordOption{nil, user.RevokeOtherSessions()}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.member()
			w.elsewhere("phone", "tablet")
			require.NoError(t, u.UpdatePassword(ctx, "secret-1", "secret-2", tt.opts...))
			require.True(t, w.loggedIn("visitor"), "the session that changed it")
			require.Equal(t, tt.stay, w.loggedIn("phone"))
			require.Equal(t, tt.stay, w.loggedIn("tablet"))
			_, err := w.client.Auth("phone").Login(ctx, auth.Credentials{Username: "ann", Password: "secret-2"})
			require.NoError(t, err, "a login with the new password")
		})
	}
}

// A change that fails revokes nothing.
func TestAWrongPasswordRevokesNothing(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	w.elsewhere("phone")
	fails(t, herror.BadRequest, u.UpdatePassword(ctx, "wrong", "secret-2", user.RevokeOtherSessions()))
	require.True(t, w.loggedIn("phone"))
	require.Equal(t, 1, w.sent())
}

// When only the revocation fails, the error says so.
func TestUpdatePasswordWhoseRevocationFails(t *testing.T) {
	t.Run("in the backend", func(t *testing.T) {
		w := newWorld(t)
		u := w.member()
		w.elsewhere("phone")
		w.Fail("POST /hserve/v2.0/session/destroy/", baastest.Fault{Status: http.StatusServiceUnavailable})
		h := fails(t, 503, u.UpdatePassword(ctx, "secret-1", "secret-2", user.RevokeOtherSessions()))
		require.ErrorContains(t, h, "the password is changed")
		require.True(t, h.Sent())
		require.False(t, w.loggedIn("phone"), "it is deleted here all the same")
	})
	t.Run("in the store", func(t *testing.T) {
		store := &breaking{Memory: testkit.Memory(t, standing)}
		w := newWorld(t, baas.WithSessionStore(store))
		u := w.member()
		store.err = errors.New("canary")
		h := fails(t, herror.StoreFailed, u.UpdatePassword(ctx, "secret-1", "secret-2", user.RevokeOtherSessions()))
		require.ErrorIs(t, h, store.err)
		require.ErrorContains(t, h, "the password is changed")
		require.NotContains(t, h.Error(), "canary")
		require.True(t, h.Sent())
		_, err := w.client.Auth("phone").Login(ctx, auth.Credentials{Username: "ann", Password: "secret-2"})
		require.NoError(t, err)
	})
	t.Run("and the response cannot be read", func(t *testing.T) {
		w := newWorld(t)
		u := w.member()
		w.elsewhere("phone")
		w.Fail("PUT /hserve/v2.2/user/account/", baastest.Fault{Status: http.StatusOK, Body: "<html>"})
		fails(t, herror.InvalidResponse, u.UpdatePassword(ctx, "secret-1", "secret-2", user.RevokeOtherSessions()))
		require.False(t, w.loggedIn("phone"), "the password may be changed")
	})
}

// breaking is a store whose Owned fails.
type breaking struct {
	*session.Memory
	err error
}

func (b *breaking) Owned(ctx context.Context, owner session.Owner) ([]session.Key, error) {
	if b.err != nil {
		return nil, b.err
	}
	return b.Memory.Owned(ctx, owner)
}

// A store that finds no sessions: nothing is sent, and the password is the old one.
func TestUpdatePasswordOnAStoreThatFindsNoSessions(t *testing.T) {
	w := newWorld(t, baas.WithSessionStore(struct{ session.Store }{testkit.Memory(t, standing)}))
	u := w.member()
	h := fails(t, herror.UnsupportedFunction, u.UpdatePassword(ctx, "secret-1", "secret-2", user.RevokeOtherSessions()))
	require.False(t, h.Sent())
	require.Zero(t, w.sent())
	require.NoError(t, u.UpdatePassword(ctx, "secret-1", "secret-2"))
}
