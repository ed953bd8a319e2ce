// Package sessiontest has the conformance suite of [session.Store] and of
// [session.OwnerStore]. A store is tested with
//
//	func TestConformance(t *testing.T) {
//		sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
//			return mystore.New(clock)
//		})
//	}
package sessiontest

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hydrogen-go/baas/session"
)

// Open returns the store under test, for one subtest: a new store, or a shared one,
// because every subtest uses its own visitor keys. The store must take the time only
// from clock, which the suite advances and which is safe for concurrent use. To close
// the store at the end of the subtest, use t.Cleanup.
type Open func(t *testing.T, clock func() time.Time) session.Store

// Run tests that the store which open returns keeps the contract of
// [session.Store], and that of [session.OwnerStore] if it is one; else those clauses
// are skipped. Each clause is a subtest. Run itself uses no network, does not
// sleep and leaves no goroutine. Run it with the race detector too.
func Run(t *testing.T, open Open) {
	t.Helper()
	for i, clause := range slices.Concat(clauses, ownerClauses) {
		t.Run(clause.name, func(t *testing.T) {
			clock := &clock{now: time.Now().Truncate(time.Millisecond).UTC()}
			s := &suite{T: t, clock: clock, store: open(t, clock.Now)}
			if i >= len(clauses) {
				s.owners = ownersOf(t, s.store)
			}
			clause.test(s)
		})
	}
}

// clock is a clock that the suite advances.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// suite is one subtest.
type suite struct {
	*testing.T
	clock  *clock
	store  session.Store
	owners session.OwnerStore // the same store, in the clauses for owners
}

// key returns a new key.
func (s *suite) key() session.Key { return session.KeyOf(s.Name() + rand.Text()) }

// live returns a session that expires in an hour.
func (s *suite) live(token string) session.Session {
	now := s.clock.Now()
	return session.Session{
		Token:      session.NewSecret(token),
		UserID:     92812581396859,
		LoggedInAt: now,
		ExpiresAt:  now.Add(time.Hour),
	}
}

func (s *suite) load(key session.Key) (session.Session, session.Revision) {
	s.Helper()
	got, rev, err := s.store.Load(s.Context(), key)
	if err != nil {
		s.Fatalf("Load: %v", err)
	}
	return got, rev
}

func (s *suite) swap(key session.Key, old session.Revision, next session.Session) bool {
	s.Helper()
	done, err := s.store.Swap(s.Context(), key, old, next)
	if err != nil {
		s.Fatalf("Swap: %v", err)
	}
	return done
}

// put stores next under key and returns the new revision.
func (s *suite) put(key session.Key, next session.Session) session.Revision {
	s.Helper()
	_, old := s.load(key)
	if !s.swap(key, old, next) {
		s.Fatal("Swap from the current revision is refused")
	}
	_, rev := s.load(key)
	return rev
}

// holds fails the test unless key holds a session with that token, or none if the
// token is empty.
func (s *suite) holds(key session.Key, token string) session.Session {
	s.Helper()
	got, _ := s.load(key)
	if got.Token.Reveal() != token {
		s.Fatalf("the key holds the session %q, want %q", got.Token.Reveal(), token)
	}
	return got
}

func (s *suite) equal(got, want any, what string) {
	s.Helper()
	g, w := describe(s.T, got), describe(s.T, want)
	if g != w {
		s.Fatalf("%s: got %s, want %s", what, g, w)
	}
}

// describe returns equal texts for equal values.
func describe(t *testing.T, v any) string {
	t.Helper()
	if full, ok := v.(session.Session); ok {
		v = struct {
			Token    string
			UserInfo string
			Rest     []any
		}{full.Token.Reveal(), string(full.UserInfo), []any{
			full.UserID, full.OpenID, full.UnionID, full.Platform, full.Values, full.Anonymous, full.LoggedOut,
			full.LoggedInAt.UTC(), full.SeenAt.UTC(), full.ExpiresAt.UTC(),
		}}
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
