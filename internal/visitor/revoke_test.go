package visitor_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

const userID = 7 // of living

// twoSteps is an OwnerStore that writes the index of a user before the session, as a
// redisstore does, and takes a while between the two.
type twoSteps struct {
	session.Store
	pause time.Duration

	mu      sync.Mutex
	index   map[session.Owner]map[session.Key]bool
	refused map[session.Owner]time.Time
}

func newTwoSteps(inner session.Store, pause time.Duration) *twoSteps {
	return &twoSteps{
		Store: inner, pause: pause,
		index: make(map[session.Owner]map[session.Key]bool), refused: make(map[session.Owner]time.Time),
	}
}

func (s *twoSteps) SwapOwned(ctx context.Context, key session.Key, old session.Revision, next session.Session, owner session.Owner) (bool, error) {
	s.mu.Lock()
	if next.LoggedInAt.Before(s.refused[owner]) {
		s.mu.Unlock()
		return false, session.ErrRevoked
	}
	if s.index[owner] == nil {
		s.index[owner] = make(map[session.Key]bool)
	}
	s.index[owner][key] = true
	s.mu.Unlock()
	time.Sleep(s.pause)
	return s.Swap(ctx, key, old, next)
}

func (s *twoSteps) Owned(_ context.Context, owner session.Owner) ([]session.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []session.Key
	for key := range s.index[owner] {
		keys = append(keys, key)
	}
	return keys, nil
}

func (s *twoSteps) RefuseLogins(_ context.Context, owner session.Owner, before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[owner] = before
	return nil
}

// of returns a session of that user, who logs in now.
func of(user int64, token string) session.Session {
	s := living(token)
	s.UserID = user
	return s
}

// revoke revokes the sessions of the user at once.
func revoke(w *world, _ time.Duration) error {
	_, err := w.shared.RevokeUser(w.Context(), userID, session.Secret{})
	return err
}

// revokeOthers revokes all but the visitor's.
func revokeOthers(w *world, _ time.Duration) error { return w.conn.RevokeOthers(w.Context(), userID) }

// loginOf is a login of another user.
func loginOf(user int64, token string) func(*world, time.Duration) error {
	return func(w *world, took time.Duration) error {
		_, rev, err := w.conn.Load(w.Context())
		if err != nil {
			return err
		}
		next := of(user, token)
		time.Sleep(took)
		return w.conn.Establish(w.Context(), rev, next)
	}
}

// loginNew is a login under a new key, as a login proxy makes it.
func loginNew(token string) func(*world, time.Duration) error {
	return func(w *world, took time.Duration) error {
		next := living(token)
		time.Sleep(took)
		return w.conn.Establish(w.Context(), 0, next)
	}
}

// touch writes the session again, as a login proxy does.
func touch(w *world, took time.Duration) error {
	s, rev, err := w.conn.Load(w.Context())
	if err != nil {
		return err
	}
	time.Sleep(took)
	s.SeenAt = time.Now()
	_, err = w.conn.Swap(w.Context(), rev, s)
	return err
}

// Logins that are under way while the sessions of their user are revoked, on a store
// that stores in one step, and on one that takes two.
func TestRevocationRaces(t *testing.T) {
	const late = herror.SessionMissing
	for _, tt := range []struct {
		name      string
		start     *session.Session
		events    []event
		want      string
		loggedOut bool
	}{
		{
			name:  "a session is revoked",
			start: &session.Session{UserID: userID}, want: "", loggedOut: true,
			events: []event{{5, 0, revoke, 0}},
		}, {
			name:  "that of another user is not",
			start: &session.Session{UserID: 8}, want: "start",
			events: []event{{5, 0, revoke, 0}},
		}, {
			name:   "a login that was sent before fails",
			events: []event{{0, 10, login("b"), late}, {5, 0, revoke, 0}}, want: "",
		}, {
			name:   "so does one under a new key",
			events: []event{{0, 10, loginNew("b"), late}, {5, 0, revoke, 0}}, want: "",
		}, {
			name:   "one that is being stored is revoked or fails",
			events: []event{{0, 4, login("b"), anyCode}, {5, 0, revoke, 0}}, want: "", loggedOut: true,
		}, {
			name:   "one under a new key too",
			events: []event{{0, 4, loginNew("b"), anyCode}, {5, 0, revoke, 0}}, want: "", loggedOut: true,
		}, {
			name:  "one that replaces a session of the same user",
			start: &session.Session{UserID: userID}, want: "", loggedOut: true,
			events: []event{{0, 4, login("b"), anyCode}, {5, 0, revoke, 0}},
		}, {
			name:   "a login that is sent later is a new session",
			events: []event{{0, 4, login("b"), anyCode}, {5, 0, revoke, 0}, {6, 1, login("c"), 0}}, want: "c",
		}, {
			name:   "the late login does not replace it",
			events: []event{{0, 20, login("b"), late}, {5, 0, revoke, 0}, {6, 1, login("c"), 0}}, want: "c",
		}, {
			name:   "two revocations are as one",
			events: []event{{0, 20, login("b"), late}, {5, 0, revoke, 0}, {5, 0, revoke, 0}, {7, 0, revoke, 0}}, want: "",
		}, {
			name:   "the login of another user stays",
			events: []event{{0, 4, loginOf(8, "b"), 0}, {5, 0, revoke, 0}}, want: "b",
		}, {
			name:  "a change of the session does not undo it",
			start: &session.Session{UserID: userID}, want: "", loggedOut: true,
			events: []event{{0, 6, touch, 0}, {5, 0, revoke, 0}, {8, 0, rename("start"), 0}},
		}, {
			name:  "the visitor's own session stays if the others are revoked",
			start: &session.Session{UserID: userID}, want: "start",
			events: []event{{5, 0, revokeOthers, 0}},
		}, {
			name:  "but a login that would replace it fails",
			start: &session.Session{UserID: userID}, want: "start",
			events: []event{{0, 10, login("b"), late}, {5, 0, revokeOthers, 0}},
		},
	} {
		for pause, store := range []string{"one step", "two steps"} {
			t.Run(tt.name+" in "+store, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					if pause > 0 {
						w.withStore(newTwoSteps(w.store, 2*time.Second))
					}
					if tt.start != nil {
						require.NoError(t, w.conn.Establish(t.Context(), 0, of(tt.start.UserID, "start")))
					}
					time.Sleep(time.Second)
					runEvents(t, w, tt.events)
					got := w.stored()
					require.Equal(t, tt.want, got.Token.Reveal())
					if pause == 0 {
						require.Equal(t, tt.loggedOut, got.LoggedOut)
					}
				})
			})
		}
	}
}

