package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

var silent = slog.New(slog.DiscardHandler)

// m is a JSON object.
type m = map[string]any

// visitor is a phone: it knows the server's URL and its session id.
type visitor struct {
	t       *testing.T
	url     string
	session string
}

// do makes a request and returns the status and the body. It keeps a new session id.
func (v *visitor) do(method, path string, body any) (int, m) {
	v.t.Helper()
	var text []byte
	if body != nil {
		var err error
		text, err = json.Marshal(body)
		require.NoError(v.t, err)
	}
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.url+path, bytes.NewReader(text))
	require.NoError(v.t, err)
	req.Header.Set("Content-Type", "application/json")
	if v.session != "" {
		req.Header.Set("Authorization", "Bearer "+v.session)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(v.t, err)
	defer res.Body.Close()
	response, err := io.ReadAll(res.Body)
	require.NoError(v.t, err)
	var out m
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") && bytes.HasPrefix(response, []byte("{")) {
		require.NoError(v.t, json.Unmarshal(response, &out))
	}
	if token, ok := out["token"].(string); ok {
		v.session = token
	}
	return res.StatusCode, out
}

// get returns a response and its body.
func (v *visitor) get(path string) (*http.Response, string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.url+path, nil)
	require.NoError(v.t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(v.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(v.t, err)
	return res, string(text)
}

// serveSite serves s until the test ends.
func serveSite(t *testing.T, s *site) *visitor {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(func() {
		if s.interrupt != nil {
			s.interrupt()
		}
		srv.Close()
		s.close()
	})
	return &visitor{t: t, url: srv.URL}
}

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
