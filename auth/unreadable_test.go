package auth_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/session"
)

// damagedStore has one record that cannot be read, until something is put in its place.
type damagedStore struct {
	session.Store
	err  error
	gone bool
}

const damagedRevision = 77

func (s *damagedStore) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	if !s.gone {
		return session.Session{}, damagedRevision, s.err
	}
	return s.Store.Load(ctx, key)
}

func (s *damagedStore) Swap(ctx context.Context, key session.Key, old session.Revision, next session.Session) (bool, error) {
	if !s.gone {
		if old != damagedRevision {
			return false, nil
		}
		s.gone, old = true, 0
	}
	return s.Store.Swap(ctx, key, old, next)
}

// A record that cannot be read keeps nobody from logging in or out.
func TestUnreadableSessions(t *testing.T) {
	for name, damage := range map[string]error{"a damaged byte": session.ErrEncoding, "a lost sealing key": session.ErrSealed} {
		for what, call := range map[string]func(*world, *auth.Auth) error{
			"platform login": func(w *world, a *auth.Auth) error {
				_, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("o").Login()))
				return err
			},
			"silent login without a code": func(_ *world, a *auth.Auth) error {
				_, err := a.LoginWithKs(ctx, nil)
				if herror.CodeOf(err) == herror.InvalidParameter { // no code, as without any session
					err = nil
				}
				return err
			},
			"account login": func(_ *world, a *auth.Auth) error {
				_, err := a.Register(ctx, auth.Credentials{Username: "ann", Password: "secret-1"})
				return err
			},
			"logout": func(_ *world, a *auth.Auth) error { return a.Logout(ctx) },
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				store := &damagedStore{Store: testkit.Memory(t, session.WithClock(func() time.Time { return start })), err: damage}
				w := newWorld(t, baas.WithSessionStore(store))
				a := w.visitor()
				_, err := a.CurrentUser(ctx)
				require.ErrorIs(t, fails(t, herror.StoreFailed, err), damage)
				require.NoError(t, call(w, a))
				if what == "platform login" || what == "account login" {
					u, err := a.CurrentUser(ctx)
					require.NoError(t, err)
					require.NotZero(t, u.ID())
				}
				if what == "logout" {
					_, err = a.CurrentUser(ctx)
					fails(t, herror.SessionMissing, err)
				}
			})
		}
	}
}

// A replica that was given no sealing keys says so, and sends no sealed session.
func TestSealedSessionsWithoutKeys(t *testing.T) {
	inner := testkit.Memory(t, session.WithClock(func() time.Time { return start }))
	sealed, err := session.NewSealed(inner, bytes.Repeat([]byte{7}, session.SealingKeySize))
	require.NoError(t, err)
	w := newWorld(t, baas.WithSessionStore(sealed))
	_, err = w.visitor().LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("o").Login()))
	require.NoError(t, err)

	bare, err := w.Client(baas.WithSessionStore(inner))
	require.NoError(t, err)
	w.ResetJournal()
	for name, call := range map[string]func(*auth.Auth) error{
		"read":   func(a *auth.Auth) error { _, err := a.CurrentUser(ctx); return err },
		"login":  func(a *auth.Auth) error { _, err := a.LoginWithKs(ctx, nil, auth.Code("c")); return err },
		"logout": func(a *auth.Auth) error { return a.Logout(ctx) },
		"raw": func(a *auth.Auth) error {
			_, err := a.Request(ctx, auth.Request{Path: "/hserve/v2.2/server/time/"})
			return err
		},
	} {
		h := fails(t, herror.StoreFailed, call(bare.Auth("visitor")))
		require.Contains(t, h.Message, "session.Sealed", name)
	}
	require.Zero(t, w.sent())
	_, err = w.visitor().CurrentUser(ctx)
	require.NoError(t, err, "the session is still there")
}
