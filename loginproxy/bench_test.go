//go:build unix

package loginproxy_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/internal/pairbench"
	"github.com/hydrogen-go/baas/loginproxy"
)

// The benchmarks compare the proxy with one written by hand with net/http and
// encoding/json on a tuned transport, in the same run. The handlers are called as a
// server would call them.
//
//	go test -run '^$' -bench . -benchtime 1x ./loginproxy

func TestMain(m *testing.M) { pairbench.Main(m) }

const benchClientID = "995140f59511a222c937"

func BenchmarkProxyLogin(b *testing.B) {
	pairbench.Compare(b, "hand", func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
		proxy, hand := proxies(b, backend)
		return func(ctx context.Context) error { return login(ctx, proxy, new(sink)) },
			func(ctx context.Context) error { return login(ctx, hand, new(sink)) }
	})
}

func BenchmarkProxyMe(b *testing.B) {
	const visitors = 4096 // many more than callers, so that few read as the same one at once
	pairbench.Compare(b, "hand", func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
		read := func(h http.Handler) pairbench.Work {
			tokens := make([]string, visitors)
			for i := range tokens {
				w := &sink{keep: true}
				if err := login(b.Context(), h, w); err != nil {
					b.Fatal(err)
				}
				tokens[i] = w.token()
			}
			var next atomic.Int64
			return func(ctx context.Context) error { return readMe(ctx, h, tokens[next.Add(1)%visitors]) }
		}
		proxy, hand := proxies(b, backend)
		return read(proxy), read(hand)
	})
}

// proxies returns the proxy and the one written by hand.
func proxies(b *testing.B, backend string) (*loginproxy.Proxy, *byHand) {
	client, err := baas.New(benchClientID, baas.WithHost(backend))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.CloseIdleConnections)
	proxy, err := loginproxy.New(client)
	if err != nil {
		b.Fatal(err)
	}
	hand := newByHand(backend)
	b.Cleanup(hand.hc.CloseIdleConnections)
	return proxy, hand
}

// byHand is the proxy written by hand. It keeps tokens in a map and responds with the
// user's fields that a phone needs.
type byHand struct {
	base string
	hc   *http.Client

	mu     sync.Mutex
	tokens map[string]handSession
}

type handSession struct {
	token   string
	userID  int64
	expires time.Time
}

type handUser struct {
	ID           int64          `json:"id"`
	OpenID       string         `json:"openid"`
	UnionID      string         `json:"unionid"`
	Avatar       string         `json:"avatar"`
	Nickname     string         `json:"nickname"`
	Gender       int            `json:"gender"`
	City         string         `json:"city"`
	Province     string         `json:"province"`
	Country      string         `json:"country"`
	Language     string         `json:"language"`
	IsAuthorized bool           `json:"is_authorized"`
	CreatedAt    int64          `json:"created_at"`
	UpdatedAt    int64          `json:"updated_at"`
	Phone        string         `json:"_phone"`
	Provider     map[string]any `json:"_provider"`
}

func newByHand(base string) *byHand {
	return &byHand{base: base, tokens: make(map[string]handSession), hc: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 512, MaxConnsPerHost: 512, IdleConnTimeout: 90 * time.Second},
	}}
}

func (h *byHand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		h.serveMe(w, r)
		return
	}
	h.serveLogin(w, r)
}

func (h *byHand) serveMe(w http.ResponseWriter, r *http.Request) {
	id, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	h.mu.Lock()
	s, ok := h.tokens[id]
	h.mu.Unlock()
	if !ok || !time.Now().Before(s.expires) {
		http.Error(w, "not logged in", http.StatusUnauthorized)
		return
	}
	var u handUser
	if err := h.send(r.Context(), http.MethodGet, fmt.Sprintf("/hserve/v2.5/user/info/%d/", s.userID), s.token, nil, &u); err != nil {
		http.Error(w, "bad gateway", http.StatusBadGateway)
		return
	}
	respond(w, handResponse{ExpiresAt: s.expires.Unix(), User: u})
}

func (h *byHand) serveLogin(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Code       string `json:"code"`
		CreateUser *bool  `json:"createUser"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 128<<10)).Decode(&in); err != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	var out struct {
		Token     string   `json:"token"`
		ExpiresIn int64    `json:"expires_in"`
		User      handUser `json:"user_info"`
	}
	if err := h.login(r.Context(), in.Code, in.CreateUser == nil || *in.CreateUser, &out); err != nil {
		http.Error(w, "bad gateway", http.StatusBadGateway)
		return
	}
	id := rand.Text()
	expires := time.Now().Add(time.Duration(out.ExpiresIn) * time.Second)
	h.mu.Lock()
	h.tokens[id] = handSession{out.Token, out.User.ID, expires}
	h.mu.Unlock()
	respond(w, handResponse{id, expires.Unix(), out.User})
}

type handResponse struct {
	Token     string   `json:"token,omitempty"`
	ExpiresAt int64    `json:"expires_at"`
	User      handUser `json:"user"`
}

func respond(w http.ResponseWriter, v handResponse) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v)
}

func (h *byHand) login(ctx context.Context, code string, createUser bool, into any) error {
	body, err := json.Marshal(struct {
		CreateUser bool   `json:"create_user"`
		Code       string `json:"code"`
	}{createUser, code})
	if err != nil {
		return err
	}
	return h.send(ctx, http.MethodPost, "/hserve/v2.5/idp/kuaishou/silent-login/", "", bytes.NewReader(body), into)
}

func (h *byHand) send(ctx context.Context, method, path, token string, body io.Reader, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, h.base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("X-Hydrogen-Client-ID", benchClientID)
	req.Header.Set("X-Hydrogen-Client-Version", "v0.1.0")
	req.Header.Set("X-Hydrogen-Client-Platform", "KUAISHOU")
	req.Header.Set("X-Hydrogen-Client-SDK-Type", "file")
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Hydrogen-r1 "+token)
	}
	res, err := h.hc.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// sink is a ResponseWriter that counts bytes and sends nothing.
type sink struct {
	header http.Header
	status int
	length int
	keep   bool // whether to keep the beginning
	kept   string
}

func (s *sink) Header() http.Header {
	if s.header == nil {
		s.header = make(http.Header)
	}
	return s.header
}

func (s *sink) WriteHeader(status int) { s.status = status }

func (s *sink) Write(p []byte) (int, error) {
	if s.keep {
		return s.WriteString(string(p))
	}
	s.length += len(p)
	return len(p), nil
}

func (s *sink) WriteString(text string) (int, error) {
	if s.keep && s.kept == "" {
		s.kept = text[:min(len(text), 100)]
	}
	s.length += len(text)
	return len(text), nil
}

// token returns the token at the beginning of a response to a login.
func (s *sink) token() string {
	token, _, _ := strings.Cut(strings.TrimPrefix(s.kept, `{"token":"`), `"`)
	return token
}

// login sends a login to a handler.
func login(ctx context.Context, h http.Handler, w *sink) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/login/ks", strings.NewReader(`{"code":"ks071Jwd000ACg4L1A1Z300nzYGz1Jw","createUser":true}`))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	return serve(h, w, r)
}

// readMe sends a read of the user to a handler.
func readMe(ctx context.Context, h http.Handler, token string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/me", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return serve(h, new(sink), r)
}

func serve(h http.Handler, w *sink, r *http.Request) error {
	h.ServeHTTP(w, r)
	if w.status/100 != 2 && w.status != 0 || w.length < 200 {
		return fmt.Errorf("status %d, %d bytes", w.status, w.length)
	}
	return nil
}
