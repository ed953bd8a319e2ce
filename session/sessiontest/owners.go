package sessiontest

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hydrogen-go/baas/session"
)

// ownerClauses are the parts of the contract of session.OwnerStore.
var ownerClauses = []clause{
	{"the sessions of an owner are found", ownedSessions},
	{"a session that has changed is found", ownedAfterChange},
	{"a session that has replaced another owner's is found", ownedAfterReplacement},
	{"a swap for an owner compares the revision", ownedStaleSwap},
	{"a login from before a revocation is refused", refusedLogin},
	{"the latest revocation counts", latestRevocation},
	{"a revocation is kept for the grace period", keptRevocation},
	{"the zero time refuses no login", noRevocation},
	{"no login outlasts a revocation", loginDuringRevocation},
	{"an ended context stops a call for an owner", endedContextOfOwner},
}

// ownersOf returns the store as one that finds sessions, or skips the test.
func ownersOf(t *testing.T, store session.Store) session.OwnerStore {
	t.Helper()
	owners, ok := store.(session.OwnerStore)
	if !ok {
		t.Skip("the store is no session.OwnerStore")
	}
	switch err := owners.RefuseLogins(t.Context(), session.Owner{}, time.Time{}); {
	case errors.Is(err, errors.ErrUnsupported):
		t.Skip("the store is not set up to find sessions")
	case err != nil:
		t.Fatalf("RefuseLogins: %v", err)
	}
	return owners
}

// owner returns a new owner.
func (s *suite) owner() session.Owner {
	var owner session.Owner
	_, _ = rand.Read(owner[:])
	return owner
}

func (s *suite) swapOwned(key session.Key, old session.Revision, next session.Session, owner session.Owner) bool {
	s.Helper()
	done, err := s.owners.SwapOwned(s.Context(), key, old, next, owner)
	if err != nil {
		s.Fatalf("SwapOwned: %v", err)
	}
	return done
}

// login stores next under a new key, and returns the key.
func (s *suite) login(next session.Session, owner session.Owner) session.Key {
	s.Helper()
	key := s.key()
	if !s.swapOwned(key, 0, next, owner) {
		s.Fatal("SwapOwned of an unknown key from revision 0 is refused")
	}
	s.holds(key, next.Token.Reveal())
	return key
}

// owned returns the keys of owner.
func (s *suite) owned(owner session.Owner) []session.Key {
	s.Helper()
	keys, err := s.owners.Owned(s.Context(), owner)
	if err != nil {
		s.Fatalf("Owned: %v", err)
	}
	return keys
}

// finds fails the test unless the keys of owner hold these tokens and no other.
func (s *suite) finds(owner session.Owner, tokens ...string) {
	s.Helper()
	found := []string{}
	for _, key := range s.owned(owner) {
		if got, _ := s.load(key); !got.IsZero() {
			found = append(found, got.Token.Reveal())
		}
	}
	slices.Sort(found)
	s.equal(found, append([]string{}, tokens...), "the sessions that are found")
}

func (s *suite) refuse(owner session.Owner, before time.Time) {
	s.Helper()
	if err := s.owners.RefuseLogins(s.Context(), owner, before); err != nil {
		s.Fatalf("RefuseLogins: %v", err)
	}
}

// refused fails the test unless a login of owner that was sent at that time is refused.
func (s *suite) refused(owner session.Owner, sent time.Time) {
	s.Helper()
	key, late := s.key(), s.live("late")
	late.LoggedInAt = sent
	done, err := s.owners.SwapOwned(s.Context(), key, 0, late, owner)
	if done || !errors.Is(err, session.ErrRevoked) {
		s.Fatalf("SwapOwned of a revoked login returns %t and error %v", done, err)
	}
	s.holds(key, "")
}

func ownedSessions(s *suite) {
	ann, bob := s.owner(), s.owner()
	s.finds(ann)
	s.login(s.live("ann-1"), ann)
	s.login(s.live("bob"), bob)
	second := s.login(s.live("ann-2"), ann)
	s.put(s.key(), s.live("of nobody"))
	s.finds(ann, "ann-1", "ann-2")
	s.finds(bob, "bob")
	for _, owner := range []session.Owner{ann, bob} {
		keys := map[session.Key]bool{}
		for _, key := range s.owned(owner) {
			keys[key] = true
		}
		s.equal(len(keys), len(s.owned(owner)), "the number of different keys")
	}
	s.put(second, session.Session{LoggedOut: true})
	s.finds(ann, "ann-1")
	s.clock.advance(2 * time.Hour)
	s.finds(ann)
	s.login(s.live("ann-3"), ann)
	s.finds(ann, "ann-3")
}

func ownedAfterChange(s *suite) {
	owner := s.owner()
	next := s.live("a")
	next.ExpiresAt = next.LoggedInAt.AddDate(0, 1, 0)
	key := s.login(next, owner)
	for i := range 3 {
		s.clock.advance(2 * session.Grace)
		next.SeenAt = s.clock.Now()
		next.UserInfo = []byte(`"` + strings.Repeat("i", 1000*i) + `"`)
		s.put(key, next)
		s.finds(owner, "a")
	}
}