// anyCode lets an event fail with 604 or succeed.
const anyCode herror.Code = -1

func runEvents(t *testing.T, w *world, events []event) {
	t.Helper()
	var all sync.WaitGroup
	for i, e := range events {
		all.Go(func() {
			time.Sleep(time.Duration(e.at) * time.Second)
			code := herror.CodeOf(e.do(w, time.Duration(e.took)*time.Second))
			if code != e.want && (e.want != anyCode || code != 0 && code != herror.SessionMissing) {
				t.Errorf("event %d: code %d, want %d", i, code, e.want)
			}
		})
	}
	all.Wait()
}

// A login that is between the two steps of the store, over a session of another user,
// over a logout, or over none: writing what is there again makes it fail.
func TestALoginBetweenTheTwoStepsIsRevoked(t *testing.T) {
	other := of(8, "other")
	for name, before := range map[string]session.Session{
		"over another user's session": other, "over a logout": {LoggedOut: true}, "over an ended session": {LoggedInAt: time.UnixMilli(1)},
		"over nothing": {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.withStore(newTwoSteps(w.store, 10*time.Second))
				if !before.IsZero() {
					before.LoggedInAt, before.ExpiresAt = time.Now().UTC(), time.Now().Add(time.Hour).UTC()
				}
				if name != "over nothing" {
					done, err := w.conn.Swap(t.Context(), 0, before)
					require.NoError(t, err)
					require.True(t, done)
				}
				time.Sleep(time.Second)
				runEvents(t, w, []event{{0, 1, loginOf(userID, "b"), herror.SessionMissing}, {5, 0, revoke, 0}})
				require.Equal(t, before.Token.Reveal(), w.stored().Token.Reveal())
				require.Equal(t, before.UserID, w.stored().UserID)
				require.Equal(t, before.LoggedOut, w.stored().LoggedOut)
			})
		})
	}
}

// many logs the user in under that many visitor keys, with the tokens token-0 and so on.
func (w *world) many(n int) []*visitor.Conn {
	w.Helper()
	conns := make([]*visitor.Conn, n)
	for i := range conns {
		conns[i] = visitor.New(w.shared, fmt.Sprint("visitor-", i))
		token := fmt.Sprint("token-", i)
		w.backend.known[token] = true
		require.NoError(w, conns[i].Establish(w.Context(), 0, living(token)))
	}
	return conns
}

// At most eight requests are under way at once, and each token is destroyed once.
func TestRevocationIsBounded(t *testing.T) {
	inBubble(t, func(w *world) {
		w.many(20)
		w.backend.took = time.Second
		began := time.Now()
		revoked, err := w.shared.RevokeUser(w.Context(), userID, session.Secret{})
		require.NoError(w, err)
		require.Equal(w, 20, revoked)
		require.Equal(w, 3*time.Second, time.Since(began), "20 requests of a second, eight at a time")
		require.Len(w, w.backend.asked, 20)
		require.ElementsMatch(w, tokens(20), w.backend.asked)
		revoked, err = w.shared.RevokeUser(w.Context(), userID, session.Secret{})
		require.NoError(w, err)
		require.Zero(w, revoked)
		require.Len(w, w.backend.asked, 20)
	})
}

func tokens(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint("token-", i)
	}
	return all
}

