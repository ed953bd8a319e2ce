package clientconfig

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
)

// A host is refused, or is a plain base for the backend's paths.
func FuzzHost(f *testing.F) {
	for _, host := range []string{"https://api.example.com", "http://127.0.0.1:8080/", "https://a/b/..", "https://a:99999", "https://u@h", "https://h?x", "h", "https://[::1]:443/x"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		c := Config{Host: host}
		base, err := c.BaseURL()
		if err != nil {
			require.Equal(t, herror.InvalidParameter, herror.CodeOf(err))
			return
		}
		u, err := url.Parse(base + "/hserve/v2.0/x/")
		require.NoError(t, err)
		require.Empty(t, u.RawQuery+u.Fragment)
		require.Nil(t, u.User)
		require.True(t, strings.HasSuffix(u.Path, "/hserve/v2.0/x/"), u.Path)
		require.True(t, u.Scheme == "https" || isLoopback(u.Hostname()), base)
	})
}