func ownedAfterReplacement(s *suite) {
	ann, bob := s.owner(), s.owner()
	key := s.login(s.live("ann"), ann)
	_, rev := s.load(key)
	if !s.swapOwned(key, rev, s.live("bob"), bob) {
		s.Fatal("SwapOwned from the current revision is refused")
	}
	s.finds(bob, "bob")
	s.put(key, session.Session{LoggedOut: true})
	_, rev = s.load(key)
	if !s.swapOwned(key, rev, s.live("ann"), ann) {
		s.Fatal("SwapOwned from the current revision is refused")
	}
	s.finds(ann, "ann")
}

func ownedStaleSwap(s *suite) {
	owner := s.owner()
	key := s.key()
	first := s.put(key, s.live("a"))
	second := s.put(key, s.live("b"))
	for _, old := range []session.Revision{0, first, second + 1} {
		if s.swapOwned(key, old, s.live("late"), owner) {
			s.Fatalf("SwapOwned from revision %d succeeds, but the key is at %d", old, second)
		}
	}
	s.holds(key, "b")
}

func refusedLogin(s *suite) {
	ann, bob, now := s.owner(), s.owner(), s.clock.Now()
	s.login(s.live("before"), ann)
	s.clock.advance(time.Minute)
	s.refuse(ann, s.clock.Now())
	s.finds(ann, "before") // nothing is deleted
	s.refused(ann, now)
	s.refused(ann, s.clock.Now().Add(-session.Precision))
	s.login(s.live("in the same millisecond"), ann)
	earlier := s.live("bob")
	earlier.LoggedInAt = now
	s.login(earlier, bob)
}

func latestRevocation(s *suite) {
	owner, now := s.owner(), s.clock.Now()
	for _, minutes := range []time.Duration{2, 3, 1} {
		s.refuse(owner, now.Add(minutes*time.Minute))
	}
	s.refused(owner, now.Add(3*time.Minute-session.Precision))
}

func keptRevocation(s *suite) {
	for _, live := range []bool{false, true} {
		owner, now := s.owner(), s.clock.Now()
		if live {
			s.login(s.live("a"), owner)
		}
		s.refuse(owner, now)
		s.clock.advance(session.Grace - time.Second)
		for range 10 { // other revocations do not end it
			s.refuse(s.owner(), s.clock.Now())
		}
		s.refused(owner, now.Add(-session.Precision))
	}
}

func noRevocation(s *suite) {
	owner := s.owner()
	s.refuse(owner, time.Time{})
	never := s.live("a")
	never.LoggedInAt = time.Time{}
	s.login(never, owner)
	s.finds(owner, "a")
}

// loginDuringRevocation revokes as a client does, while logins are stored.
func loginDuringRevocation(s *suite) {
	const callers = 32
	owner, began := s.owner(), s.clock.Now()
	s.clock.advance(time.Second)
	keys := map[session.Key]bool{}
	var all sync.WaitGroup
	for range callers {
		key, next := s.key(), s.live("a")
		next.LoggedInAt = began
		keys[key] = true
		all.Go(func() { s.establish(key, next, owner) })
	}
	s.refuse(owner, s.clock.Now())
	for _, key := range s.owned(owner) {
		for done := false; !done; {
			got, rev := s.load(key)
			if !got.IsZero() {
				got = session.Session{LoggedOut: true}
			}
			done = s.swap(key, rev, got)
		}
	}
	all.Wait()
	s.refused(owner, began)
	for key := range maps.Keys(keys) {
		s.holds(key, "")
	}
}

// establish stores the session of a login as a client does.
func (s *suite) establish(key session.Key, next session.Session, owner session.Owner) {
	for {
		_, rev, err := s.store.Load(s.Context(), key)
		done := false
		if err == nil {
			done, err = s.owners.SwapOwned(s.Context(), key, rev, next, owner)
		}
		if err != nil && !errors.Is(err, session.ErrRevoked) {
			s.Errorf("Load or SwapOwned: %v", err)
		}
		if done || err != nil {
			return
		}
	}
}

func endedContextOfOwner(s *suite) {
	owners, owner := s.owners, s.owner()
	key := s.login(s.live("secret-token"), owner)
	_, rev := s.load(key)
	cancelled, cancel := context.WithCancel(s.Context())
	cancel()
	late, stop := context.WithDeadline(s.Context(), time.Unix(0, 0))
	defer stop()
	for _, tt := range []struct {
		ctx   context.Context
		cause error
	}{{cancelled, context.Canceled}, {late, context.DeadlineExceeded}} {
		done, swap := owners.SwapOwned(tt.ctx, key, rev, s.live("late-token"), owner)
		keys, owned := owners.Owned(tt.ctx, owner)
		refuse := owners.RefuseLogins(tt.ctx, owner, s.clock.Now().Add(time.Hour))
		for call, err := range map[string]error{"SwapOwned": swap, "Owned": owned, "RefuseLogins": refuse} {
			if !errors.Is(err, tt.cause) {
				s.Fatalf("%s returns error %v, want %v", call, err, tt.cause)
			}
			if strings.Contains(err.Error(), "token") {
				s.Fatal("the error shows the session")
			}
		}
		if done || len(keys) > 0 {
			s.Fatal("a result together with an error")
		}
	}
	s.holds(key, "secret-token")
}
