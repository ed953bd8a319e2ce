package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
	"github.com/hydrogen-go/baas/session/sessiontest"
)

var (
	ann = session.Owner{1}
	bob = session.Owner{2}
)

func TestConformanceWithUserIndex(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
		store, _ := following(t, clock, redisstore.WithUserIndex())
		return store
	})
}

func TestConformanceSealedWithUserIndex(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
		store, _ := following(t, clock, redisstore.WithUserIndex())
		sealed, err := session.NewSealed(store, bytes.Repeat([]byte{1}, session.SealingKeySize), bytes.Repeat([]byte{2}, session.SealingKeySize))
		require.NoError(t, err)
		return sealed
	})
}

func TestConformanceOfReplicasWithUserIndex(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
		one, mini := following(t, clock, redisstore.WithUserIndex())
		other := newStore(t, clientOf(t, options(mini.Addr())), redisstore.WithClock(clock), redisstore.WithUserIndex())
		return &indexedReplicas{replicas{stores: [2]session.Store{one, other}}}
	})
}

func TestConformanceOnRedisWithUserIndex(t *testing.T) {
	o := realOptions(t)
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
		return newStore(t, clientOf(t, o), redisstore.WithClock(clock), redisstore.WithUserIndex())
	})
}

// Redis refuses a command or a script with keys of several slots.
func TestConformanceOnRedisClusterWithUserIndex(t *testing.T) {
	addr := realCluster(t)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{addr}, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
		return newStore(t, client, redisstore.WithClock(clock), redisstore.WithUserIndex())
	})
}

type indexedReplicas struct{ replicas }

func (r *indexedReplicas) nextOwners() session.OwnerStore { return r.next().(session.OwnerStore) }

func (r *indexedReplicas) SwapOwned(ctx context.Context, key session.Key, old session.Revision, next session.Session, owner session.Owner) (bool, error) {
	return r.nextOwners().SwapOwned(ctx, key, old, next, owner)
}

func (r *indexedReplicas) Owned(ctx context.Context, owner session.Owner) ([]session.Key, error) {
	return r.nextOwners().Owned(ctx, owner)
}

func (r *indexedReplicas) RefuseLogins(ctx context.Context, owner session.Owner, before time.Time) error {
	return r.nextOwners().RefuseLogins(ctx, owner, before)
}

// logIn stores the session of a login of owner.
func logIn(tb testing.TB, store *redisstore.Store, key session.Key, owner session.Owner, next session.Session) {
	tb.Helper()
	_, old := load(tb, store, key)
	done, err := store.SwapOwned(context.Background(), key, old, next, owner)
	require.NoError(tb, err)
	require.True(tb, done)
}

// members returns the index of an owner in Redis.
func members(tb testing.TB, mini *miniredis.Miniredis, owner session.Owner) []string {
	tb.Helper()
	name := redisstore.DefaultPrefix + "user:" + owner.String()
	if !mini.Exists(name) {
		return nil
	}
	all, err := mini.ZMembers(name)
	require.NoError(tb, err)
	return all
}

// commands counts the commands by name.
type commands struct {
	mu  sync.Mutex
	all []string
}

func (c *commands) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *commands) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.note(cmd)
		return next(ctx, cmd)
	}
}

func (c *commands) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, all []redis.Cmder) error {
		c.note(all...)
		return next(ctx, all)
	}
}

func (c *commands) note(all ...redis.Cmder) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cmd := range all {
		c.all = append(c.all, cmd.Name())
	}
}

func (c *commands) taken() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.all
	c.all = nil
	return all
}

// A login with the index takes one command more; every other call takes as many as
// without.
func TestWhatTheIndexCosts(t *testing.T) {
	for name, tt := range map[string]struct {
		opts        []redisstore.Option
		login, find []string
	}{
		"without": {nil, []string{"evalsha"}, nil},
		"with":    {[]redisstore.Option{redisstore.WithUserIndex()}, []string{"evalsha", "evalsha"}, []string{"zrange", "exists"}},
	} {
		t.Run(name, func(t *testing.T) {
			mini := miniredis.RunT(t)
			client, seen := clientOf(t, options(mini.Addr())), new(commands)
			store := newStore(t, client, tt.opts...)
			logIn(t, store, session.KeyOf("scripts"), bob, living("a", time.Hour))
			client.AddHook(seen)
			key, ctx := session.KeyOf("k"), t.Context()

			done, err := store.SwapOwned(ctx, key, 0, living("a", time.Hour), ann)
			require.NoError(t, err)
			require.True(t, done)
			require.Equal(t, tt.login, seen.taken())

			_, rev := load(t, store, key)
			done, err = store.Swap(ctx, key, rev, living("b", time.Hour))
			require.NoError(t, err)
			require.True(t, done)
			require.Equal(t, []string{"get", "evalsha"}, seen.taken())

			_, _ = store.Owned(ctx, ann)
			require.Equal(t, tt.find, seen.taken())
		})
	}
}

