package sessiontest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/hydrogen-go/baas/session"
)

// clause is a part of a contract.
type clause struct {
	name string
	test func(*suite)
}

// clauses are the parts of the contract of session.Store.
var clauses = []clause{
	{"an unknown key holds nothing", unknownKey},
	{"a session that was swapped in can be loaded", roundTrip},
	{"a loaded session is a copy", ownCopy},
	{"keys are independent", keysApart},
	{"a swap from an older revision changes nothing", staleSwap},
	{"a swap from a revision of another key changes nothing", foreignRevision},
	{"no revision is used twice", revisions},
	{"a session expires", expiry},
	{"a session without an expiry is expired", endless},
	{"an expired session keeps its revision for the grace period", expiredRevision},
	{"a logout is kept for the grace period", logout},
	{"a logout is not undone by a slow login", slowLogin},
	{"a forgotten key can be used again", forgotten},
	{"a long session is kept until it expires", longSession},
	{"exactly one of several concurrent swaps succeeds", concurrentSwaps},
	{"no concurrent change is lost", concurrentChanges},
	{"an ended context stops a call", endedContext},
}

func unknownKey(s *suite) {
	got, rev := s.load(s.key())
	s.equal(got, session.Session{}, "an unknown key's session")
	s.equal(rev, session.Revision(0), "its revision")
	if s.swap(s.key(), 1, s.live("a")) {
		s.Fatal("Swap from a revision that never existed succeeds")
	}
}

func roundTrip(s *suite) {
	now := s.clock.Now()
	full := session.Session{
		Token:      session.NewSecret("token-ü-\x00"),
		UserID:     -1 << 63,
		OpenID:     "openid",
		UnionID:    "unionid",
		Platform:   "kuaishou",
		Anonymous:  true,
		UserInfo:   json.RawMessage(`{"nickName":"` + strings.Repeat("名", 10_000) + `"}`),
		Values:     `{"a":"` + strings.Repeat("值", 300) + `"}`,
		LoggedInAt: now.Add(-time.Second),
		SeenAt:     now.Add(time.Second),
		ExpiresAt:  now.Add(time.Hour),
	}
	for _, want := range []session.Session{full, s.live("plain"), {LoggedOut: true}, {}} {
		key := s.key()
		if !s.swap(key, 0, want) {
			s.Fatal("Swap of an unknown key from revision 0 is refused")
		}
		got, rev := s.load(key)
		s.equal(got, want, "the session")
		if rev == 0 {
			s.Fatal("a key that was written has revision 0")
		}
	}
}

func ownCopy(s *suite) {
	key, given := s.key(), s.live("a")
	given.UserInfo = json.RawMessage(`{"n":1}`)
	s.put(key, given)
	given.UserInfo[5] = '2'
	first := s.holds(key, "a")
	s.equal(string(first.UserInfo), `{"n":1}`, "user info changed after the swap")
	first.UserInfo[5] = '3'
	s.equal(string(s.holds(key, "a").UserInfo), `{"n":1}`, "user info changed after a load")
}

func keysApart(s *suite) {
	one, other := s.key(), s.key()
	s.put(one, s.live("one"))
	s.put(other, s.live("other"))
	s.put(one, session.Session{LoggedOut: true})
	s.holds(one, "")
	s.holds(other, "other")
}

func staleSwap(s *suite) {
	key := s.key()
	first := s.put(key, s.live("a"))
	second := s.put(key, s.live("b"))
	for _, old := range []session.Revision{0, first, second + 1} {
		if s.swap(key, old, s.live("late")) {
			s.Fatalf("Swap from revision %d succeeds, but the key is at %d", old, second)
		}
	}
	s.holds(key, "b")
	_, rev := s.load(key)
	s.equal(rev, second, "the revision after refused swaps")
}

func foreignRevision(s *suite) {
	one, other := s.key(), s.key()
	rev := s.put(one, s.live("a"))
	s.put(one, s.live("b"))
	if s.swap(other, rev, s.live("late")) {
		s.Fatal("Swap from another key's revision succeeds")
	}
	s.holds(other, "")
}

func revisions(s *suite) {
	key := s.key()
	seen := map[session.Revision]bool{0: true}
	same := s.live("a")
	for i, next := range []session.Session{same, same, {LoggedOut: true}, {}, same, {}, {LoggedOut: true}, same} {
		rev := s.put(key, next)
		if seen[rev] {
			s.Fatalf("revision %d is used again by swap %d", rev, i)
		}
		seen[rev] = true
		if _, again := s.load(key); again != rev {
			s.Fatal("the revision changes without a swap")
		}
	}
}

func expiry(s *suite) {
	key := s.key()
	next := s.live("a")
	s.put(key, next)
	s.clock.advance(time.Hour - time.Millisecond)
	s.equal(s.holds(key, "a"), next, "the session at its end")
	s.clock.advance(time.Millisecond)
	s.holds(key, "")
	s.put(key, s.live("b"))
	s.holds(key, "b")
}

