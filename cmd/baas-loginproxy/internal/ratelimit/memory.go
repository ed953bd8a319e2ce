package ratelimit

import (
	"context"
	"errors"
	"sync"
	"time"
)

// maxMemory is how many counts a limiter in memory holds, about 20 MB of them.
const maxMemory = 1 << 17

// sweepInterval is the least time between two searches for counts that are not needed.
const sweepInterval = time.Second

var errFull = errors.New("rate limiter: too many accounts and addresses at a time")

// NewMemory returns a limiter that counts in this process only, for programs without
// Redis. It holds a bounded number of accounts and addresses. When it is full, it fails
// for others, as a Redis does that evicts nothing.
func NewMemory(rules Rules, opts ...Option) (*Limiter, error) {
	return newLimiter(newMemoryStore(time.Now, maxMemory), rules, opts)
}

// memoryStore does what redisStore does.
type memoryStore struct {
	now func() time.Time
	max int

	mu    sync.Mutex
	used  map[memoryKey]time.Time
	swept time.Time
}

type memoryKey struct {
	subject string
	period  time.Duration
}

func newMemoryStore(now func() time.Time, limit int) *memoryStore {
	return &memoryStore{now: now, max: limit, used: make(map[memoryKey]time.Time)}
}

func (s *memoryStore) take(_ context.Context, subject string, limits Limits) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if wait := s.wait(now, subject, limits); wait > 0 {
		return wait, nil
	}
	if len(s.used)+len(limits) > s.max {
		s.sweep(now)
	}
	if len(s.used)+len(limits) > s.max {
		return 0, errFull
	}
	for _, l := range limits {
		key := memoryKey{subject, l.Period}
		s.used[key] = later(s.used[key], now).Add(l.each())
	}
	return 0, nil
}

func (s *memoryStore) peek(_ context.Context, subject string, limits Limits) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wait(s.now(), subject, limits), nil
}

func (s *memoryStore) giveBack(_ context.Context, subject string, limits Limits) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range limits {
		key := memoryKey{subject, l.Period}
		if used, ok := s.used[key]; ok {
			s.used[key] = used.Add(-l.each())
		}
	}
	return nil
}

func (s *memoryStore) wait(now time.Time, subject string, limits Limits) time.Duration {
	var wait time.Duration
	for _, l := range limits {
		used := later(s.used[memoryKey{subject, l.Period}], now)
		wait = max(wait, used.Add(l.each()-l.all()).Sub(now))
	}
	return wait
}

// sweep removes the counts that are over, unless it did so just before.
func (s *memoryStore) sweep(now time.Time) {
	if now.Sub(s.swept) < sweepInterval {
		return
	}
	s.swept = now
	for key, used := range s.used {
		if !used.After(now) {
			delete(s.used, key)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (l Limit) each() time.Duration { return time.Duration(l.interval()) * time.Microsecond }

func (l Limit) all() time.Duration { return time.Duration(l.window()) * time.Microsecond }
