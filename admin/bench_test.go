//go:build unix

package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/internal/pairbench"
	"github.com/hydrogen-go/baas/internal/pairbench/peer"
)

// The benchmarks set package admin beside hand-written net/http and encoding/json on a
// tuned transport, the floor, in the same run.
//
//	go test -run '^$' -bench . -benchtime 1x ./admin

func TestMain(m *testing.M) { pairbench.Main(m) }

func benchClient(b *testing.B, backend string) *admin.Client {
	c, err := admin.New(clientID, clientSecret, admin.WithHost(backend))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.CloseIdleConnections)
	return c
}

var errMissing = errors.New("users are missing")

// BenchmarkUsers iterates 100,000 users. CPU time and allocations are per user.
func BenchmarkUsers(b *testing.B) {
	c := pairbench.Case{Callers: 1, Ops: 1, Parts: pairbench.OpenAPIUsers}
	pairbench.CompareOn(b, "floor", c, func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
		c, f := benchClient(b, backend), newFloor(backend)
		ours = func(ctx context.Context) error {
			n := 0
			for u, err := range c.Users(ctx, admin.PageSize(admin.MaxPageSize)) {
				if err != nil {
					return err
				}
				if n++; u.ID() == 0 || u.Nickname() == "" || u.Phone() == "" {
					return errMissing
				}
			}
			return complete(n)
		}
		return ours, func(ctx context.Context) error {
			n, err := f.users(ctx, func(u peer.User) bool { return u.ID != 0 && u.Nickname != "" && u.Phone != "" })
			return errors.Join(err, complete(n))
		}
	})
}

func complete(n int) error {
	if n != pairbench.OpenAPIUsers {
		return errMissing
	}
	return nil
}

// BenchmarkUsersMemory reports how much memory is live while 100,000 users are iterated,
// in the first and in the last tenth of them.
func BenchmarkUsersMemory(b *testing.B) {
	pairbench.CompareOn(b, "floor", pairbench.Case{Callers: 1, Ops: 1}, func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
		c, f := benchClient(b, backend), newFloor(backend)
		ours = func(ctx context.Context) error {
			h := heap{b: b}
			for _, err := range c.Users(ctx, admin.PageSize(admin.MaxPageSize)) {
				if err != nil {
					return err
				}
				h.next()
			}
			h.report("heap")
			return nil
		}
		return ours, func(ctx context.Context) error {
			h := heap{b: b}
			_, err := f.users(ctx, func(peer.User) bool { h.next(); return true })
			h.report("floor-heap")
			return err
		}
	})
}

// heap measures the memory that is live, after every 500th user.
type heap struct {
	b           *testing.B
	n           int
	first, last uint64 // the maximum in the first and in the last tenth
}

func (h *heap) next() {
	if h.n++; h.n%500 != 0 {
		return
	}
	var m runtime.MemStats
	switch {
	case h.n <= pairbench.OpenAPIUsers/10:
		runtime.GC()
		runtime.ReadMemStats(&m)
		h.first = max(h.first, m.HeapAlloc)
	case h.n > pairbench.OpenAPIUsers/10*9:
		runtime.GC()
		runtime.ReadMemStats(&m)
		h.last = max(h.last, m.HeapAlloc)
	}
}

func (h *heap) report(name string) {
	h.b.ReportMetric(float64(h.first)/(1<<20), name+"-first-MB")
	h.b.ReportMetric(float64(h.last)/(1<<20), name+"-last-MB")
}

// BenchmarkGetUser has 512 callers read a user, who share one access token.
func BenchmarkGetUser(b *testing.B) {
	address := ""
	pairbench.CompareOn(b, "floor", pairbench.Case{Callers: 512, Ops: 16000}, func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
		address = backend
		c, f := benchClient(b, backend), newFloor(backend)
		ours = func(ctx context.Context) error {
			u, err := c.GetUser(ctx, 61736923)
			if err == nil && u.Nickname() == "" {
				err = errMissing
			}
			return err
		}
		return ours, func(ctx context.Context) error {
			var u peer.User
			err := f.get(ctx, "/oserve/v2.2/miniapp/user_profile/61736923/", &u)
			if err == nil && u.Nickname == "" {
				err = errMissing
			}
			return err
		}
	})
	b.ReportMetric(float64(pairbench.Tokens(b, address)), "tokens")
}

// floor is the hand-written client. It has its token from the start.
type floor struct {
	base string
	hc   *http.Client
}

func newFloor(base string) *floor {
	return &floor{base, &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 512, MaxConnsPerHost: 512, IdleConnTimeout: 90 * time.Second},
	}}
}

func (f *floor) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.base+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer 35919068aa799eccdef19160e1da4bf21381d2a2")
	res, err := f.hc.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// users iterates all users in pages of 1,000, until see returns false.
func (f *floor) users(ctx context.Context, see func(peer.User) bool) (n int, err error) {
	for last, more := int64(0), true; more; {
		query := url.Values{"limit": {"1000"}, "order_by": {"id"}, "where": {`{"id":{"$gt":` + strconv.FormatInt(last, 10) + `}}`}}
		var page struct {
			Meta    struct{ Next *string }
			Objects []peer.User
		}
		if err := f.get(ctx, "/oserve/v2.2/miniapp/user_profile/?"+query.Encode(), &page); err != nil {
			return n, err
		}
		for _, u := range page.Objects {
			if !see(u) {
				return n, errMissing
			}
			last = u.ID
			n++
		}
		more = page.Meta.Next != nil
	}
	return n, nil
}