func endless(s *suite) {
	key, next := s.key(), s.live("a")
	next.ExpiresAt = time.Time{}
	s.put(key, next)
	s.holds(key, "")
	past := s.live("b")
	past.ExpiresAt = s.clock.Now().Add(-24 * time.Hour)
	s.put(key, past)
	s.holds(key, "")
}

func expiredRevision(s *suite) {
	for _, life := range []time.Duration{0, time.Minute} {
		key, next := s.key(), s.live("a")
		next.ExpiresAt = s.clock.Now().Add(life)
		rev := s.put(key, next)
		s.clock.advance(session.Grace - time.Second)
		got, kept := s.load(key)
		s.equal(got, next.Ended(), "the expired session")
		if kept != rev {
			s.Fatalf("the revision is %d, was %d", kept, rev)
		}
		if s.swap(key, 0, s.live("late")) {
			s.Fatal("Swap from a revision before the expired session succeeds")
		}
		if !s.swap(key, rev, s.live("b")) {
			s.Fatal("Swap from the expired session's revision is refused")
		}
	}
}

func logout(s *suite) {
	key := s.key()
	s.put(key, s.live("a"))
	over := session.Session{LoggedOut: true, LoggedInAt: s.clock.Now()}
	rev := s.put(key, over)
	s.clock.advance(session.Grace - time.Second)
	got, kept := s.load(key)
	s.equal(got, over, "the key after a logout")
	s.equal(kept, rev, "its revision")
}

func slowLogin(s *suite) {
	for _, before := range []session.Session{{}, s.live("old")} {
		key := s.key()
		began := s.put(key, before)
		s.put(key, session.Session{LoggedOut: true})
		s.clock.advance(session.Grace - time.Second)
		if s.swap(key, began, s.live("slow")) {
			s.Fatal("a login that began before the logout is stored")
		}
		s.holds(key, "")
	}
}

func forgotten(s *suite) {
	for _, last := range []session.Session{s.live("a"), {LoggedOut: true}} {
		key := s.key()
		s.put(key, last)
		s.clock.advance(time.Hour + 2*session.Grace)
		s.holds(key, "")
		s.put(key, s.live("b")) // whatever revision the key has now
		s.holds(key, "b")
	}
}

func longSession(s *suite) {
	key, next := s.key(), s.live("a")
	next.ExpiresAt = s.clock.Now().AddDate(0, 1, 0)
	rev := s.put(key, next)
	s.clock.advance(20 * session.Grace)
	s.equal(s.holds(key, "a"), next, "the session")
	if _, kept := s.load(key); kept != rev {
		s.Fatal("the revision changes without a swap")
	}
}

func concurrentSwaps(s *suite) {
	const callers = 16
	key := s.key()
	for range 5 {
		_, old := s.load(key)
		var all sync.WaitGroup
		done := make(chan string, callers)
		for i := range callers {
			token := string(rune('a' + i))
			next := s.live(token)
			all.Go(func() {
				ok, err := s.store.Swap(s.Context(), key, old, next)
				if err != nil {
					s.Errorf("Swap: %v", err)
				}
				if ok {
					done <- token
				}
			})
		}
		all.Wait()
		close(done)
		if len(done) != 1 {
			s.Fatalf("%d swaps from one revision succeed", len(done))
		}
		s.holds(key, <-done)
	}
}

func concurrentChanges(s *suite) {
	const callers, changes = 8, 10
	key := s.key()
	first := s.live("a")
	first.UserID = 0
	s.put(key, first)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range changes {
				for done := false; !done; {
					next, rev, err := s.store.Load(s.Context(), key)
					if err == nil {
						next.UserID++
						done, err = s.store.Swap(s.Context(), key, rev, next)
					}
					if err != nil {
						s.Errorf("Load or Swap: %v", err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	s.equal(s.holds(key, "a").UserID, callers*changes, "the changes made")
}

func endedContext(s *suite) {
	key := s.key()
	rev := s.put(key, s.live("secret-token"))
	cancelled, cancel := context.WithCancel(s.Context())
	cancel()
	late, stop := context.WithDeadline(s.Context(), time.Unix(0, 0))
	defer stop()
	for _, tt := range []struct {
		ctx   context.Context
		cause error
	}{{cancelled, context.Canceled}, {late, context.DeadlineExceeded}} {
		got, _, err := s.store.Load(tt.ctx, key)
		if !errors.Is(err, tt.cause) {
			s.Fatalf("Load returns error %v, want %v", err, tt.cause)
		}
		if !got.IsZero() {
			s.Fatal("Load returns a session and an error")
		}
		done, err := s.store.Swap(tt.ctx, key, rev, s.live("late-token"))
		if done || !errors.Is(err, tt.cause) {
			s.Fatalf("Swap returns %t and error %v, want false and %v", done, err, tt.cause)
		}
		if strings.Contains(err.Error(), "token") {
			s.Fatal("the error shows the session")
		}
	}
	s.holds(key, "secret-token")
}
