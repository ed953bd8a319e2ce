package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas/session"
)

// The index of a user is a sorted set: the session keys of the user's logins, each with
// the time of its newest login, and the member refused, with the time before which
// logins are refused. A key whose session has ended stays for a while: see removeEnded.

var _ session.OwnerStore = (*Store)(nil)

// WithUserIndex has the store keep, for each user, the set of the user's sessions, so
// that a client can list and revoke them. A login then sends one more command. The
// default is no index.
//
// Give this option to every replica. Sessions of logins before that are not found.
func WithUserIndex() Option {
	return func(c *config) error {
		c.index = true
		return nil
	}
}

var errNoIndex = fmt.Errorf("redisstore: no index of users: give New the option WithUserIndex: %w", errors.ErrUnsupported)

const (
	// batch is how many sessions one round trip asks for.
	batch = 512
	// untidy is how many members an index has when its ended sessions are first looked
	// for, and how many are added until the next time.
	untidy = 32
)

// The scripts use one key each, as Redis Cluster requires. They keep the set KEYS[1]
// for at least another ARGV[1] milliseconds. Times are in milliseconds since 1970.

// addScript adds the session key ARGV[2] to the index, with the time ARGV[3], if logins
// that were sent at ARGV[4] are not refused. It returns the size of the index after a
// new member, 0 after a known one, and -1 after a refusal.
const addScript = `
local refused = redis.call('ZSCORE', KEYS[1], 'refused')
if refused and tonumber(ARGV[4]) < tonumber(refused) then
	return -1
end
local added = redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
	redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
if added == 0 then
	return 0
end
return redis.call('ZCARD', KEYS[1])
`

// refuseScript refuses the logins before ARGV[2].
const refuseScript = `
local refused = redis.call('ZSCORE', KEYS[1], 'refused')
if not refused or tonumber(refused) < tonumber(ARGV[2]) then
	redis.call('ZADD', KEYS[1], ARGV[2], 'refused')
end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
	redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return 1
`

// removeScript removes the session keys from ARGV[2] on that have had no login since
// the time ARGV[1].
const removeScript = `
for i = 2, #ARGV do
	local added = redis.call('ZSCORE', KEYS[1], ARGV[i])
	if added and tonumber(added) < tonumber(ARGV[1]) then
		redis.call('ZREM', KEYS[1], ARGV[i])
	end
end
return 1
`

// SwapOwned implements [session.OwnerStore]. Without [WithUserIndex] it is Swap. With
// it, the index is written before the session, so no session is ever missing there.
func (s *Store) SwapOwned(ctx context.Context, key session.Key, old session.Revision, next session.Session, owner session.Owner) (bool, error) {
	now := s.now()
	if !s.index || next.Expired(now) {
		return s.Swap(ctx, key, old, next)
	}
	if err := ctx.Err(); err != nil {
		return false, failure(ctx, "swap", err)
	}
	life := lifetime(next, now) + session.Grace.Milliseconds() // longer than the session, which is written later
	size, err := s.add.Run(ctx, s.client, []string{s.indexName(owner)}, life, key[:], now.UnixMilli(), millis(next.LoggedInAt)).Int()
	if err != nil {
		return false, failure(ctx, "index", err)
	}
	if size < 0 {
		return false, session.ErrRevoked
	}
	done, err := s.Swap(ctx, key, old, next)
	if size >= untidy && size%untidy == 0 {
		_, _ = s.Owned(ctx, owner) // best effort: it removes ended sessions from the index
	}
	return done, err
}

// Owned implements [session.OwnerStore]. It sends a command for the index, and one for
// each session, in batches. It removes the sessions that have ended from the index.
func (s *Store) Owned(ctx context.Context, owner session.Owner) ([]session.Key, error) {
	if !s.index {
		return nil, errNoIndex
	}
	if err := ctx.Err(); err != nil {
		return nil, failure(ctx, "index", err)
	}
	members, err := s.client.ZRangeWithScores(ctx, s.indexName(owner), 0, -1).Result()
	if err != nil {
		return nil, failure(ctx, "index", err)
	}
	members = slices.DeleteFunc(members, func(m redis.Z) bool { return len(keyText(m)) != len(session.Key{}) }) // refused
	// A login may be under way: its session is written after the index.
	recent := s.now().Add(-session.Grace).UnixMilli()
	var keys []session.Key
	for some := range slices.Chunk(members, batch) {
		var ended []any
		exist, err := s.exist(ctx, some)
		if err != nil {
			return nil, failure(ctx, "index", err)
		}
		for i, m := range some {
			if exist[i] || m.Score >= float64(recent) {
				keys = append(keys, keyOf(m))
			} else {
				ended = append(ended, m.Member)
			}
		}
		if len(ended) > 0 {
			// Best effort. The script checks the times again, because of later logins.
			_ = s.remove.Run(ctx, s.client, []string{s.indexName(owner)}, append([]any{recent}, ended...)...).Err()
		}
	}
	return keys, nil
}

// exist reports which of the sessions are stored.
func (s *Store) exist(ctx context.Context, members []redis.Z) ([]bool, error) {
	replies, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, m := range members {
			p.Exists(ctx, s.name(keyOf(m)))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	exist := make([]bool, len(members))
	for i, reply := range replies {
		n, ok := reply.(*redis.IntCmd)
		exist[i] = ok && n.Val() > 0
	}
	return exist, nil
}

// keyOf returns the session key that a member of an index is.
func keyOf(m redis.Z) session.Key { return session.Key([]byte(keyText(m))) }

func keyText(m redis.Z) string {
	text, _ := m.Member.(string)
	return text
}

// RefuseLogins implements [session.OwnerStore].
func (s *Store) RefuseLogins(ctx context.Context, owner session.Owner, before time.Time) error {
	if !s.index {
		return errNoIndex
	}
	if err := ctx.Err(); err != nil {
		return failure(ctx, "index", err)
	}
	if before.IsZero() {
		return nil
	}
	err := s.refuse.Run(ctx, s.client, []string{s.indexName(owner)}, session.Grace.Milliseconds(), millis(before)).Err()
	if err != nil {
		return failure(ctx, "index", err)
	}
	return nil
}

func (s *Store) indexName(owner session.Owner) string { return s.prefix + "user:" + owner.String() }

// millis returns t in milliseconds since 1970.
func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
