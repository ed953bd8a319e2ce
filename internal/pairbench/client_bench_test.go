//go:build unix

package pairbench_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/internal/pairbench"
	"github.com/hydrogen-go/baas/internal/pairbench/peer"
	"github.com/hydrogen-go/baas/internal/redistest"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
)

// The benchmarks set the SDK beside hand-written net/http and encoding/json on a
// tuned transport, the floor, in the same run.
//
//	go test -run '^$' -bench . -benchtime 1x ./internal/pairbench
//
// They are not beside package baas, because the imports of its tests reach the go.sum of
// every program that imports it: here, that is Redis.

func TestMain(m *testing.M) { pairbench.Main(m) }

func newBenchClient(b *testing.B, backend string, opts ...baas.Option) *baas.Client {
	client, err := baas.New(peer.ClientID, append(opts, baas.WithHost(backend))...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.CloseIdleConnections)
	return client
}

// BenchmarkLogin also has a peer: resty as its documentation shows it.
func BenchmarkLogin(b *testing.B) {
	pairbench.Compare(b, "floor", newLogins, pairbench.Peer{Name: "resty", Setup: restyLogins})
}

// BenchmarkLoginTLS is BenchmarkLogin on a backend that speaks TLS.
func BenchmarkLoginTLS(b *testing.B) {
	for _, protocol := range []pairbench.Protocol{pairbench.HTTP1, pairbench.HTTP2} {
		for _, c := range []pairbench.Case{
			{Callers: 64, Ops: 8000, TLS: protocol}, {Callers: 512, Ops: 8000, TLS: protocol},
			{Callers: 512, Ops: 8000, TLS: protocol, Delay: 20 * time.Millisecond},
		} {
			b.Run(string(protocol)+"/callers="+strconv.Itoa(c.Callers)+"/delay="+c.Delay.String(), func(b *testing.B) {
				pairbench.CompareOn(b, "floor", c, newLogins)
			})
		}
	}
}

// BenchmarkColdBurst is 512 logins at once with a new client: what they cost together, and
// how many connections they open.
func BenchmarkColdBurst(b *testing.B) {
	const callers = 512
	for _, protocol := range []pairbench.Protocol{"", pairbench.HTTP1, pairbench.HTTP2} {
		for _, delay := range []time.Duration{0, 20 * time.Millisecond} {
			b.Run(cmp.Or(string(protocol), "plain")+"/delay="+delay.String(), func(b *testing.B) {
				c := pairbench.Case{Callers: 1, Ops: 1, TLS: protocol, Delay: delay}
				pairbench.CompareOn(b, "floor", c, func(_ *testing.B, backend string) (ours, theirs pairbench.Work) {
					ours = func(ctx context.Context) error {
						client, err := baas.New(peer.ClientID, baas.WithHost(backend))
						if err != nil {
							return err
						}
						defer client.CloseIdleConnections()
						return burst(callers, func(i int) error {
							_, err := client.Auth("user-"+strconv.Itoa(i)).LoginWithKs(ctx, nil, auth.Code(code))
							return err
						})
					}
					return ours, func(ctx context.Context) error {
						f := peer.NewHand(backend)
						defer f.CloseIdleConnections()
						login := peerLogins(f)
						return burst(callers, func(int) error { return login(ctx) })
					}
				})
			})
		}
	}
}

