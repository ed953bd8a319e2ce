package session

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeTime is a clock that the test sets.
type fakeTime struct{ ms atomic.Int64 }

func newFakeTime() *fakeTime {
	f := &fakeTime{}
	f.ms.Store(1_700_000_000_000)
	return f
}

func (f *fakeTime) now() time.Time          { return time.UnixMilli(f.ms.Load()).UTC() }
func (f *fakeTime) advance(d time.Duration) { f.ms.Add(d.Milliseconds()) }

// crowdedKeys returns n keys of the first shard, so that a few keys fill a shard.
func crowdedKeys(m *Memory, n int) []Key {
	keys := make([]Key, 0, n)
	for i := 0; len(keys) < n; i++ {
		key := KeyOf(strconv.Itoa(i))
		if sh, _ := m.locate(idOf(key)); sh == &m.shards[0] {
			keys = append(keys, key)
		}
	}
	return keys
}

func sized(user int64, token, info int, end time.Time) Session {
	s := Session{Token: NewSecret(strings.Repeat("t", token)), UserID: user, ExpiresAt: end}
	if info > 0 {
		s.UserInfo = json.RawMessage(`"` + strings.Repeat("i", info) + `"`)
	}
	return s
}

// store stores s under key, whatever the revision is.
func store(t *testing.T, m *Memory, key Key, s Session) {
	t.Helper()
	_, rev, err := m.Load(t.Context(), key)
	require.NoError(t, err)
	done, err := m.Swap(t.Context(), key, rev, s)
	require.NoError(t, err)
	require.True(t, done)
}

func holds(t *testing.T, m *Memory, key Key) bool {
	t.Helper()
	_, rev, err := m.Load(t.Context(), key)
	require.NoError(t, err)
	return rev != 0
}

// checkShape fails the test unless the counters and the index of every shard agree
// with the records, all unused bytes are zero, and every chunk is at least half in use.
func checkShape(t *testing.T, m *Memory) {
	t.Helper()
	for n := range m.shards {
		sh := &m.shards[n]
		if len(sh.chunks) == 0 && len(sh.index) == 0 {
			continue // never used
		}
		slots := make(map[slot]bool)
		for _, s := range sh.index {
			if s != 0 {
				slots[s] = true
			}
		}
		require.Len(t, slots, sh.count, "the index")
		require.LessOrEqual(t, sh.due, sh.nextDue())
		total, holes := 0, 0
		for i := range sh.chunks {
			c := &sh.chunks[i]
			if c.data == nil {
				holes++
				require.Equal(t, chunk{}, *c)
				continue
			}
			require.True(t, c.gone == len(c.data) || !c.at(c.gone).removed())
			live := 0
			for offset, r := range c.all {
				at, found := sh.find(r.id(), sh.hash(r))
				require.NotNil(t, found, "a record is lost")
				require.Equal(t, (slot(i)<<offsetBits | slot(offset)).withHash(sh.hash(r)), sh.index[at])
				require.LessOrEqual(t, c.due, max(r.end(), m.now().UnixMilli()+sweepPause))
				live += len(r)
			}
			require.Equal(t, live, c.live)
			require.True(t, i == sh.open || 2*live >= len(c.data), "less than half of a chunk is in use")
			total += live
			checkBlank(t, c)
		}
		require.Equal(t, total, sh.live)
		require.Equal(t, holes, len(sh.freed)+min(1, len(sh.chunks)), "freed chunks, and chunk 0")
	}
}

func checkBlank(t *testing.T, c *chunk) {
	t.Helper()
	for offset := 0; offset < len(c.data); {
		r := c.at(offset)
		require.True(t, r.removed() || offset >= c.gone)
		if r.removed() {
			require.Empty(t, bytes.Trim(r[2:], "\x00"), "a removed record")
		}
		offset += len(r)
	}
	require.Empty(t, bytes.Trim(c.data[len(c.data):cap(c.data)], "\x00"), "bytes after the last record")
}

// model is a plain map with the contract of a store. The store must agree with it.
type model struct {
	t    *testing.T
	m    *Memory
	time *fakeTime
	held map[Key]modelEntry
	seen map[Revision]bool
}

