package session

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync/atomic"
	"time"
)

// DefaultMaxSessions is how many sessions a [Memory] holds by default.
const DefaultMaxSessions = 1 << 20

const (
	shards     = 64       // so that a write blocks few of the concurrent reads
	maxRecord  = 16 << 20 // bytes; a response of the backend is at most half of that
	stackBytes = 512      // buffer on the stack; most records are smaller
)

var errTooLarge = errors.New("session: more than 16 MiB")

// Memory is a Store in the memory of this process. It is for a server with a
// single replica, for tests, and for programs with one user.
//
// It holds a bounded number of sessions, in 64 shards. When a shard is full, a
// write of a new key evicts another session of the same shard, usually one of the
// oldest; its user must log in again. A logout that is younger than [Grace] is
// evicted only if the store finds hardly anything else.
//
// Expired sessions are removed by writes: each write examines a bounded part of
// one shard. There is no background goroutine.
//
// A session takes about 60 bytes (a sealed one 16 more), its token and ids in a compact
// form, and its user info. A token of 32 digits and small letters takes 22 bytes. User
// info that begins with the nickname and the avatar's URL takes 30 bytes less than its
// text. After many other sessions of its shard were removed a session takes at most about
// twice that; the rest of their memory is freed. The bytes of a removed session are
// overwritten.
//
// A session that takes more than 16 MiB is refused with an error. Memory is safe for
// concurrent use.
type Memory struct {
	now       func() time.Time
	seed      maphash.Seed
	perShard  int
	revisions atomic.Uint64
	refusals  refusals
	shards    [shards]shard
}

var _ OwnerStore = (*Memory)(nil)

// MemoryOption is an option of [NewMemory]. A nil MemoryOption changes nothing.
type MemoryOption func(*memoryConfig) error

type memoryConfig struct {
	max int
	now func() time.Time
}

// WithMaxSessions bounds the number of sessions held, including recent logouts. The
// default is [DefaultMaxSessions]. A number from 1 to 63 counts as 64; a smaller one
// is refused with 605. Each of the 64 shards has its own bound, so the store evicts
// the first sessions a little before it holds n.
func WithMaxSessions(n int) MemoryOption {
	return func(c *memoryConfig) error {
		if n < 1 {
			return invalid("max sessions is less than 1")
		}
		c.max = n
		return nil
	}
}

// WithClock sets the clock that expiry is measured by. The default is [time.Now]. A
// nil clock is refused with 605.
func WithClock(now func() time.Time) MemoryOption {
	return func(c *memoryConfig) error {
		if now == nil {
			return invalid("the clock is nil")
		}
		c.now = now
		return nil
	}
}

// NewMemory returns an empty store. The error is an HError with code 605 if an
// option is bad.
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
	s := r.session()
	if s.Expired(m.now()) {
		s = s.Ended()
	}
	return s, r.revision(), nil
}

// Swap implements [Store].
func (m *Memory) Swap(ctx context.Context, key Key, old Revision, next Session) (bool, error) {
	return m.swap(ctx, key, old, &next, nil)
}

// swap is Swap, and SwapOwned if there is an owner.
func (m *Memory) swap(ctx context.Context, key Key, old Revision, next *Session, owner *Owner) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	now := m.nowMillis()
	end := endOf(now, next.ExpiresAt)
	var buf [stackBytes]byte
	b := next.appendBody(buf[:recordHead], end)
	if len(b) > maxRecord {
		return false, errTooLarge
	}
	if next.Sealed {
		b = append(b, key[len(recordID{}):]...)
	}
	r, id := record(b), idOf(key)
	r.setHead(id, Revision(m.revisions.Add(1)), end, 0)
	sh, hash := m.locate(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	// Under the lock: Owned, which is called after RefuseLogins, reads the shard before
	// this, or the login is refused.
	if owner != nil && m.refusals.refuse(*owner, next.LoggedInAt) {
		return false, ErrRevoked
	}
	i, current := sh.find(id, hash)
	if current.revision() != old {
		return false, nil
	}
	switch {
	case next.IsZero(): // of nobody
	case owner != nil:
		r.setTag(tagOf(*owner))
	case current != nil:
		r.setTag(current.tag())
	}
	if current == nil && sh.count >= m.perShard {
		sh.evict(now)
	}
	sh.put(r, i, current)
	sh.sweep(now)
	return true, nil
}

// SwapOwned implements [OwnerStore].
func (m *Memory) SwapOwned(ctx context.Context, key Key, old Revision, next Session, owner Owner) (bool, error) {
	return m.swap(ctx, key, old, &next, &owner)
}

// Owned implements [OwnerStore]. It has no index and reads the header of every record,
// so it is for operators and rare calls. Of the keys it returns only as much as the
// store keeps of them.
func (m *Memory) Owned(ctx context.Context, owner Owner) ([]Key, error) {
	tag, now := tagOf(owner), m.nowMillis()
	var keys []Key
	for i := range m.shards {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		keys = m.shards[i].owned(keys, tag, now)
	}
	return keys, nil
}

// RefuseLogins implements [OwnerStore].
func (m *Memory) RefuseLogins(ctx context.Context, owner Owner, before time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !before.IsZero() {
		m.refusals.add(owner, before, m.now())
	}
	return nil
}

// Len returns how many keys the store holds: sessions and recent logouts, and
// expired ones that no write has removed yet.
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

// Format prints how many keys the store holds, and no session, whatever the verb.
func (m *Memory) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "session.Memory{len:%d}", m.Len())
}

// nowMillis returns the time in milliseconds since 1970. It is before the latest end of a
// record, so that a clock that is far in the future does not remove all of them.
func (m *Memory) nowMillis() int64 { return min(m.now().UnixMilli(), max48-1) }

// locate returns the shard of id, and id's hash in it.
func (m *Memory) locate(id recordID) (*shard, uint64) {
	sum := hashOf(m.seed, id)
	return &m.shards[sum%shards], sum >> (64 - hashBits)
}
