package session

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultMaxSessions is how many sessions a [Memory] holds unless told otherwise.
const DefaultMaxSessions = 1 << 20

const (
	shards     = 64 // so that one user's write does not hold up the others' reads
	sweepBatch = 4  // expired records looked for at each write: the store stays clean without a goroutine
)

// Memory is a Store in this process's memory, for a single replica, tests and
// programs with one user. It holds a bounded number of sessions, encoded; at the
// bound a write drops an expired session, or else an arbitrary one, whose user
// must log in again.
type Memory struct {
	now       func() time.Time
	perShard  int
	revisions atomic.Uint64
	shards    [shards]shard
}

// shard holds encoded records: revision and end (8 bytes each), then the session.
// Strings keep the table free of structs for the
// garbage collector to follow.
type shard struct {
	mu      sync.RWMutex
	records map[Key]string
}

// MemoryOption changes a new [Memory].
type MemoryOption func(*Memory)

// MaxSessions bounds the number of sessions held. The default is
// [DefaultMaxSessions]; numbers under 64 count as 64.
func MaxSessions(n int) MemoryOption {
	return func(m *Memory) { m.perShard = max(n/shards, 1) }
}

// Clock sets where the store takes the time from. The default is [time.Now].
func Clock(now func() time.Time) MemoryOption {
	return func(m *Memory) {
		if now != nil {
			m.now = now
		}
	}
}

// NewMemory returns an empty store.
func NewMemory(opts ...MemoryOption) *Memory {
	m := &Memory{now: time.Now, perShard: DefaultMaxSessions / shards}
	for _, opt := range opts {
		opt(m)
	}
	return m
}

// Load implements [Store].
func (m *Memory) Load(ctx context.Context, key Key) (Session, Revision, error) {
	if err := ctx.Err(); err != nil {
		return Session{}, 0, err
	}
	sh := m.shardOf(key)
	sh.mu.RLock()
	record, ok := sh.records[key]
	sh.mu.RUnlock()
	if !ok {
		return Session{}, 0, nil
	}
	s, err := decode([]byte(record[recordHead:]))
	if err != nil {
		return Session{}, 0, err
	}
	if !s.Live(m.now()) {
		s = Session{LoggedOut: s.LoggedOut}
	}
	return s, revisionOf(record), nil
}

// Swap implements [Store].
func (m *Memory) Swap(ctx context.Context, key Key, old Revision, next Session) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	record, err := m.encode(next)
	if err != nil {
		return false, err
	}
	sh := m.shardOf(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	current, ok := sh.records[key]
	if ok && revisionOf(current) != old || !ok && old != 0 {
		return false, nil
	}
	if sh.records == nil {
		sh.records = make(map[Key]string)
	}
	m.sweep(sh, !ok)
	sh.records[key] = record
	return true, nil
}

// Len returns how many keys the store holds, sessions and recent logouts.
func (m *Memory) Len() int {
	n := 0
	for i := range m.shards {
		sh := &m.shards[i]
		sh.mu.RLock()
		n += len(sh.records)
		sh.mu.RUnlock()
	}
	return n
}

func (m *Memory) shardOf(key Key) *shard { return &m.shards[key[0]%shards] }

// recordHead is the length of a record before the session.
const recordHead = 16

func (m *Memory) encode(s Session) (string, error) {
	end := m.now().Add(Grace)
	if s.ExpiresAt.After(end) {
		end = s.ExpiresAt
	}
	b := make([]byte, 0, 256)
	b = binary.LittleEndian.AppendUint64(b, m.revisions.Add(1))
	b = binary.LittleEndian.AppendUint64(b, uint64(end.UnixMilli()))
	b, err := s.AppendBinary(b)
	return string(b), err
}

func revisionOf(record string) Revision {
	return Revision(binary.LittleEndian.Uint64([]byte(record[:8])))
}

func (m *Memory) expired(record string) bool {
	end := int64(binary.LittleEndian.Uint64([]byte(record[8:16])))
	return m.now().UnixMilli() >= end
}

// sweep drops some of what has expired, and makes room where a key is about to
// be added to a full shard. It wants the shard locked.
func (m *Memory) sweep(sh *shard, adding bool) {
	looked := 0
	for key, record := range sh.records {
		if looked++; looked > sweepBatch {
			break
		}
		if m.expired(record) {
			delete(sh.records, key)
		}
	}
	for key := range sh.records {
		if !adding || len(sh.records) < m.perShard {
			return
		}
		delete(sh.records, key)
	}
}
