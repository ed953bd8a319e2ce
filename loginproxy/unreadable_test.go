package loginproxy_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session"
)

// damagedStore damages the sessions that it had when damage was called.
type damagedStore struct {
	session.Store
	err     error
	damaged map[session.Revision]bool
	seen    map[session.Key]session.Revision
}

func (s *damagedStore) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	got, rev, err := s.Store.Load(ctx, key)
	if err == nil && s.damaged[rev] {
		return session.Session{}, rev, s.err
	}
	s.seen[key] = rev
	return got, rev, err
}

func (s *damagedStore) damage() {
	for _, rev := range s.seen {
		s.damaged[rev] = true
	}
}

func (w *world) damagedStore(err error) *damagedStore {
	return &damagedStore{w.store, err, make(map[session.Revision]bool), make(map[session.Key]session.Revision)}
}

// A session that cannot be read does not lock its user out: a login takes it for none,
// a logout clears it and the cookie, and the observer learns of it.
func TestUnreadableSession(t *testing.T) {
	for name, damage := range map[string]error{"damaged": session.ErrEncoding, "sealed with a lost key": session.ErrSealed} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			store := w.damagedStore(damage)
			w.proxy = w.replicaOn(store, loginproxy.WithCookie(cookieName))
			id := w.login(w.Kuaishou("openid-1"), "")
			require.Equal(t, http.StatusOK, w.me(id).status)
			store.damage()
			w.observed()

			require.Equal(t, http.StatusServiceUnavailable, w.me(id).status, "not logged out: another replica may read it")
			w.observed()
			other := w.login(w.Kuaishou("openid-1"), id)
			require.Equal(t, []bool{true}, unreadable(w.observed()))
			require.Equal(t, http.StatusOK, w.me(other).status)
			require.Equal(t, http.StatusUnauthorized, w.me(id).status, "the login has replaced it")

			store.damage()
			w.observed()
			got := w.post("/logout", other, m{})
			require.Equal(t, http.StatusOK, got.status, got.body)
			require.Equal(t, []bool{true}, unreadable(w.observed()))
			require.Contains(t, got.header.Get("Set-Cookie"), "Max-Age=0")
			require.Equal(t, http.StatusUnauthorized, w.me(other).status)
		})
	}
}

func unreadable(events []loginproxy.Event) (all []bool) {
	for _, e := range events {
		all = append(all, e.Unreadable)
	}
	return all
}

// The same through the drop-in.
func TestUnreadableSessionOfTheDropIn(t *testing.T) {
	w := newWorld(t)
	store := w.damagedStore(session.ErrEncoding)
	w.proxy = w.replicaOn(store)
	id := w.login(w.Kuaishou("openid-1"), "")
	require.Equal(t, http.StatusOK, w.me(id).status)
	store.damage()
	w.observed()
	other := w.vendorLogin(w.Kuaishou("openid-1"), id)
	require.Equal(t, []bool{true}, unreadable(w.observed()))
	require.Equal(t, http.StatusUnauthorized, w.me(id).status, "the login has replaced it")
	require.Equal(t, http.StatusOK, w.me(other).status)

	id = other
	store.damage()
	w.observed()
	got := w.vendor("POST", destroyPath, id, m{})
	require.Equal(t, http.StatusCreated, got.status, got.body)
	require.Equal(t, []bool{true}, unreadable(w.observed()))
	require.Equal(t, http.StatusUnauthorized, w.me(id).status)
}

// A logout deletes the cookie even where the store is down: no page can.
func TestLogoutClearsTheCookieThoughTheStoreFails(t *testing.T) {
	w := newWorld(t)
	w.proxy = w.replicaOn(brokenStore{}, loginproxy.WithCookie(cookieName))
	got := w.post("/logout", strings.Repeat("a", 43), m{})
	require.Equal(t, http.StatusServiceUnavailable, got.status)
	require.Contains(t, got.header.Get("Set-Cookie"), "Max-Age=0")
	require.InDelta(t, float64(herror.StoreFailed), got.field(t, "code"), 0)
}

// brokenStore fails every call.
type brokenStore struct{}

func (brokenStore) Load(context.Context, session.Key) (session.Session, session.Revision, error) {
	return session.Session{}, 0, context.DeadlineExceeded
}

func (brokenStore) Swap(context.Context, session.Key, session.Revision, session.Session) (bool, error) {
	return false, context.DeadlineExceeded
}

// readOnlyStore reads, and its writes take until the caller gives up.
type readOnlyStore struct{ session.Store }

func (readOnlyStore) Swap(ctx context.Context, _ session.Key, _ session.Revision, _ session.Session) (bool, error) {
	<-ctx.Done()
	return false, ctx.Err()
}

// The time of a request is written on the side: a store that cannot write holds a read
// up for no longer than a moment.
func TestAStoreThatCannotWriteDoesNotStallReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.login(w.Kuaishou("openid-1"), "")
		w.Clock().Advance(loginproxy.DefaultIdleTimeout / 2) // so that the time is due to be written
		w.proxy = w.replicaOn(readOnlyStore{w.store})
		began := time.Now()
		require.Equal(t, http.StatusOK, w.me(id).status)
		require.Less(t, time.Since(began), time.Second, "of the bubble's clock")
	})
}