type modelEntry struct {
	session Session
	rev     Revision
	forget  time.Time // the store must keep it until then
}

// load compares what the store and the model hold under key.
func (o *model) load(key Key) Revision {
	o.t.Helper()
	got, rev, err := o.m.Load(o.t.Context(), key)
	require.NoError(o.t, err)
	want := o.held[key]
	if rev == 0 && want.rev != 0 && !o.time.now().Before(want.forget) {
		delete(o.held, key)
		want = modelEntry{}
	}
	if !want.session.Live(o.time.now()) {
		want.session = Session{LoggedOut: want.session.LoggedOut}
	}
	require.Equal(o.t, want.rev, rev)
	require.Equal(o.t, want.session, got)
	return rev
}

func (o *model) swap(key Key, next Session) {
	o.t.Helper()
	old := o.load(key)
	for _, wrong := range []Revision{old + 1, old - 1} {
		done, err := o.m.Swap(o.t.Context(), key, wrong, next)
		require.NoError(o.t, err)
		require.False(o.t, done)
	}
	done, err := o.m.Swap(o.t.Context(), key, old, next)
	require.NoError(o.t, err)
	require.True(o.t, done)
	_, rev, err := o.m.Load(o.t.Context(), key)
	require.NoError(o.t, err)
	require.False(o.t, o.seen[rev], "a revision is used twice")
	o.seen[rev] = true
	forget := o.time.now().Add(Grace)
	if next.ExpiresAt.After(forget) {
		forget = next.ExpiresAt
	}
	o.held[key] = modelEntry{next, rev, forget}
	o.load(key)
}

// playModel runs the operations in script, three bytes each, on that many keys.
func playModel(t *testing.T, users int, script []byte) {
	clock := newFakeTime()
	m := newMemory(t, WithClock(clock.now))
	o := &model{t: t, m: m, time: clock, held: map[Key]modelEntry{}, seen: map[Revision]bool{}}
	keys := crowdedKeys(m, users)
	for move := 0; len(script) >= 3; move++ {
		key, how, much := keys[int(script[0])%users], script[1], int(script[2])
		script = script[3:]
		switch how % 8 {
		case 0, 1, 2:
			o.swap(key, sized(int64(move), 1+much, 0, clock.now().Add(time.Duration(how)*time.Minute)))
		case 3:
			o.swap(key, sized(int64(move), 1, 40*much, clock.now().Add(time.Hour)))
		case 4:
			o.swap(key, Session{LoggedOut: much%2 == 0})
		case 5:
			clock.advance(time.Duration(much) * time.Second)
		default:
			o.load(key)
		}
		if move%16 == 0 {
			checkShape(t, m)
		}
	}
	for _, key := range keys {
		o.load(key)
	}
	checkShape(t, m)
}

func TestMemoryDoesWhatAPlainMapDoes(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			random := rand.NewChaCha8([32]byte{byte(seed)})
			script := make([]byte, 9000)
			_, _ = random.Read(script)
			playModel(t, 256, script)
		})
	}
}

func FuzzMemory(f *testing.F) {
	f.Add([]byte{1, 0, 32, 1, 6, 0, 1, 4, 0, 2, 3, 200, 2, 5, 255})
	f.Add(bytes.Repeat([]byte{7, 3, 255, 8, 0, 9, 7, 4, 1}, 40))
	f.Fuzz(func(t *testing.T, script []byte) { playModel(t, 32, script[:min(len(script), 1500)]) })
}

func TestMemoryTellsKeysOfOneHashApart(t *testing.T) {
	type place struct {
		sh   *shard
		hash uint64
	}
	m, met := newMemory(t), make(map[place]Key)
	var pairs [][2]Key
	for i := 0; len(pairs) < 3; i++ {
		key := KeyOf(strconv.Itoa(i))
		sh, hash := m.locate(idOf(key))
		if other, ok := met[place{sh, hash}]; ok {
			pairs = append(pairs, [2]Key{key, other})
		}
		met[place{sh, hash}] = key
	}
	for _, pair := range pairs {
		store(t, m, pair[0], sized(1, 10, 0, time.Now().Add(time.Hour)))
		require.False(t, holds(t, m, pair[1]))
		store(t, m, pair[1], sized(2, 20, 0, time.Now().Add(time.Hour)))
		store(t, m, pair[0], Session{LoggedOut: true})
		s, _, err := m.Load(t.Context(), pair[1])
		require.NoError(t, err)
		require.EqualValues(t, 2, s.UserID)
	}
	checkShape(t, m)
}

