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
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
)

// front is a login proxy before an emulator, on an address of its own. It notes
// what phones get from it, and which tokens the emulator gives out.
type front struct {
	emulator // as a phone sees it: its url is the proxy's

	mu       sync.Mutex
	tokens   []string // of the emulator
	received bytes.Buffer
	sent     http.Header // of the newest request to the backend's paths
}

func startFront(t *testing.T, behind *emulator) *front {
	t.Helper()
	f := new(front)
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	client, err := baas.New(clientID, baas.WithHost(behind.url),
		baas.WithHTTPClient(&http.Client{Transport: tokenWatch{f, transport}}))
	require.NoError(t, err)
	proxy, err := loginproxy.New(client)
	require.NoError(t, err)
	target, err := url.Parse(behind.url)
	require.NoError(t, err)

	mux := http.NewServeMux()
	mux.Handle("/hserve/", f.watched(proxy.Backend()))
	mux.Handle("/auth/", f.watched(http.StripPrefix("/auth/", proxy)))
	mux.Handle(baastest.ControlPath, &httputil.ReverseProxy{ // the platforms, which no proxy is in front of
		Transport: transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

// tokenWatch notes every token in the emulator's responses.
type tokenWatch struct {
	f    *front
	next http.RoundTripper
}

func (w tokenWatch) RoundTrip(r *http.Request) (*http.Response, error) {
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

// watched notes what goes out of a handler, header and body, before it goes.
func (f *front) watched(next http.Handler) http.Handler {
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
		_, _ = w.Write(rec.Body.Bytes()) // the phone may have gone
	})
}

// keptTokens asserts that the emulator gave out tokens and that no phone got one.
func (f *front) keptTokens(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	require.NotEmpty(t, f.tokens)
	for _, token := range f.tokens {
		require.False(t, strings.Contains(f.received.String(), token), "a phone got the backend's token")
	}
}

// lastToken returns the token that the emulator gave out last.
func (f *front) lastToken() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tokens[len(f.tokens)-1]
}

// lastID returns the session id that the vendor's client sent last.
func (f *front) lastID(t *testing.T) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	id, ok := strings.CutPrefix(f.sent.Get("Authorization"), "Hydrogen-r1 ")
	require.True(t, ok, "the vendor's client sent no session")
	require.NotContains(t, f.tokens, id)
	return id
}

// askJSON is a request of somebody's own mini-program to the JSON routes; the
// response's status must be as wanted.
func (f *front) askJSON(t *testing.T, status int, method, path, id string, body m) m {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, f.url+"/auth/"+path, bytes.NewReader(text))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	return answered(t, status, req, "Bearer", id)
}

// askBackend is a request to the backend's paths, as the vendor's client makes it.
func (f *front) askBackend(t *testing.T, status int, method, path, id string) m {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, f.url+"/hserve/"+path, nil)
	require.NoError(t, err)
	for name, value := range map[string]string{
		"X-Hydrogen-Client-ID": clientID, "X-Hydrogen-Client-Platform": "WECHAT",
		"X-Hydrogen-Client-SDK-Type": "file", "X-Hydrogen-Client-Version": vendorVersion,
	} {
		req.Header.Set(name, value)
	}
	return answered(t, status, req, "Hydrogen-r1", id)
}

// answered makes a request with a session id, if there is one, and reads the response.
func answered(t *testing.T, status int, req *http.Request, scheme, id string) m {
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