func TestWithoutAnIndexSessionsAreNotFound(t *testing.T) {
	store, mini := miniStore(t)
	logIn(t, store, session.KeyOf("k"), ann, living("a", time.Hour))
	require.Len(t, mini.Keys(), 1)
	_, owned := store.Owned(t.Context(), ann)
	for _, err := range []error{owned, store.RefuseLogins(t.Context(), ann, time.Time{}), store.RefuseLogins(t.Context(), ann, time.Now())} {
		require.ErrorIs(t, err, errors.ErrUnsupported)
		require.ErrorContains(t, err, "WithUserIndex")
	}
	require.Len(t, mini.Keys(), 1)
}

func TestWhatIsInTheIndex(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	store, mini := miniStore(t, redisstore.WithUserIndex(), redisstore.WithClock(func() time.Time { return now }))
	index := redisstore.DefaultPrefix + "user:" + ann.String()
	require.Len(t, ann.String(), 32)
	for i, hours := range []time.Duration{2, 5, 3} {
		key := session.KeyOf(strconv.Itoa(i))
		next := living("the-token", 0)
		next.ExpiresAt = now.Add(hours * time.Hour)
		logIn(t, store, key, ann, next)
		score, err := mini.ZScore(index, string(key[:]))
		require.NoError(t, err)
		require.EqualValues(t, now.UnixMilli(), score)
	}
	require.Len(t, members(t, mini, ann), 3)
	require.Empty(t, members(t, mini, bob))
	require.Equal(t, 5*time.Hour+session.Grace, mini.TTL(index), "as long as the longest session, and a little")

	require.NoError(t, store.RefuseLogins(t.Context(), ann, now))
	require.Equal(t, 5*time.Hour+session.Grace, mini.TTL(index))
	require.NoError(t, store.RefuseLogins(t.Context(), bob, now))
	require.Equal(t, session.Grace, mini.TTL(redisstore.DefaultPrefix+"user:"+bob.String()))

	mini.FastForward(5*time.Hour + session.Grace)
	require.Empty(t, mini.Keys(), "every key expires")
}

// The index is written before the session: if Redis fails between the two, the session
// is not stored without it.
func TestTheIndexIsWrittenFirst(t *testing.T) {
	store, mini := miniStore(t, redisstore.WithUserIndex())
	key := session.KeyOf("k")
	require.NoError(t, mini.Set(redisstore.DefaultPrefix+"user:"+ann.String(), "not a set"))
	done, err := store.SwapOwned(t.Context(), key, 0, living("secret-token", time.Hour), ann)
	require.False(t, done)
	require.ErrorContains(t, err, "redisstore: index: ")
	require.NotContains(t, err.Error(), "secret")
	_, rev := load(t, store, key)
	require.Zero(t, rev)

	for _, err := range []error{second(store.Owned(t.Context(), ann)), store.RefuseLogins(t.Context(), ann, time.Now())} {
		require.ErrorContains(t, err, "redisstore: index: ")
	}
}

func second[T any](_ T, err error) error { return err }

// between stops a client between the index and the session of a login.
type between struct {
	commands
	armed            sync.Once
	arrived, release chan struct{}
}

func (b *between) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if strings.Contains(strings.ToLower(cmd.Name()), "eval") && err == nil {
			b.armed.Do(func() {
				close(b.arrived)
				<-b.release
			})
		}
		return err
	}
}

// A login that is between its two commands is found, also while its session does not
// exist yet, and what finds sessions does not remove it from the index.
func TestALoginUnderWayIsFound(t *testing.T) {
	now := time.Now()
	clock := redisstore.WithClock(func() time.Time { return now })
	store, mini := miniStore(t, redisstore.WithUserIndex(), clock)
	client := clientOf(t, options(mini.Addr()))
	logIn(t, newStore(t, client, redisstore.WithUserIndex(), clock), session.KeyOf("scripts"), bob, living("b", time.Hour))
	hook := &between{arrived: make(chan struct{}), release: make(chan struct{})}
	client.AddHook(hook)
	slow, key := newStore(t, client, redisstore.WithUserIndex(), clock), session.KeyOf("k")
	var all sync.WaitGroup
	all.Go(func() {
		done, err := slow.SwapOwned(context.Background(), key, 0, living("a", time.Hour), ann)
		if !done || err != nil {
			t.Errorf("SwapOwned returns %t, %v", done, err)
		}
	})
	<-hook.arrived
	_, rev := load(t, store, key)
	require.Zero(t, rev, "not stored yet")
	for range 2 {
		keys, err := store.Owned(t.Context(), ann)
		require.NoError(t, err)
		require.Equal(t, []session.Key{key}, keys)
	}
	close(hook.release)
	all.Wait()
	require.Equal(t, []string{string(key[:])}, members(t, mini, ann))
}

