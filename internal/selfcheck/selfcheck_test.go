package selfcheck

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/livez" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	addr := strings.TrimPrefix(plain.URL, "http://")
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	for _, addr := range []string{addr, ":" + port, "0.0.0.0:" + port} {
		require.NoError(t, Ask(t.Context(), addr, false, "/livez"))
	}
	require.ErrorContains(t, Ask(t.Context(), addr, false, "/readyz"), "/readyz responded with 503")
	require.NoError(t, Ask(t.Context(), strings.TrimPrefix(secure.URL, "https://"), true, "/livez"))
	require.Error(t, Ask(t.Context(), addr, true, "/livez"))
	require.ErrorContains(t, Ask(t.Context(), "127.0.0.1:0", false, "/livez"), "not 0")
	require.Error(t, Ask(t.Context(), "nonsense", false, "/livez"))
	plain.Close()
	require.Error(t, Ask(t.Context(), addr, false, "/livez"))
}

func TestReachable(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"[::]:80": "[::1]:80", ":80": "127.0.0.1:80", "0.0.0.0:80": "127.0.0.1:80", "[::1]:80": "[::1]:80", "h:80": "h:80", "10.0.0.7:80": "10.0.0.7:80",
	} {
		got, err := reachable(addr)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}
