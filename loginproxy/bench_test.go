//go:build unix

package loginproxy_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/internal/pairbench"
	"github.com/hydrogen-go/baas/internal/pairbench/peer"
	"github.com/hydrogen-go/baas/loginproxy"
)

// The benchmarks compare the proxy, with its sessions in memory, with one that is written
// by hand with net/http and encoding/json, in the same run. The handlers are called as a
// server would call them. See docs/performance.md.
//
//	go test -run '^$' -bench . -benchtime 1x ./loginproxy

func TestMain(m *testing.M) { pairbench.Main(m) }

// BenchmarkProxyLogin is POST login/ks of a new visitor.
func BenchmarkProxyLogin(b *testing.B) {
	pairbench.Compare(b, "hand", func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
		proxy, hand := benchProxy(b, backend), newByHand(b, backend)
		login := func(h http.Handler) pairbench.Work {
			return func(ctx context.Context) error {
				_, err := benchLogin(ctx, h, &sink{})
				return err
			}
		}
		return login(proxy), login(hand)
	})
}

// BenchmarkProxyMe is GET me of a visitor who is logged in.
func BenchmarkProxyMe(b *testing.B) {
	pairbench.Compare(b, "hand", func(b *testing.B, backend string) (ours, theirs pairbench.Work) {
		return benchMe(b, benchProxy(b, backend)), benchMe(b, newByHand(b, backend))
	})
}

func benchProxy(b *testing.B, backend string) http.Handler {
	client, err := baas.New(peer.ClientID, baas.WithHost(backend))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.CloseIdleConnections)
	proxy, err := loginproxy.New(client)
	if err != nil {
		b.Fatal(err)
	}
	return proxy
}

// benchLogin logs a new visitor in, and returns the session id if w keeps the body.
func benchLogin(ctx context.Context, h http.Handler, w *sink) (id string, err error) {
	body := strings.NewReader(`{"code":"ks071Jwd000ACg4L1A1Z300nzYGz1Jw","createUser":true}`)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/login/ks", body)
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	if err := w.serve(h, r); err != nil || !w.keep {
		return "", err
	}
	var out struct {
		Token string `json:"token"`
	}
	err = json.Unmarshal(w.body, &out)
	return out.Token, err
}

// benchMe reads in turn the users of many more visitors than callers, so that no two
// read as the same one at once.
func benchMe(b *testing.B, h http.Handler) pairbench.Work {
	var visitors [8 << 10]string
	pairbench.ForEach(b, len(visitors), func(i int) error {
		id, err := benchLogin(b.Context(), h, &sink{keep: true})
		visitors[i] = "Bearer " + id
		return err
	})
	var next atomic.Int64
	return func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/me", nil)
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", visitors[next.Add(1)%int64(len(visitors))])
		return new(sink).serve(h, r)
	}
}

// sink is a ResponseWriter that sends nothing.
type sink struct {
	header http.Header
	status int
	length int
	keep   bool // the body
	body   []byte
}

// serve calls h, and fails if it does not respond with a user.
func (s *sink) serve(h http.Handler, r *http.Request) error {
	s.header = make(http.Header)
	h.ServeHTTP(s, r)
	if s.status/100 != 2 && s.status != 0 || s.length < 200 {
		return fmt.Errorf("status %d, %d bytes", s.status, s.length)
	}
	return nil
}

func (s *sink) Header() http.Header { return s.header }

func (s *sink) WriteHeader(status int) { s.status = status }

func (s *sink) Write(p []byte) (int, error) {
	s.length += len(p)
	if s.keep {
		s.body = append(s.body, p...)
	}
	return len(p), nil
}

func (s *sink) WriteString(text string) (int, error) {
	s.length += len(text)
	if s.keep {
		s.body = append(s.body, text...)
	}
	return len(text), nil
}

// byHand is the proxy written by hand. It keeps tokens in a map that nobody cleans, and
// responds with the user's fields that a phone needs. It does not do what the proxy does
// beside that: idle and absolute timeouts, cookies and origins, checks of the input, a
// deadline, a limit on the sessions, logouts that a slower login cannot undo, a check
// that no response has a token of the backend.
type byHand struct {
	backend *peer.Hand

	mu       sync.Mutex
	sessions map[string]handSession
}

type handSession struct {
	token   string
	userID  int64
	expires time.Time
}

func newByHand(b *testing.B, backend string) http.Handler {
	h := &byHand{backend: peer.NewHand(backend), sessions: make(map[string]handSession)}
	b.Cleanup(h.backend.CloseIdleConnections)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login/ks", h.login)
	mux.HandleFunc("GET /me", h.me)
	return mux
}

func (h *byHand) login(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Code       string `json:"code"`
		CreateUser *bool  `json:"createUser"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 128<<10)).Decode(&in); err != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	out, err := h.backend.Login(r.Context(), in.Code, in.CreateUser == nil || *in.CreateUser)
	if err != nil {
		http.Error(w, "bad gateway", http.StatusBadGateway)
		return
	}
	id := rand.Text()
	expires := time.Now().Add(time.Duration(out.ExpiresIn) * time.Second)
	h.mu.Lock()
	h.sessions[id] = handSession{out.Token, out.User.ID, expires}
	h.mu.Unlock()
	respondByHand(w, id, expires, out.User)
}

func (h *byHand) me(w http.ResponseWriter, r *http.Request) {
	id, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	h.mu.Lock()
	s, ok := h.sessions[id]
	h.mu.Unlock()
	if !ok || time.Now().After(s.expires) {
		http.Error(w, "not logged in", http.StatusUnauthorized)
		return
	}
	u, err := h.backend.Read(r.Context(), s.userID, s.token)
	switch {
	case errors.Is(err, peer.ErrUnauthorized):
		h.mu.Lock()
		delete(h.sessions, id)
		h.mu.Unlock()
		http.Error(w, "not logged in", http.StatusUnauthorized)
	case err != nil:
		http.Error(w, "bad gateway", http.StatusBadGateway)
	default:
		respondByHand(w, "", s.expires, u)
	}
}

func respondByHand(w http.ResponseWriter, id string, expires time.Time, u peer.User) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(struct {
		Token     string    `json:"token,omitempty"`
		ExpiresAt int64     `json:"expires_at"`
		User      peer.User `json:"user"`
	}{id, expires.Unix(), u})
}
