package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// DefaultPrefix is a prefix of Redis keys that no key of a session has.
const DefaultPrefix = "baas:limit:"

// NewRedis returns a limiter that counts in Redis, under keys with that prefix. It needs
// Redis 5 or later, or Valkey. The caller closes client. NewRedis sends no command. On
// a Redis Cluster, the keys of one account or address are in one slot.
//
// A request takes one command for the address and one for the account. A client whose
// account has to wait costs one more. Redis's clock counts, so those of the replicas may
// differ. A command whose reply is lost may count twice.
func NewRedis(client redis.UniversalClient, prefix string, rules Rules, opts ...Option) (*Limiter, error) {
	if client == nil {
		return nil, errors.New("the rate limiter's Redis client is nil")
	}
	if prefix == "" {
		return nil, errors.New("the rate limiter's prefix is empty")
	}
	return newLimiter(&redisStore{client: client, prefix: prefix}, rules, opts)
}

// redisStore has a key for each limit of a subject. Its value is the time at which the
// subject has used up nothing any more, in microseconds: the "theoretical arrival time"
// of GCRA.
type redisStore struct {
	client redis.UniversalClient
	prefix string
}

// takeScript returns how long to wait, in microseconds. ARGV[1] tells whether to count.
// Each key has two more arguments: the interval and the window of its limit. A time far
// ahead, of a clock that was wrong, counts as a limit that is used up.
var takeScript = redis.NewScript(`
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local wait, next = 0, {}
for i, key in ipairs(KEYS) do
	local interval, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
	local used = tonumber(redis.call('GET', key) or '') or now
	used = math.min(math.max(used, now), now + window)
	wait = math.max(wait, used + interval - window - now)
	next[i] = used + interval
end
if wait > 0 or ARGV[1] == '0' then
	return wait
end
for i, key in ipairs(KEYS) do
	redis.call('SET', key, string.format('%.0f', next[i]), 'PX', string.format('%.0f', math.ceil((next[i] - now) / 1000)))
end
return 0
`)

// giveBackScript takes one interval off each key.
var giveBackScript = redis.NewScript(`
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for i, key in ipairs(KEYS) do
	local used = (tonumber(redis.call('GET', key) or '') or 0) - tonumber(ARGV[i])
	if used > now then
		redis.call('SET', key, string.format('%.0f', used), 'PX', string.format('%.0f', math.ceil((used - now) / 1000)))
	else
		redis.call('DEL', key)
	end
end
return 0
`)

func (s *redisStore) take(ctx context.Context, subject string, limits Limits) (time.Duration, error) {
	return s.run(ctx, subject, limits, 1)
}

func (s *redisStore) peek(ctx context.Context, subject string, limits Limits) (time.Duration, error) {
	return s.run(ctx, subject, limits, 0)
}

func (s *redisStore) run(ctx context.Context, subject string, limits Limits, count int) (time.Duration, error) {
	if len(limits) == 0 {
		return 0, nil
	}
	args := make([]any, 0, 1+2*len(limits))
	args = append(args, count)
	for _, l := range limits {
		args = append(args, l.interval(), l.window())
	}
	wait, err := takeScript.Run(ctx, s.client, s.keys(subject, limits), args...).Int64()
	if err != nil {
		return 0, failure(ctx, err)
	}
	return time.Duration(wait) * time.Microsecond, nil
}

func (s *redisStore) giveBack(ctx context.Context, subject string, limits Limits) error {
	if len(limits) == 0 {
		return nil
	}
	args := make([]any, 0, len(limits))
	for _, l := range limits {
		args = append(args, l.interval())
	}
	if err := giveBackScript.Run(ctx, s.client, s.keys(subject, limits), args...).Err(); err != nil {
		return failure(ctx, err)
	}
	return nil
}

// keys returns the key of each limit. The braces put all of them into one slot.
func (s *redisStore) keys(subject string, limits Limits) []string {
	keys := make([]string, len(limits))
	for i, l := range limits {
		keys[i] = s.prefix + "{" + subject + "}:" + strconv.FormatInt(int64(l.Period/time.Second), 10)
	}
	return keys
}

// failure returns the error of a command. If the context has ended, go-redis may return
// an error of the connection, which has the same deadline. The text of a timeout says what
// did not respond.
func failure(ctx context.Context, err error) error {
	deadline, limited := ctx.Deadline()
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case limited && !time.Now().Before(deadline):
		err = context.DeadlineExceeded
	}
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("rate limiter: Redis did not respond in time: %w", err)
	}
	return fmt.Errorf("rate limiter: %w", err)
}