// A backend that fails leaves no session here.
func TestRevocationWhenTheBackendFails(t *testing.T) {
	inBubble(t, func(w *world) {
		w.many(3)
		w.backend.fail = errors.New("canary-backend")
		revoked, err := w.shared.RevokeUser(w.Context(), userID, session.Secret{})
		require.Equal(w, 3, revoked)
		h := failed(w.T, err, herror.NetworkDisconnected)
		require.True(w, h.Sent())
		require.ErrorContains(w, err, "all sessions are deleted here; tokens not destroyed in the backend: 3")
		require.NotContains(w, err.Error(), "canary")
		live, err := w.shared.UserSessions(w.Context(), userID)
		require.NoError(w, err)
		require.Empty(w, live)
	})
}

// ownedAndFaulty is a store whose calls fail for one key.
type ownedAndFaulty struct {
	session.OwnerStore
	key  session.Key
	load error
	swap error
}

func (f *ownedAndFaulty) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	s, rev, err := f.OwnerStore.Load(ctx, key)
	if [16]byte(key[:]) == [16]byte(f.key[:]) && f.load != nil && !s.IsZero() {
		return session.Session{}, rev, f.load
	}
	return s, rev, err
}

func (f *ownedAndFaulty) Swap(ctx context.Context, key session.Key, old session.Revision, next session.Session) (bool, error) {
	if [16]byte(key[:]) == [16]byte(f.key[:]) && f.swap != nil {
		return false, f.swap
	}
	return f.OwnerStore.Swap(ctx, key, old, next)
}

// One session that fails does not save the others.
func TestRevocationWhenTheStoreFails(t *testing.T) {
	for name, tt := range map[string]struct {
		load, swap error
		revoked    int
		destroyed  int
		left       string
	}{
		"at a load":               {load: errStore, revoked: 4, destroyed: 4, left: "token-2"},
		"at a swap":               {swap: errStore, revoked: 4, destroyed: 4, left: "token-2"},
		"a record cannot be read": {load: session.ErrEncoding, revoked: 5, destroyed: 4, left: ""},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				inner := w.store
				w.withStore(&ownedAndFaulty{inner.(session.OwnerStore), w.shared.Key("visitor-2"), tt.load, tt.swap})
				w.many(5)
				revoked, err := w.shared.RevokeUser(w.Context(), userID, session.Secret{})
				require.Equal(w, tt.revoked, revoked)
				failed(w.T, err, herror.StoreFailed)
				require.EqualError(w, err, "691: session store failed: sessions that could not be read or deleted: 1")
				require.Len(w, w.backend.asked, tt.destroyed)
				for i := range 5 {
					s, _, err := inner.Load(w.Context(), w.shared.Key(fmt.Sprint("visitor-", i)))
					require.NoError(w, err)
					want := ""
					if i == 2 {
						want = tt.left
					}
					require.Equal(w, want, s.Token.Reveal())
				}
				_, err = w.shared.UserSessions(w.Context(), userID)
				if tt.load == errStore {
					failed(w.T, err, herror.StoreFailed)
				} else {
					require.NoError(w, err)
				}
			})
		})
	}
}

func TestRevocationWhoseCallerGivesUp(t *testing.T) {
	inBubble(t, func(w *world) {
		w.many(20)
		w.backend.took = time.Second
		ctx, cancel := context.WithTimeout(w.Context(), 1500*time.Millisecond)
		defer cancel()
		revoked, err := w.shared.RevokeUser(ctx, userID, session.Secret{})
		require.Equal(w, 20, revoked, "all are deleted first")
		failed(w.T, err, herror.RequestTimeout)
		require.ErrorIs(w, err, context.DeadlineExceeded)
		require.Len(w, w.backend.asked, 16)

		revoked, err = w.shared.RevokeUser(ctx, userID, session.Secret{})
		require.Zero(w, revoked)
		failed(w.T, err, herror.RequestTimeout)
		_, err = w.shared.UserSessions(ctx, userID)
		failed(w.T, err, herror.RequestTimeout)
	})
}

// Without an OwnerStore, nothing is revoked and nothing sent.
func TestAStoreThatFindsNoSessions(t *testing.T) {
	inBubble(t, func(w *world) {
		w.withStore(&faulty{Store: w.store, loads: 99, swaps: 99}) // which embeds a Store
		w.start("a")
		_, sessions := w.shared.UserSessions(w.Context(), userID)
		for _, err := range []error{revoke(w, 0), sessions, w.shared.CanRevoke(w.Context(), userID), revokeOthers(w, 0)} {
			h := failed(w.T, err, herror.UnsupportedFunction)
			require.ErrorContains(w, h, "WithUserIndex")
			require.False(w, h.Sent())
		}
		require.Equal(w, "a", w.stored().Token.Reveal())
		require.Empty(w, w.backend.asked)
	})
}

// A user of one app is none of another app, also where the id is the same.
func TestOwnersOfApps(t *testing.T) {
	seen := map[session.Owner]bool{}
	for _, scope := range []string{"", visitor.ScopeOf("https://a", "id", ""), visitor.ScopeOf("https://a", "id", "env"), visitor.ScopeOf("https://b", "id", "")} {
		for _, id := range []int64{1, 7, 71} {
			owner := (&visitor.Shared{Scope: scope}).Owner(id)
			require.False(t, seen[owner])
			seen[owner] = true
			require.Equal(t, owner, (&visitor.Shared{Scope: scope}).Owner(id))
		}
	}
}
