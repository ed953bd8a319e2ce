package admin_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/herror"
)

const (
	clientID     = "995140f59511a222c937"
	clientSecret = "canary-client-secret"
	host         = "https://cloud.example.com"
)

// api is an Open API for tests. It hands out access tokens in the documented steps,
// and responds to calls as the test says.
type api struct {
	endsOlder bool          // a new token ends the older ones
	takes     time.Duration // how long each step of an exchange takes
	lifetime  int           // expires_in
	respond   func(r *http.Request, body string) (status int, answer string)

	mu     sync.Mutex
	codes  map[string]bool
	live   map[string]bool // tokens
	tokens int             // how many were handed out
	asked  []string        // calls, as method, path with query, and body
}

func newAPI() *api {
	return &api{
		lifetime: 3600, codes: map[string]bool{}, live: map[string]bool{},
		respond: func(*http.Request, string) (int, string) { return 200, `{"id":7}` },
	}
}

// RoundTrip implements http.RoundTripper.
func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	header := http.Header{}
	status, text := a.serve(r, string(body), header)
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)), Request: r}, nil
}

func (a *api) serve(r *http.Request, body string, header http.Header) (int, string) {
	if strings.HasPrefix(r.URL.Path, "/api/oauth2/") {
		select {
		case <-time.After(a.takes):
		case <-r.Context().Done():
			return 0, ""
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.exchange(r, body, header)
	}
	a.mu.Lock()
	known := a.live[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	a.asked = append(a.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+body))
	respond := a.respond
	a.mu.Unlock()
	if !known {
		return 401, `{"error_msg":"unknown token"}`
	}
	return respond(r, body)
}

// exchange serves the steps to an access token.
func (a *api) exchange(r *http.Request, body string, header http.Header) (int, string) {
	var sent map[string]string
	_ = json.Unmarshal([]byte(body), &sent)
	switch r.Method + " " + r.URL.Path {
	case "POST /api/oauth2/hydrogen/openapi/authorize/":
		if sent["client_id"] != clientID || sent["client_secret"] != clientSecret {
			return 401, `{"status":"error","error_msg":"no client with the secret ` + sent["client_secret"] + `"}`
		}
		header.Set("Set-Cookie", "step=one; Path=/api/; HttpOnly")
		header.Set("Location", "/api/oauth2/step/?state=s-1")
		return 302, ""
	case "GET /api/oauth2/step/":
		if r.Header.Get("Cookie") != "step=one" || r.URL.RawQuery != "state=s-1" {
			return 400, `{"error_msg":"no cookie"}`
		}
		header.Set("Set-Cookie", "session=two; Path=/")
		header.Set("Location", r.URL.Scheme+"://"+r.URL.Host+"/api/oauth2/code/")
		return 302, ""
	case "GET /api/oauth2/code/":
		if r.Header.Get("Cookie") != "step=one; session=two" {
			return 400, `{"error_msg":"no cookies"}`
		}
		code := fmt.Sprintf("code-%d", len(a.codes)+1)
		a.codes[code] = true
		return 200, `{"code":"` + code + `","expires_in":600}`
	case "POST /api/oauth2/access_token/":
		if !a.codes[sent["code"]] || sent["grant_type"] != "authorization_code" || sent["client_secret"] != clientSecret {
			return 400, `{"error":"invalid_grant"}`
		}
		a.codes[sent["code"]] = false
		return 200, a.handOut()
	}
	return 404, ""
}

// handOut returns the response with a new token.
func (a *api) handOut() string {
	if a.endsOlder {
		clear(a.live)
	}
	a.tokens++
	token := fmt.Sprintf("canary-token-%d", a.tokens)
	a.live[token] = true
	return fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":%d,"refresh_token":"r-%d","scope":"all"}`, token, a.lifetime, a.tokens)
}

// endTokens has the backend forget every token.
func (a *api) endTokens() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.live)
}

// handedOut returns how many tokens the backend has handed out, and how many live.
func (a *api) handedOut() (tokens, live int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tokens, len(a.live)
}

// answers has the api respond to each call with the next of the bodies, with status 200,
// or with the status that a body is ("400").
func (a *api) answers(bodies ...string) *api {
	n := 0
	a.respond = func(*http.Request, string) (int, string) {
		a.mu.Lock()
		defer a.mu.Unlock()
		body := bodies[min(n, len(bodies)-1)]
		n++
		if status := 0; len(body) == 3 {
			_, _ = fmt.Sscan(body, &status)
			return status, `{"error_msg":"refused"}`
		}
		return 200, body
	}
	return a
}

// client returns a client of the api.
func (a *api) client(t testing.TB, opts ...admin.Option) *admin.Client {
	t.Helper()
	c, err := admin.New(clientID, clientSecret, append([]admin.Option{
		admin.WithHost(host), admin.WithHTTPClient(&http.Client{Transport: a}),
	}, opts...)...)
	require.NoError(t, err)
	return c
}

// fails requires an *HError with that code.
func fails(t *testing.T, code herror.Code, err error) *herror.HError {
	t.Helper()
	var h *herror.HError
	require.ErrorAs(t, err, &h)
	require.Equal(t, code, h.Code, err)
	return h
}