// footprint returns how many bytes the store takes, and how many of them its records take.
func footprint(m *Memory) (taken, live int) {
	for i := range m.shards {
		sh := &m.shards[i]
		taken += 8*cap(sh.index) + 48*cap(sh.chunks) + 8*cap(sh.freed)
		for _, c := range sh.chunks {
			taken += cap(c.data)
		}
		live += sh.live
	}
	return taken, live
}

func TestMemoryStaysSmallOverTenTurnovers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		limit int
		life  time.Duration // of a session; one turnover takes an hour
	}{
		{"by time", 1 << 20, time.Hour},
		{"by the bound", 3200, 30 * 24 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const users = 3200
			clock := newFakeTime()
			m := newMemory(t, WithClock(clock.now), WithMaxSessions(tt.limit))
			random := rand.New(rand.NewPCG(1, 2))
			for generation := range 10 {
				for i := range users {
					key := KeyOf(fmt.Sprint(generation, "/", i))
					store(t, m, key, sized(1, 32, random.IntN(600), clock.now().Add(tt.life)))
					clock.advance(time.Hour / users)
				}
				taken, live := footprint(m)
				require.LessOrEqual(t, m.Len(), 2*users)
				require.Less(t, taken, live*5/2)
			}
			checkShape(t, m)
		})
	}
}

func TestMemoryGivesBackWhatItNoLongerNeeds(t *testing.T) {
	clock := newFakeTime()
	m := newMemory(t, WithClock(clock.now))
	keys := crowdedKeys(m, 3000)
	for i, key := range keys {
		store(t, m, key, sized(1, 32, i%3*1500, clock.now().Add(time.Hour)))
	}
	peak, _ := footprint(m)
	require.Greater(t, peak, 3<<20)
	clock.advance(2 * time.Hour)
	for i := range 3000 { // the writes of two users, of changing length
		store(t, m, keys[i%2], sized(1, 32+i%3, 0, clock.now().Add(time.Hour)))
	}
	require.Equal(t, 2, m.Len())
	taken, _ := footprint(m)
	require.Less(t, taken, peak/20)
	require.LessOrEqual(t, len(m.shards[0].index), 64)
	checkShape(t, m)
}

func TestMemoryForgetsInTimeAndNotBefore(t *testing.T) {
	for _, life := range []time.Duration{0, Grace, 3 * time.Hour} {
		for _, first := range []time.Duration{time.Minute, 24 * time.Hour} { // of the session before that
			clock := newFakeTime()
			m := newMemory(t, WithClock(clock.now))
			keys := crowdedKeys(m, 2)
			store(t, m, keys[0], sized(1, 3, 0, clock.now().Add(first)))
			store(t, m, keys[0], sized(1, 3, 0, clock.now().Add(life)))
			writes := func() {
				for range 10 {
					store(t, m, keys[1], sized(1, 3, 0, clock.now().Add(time.Hour)))
				}
			}
			clock.advance(max(life, Grace) - time.Millisecond)
			writes()
			require.True(t, holds(t, m, keys[0]))
			clock.advance(sweepPause * time.Millisecond)
			writes()
			require.False(t, holds(t, m, keys[0]))
		}
	}
}

func TestMemoryOverwritesWhatGoes(t *testing.T) {
	clock := newFakeTime()
	m := newMemory(t, WithClock(clock.now), WithMaxSessions(64*40))
	keys := crowdedKeys(m, 300)
	sh := &m.shards[0]
	chunks := make(map[*byte][]byte) // every chunk that ever existed
	write := func(key Key, s Session) {
		store(t, m, key, s)
		for _, c := range sh.chunks {
			if all := c.data[:cap(c.data)]; len(all) > 0 {
				chunks[&all[0]] = all
			}
		}
	}
	for i, key := range keys { // 40 fit; one in ten is large
		info := 0
		if i%10 == 0 {
			info = 5000
		}
		write(key, sized(1, 300, info, clock.now().Add(time.Minute)))
	}
	for _, key := range keys[250:] {
		write(key, Session{LoggedOut: true})
	}
	clock.advance(time.Hour)
	for range 200 {
		write(keys[0], Session{})
	}
	require.Equal(t, 1, m.Len())
	require.Greater(t, len(chunks), 10)
	for _, all := range chunks {
		require.NotContains(t, string(all), "ttt", "a token is left in memory")
		require.NotContains(t, string(all), "iii", "user info is left in memory")
	}
}

