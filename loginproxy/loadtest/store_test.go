package loadtest_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"

	"github.com/hydrogen-go/baas/session"
)

// faultyStore is a store that fails at random, and that can be held between reading and
// writing.
type faultyStore struct {
	session.Store
	rate  float64
	keyOf func(visitorKey string) session.Key // set before the first request

	secrets *secrets

	mu           sync.Mutex
	random       *rand.Rand
	holds        map[session.Key]*hold
	loads, swaps int // that failed
}

func newFaultyStore(s session.Store, rate float64, seed uint64) *faultyStore {
	return &faultyStore{
		Store: s, rate: rate,
		random: rand.New(rand.NewPCG(seed, 1)), holds: make(map[session.Key]*hold),
	}
}

var errStore = errors.New("an injected failure of the store")

// Load implements [session.Store].
func (s *faultyStore) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	if s.loadFails() {
		return session.Session{}, 0, errStore
	}
	loaded, rev, err := s.Store.Load(ctx, key)
	s.secrets.checkError(err)
	return loaded, rev, err
}

// Swap implements [session.Store]. When it fails, it may have swapped or not.
func (s *faultyStore) Swap(ctx context.Context, key session.Key, old session.Revision, next session.Session) (bool, error) {
	if h := s.take(key); h != nil {
		h.wait(ctx)
	}
	before, after := s.swapFails()
	if before {
		return false, errStore
	}
	done, err := s.Store.Swap(ctx, key, old, next)
	s.secrets.checkError(err)
	if after {
		return false, errStore
	}
	return done, err
}

func (s *faultyStore) loadFails() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	fails := s.random.Float64() < s.rate
	if fails {
		s.loads++
	}
	return fails
}

func (s *faultyStore) swapFails() (before, after bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.random.Float64()
	if n < s.rate {
		s.swaps++
	}
	return n < s.rate/2, n >= s.rate/2 && n < s.rate
}

func (s *faultyStore) failed() (loads, swaps int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads, s.swaps
}

// hold has the next swap of that session wait until it is released.
func (s *faultyStore) hold(id string) *hold {
	h := newHold()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds[s.keyOf(id)] = h
	return h
}

// forget undoes hold.
func (s *faultyStore) forget(id string) { s.take(s.keyOf(id)) }

func (s *faultyStore) take(key session.Key) *hold {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.holds[key]
	delete(s.holds, key)
	return h
}
