package baastest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hydrogen-go/baas/baastest"
)

// manyUsers are the users that a query looks through.
const manyUsers = 100_000

// crowd seeds a backend with users that have names, phones, identities and custom fields.
func crowd(b testing.TB, backend *baastest.Backend, n int) {
	b.Helper()
	for i := range n {
		user := baastest.User{
			Username: fmt.Sprint("user-", i),
			Profile:  baastest.Profile{NickName: fmt.Sprint("nick ", i*7919%n), Gender: i % 3},
			Custom:   m{"level": i % 100, "tags": []string{"a", fmt.Sprint(i % 10)}, "note": strings.Repeat("x", 40)},
			Identities: []baastest.Identity{
				{Platform: baastest.WeChat, OpenID: fmt.Sprint("openid-", i), UnionID: fmt.Sprint("unionid-", i)},
			},
		}
		if i%2 == 0 {
			user.Phone = fmt.Sprint(13800000000 + i)
		}
		if _, err := backend.AddUser(user); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSeedUsers seeds 100,000 users.
func BenchmarkSeedUsers(b *testing.B) {
	for b.Loop() {
		backend, err := baastest.New()
		if err != nil {
			b.Fatal(err)
		}
		crowd(b, backend, manyUsers)
	}
}

// BenchmarkOpenAPIQuery asks for users among 100,000.
func BenchmarkOpenAPIQuery(b *testing.B) {
	backend, err := baastest.New(baastest.WithJournalLimit(0))
	if err != nil {
		b.Fatal(err)
	}
	crowd(b, backend, manyUsers)
	s := newServerClient(b, backend)
	var ids []string
	for i := range 1000 {
		ids = append(ids, fmt.Sprint(61736923+i*97))
	}
	const page = "limit=1000"
	for _, query := range []struct{ name, params string }{
		{"last page", page + "&offset=99000"},
		{"phone is null", page + "&where=" + url.QueryEscape(`{"_phone":{"$isnull":true}}`)},
		{"ids in", page + "&where=" + url.QueryEscape(`{"id":{"$in":[`+strings.Join(ids, ",")+`]}}`)},
		{"contains or range", page + "&return_total_count=1&where=" + url.QueryEscape(
			`{"$or":[{"nickname":{"$contains":"99"}},{"$and":[{"level":{"$range":[90,99]}},{"tags":{"$in":["3"]}}]}]}`)},
		{"provider", page + "&where=" + url.QueryEscape(`{"_provider.wechat.openid":{"$eq":"openid-99999"}}`)},
		{"order by id", page + "&offset=50000&order_by=-id"},
		{"order by", page + "&offset=50000&order_by=-level,nickname"},
	} {
		b.Run(query.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				res, err := s.rt.RoundTrip(s.request("GET", usersPath+"?"+query.params, nil))
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				if res.StatusCode != http.StatusOK {
					b.Fatal(res.Status)
				}
			}
		})
	}
}
