package transport

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddress(t *testing.T) {
	for _, base := range []string{"https://cloud.example.com", "http://127.0.0.1:8080", "https://example.com/baas/v1", "https://[::1]:443", "https://example.com/a%2Fb"} {
		a := newAddress(base)
		for _, path := range []string{
			"/", "/hserve/v2.5/user/info/61736923/", "/a?", "/a??", "/a?b=1", "/a?b=1?c", "/a?b=1#f", "/a#f?b", "/a%2Fb/", "/中/?名=值",
			"/a b/?c d", "//a", "/./..", "/{id}/", "/a;b=1", "/%", "/a?%", "/a\x00", "/a?\x7f", "", "a", "?a", ":80/", "@b/",
		} {
			same(t, a, path)
		}
	}
}

func FuzzAddress(f *testing.F) {
	a, below := newAddress("https://cloud.example.com"), newAddress("https://example.com/baas")
	f.Add("/hserve/v2.5/user/info/1/?keys=a,b")
	f.Add("/a%2Fb?#")
	f.Fuzz(func(t *testing.T, path string) {
		same(t, a, path)
		same(t, below, path)
	})
}

// same checks an address against url.Parse.
func same(t *testing.T, a address, path string) {
	t.Helper()
	want, wantErr := url.Parse(a.base + path)
	got, err := a.of(path)
	if wantErr != nil {
		require.Error(t, err, "%q", path)
		return
	}
	require.NoError(t, err, "%q", path)
	require.Equal(t, *want, got, "%q", path)
}
