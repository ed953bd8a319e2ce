package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/session"
)

// DefaultPrefix is what the names of Redis keys begin with unless told otherwise.
const DefaultPrefix = "baas:session:"

// Store is a [session.Store] in Redis. Stores with the same Redis and prefix share
// their sessions. It holds no state and is safe for concurrent use.
//
// Its errors say what failed: they wrap the context's error, a network error, or
// a [redis.Error] that gives only the code of what Redis answered ("OOM"), and
// never hold a key or a session. After an error of Swap the session may have been
// swapped or not.
type Store struct {
	client redis.UniversalClient
	swap   *redis.Script
	prefix string
	now    func() time.Time
}

var _ session.Store = (*Store)(nil)

// Option is an option of [New]. A nil Option changes nothing.
type Option func(*config) error

type config struct {
	prefix string
	now    func() time.Time
}

// WithPrefix sets what the names of Redis keys begin with, so that several programs
// can share a Redis. The default is [DefaultPrefix]. Another prefix is another,
// empty store.
func WithPrefix(prefix string) Option {
	return func(c *config) error {
		if prefix == "" {
			return check.Invalid("redisstore: the prefix is empty")
		}
		c.prefix = prefix
		return nil
	}
}

// WithClock sets where the store takes the time from that it compares with the ends
// of sessions. The default is [time.Now]. Redis counts down by its own.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return check.Invalid("redisstore: the clock is nil")
		}
		c.now = now
		return nil
	}
}

// New returns a store that uses client, which stays the caller's to close. It
// sends nothing.
//
// It fails with 605 on a nil client, a bad option, and on clients that cannot keep the
// contract of [session.Store]: one without ContextTimeoutEnabled, which waits on
// past a context's deadline; a [redis.ClusterClient] that reads from replicas; a
// [redis.Ring], whose shards bring old sessions back. With ContextTimeoutEnabled a
// context's deadline ends a call at once. Go-redis notices one that is cancelled
// before its deadline only between its steps, so at the latest after the
// client's ReadTimeout (three seconds by default). How often a Redis that cannot be
// reached is tried again is set by MaxRetries and DialerRetries of the client.
func New(client redis.UniversalClient, opts ...Option) (*Store, error) {
	if err := fit(client); err != nil {
		return nil, err
	}
	cfg := config{prefix: DefaultPrefix, now: time.Now}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&cfg); err != nil {
			return nil, err
		}
	}
	return &Store{client: client, swap: redis.NewScript(swapScript), prefix: cfg.prefix, now: cfg.now}, nil
}

// fit reports what makes a client unfit, as far as its options show it.
func fit(client redis.UniversalClient) error {
	deadlines := true
	switch c := client.(type) {
	case nil:
		return check.Invalid("redisstore: the client is nil")
	case *redis.Client:
		deadlines = c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		o := c.Options()
		deadlines = o.ContextTimeoutEnabled
		if o.ReadOnly || o.RouteByLatency || o.RouteRandomly {
			return check.Invalid("redisstore: the client reads from replicas")
		}
	case *redis.Ring:
		return check.Invalid("redisstore: the client is a ring")
	}
	if !deadlines {
		return check.Invalid("redisstore: the client minds no deadlines: set ContextTimeoutEnabled in its options")
	}
	return nil
}

// Load implements [session.Store].
func (s *Store) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	if err := ctx.Err(); err != nil {
		return session.Session{}, 0, failure(ctx, "load", err)
	}
	record, err := s.client.Get(ctx, s.name(key)).Bytes()
	if errors.Is(err, redis.Nil) {
		return session.Session{}, 0, nil
	}
	if err != nil {
		return session.Session{}, 0, failure(ctx, "load", err)
	}
	loaded, rev, err := decode(record)
	if err != nil {
		return session.Session{}, 0, err
	}
	if !loaded.Live(s.now()) {
		loaded = loaded.Ended()
	}
	return loaded, rev, nil
}

// swapScript puts ARGV[2] in the place of the record that begins with the revision
// ARGV[1], for ARGV[3] milliseconds. Go-redis sends a command again whose answer
// got lost: a record that is there already has been swapped.
const swapScript = `
local current = redis.call('GETRANGE', KEYS[1], 0, 7)
if current == string.sub(ARGV[2], 1, 8) then
	return 1
end
if current ~= ARGV[1] then
	return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`

// Swap implements [session.Store].
func (s *Store) Swap(ctx context.Context, key session.Key, old session.Revision, next session.Session) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, failure(ctx, "swap", err)
	}
	now := s.now()
	if !next.Live(now) {
		next = next.Ended() // the token of an ended session is not worth a risk
	}
	record, err := encode(next)
	if err != nil {
		return false, err
	}
	done, err := s.swap.Run(ctx, s.client, []string{s.name(key)}, revisionBytes(old), record, life(next, now)).Int()
	if err != nil {
		return false, failure(ctx, "swap", err)
	}
	return done == 1, nil
}

// life returns how many milliseconds Redis is to keep the session.
func life(next session.Session, now time.Time) int64 {
	left := max(next.ExpiresAt.Sub(now), session.Grace)
	return int64((left + time.Millisecond - 1) / time.Millisecond)
}

func (s *Store) name(key session.Key) string { return s.prefix + key.String() }

// revisionSize is the length of a record before the session.
const revisionSize = 8

// encode returns a record of next with a new revision. Revisions are random, so
// that no clock, no failover and no forgotten key makes one come twice.
func encode(next session.Session) ([]byte, error) {
	record := make([]byte, revisionSize, 256)
	for revisionOf(record) == 0 { // that is the revision of an absent key
		if _, err := rand.Read(record); err != nil {
			return nil, err
		}
	}
	return next.AppendBinary(record)
}

func decode(record []byte) (session.Session, session.Revision, error) {
	if len(record) < revisionSize {
		return session.Session{}, 0, errRecord
	}
	var s session.Session
	if err := s.UnmarshalBinary(record[revisionSize:]); err != nil {
		return session.Session{}, 0, errRecord
	}
	return s, revisionOf(record), nil
}

var errRecord = fmt.Errorf("redisstore: load: %w", session.ErrEncoding)

func revisionOf(record []byte) session.Revision {
	return session.Revision(binary.BigEndian.Uint64(record))
}

// revisionBytes returns what a record of that revision begins with, nothing for 0.
func revisionBytes(rev session.Revision) []byte {
	if rev == 0 {
		return []byte{}
	}
	return binary.BigEndian.AppendUint64(nil, uint64(rev))
}

// Format prints the prefix, for every verb.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.summary()) }

// LogValue returns the prefix.
func (s *Store) LogValue() slog.Value { return slog.StringValue(s.summary()) }

func (s *Store) summary() string {
	if s == nil {
		return "redisstore{}"
	}
	return fmt.Sprintf("redisstore{prefix:%q}", s.prefix)
}
