package phone_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
)

// server is a login server on a backend double, with the double's control API beside it.
type server struct{ url string }

// startServer starts a server. Each response has an X-Request-Id. POST /limit sets the seconds for which the rate limiter
// refuses everything; 0 allows everything.
func startServer(t *testing.T) server {
	t.Helper()
	b, err := baastest.New()
	require.NoError(t, err)
	t.Cleanup(b.Close)
	client, err := b.Client()
	require.NoError(t, err)
	var wait atomic.Int64
	proxy, err := loginproxy.New(client, loginproxy.WithRateLimiter(func(context.Context, loginproxy.RateKey) (time.Duration, error) {
		return time.Duration(wait.Load()), nil
	}))
	require.NoError(t, err)

	mux := http.NewServeMux()
	mux.Handle("/auth/", http.StripPrefix("/auth", proxy))
	mux.Handle("GET /auth/openapi.json", proxy.OpenAPI())
	mux.Handle(baastest.ControlPath, baastest.Control(b))
	mux.HandleFunc("POST /limit", func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if !assertNoError(t, err) {
			return
		}
		seconds, err := strconv.Atoi(string(text))
		assertNoError(t, err)
		wait.Store(int64(time.Duration(seconds) * time.Second))
	})
	var requests atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "request-"+strconv.FormatInt(requests.Add(1), 10))
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return server{srv.URL}
}

func assertNoError(t *testing.T, err error) bool {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
	return err == nil
}