func TestMemoryAtItsBoundKeepsRecentLogouts(t *testing.T) {
	clock := newFakeTime()
	m := newMemory(t, WithClock(clock.now), WithMaxSessions(64*100))
	keys := crowdedKeys(m, 2000)
	for _, key := range keys[:50] {
		store(t, m, key, Session{LoggedOut: true})
	}
	for _, key := range keys[50:] {
		store(t, m, key, sized(1, 32, 0, clock.now().Add(time.Hour)))
	}
	require.Equal(t, 100, m.Len())
	for _, key := range keys[:50] {
		require.True(t, holds(t, m, key), "sessions are evicted before logouts")
	}
	for _, key := range keys[1000:] {
		store(t, m, key, Session{LoggedOut: true})
		require.LessOrEqual(t, m.Len(), 100, "logouts do not exceed the bound")
	}
	checkShape(t, m)
}

func TestMemoryRefusesWhatIsTooLarge(t *testing.T) {
	m, key := newMemory(t), KeyOf("a")
	now := time.Now()
	store(t, m, key, sized(1, 3, 0, now.Add(time.Hour)))
	_, rev, err := m.Load(t.Context(), key)
	require.NoError(t, err)
	done, err := m.Swap(t.Context(), key, rev, sized(2, 3, maxRecord, now.Add(time.Hour)))
	require.EqualError(t, err, "session: more than 16 MiB")
	require.False(t, done)
	store(t, m, key, sized(3, 3, maxRecord/2, now.Add(time.Hour)))
	s, _, err := m.Load(t.Context(), key)
	require.NoError(t, err)
	require.EqualValues(t, 3, s.UserID)
	require.Len(t, s.UserInfo, maxRecord/2+2)
}

func TestMemoryPrintsNoSession(t *testing.T) {
	m := newMemory(t)
	store(t, m, KeyOf("a"), sized(1, 3, 0, time.Now().Add(time.Hour)))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		require.Equal(t, "session.Memory{len:1}", fmt.Sprintf(verb, m))
	}
}

// Callers share keys and a small store while the clock advances. What they load must
// be a complete session of that key.
func TestMemoryUnderManyCallersMixesNothingUp(t *testing.T) {
	clock := newFakeTime()
	m := newMemory(t, WithClock(clock.now), WithMaxSessions(64*20))
	keys := crowdedKeys(m, 60)
	var all sync.WaitGroup
	for caller := range 8 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(caller), 1))
			for range 2000 {
				user := random.IntN(len(keys))
				if err := mixUp(t.Context(), m, clock, random, keys[user], user); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	checkShape(t, m)
}

func mixUp(ctx context.Context, m *Memory, clock *fakeTime, random *rand.Rand, key Key, user int) error {
	s, rev, err := m.Load(ctx, key)
	if err != nil {
		return err
	}
	if !s.IsZero() && (s.UserID != int64(user) || len(s.Token.Reveal()) != 1+len(s.UserInfo)) {
		return fmt.Errorf("user %d loads the session of user %d", user, s.UserID)
	}
	next := Session{LoggedOut: true}
	if random.IntN(4) > 0 {
		info := random.IntN(1500)
		next = sized(int64(user), info+3, info, clock.now().Add(time.Duration(random.IntN(3600))*time.Second))
		if info == 0 {
			next.Token = NewSecret("t")
		}
	}
	clock.advance(time.Second)
	_, err = m.Swap(ctx, key, rev, next)
	return err
}

func newMemory(tb testing.TB, opts ...MemoryOption) *Memory {
	tb.Helper()
	m, err := NewMemory(opts...)
	require.NoError(tb, err)
	return m
}
