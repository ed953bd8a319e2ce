package baastest_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/hydrogen-go/baas/baastest"
)

// BenchmarkSilentLogin is a login of one of 100,000 known users.
func BenchmarkSilentLogin(b *testing.B) {
	backend, err := baastest.New(baastest.WithJournalLimit(0))
	if err != nil {
		b.Fatal(err)
	}
	c := newClient(b, backend, baastest.Kuaishou)
	const n = 100_000
	phones := make([]*baastest.Phone, n)
	for i := range phones {
		phones[i] = backend.Kuaishou(fmt.Sprint("openid-", i))
		if _, err := backend.AddUser(baastest.User{Identities: []baastest.Identity{
			{Platform: baastest.Kuaishou, OpenID: phones[i].OpenID()},
		}}); err != nil {
			b.Fatal(err)
		}
	}
	rt := backend.Transport()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		req := c.request("POST", "v2.5/idp/kuaishou/silent-login/", loginBody(phones[i%n], false))
		res, err := rt.RoundTrip(req)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		if res.StatusCode != http.StatusCreated {
			b.Fatal(res.Status)
		}
	}
}
