package live_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session"
)

// proxyServer is a login proxy in front of an emulator. It records what it sends to
// phones, and the tokens that the emulator issues.
type proxyServer struct {
	emulator              // its url is the proxy's
	ahead    atomic.Int64 // how far its clock is ahead, in nanoseconds

	mu       sync.Mutex
	tokens   []string // of the emulator
	received bytes.Buffer
	sent     http.Header // of the last request to the backend's paths
}

func startProxy(t *testing.T, behind *emulator, options ...loginproxy.Option) *proxyServer {
	t.Helper()
	f := new(proxyServer)
	now := func() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) }
	store, err := session.NewMemory(session.WithClock(now))
	require.NoError(t, err)
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	client, err := baas.New(clientID, baas.WithHost(behind.url), baas.WithClock(now), baas.WithSessionStore(store),
		baas.WithHTTPClient(&http.Client{Transport: tokenRecorder{f, transport}}))
	require.NoError(t, err)
	proxy, err := loginproxy.New(client, options...)
	require.NoError(t, err)
	target, err := url.Parse(behind.url)
	require.NoError(t, err)

	mux := http.NewServeMux()
	mux.Handle("/hserve/", f.recorded(proxy.Backend()))
	mux.Handle("/auth/", f.recorded(http.StripPrefix("/auth", proxy)))
	directly := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
	}
	mux.Handle(baastest.ControlPath, directly)
	mux.Handle("/mail/", directly)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

// tokenRecorder records every token in the emulator's responses.
type tokenRecorder struct {
	f    *proxyServer
	next http.RoundTripper
}

func (w tokenRecorder) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if err := res.Body.Close(); err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	var response struct {
		Token string `json:"token"`
	}
	if json.Unmarshal(body, &response) == nil && response.Token != "" {
		w.f.mu.Lock()
		defer w.f.mu.Unlock()
		w.f.tokens = append(w.f.tokens, response.Token)
	}
	return res, nil
}

// recorded records a handler's responses, header and body, before they are sent.
func (f *proxyServer) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		f.mu.Lock()
		defer f.mu.Unlock()
		if strings.HasPrefix(r.URL.Path, "/hserve/") {
			f.sent = r.Header.Clone()
		}
		_ = rec.Result().Header.Write(&f.received)
		f.received.Write(rec.Body.Bytes())
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()) // the phone may have closed the connection
	})
}

// requireNoTokenSent asserts that no phone received a token that the emulator issued.
func (f *proxyServer) requireNoTokenSent(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, token := range f.tokens {
		require.False(t, strings.Contains(f.received.String(), token), "a phone received a token of the backend")
	}
}

// lastToken returns the token that the emulator issued last.
func (f *proxyServer) lastToken() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tokens[len(f.tokens)-1]
}

// lastID returns the session id that the vendor's client sent last.
func (f *proxyServer) lastID(t *testing.T) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	id, ok := strings.CutPrefix(f.sent.Get("Authorization"), "Hydrogen-r1 ")
	require.True(t, ok, "the vendor's client sent no session id")
	require.NotContains(t, f.tokens, id)
	return id
}

// askJSON makes a request to the JSON routes, as a mini-program without the vendor's
// client does. It asserts the status and returns the response.
func (f *proxyServer) askJSON(t *testing.T, status int, method, path, id string, body m) m {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, f.url+"/auth/"+path, bytes.NewReader(text))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	return send(t, status, req, "Bearer", id)
}

// askBackend makes a request to the backend's paths, as the vendor's client does.
func (f *proxyServer) askBackend(t *testing.T, status int, method, path, id string) m {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, f.url+"/hserve/"+path, nil)
	require.NoError(t, err)
	for name, value := range map[string]string{
		"X-Hydrogen-Client-ID": clientID, "X-Hydrogen-Client-Platform": "WECHAT",
		"X-Hydrogen-Client-SDK-Type": "file", "X-Hydrogen-Client-Version": vendorVersion,
	} {
		req.Header.Set(name, value)
	}
	return send(t, status, req, "Hydrogen-r1", id)
}

// send sends a request with the session id, if there is one, asserts the status, and
// returns the response.
func send(t *testing.T, status int, req *http.Request, scheme, id string) m {
	t.Helper()
	if id != "" {
		req.Header.Set("Authorization", scheme+" "+id)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	var response m
	require.NoError(t, json.NewDecoder(res.Body).Decode(&response))
	require.Equal(t, status, res.StatusCode, "%s %s: %v", req.Method, req.URL.Path, response)
	return response
}