// burst calls fn so many times at once.
func burst(n int, fn func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = fn(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// BenchmarkLoginBySessions is a login with that many sessions in the store.
func BenchmarkLoginBySessions(b *testing.B) {
	for _, sessions := range []int{10_000, 100_000, 1_000_000} {
		if testing.Short() {
			sessions /= 100
		}
		b.Run("sessions="+strconv.Itoa(sessions), func(b *testing.B) {
			c := pairbench.Case{Callers: 64, Ops: 8000}
			pairbench.CompareOn(b, "floor", c, func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
				store := testkit.Memory(b, session.WithMaxSessions(2*sessions))
				for i := range sessions {
					s := session.Session{Token: session.NewSecret("t"), UserID: int64(i + 1), ExpiresAt: time.Now().Add(time.Hour)}
					if ok, err := store.Swap(b.Context(), session.KeyOf(strconv.Itoa(i)), 0, s); !ok || err != nil {
						b.Fatal(ok, err)
					}
				}
				return logins(b, backend, baas.WithSessionStore(store))
			})
		})
	}
}

const code = "ks071Jwd000ACg4L1A1Z300nzYGz1Jw"

var errNoUser = errors.New("no user")

// logins returns logins of the SDK, each of a new user as on a login server, and of the floor.
func logins(b *testing.B, backend string, opts ...baas.Option) (ours, theirs pairbench.Work) {
	client := newBenchClient(b, backend, opts...)
	var users atomic.Int64
	ours = func(ctx context.Context) error {
		u, err := client.Auth("user-"+strconv.FormatInt(users.Add(1), 10)).LoginWithKs(ctx, nil, auth.Code(code))
		if err == nil && u.OpenID() == "" {
			err = errNoUser
		}
		return err
	}
	return ours, peerLogins(newFloor(b, backend))
}

// newLogins is logins for a client with its own store.
func newLogins(b *testing.B, backend string) (ours, theirs pairbench.Work) { return logins(b, backend) }

// restyLogins returns logins with resty.
func restyLogins(b *testing.B, backend string) pairbench.Work {
	return peerLogins(newResty(b, backend))
}

func peerLogins(p peer.Client) pairbench.Work {
	return func(ctx context.Context) error {
		in, err := p.Login(ctx, code, true)
		if err == nil && (in.Token == "" || in.User.OpenID == "") {
			err = errNoUser
		}
		return err
	}
}

func newFloor(b *testing.B, backend string) *peer.Hand {
	f := peer.NewHand(backend)
	b.Cleanup(f.CloseIdleConnections)
	return f
}

func newResty(b *testing.B, backend string) *peer.Resty {
	r := peer.NewResty(backend)
	b.Cleanup(r.CloseIdleConnections)
	return r
}

// BenchmarkAuthorisedRead is CurrentUser of a user who is logged in. It has resty as a
// peer too.
func BenchmarkAuthorisedRead(b *testing.B) {
	const (
		users = 8 << 10 // many more than callers, so that no two read as the same one at once
		id    = 61736923
		token = "v4pdxqwi45962eucg4q6yc91qq6hoxn1"
	)
	read := func(p peer.Client) pairbench.Work {
		return func(ctx context.Context) error {
			u, err := p.Read(ctx, id, token)
			if err == nil && u.OpenID == "" {
				err = errNoUser
			}
			return err
		}
	}
	resty := pairbench.Peer{Name: "resty", Setup: func(b *testing.B, backend string) pairbench.Work { return read(newResty(b, backend)) }}
	pairbench.Compare(b, "floor", func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
		store := testkit.Memory(b)
		client := newBenchClient(b, backend, baas.WithSessionStore(store))
		for i := range users {
			s := session.Session{Token: session.NewSecret(token), UserID: id, Platform: "kuaishou", ExpiresAt: time.Now().Add(time.Hour)}
			if done, err := store.Swap(b.Context(), client.SessionKey("user-"+strconv.Itoa(i)), 0, s); !done || err != nil {
				b.Fatal(done, err)
			}
		}
		var next atomic.Int64
		ours = func(ctx context.Context) error {
			u, err := client.Auth("user-" + strconv.FormatInt(next.Add(1)%users, 10)).CurrentUser(ctx)
			if err == nil && u.Nickname() == "" {
				err = errNoUser
			}
			return err
		}
		return ours, read(newFloor(b, backend))
	}, resty)
}

// BenchmarkLoginRedis is a login with the sessions in Redis, without latency and with
// 1 ms. The floor stores the token and the user's id with one SET.
func BenchmarkLoginRedis(b *testing.B) {
	for _, latency := range []time.Duration{0, time.Millisecond} {
		for _, callers := range []int{64, 512} {
			b.Run("latency="+latency.String()+"/callers="+strconv.Itoa(callers), func(b *testing.B) {
				addr := redistest.Start(b).Addr()
				pairbench.CompareOn(b, "floor", pairbench.Case{Callers: callers, Ops: 8000}, func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
					store, err := redisstore.New(newRedis(b, addr, latency))
					if err != nil {
						b.Fatal(err)
					}
					ours, _ = logins(b, backend, baas.WithSessionStore(store))
					return ours, storedLogins(newFloor(b, backend), newRedis(b, addr, latency))
				})
			})
		}
	}
}

func newRedis(b *testing.B, addr string, latency time.Duration) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: addr, PoolSize: 128, ContextTimeoutEnabled: true, Dialer: redistest.Dialer(latency)})
	b.Cleanup(func() { _ = c.Close() })
	return c
}

// storedLogins returns logins of p, each of which stores its session in Redis.
func storedLogins(p peer.Client, rc *redis.Client) pairbench.Work {
	type stored struct {
		Token string
		User  int64
	}
	var users atomic.Int64
	return func(ctx context.Context) error {
		in, err := p.Login(ctx, code, true)
		if err != nil {
			return err
		}
		value, err := json.Marshal(stored{in.Token, in.User.ID})
		if err != nil {
			return err
		}
		return rc.Set(ctx, "floor:"+strconv.FormatInt(users.Add(1), 10), value, time.Duration(in.ExpiresIn)*time.Second).Err()
	}
}

// BenchmarkMillionSessions reports what a session costs in memory, in bytes of heap.
func BenchmarkMillionSessions(b *testing.B) {
	n := 1_000_000
	if testing.Short() {
		n /= 20
	}
	info := []byte(`{"nickName":"Larry","avatarUrl":"https://img.example.com/larry.png","gender":1,"city":"Huizhou","province":"Guangdong","country":"China","language":"zh_CN"}`)
	for _, c := range []struct {
		name string
		info []byte
	}{{"bare", nil}, {"with-user-info", info}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				store := testkit.Memory(b, session.WithMaxSessions(2*n))
				for i := range n {
					s := session.Session{
						Token:      session.NewSecret(fmt.Sprintf("v4pdxqwi45962eucg4q6yc%010d", i)),
						UserID:     91464885772601 + int64(i),
						OpenID:     "ofo380BgVHDSf3gz0QK1DYPGnLxx",
						Platform:   "kuaishou",
						UserInfo:   c.info,
						LoggedInAt: time.Now(),
						ExpiresAt:  time.Now().Add(30 * 24 * time.Hour),
					}
					if ok, err := store.Swap(b.Context(), session.KeyOf(strconv.Itoa(i)), 0, s); !ok || err != nil {
						b.Fatal(ok, err)
					}
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "bytes/session")
				b.ReportMetric(0, "ns/op")
				runtime.KeepAlive(store)
			}
		})
	}
}
