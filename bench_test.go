//go:build unix

package baas_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

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
	client, err := baas.New("995140f59511a222c937", append(opts, baas.WithHost(backend))...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.CloseIdleConnections)
	return client
}

func BenchmarkLogin(b *testing.B) {
	const code = "ks071Jwd000ACg4L1A1Z300nzYGz1Jw"
	pairbench.Compare(b, "floor", func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
		client, f := newBenchClient(b, backend), newFloor(backend)
		var users atomic.Int64 // each login is of a new one, as on a login server
		ours = func(ctx context.Context) error {
			u, err := client.Auth("user-"+strconv.FormatInt(users.Add(1), 10)).LoginWithKs(ctx, nil, auth.Code(code))
			if err == nil && u.OpenID() == "" {
				err = errors.New("no user")
			}
			return err
		}
		return ours, func(ctx context.Context) error { return f.login(ctx, code) }
	})
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

// floor is the hand-written client: what a careful programmer does in an afternoon.
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
	req.Header.Set("X-Hydrogen-Client-ID", "995140f59511a222c937")
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
	var answer struct {
		Token     string    `json:"token"`
		ExpiresIn int64     `json:"expires_in"`
		User      floorUser `json:"user_info"`
	}
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
