package session_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/session"
)

// BenchmarkMemory measures a store that holds 100,000 sessions, with 1 and with 64
// callers: a load, a load and a swap of an existing key, and a swap of a new key
// while the store is full.
func BenchmarkMemory(b *testing.B) {
	const held = 100_000
	keys := make([]session.Key, 4*held)
	for i := range keys {
		keys[i] = session.KeyOf(strconv.Itoa(i))
	}
	next := session.Session{
		Token:      session.NewSecret("v4pdxqwi45962eucg4q6yc91qq6hoxn1"),
		UserID:     91464885772601,
		OpenID:     "ofo380BgVHDSf3gz0QK1DYPGnLxx",
		Platform:   "kuaishou",
		UserInfo:   json.RawMessage(`{"nickName":"Larry","avatarUrl":"https://img.example.com/larry.png","gender":1}`),
		LoggedInAt: time.Now(),
		ExpiresAt:  time.Now().Add(30 * 24 * time.Hour),
	}
	for _, work := range []struct {
		name string
		keys int
		do   func(b *testing.B, m *session.Memory, key session.Key)
	}{
		{"load", held, func(b *testing.B, m *session.Memory, key session.Key) {
			if s, _, err := m.Load(b.Context(), key); err != nil || s.IsZero() {
				b.Error(err)
			}
		}},
		{"load+swap", held, func(b *testing.B, m *session.Memory, key session.Key) {
			_, rev, err := m.Load(b.Context(), key)
			if err == nil {
				_, err = m.Swap(b.Context(), key, rev, next)
			}
			if err != nil {
				b.Error(err)
			}
		}},
		{"new", 4 * held, func(b *testing.B, m *session.Memory, key session.Key) {
			if _, err := m.Swap(b.Context(), key, 0, next); err != nil {
				b.Error(err)
			}
		}},
	} {
		for _, callers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/callers=%d", work.name, callers), func(b *testing.B) {
				limit := 2 * held
				if work.name == "new" {
					limit = held
				}
				m := testkit.Memory(b, session.WithMaxSessions(limit))
				for i := range held {
					if _, err := m.Swap(b.Context(), keys[i], 0, next); err != nil {
						b.Fatal(err)
					}
				}
				var n atomic.Int64
				n.Store(held)
				if callers == 1 {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
				}
				b.SetParallelism(callers / runtime.GOMAXPROCS(0))
				b.ReportAllocs()
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						work.do(b, m, keys[int(n.Add(1)*7919)%work.keys])
					}
				})
			})
		}
	}
}
