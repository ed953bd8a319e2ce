//go:build unix

package baas_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/internal/pairbench"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/session"
)

// The benchmarks set the SDK beside hand-written net/http and encoding/json on a
// tuned transport, the floor, in the same run.
//
//	go test -run '^$' -bench . -benchtime 1x .

func TestMain(m *testing.M) { pairbench.Main(m) }

func newBenchClient(b *testing.B, backend string, opts ...baas.Option) *baas.Client {
	client, err := baas.New(clientID, append(opts, baas.WithHost(backend))...)
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
		b.Run(cmp.Or(string(protocol), "plain"), func(b *testing.B) {
			c := pairbench.Case{Callers: 1, Ops: 1, TLS: protocol}
			pairbench.CompareOn(b, "floor", c, func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
				ours = func(ctx context.Context) error {
					client, err := baas.New(clientID, baas.WithHost(backend))
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
					f := newFloor(backend)
					defer f.hc.CloseIdleConnections()
					return burst(callers, func(int) error { return f.login(ctx, code) })
				}
			})
		})
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

const (
	clientID = "995140f59511a222c937"
	code     = "ks071Jwd000ACg4L1A1Z300nzYGz1Jw"
)

// logins returns logins of the SDK, each of a new user as on a login server, and of the floor.
func logins(b *testing.B, backend string, opts ...baas.Option) (ours, theirs pairbench.Work) {
	client, f := newBenchClient(b, backend, opts...), newFloor(backend)
	var users atomic.Int64
	ours = func(ctx context.Context) error {
		u, err := client.Auth("user-"+strconv.FormatInt(users.Add(1), 10)).LoginWithKs(ctx, nil, auth.Code(code))
		if err == nil && u.OpenID() == "" {
			err = errors.New("no user")
		}
		return err
	}
	return ours, func(ctx context.Context) error { return f.login(ctx, code) }
}

// newLogins is logins for a client with its own store.
func newLogins(b *testing.B, backend string) (ours, theirs pairbench.Work) { return logins(b, backend) }

// restyLogins returns logins with resty, on its default transport.
func restyLogins(b *testing.B, backend string) pairbench.Work {
	rc := resty.New().SetBaseURL(backend).SetTimeout(30 * time.Second)
	b.Cleanup(rc.GetClient().CloseIdleConnections)
	return func(ctx context.Context) error {
		var answer floorLogin
		res, err := rc.R().SetContext(ctx).
			SetHeader("X-Hydrogen-Client-ID", clientID).
			SetHeader("X-Hydrogen-Client-Version", "v0.1.0").
			SetHeader("X-Hydrogen-Client-Platform", "KUAISHOU").
			SetHeader("X-Hydrogen-Client-SDK-Type", "file").
			SetBody(map[string]any{"create_user": true, "code": code}).
			SetResult(&answer).
			Post("/hserve/v2.5/idp/kuaishou/silent-login/")
		switch {
		case err != nil:
			return err
		case res.IsError() || answer.Token == "" || answer.User.OpenID == "":
			return errors.New("no token")
		}
		return nil
	}
}

func BenchmarkAuthorisedRead(b *testing.B) {
	const (
		users = 8 << 10 // many more than callers, so that no two read as the same one at once
		token = "v4pdxqwi45962eucg4q6yc91qq6hoxn1"
	)
	store := testkit.Memory(b)
	pairbench.Compare(b, "floor", func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
		client, f := newBenchClient(b, backend, baas.WithSessionStore(store)), newFloor(backend)
		for i := range users {
			s := session.Session{Token: session.NewSecret(token), UserID: 61736923, Platform: "kuaishou", ExpiresAt: time.Now().Add(time.Hour)}
			key := client.SessionKey("user-" + strconv.Itoa(i))
			_, revision, err := store.Load(b.Context(), key)
			if err != nil {
				b.Fatal(err)
			}
			if done, err := store.Swap(b.Context(), key, revision, s); !done || err != nil {
				b.Fatal(done, err)
			}
		}
		var next atomic.Int64
		ours = func(ctx context.Context) error {
			u, err := client.Auth("user-" + strconv.FormatInt(next.Add(1)%users, 10)).CurrentUser(ctx)
			if err == nil && u.Nickname() == "" {
				err = errors.New("no user")
			}
			return err
		}
		return ours, func(ctx context.Context) error { return f.read(ctx, token) }
	})
}

// floor is the hand-written client: what a careful programmer does in an afternoon. It
// has a tuned connection pool, a timeout, a bounded response and typed fields. It does
// not deduplicate, retry, tell what was sent from what was not, redact, store a session,
// or keep the fields that it does not know.
type floor struct {
	base string
	hc   *http.Client
}

func newFloor(base string) *floor {
	return &floor{base, &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 512,
			MaxConnsPerHost:     512,
			IdleConnTimeout:     90 * time.Second,
		},
	}}
}

type floorLogin struct {
	Token     string    `json:"token"`
	ExpiresIn int64     `json:"expires_in"`
	User      floorUser `json:"user_info"`
}

type floorUser struct {
	ID           int64          `json:"id"`
	OpenID       string         `json:"openid"`
	UnionID      string         `json:"unionid"`
	Avatar       string         `json:"avatar"`
	Nickname     string         `json:"nickname"`
	Gender       int            `json:"gender"`
	City         string         `json:"city"`
	Province     string         `json:"province"`
	Country      string         `json:"country"`
	Language     string         `json:"language"`
	IsAuthorized bool           `json:"is_authorized"`
	CreatedAt    int64          `json:"created_at"`
	UpdatedAt    int64          `json:"updated_at"`
	Phone        string         `json:"_phone"`
	Provider     map[string]any `json:"_provider"`
}

func (f *floor) do(ctx context.Context, method, path, token string, body, into any) error {
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, f.base+path, payload)
	if err != nil {
		return err
	}
	req.Header.Set("X-Hydrogen-Client-ID", clientID)
	req.Header.Set("X-Hydrogen-Client-Version", "v0.1.0")
	req.Header.Set("X-Hydrogen-Client-Platform", "KUAISHOU")
	req.Header.Set("X-Hydrogen-Client-SDK-Type", "file")
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Hydrogen-r1 "+token)
	}
	res, err := f.hc.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode/100 != 2 {
		return errors.New(res.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, into)
}

func (f *floor) login(ctx context.Context, code string) error {
	var answer floorLogin
	body := struct {
		CreateUser bool   `json:"create_user"`
		Code       string `json:"code"`
	}{true, code}
	if err := f.do(ctx, http.MethodPost, "/hserve/v2.5/idp/kuaishou/silent-login/", "", body, &answer); err != nil {
		return err
	}
	if answer.Token == "" || answer.User.OpenID == "" {
		return errors.New("no token")
	}
	return nil
}

func (f *floor) read(ctx context.Context, token string) error {
	var u floorUser
	if err := f.do(ctx, http.MethodGet, "/hserve/v2.5/user/info/61736923/", token, nil, &u); err != nil {
		return err
	}
	if u.OpenID == "" {
		return errors.New("no user")
	}
	return nil
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
