package session_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/session"
)

// These benchmarks hold more and more sessions, to show which costs grow with them.
//
//	go test -run '^$' -bench MemoryScale ./session

func heldSessions() []int {
	if testing.Short() {
		return []int{1_000}
	}
	return []int{10_000, 100_000, 1_000_000}
}

// crowd is a store that holds a session under each of the keys.
type crowd struct {
	store *session.Memory
	keys  []session.Key
	at    int
	next  session.Session
}

func newCrowd(b *testing.B, n int) *crowd {
	b.Helper()
	c := &crowd{store: testkit.Memory(b, session.WithMaxSessions(2*n)), keys: make([]session.Key, n)}
	c.next = session.Session{
		UserID:     91464885772601,
		OpenID:     "ofo380BgVHDSf3gz0QK1DYPGnLxx",
		Platform:   "kuaishou",
		UserInfo:   json.RawMessage(`{"nickName":"Larry","avatarUrl":"https://img.example.com/larry.png","gender":1,"city":"Huizhou","province":"Guangdong","country":"China","language":"zh_CN"}`),
		LoggedInAt: time.Now(),
		ExpiresAt:  time.Now().Add(30 * 24 * time.Hour),
	}
	for i := range c.keys {
		c.keys[i] = session.KeyOf(strconv.Itoa(i))
		c.next.Token = session.NewSecret(fmt.Sprintf("v4pdxqwi45962eucg4q6yc%010d", i))
		c.swap(b, c.keys[i], 0)
	}
	runtime.GC()
	return c
}

// load loads the session of another user each time, which is hardly in a cache.
func (c *crowd) load(b *testing.B) (session.Key, session.Revision) {
	c.at = (c.at + 7919) % len(c.keys)
	s, rev, err := c.store.Load(b.Context(), c.keys[c.at])
	if err != nil || s.IsZero() {
		b.Fatal(s, err)
	}
	return c.keys[c.at], rev
}

func (c *crowd) swap(b *testing.B, key session.Key, rev session.Revision) {
	if done, err := c.store.Swap(b.Context(), key, rev, c.next); !done || err != nil {
		b.Fatal(done, err)
	}
}

// BenchmarkMemoryScale measures a load, and a load with a swap.
func BenchmarkMemoryScale(b *testing.B) {
	for _, n := range heldSessions() {
		var c *crowd
		b.Run(fmt.Sprintf("load/held=%d", n), func(b *testing.B) {
			if c == nil {
				c = newCrowd(b, n)
			}
			measure(b, func() { c.load(b) })
		})
		b.Run(fmt.Sprintf("load+swap/held=%d", n), func(b *testing.B) {
			if c == nil {
				c = newCrowd(b, n)
			}
			measure(b, func() {
				key, rev := c.load(b)
				c.swap(b, key, rev)
			})
		})
	}
}

// measure reports the mean and the 99th percentile of call. They are of different
// calls, because reading the clock takes time too.
func measure(b *testing.B, call func()) {
	b.ReportAllocs()
	for b.Loop() {
		call()
	}
	times := make([]time.Duration, min(b.N, 100_000))
	for i := range times {
		began := time.Now()
		call()
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)*99/100]), "p99-ns")
}

// BenchmarkMemoryScaleGC measures a garbage collection while the store holds the
// sessions: how long it takes, how long it stops the program, and the CPU time of its
// marking.
func BenchmarkMemoryScaleGC(b *testing.B) {
	for _, n := range append([]int{1}, heldSessions()...) {
		b.Run(fmt.Sprintf("held=%d", n), func(b *testing.B) {
			store := newCrowd(b, n).store
			paused, marked := collected()
			for b.Loop() {
				runtime.GC()
			}
			pausedAfter, markedAfter := collected()
			b.ReportMetric(float64(pausedAfter-paused)/float64(b.N), "pause-ns/op")
			b.ReportMetric((markedAfter-marked)*1e9/float64(b.N), "mark-cpu-ns/op")
			runtime.KeepAlive(store)
		})
	}
}

// collected returns how long all collections so far have stopped the program, and the
// CPU seconds of their marking.
func collected() (paused time.Duration, marked float64) {
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	samples := []metrics.Sample{
		{Name: "/cpu/classes/gc/mark/assist:cpu-seconds"},
		{Name: "/cpu/classes/gc/mark/dedicated:cpu-seconds"},
		{Name: "/cpu/classes/gc/mark/idle:cpu-seconds"},
	}
	metrics.Read(samples)
	for _, sample := range samples {
		marked += sample.Value.Float64()
	}
	return stats.PauseTotal, marked
}
