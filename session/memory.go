package session

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync/atomic"
	"time"
)

// DefaultMaxSessions is how many sessions a [Memory] holds unless told otherwise.
const DefaultMaxSessions = 1 << 20

const (
	shards     = 64       // so that one user's write does not hold up the others' reads
	maxRecord  = 16 << 20 // bytes; far more than an answer of the backend has
	stackBytes = 512      // of a record on the stack: most records have less
)

var errTooLarge = errors.New("session: more than 16 MiB")

// Memory is a Store in this process's memory, for a single replica, tests and
// programs with one user.
//
// It holds a bounded number of sessions. At the bound, a write of a new key drops
// some other one of the same 64th of the store: an expired one, if a write has
// come across it, or else an arbitrary one, whose user must log in again; a logout
// within its [Grace] goes only where there is hardly anything else to drop.
//
// Writes also drop what has expired, a bounded number of records each; no
// goroutine does. A session costs its encoded size ([Session.MarshalBinary]) and
// some 55 bytes, and up to twice that after many others around it have gone; what
// more they took is given back. The bytes of a session that goes are overwritten.
// A session of more than 16 MiB is refused with an error.
type Memory struct {
	now       func() time.Time
	seed      maphash.Seed
	perShard  int
	revisions atomic.Uint64
	shards    [shards]shard
}

// MemoryOption is an option of [NewMemory]. A nil MemoryOption changes nothing.
type MemoryOption func(*memoryConfig) error

type memoryConfig struct {
	max int
	now func() time.Time
}

// WithMaxSessions bounds the number of sessions held, recent logouts included. The
// default is [DefaultMaxSessions]; numbers under 64 count as 64. Each 64th of the
// store has its own bound, so that the first are dropped a little before n.
func WithMaxSessions(n int) MemoryOption {
	return func(c *memoryConfig) error {
		if n < 1 {
			return invalid("max sessions is less than 1")
		}
		c.max = n
		return nil
	}
}

// WithClock sets where the store takes the time from. The default is [time.Now].
func WithClock(now func() time.Time) MemoryOption {
	return func(c *memoryConfig) error {
		if now == nil {
			return invalid("the clock is nil")
		}
		c.now = now
		return nil
	}
}

// NewMemory returns an empty store. The error is 605 for a bad option.
func NewMemory(opts ...MemoryOption) (*Memory, error) {
	cfg := memoryConfig{max: DefaultMaxSessions, now: time.Now}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&cfg); err != nil {
			return nil, err
		}
	}
	m := &Memory{now: cfg.now, seed: maphash.MakeSeed(), perShard: max(cfg.max/shards, 1)}
	for i := range m.shards {
		m.shards[i].seed = m.seed
	}
	return m, nil
}

// Load implements [Store].
func (m *Memory) Load(ctx context.Context, key Key) (Session, Revision, error) {
	if err := ctx.Err(); err != nil {
		return Session{}, 0, err
	}
	var buf [stackBytes]byte
	id := idOf(key)
	sh, hash := m.locate(id)
	sh.mu.RLock()
	_, found := sh.find(id, hash)
	r := append(record(buf[:0]), found...) // decoded outside the lock
	sh.mu.RUnlock()
	if len(r) == 0 {
		return Session{}, 0, nil
	}
	s, err := decode(r[recordHead:])
	if err != nil {
		return Session{}, 0, err
	}
	if !s.Live(m.now()) {
		s = s.Ended()
	}
	return s, r.revision(), nil
}

// Swap implements [Store].
func (m *Memory) Swap(ctx context.Context, key Key, old Revision, next Session) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	now := m.now()
	end := now.Add(Grace)
	if next.ExpiresAt.After(end) {
		end = next.ExpiresAt
	}
	var buf [stackBytes]byte
	b, err := next.AppendBinary(buf[:recordHead])
	if err != nil {
		return false, err
	}
	if len(b) > maxRecord {
		return false, errTooLarge
	}
	r, id := record(b), idOf(key)
	r.setHead(id, Revision(m.revisions.Add(1)), end.UnixMilli())
	sh, hash := m.locate(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	i, current := sh.find(id, hash)
	if current.revision() != old {
		return false, nil
	}
	if current == nil && sh.count >= m.perShard {
		sh.evict(now.UnixMilli())
	}
	sh.put(r, i, current)
	sh.sweep(now.UnixMilli())
	return true, nil
}

// Len returns how many keys the store holds, sessions and recent logouts.
func (m *Memory) Len() int {
	n := 0
	for i := range m.shards {
		sh := &m.shards[i]
		sh.mu.RLock()
		n += sh.count
		sh.mu.RUnlock()
	}
	return n
}

// Format prints how many keys the store holds and nothing of the sessions, for
// every verb.
func (m *Memory) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "session.Memory{len:%d}", m.Len())
}

// locate returns the shard of id, and id's hash in it.
func (m *Memory) locate(id recordID) (*shard, uint64) {
	sum := hashOf(m.seed, id)
	return &m.shards[sum%shards], sum >> (64 - hashBits)
}