// relogin is a hook that calls do once, between the look at the sessions and the
// removal of those that have ended.
type relogin struct {
	commands
	once sync.Once
	do   func()
}

func (r *relogin) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, all []redis.Cmder) error {
		err := next(ctx, all)
		if all[0].Name() == "exists" {
			r.once.Do(r.do)
		}
		return err
	}
}

// A login under a key whose session has ended keeps its place in the index.
func TestALoginIsNotRemovedFromTheIndex(t *testing.T) {
	now := time.Now()
	clock := redisstore.WithClock(func() time.Time { return now })
	store, mini := miniStore(t, redisstore.WithUserIndex(), clock)
	key := session.KeyOf("k")
	logIn(t, store, key, ann, living("old", time.Hour))
	logIn(t, store, session.KeyOf("other"), ann, living("old", time.Hour))
	now = now.Add(2 * time.Hour)
	mini.Del(redisstore.DefaultPrefix + key.String())
	mini.Del(redisstore.DefaultPrefix + session.KeyOf("other").String())

	client := clientOf(t, options(mini.Addr()))
	client.AddHook(&relogin{do: func() {
		next := living("new", 0)
		next.ExpiresAt = now.Add(time.Hour)
		logIn(t, store, key, ann, next)
	}})
	keys, err := newStore(t, client, redisstore.WithUserIndex(), clock).Owned(t.Context(), ann)
	require.NoError(t, err)
	require.Empty(t, keys, "at the time of the look")
	require.Equal(t, []string{string(key[:])}, members(t, mini, ann))
	keys, err = store.Owned(t.Context(), ann)
	require.NoError(t, err)
	require.Equal(t, []session.Key{key}, keys)
}

// What has ended leaves the index when sessions are found, and after many logins. A
// session that lives stays.
func TestTheIndexStaysSmall(t *testing.T) {
	for name, o := range map[string]func(*testing.T) *redis.Options{
		"miniredis": func(t *testing.T) *redis.Options { return options(miniredis.RunT(t).Addr()) },
		"redis":     func(t *testing.T) *redis.Options { return realOptions(t) },
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Now()
			client := clientOf(t, o(t))
			store := newStore(t, client, redisstore.WithUserIndex(), redisstore.WithClock(func() time.Time { return now }))
			index := redisstore.DefaultPrefix + "user:" + ann.String()
			next := func() session.Session {
				s := living("a", 0)
				s.LoggedInAt, s.ExpiresAt = now, now.AddDate(1, 0, 0)
				return s
			}
			logIn(t, store, session.KeyOf("lives"), ann, next())
			for i := range 500 { // a login and a logout every hour
				key := session.KeyOf(strconv.Itoa(i))
				logIn(t, store, key, ann, next())
				require.NoError(t, client.Del(t.Context(), redisstore.DefaultPrefix+key.String()).Err()) // as Redis does a while after the logout
				now = now.Add(time.Hour)
				require.LessOrEqual(t, client.ZCard(t.Context(), index).Val(), int64(32))
			}
			keys, err := store.Owned(t.Context(), ann)
			require.NoError(t, err)
			require.Equal(t, []session.Key{session.KeyOf("lives")}, keys)
			require.EqualValues(t, 1, client.ZCard(t.Context(), index).Val())
		})
	}
}

// More sessions than one round trip asks for.
func TestManySessionsOfAUser(t *testing.T) {
	store, mini := miniStore(t, redisstore.WithUserIndex())
	const many = 1100
	for i := range many {
		logIn(t, store, session.KeyOf(strconv.Itoa(i)), ann, living("a", time.Hour))
	}
	keys, err := store.Owned(t.Context(), ann)
	require.NoError(t, err)
	require.Len(t, keys, many)
	require.Len(t, members(t, mini, ann), many)
}

// A revocation survives that all sessions of the user end, and the index with them.
func TestARefusalOutlivesTheSessions(t *testing.T) {
	now := time.Now()
	store, mini := miniStore(t, redisstore.WithUserIndex(), redisstore.WithClock(func() time.Time { return now }))
	short := living("a", 0)
	short.ExpiresAt = now.Add(time.Second)
	logIn(t, store, session.KeyOf("k"), ann, short)
	advance := func(d time.Duration) { now = now.Add(d); mini.FastForward(d) }
	advance(2*session.Grace - time.Second)
	require.NoError(t, store.RefuseLogins(t.Context(), ann, now))
	advance(session.Grace - time.Second)
	late := living("late", time.Hour)
	late.LoggedInAt = now.Add(-session.Grace)
	done, err := store.SwapOwned(t.Context(), session.KeyOf("late"), 0, late, ann)
	require.ErrorIs(t, err, session.ErrRevoked)
	require.False(t, done)
}
