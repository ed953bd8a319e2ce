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

// DefaultPrefix is the default prefix of the Redis keys.
const DefaultPrefix = "baas:session:"

// Store is a [session.Store] in Redis. Stores with the same Redis and the same prefix
// share their sessions. Store itself holds no sessions. It is immutable and safe for
// concurrent use.
//
// Its errors are plain errors. They wrap the error of the context, a network error,
// [session.ErrEncoding] for a value that is not a session, or a [redis.Error] with
// only the code of Redis's reply, such as "OOM". They never contain a key or a
// session. After an error of Swap, the swap may or may not have happened.
type Store struct {
	client redis.UniversalClient
	swap   *redis.Script
	prefix string
	now    func() time.Time

	index               bool
	add, refuse, remove *redis.Script // of the index
}

var _ session.Store = (*Store)(nil)

// Option is an option of [New]. A nil Option is ignored.
type Option func(*config) error

type config struct {
	prefix string
	now    func() time.Time
	index  bool
}

// WithPrefix sets the prefix of the Redis keys, so that several programs can share
// one Redis. The default is [DefaultPrefix]. A store does not find the sessions that
// were stored with another prefix. An empty prefix is refused with 605.
func WithPrefix(prefix string) Option {
	return func(c *config) error {
		if prefix == "" {
			return check.Invalid("redisstore: the prefix is empty")
		}
		c.prefix = prefix
		return nil
	}
}

// WithClock sets the clock that the expiry of sessions is compared with. The default
// is [time.Now]. Redis deletes keys by its own clock. A nil clock is refused with 605.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return check.Invalid("redisstore: the clock is nil")
		}
		c.now = now
		return nil
	}
}

// New returns a store that uses client. The caller closes client. New sends no
// command.
//
// The error is an HError with code 605 for a nil client, for a bad option, and for a
// client that cannot keep the contract of [session.Store]:
//   - a client without ContextTimeoutEnabled, because it does not stop at the
//     deadline of a context;
//   - a [redis.ClusterClient] that reads from replicas;
//   - a [redis.Ring], because it can return an old session after its shards change.
//
// With ContextTimeoutEnabled, the deadline of a context ends a call immediately. The
// cancellation of a context ends it after the current network operation, which takes
// at most the client's ReadTimeout (3 seconds by default).
func New(client redis.UniversalClient, opts ...Option) (*Store, error) {
	if err := checkClient(client); err != nil {
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
	return &Store{
		client: client,
		swap:   redis.NewScript(swapScript),
		prefix: cfg.prefix,
		now:    cfg.now,
		index:  cfg.index,
		add:    redis.NewScript(addScript),
		refuse: redis.NewScript(refuseScript),
		remove: redis.NewScript(removeScript),
	}, nil
}

// checkClient returns an error if the options of the client show that it cannot be
// used.
func checkClient(client redis.UniversalClient) error {
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
		return check.Invalid("redisstore: the client ignores deadlines: set ContextTimeoutEnabled in its options")
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
		return session.Session{}, rev, err
	}
	if loaded.Expired(s.now()) {
		loaded = loaded.Ended()
	}
	return loaded, rev, nil
}

// swapScript stores the record ARGV[2] for ARGV[3] milliseconds if the current record
// has the revision ARGV[1]. If go-redis loses the reply, it sends the command again.
// So the script also succeeds if the new record is already stored.
const swapScript = `
local current = redis.call('GETRANGE', KEYS[1], 0, 7)
if #current < 8 then
	current = '' -- a damaged record without a revision: it counts as absent
end
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
	if next.Expired(now) {
		next = next.Ended() // the token of an expired session is not needed
	}
	record, err := encode(next)
	if err != nil {
		return false, err
	}
	done, err := s.swap.Run(ctx, s.client, []string{s.name(key)}, revisionBytes(old), record, lifetime(next, now)).Int()
	if err != nil {
		return false, failure(ctx, "swap", err)
	}
	return done == 1, nil
}

// lifetime returns how long Redis must keep the session, in milliseconds.
func lifetime(next session.Session, now time.Time) int64 {
	left := max(next.ExpiresAt.Sub(now), session.Grace)
	return int64((left + time.Millisecond - 1) / time.Millisecond)
}

func (s *Store) name(key session.Key) string { return s.prefix + key.String() }

// revisionSize is the length of the revision at the start of a record.
const revisionSize = 8

// encode returns a record of next with a new revision. Revisions are random, so none
// is used twice, even after a failover or when Redis has deleted the key.
func encode(next session.Session) ([]byte, error) {
	record := make([]byte, revisionSize, 256)
	for revisionOf(record) == 0 { // 0 is the revision of a missing key
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
		return session.Session{}, revisionOf(record), errRecord
	}
	return s, revisionOf(record), nil
}

var errRecord = fmt.Errorf("redisstore: load: %w", session.ErrEncoding)

func revisionOf(record []byte) session.Revision {
	return session.Revision(binary.BigEndian.Uint64(record))
}

// revisionBytes returns the first bytes of a record with that revision, none for 0.
func revisionBytes(rev session.Revision) []byte {
	if rev == 0 {
		return []byte{}
	}
	return binary.BigEndian.AppendUint64(nil, uint64(rev))
}

// Format prints the prefix, whatever the verb.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.summary()) }

// LogValue returns the prefix.
func (s *Store) LogValue() slog.Value { return slog.StringValue(s.summary()) }

func (s *Store) summary() string {
	if s == nil {
		return "redisstore{}"
	}
	return fmt.Sprintf("redisstore{prefix:%q}", s.prefix)
}
