//go:build unix

package compare_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas/internal/pairbench/peer"
)

// byHand is a login server that is built by hand, with care: scs around the handlers, a
// tuned connection pool ([peer.Hand]), bounded bodies, a new session id at each login,
// and a backend's 401 that ends the session.
//
// It does not do what loginproxy does beside that: share the request of identical calls,
// retry reads, tell a request that was sent from one that was not, refuse a login that is
// overtaken by a logout, seal tokens, keep tokens out of responses and texts, list and
// revoke the sessions of a user, speak the other platforms and calls.
type byHand struct {
	backend  *peer.Hand
	sessions *scs.SessionManager
	handler  http.Handler
}

// newByHand returns a byHand whose sessions end after that time without a request, unless
// it is 0. With it, scs writes the session at each request.
func newByHand(base string, rc *redis.Client, idle time.Duration) *byHand {
	h := &byHand{backend: peer.NewHand(base), sessions: scs.New()}
	h.sessions.Store = goredisstore.New(rc)
	h.sessions.Lifetime = 30 * 24 * time.Hour
	h.sessions.IdleTimeout = idle
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login/ks", h.login)
	mux.HandleFunc("GET /me", h.me)
	mux.HandleFunc("POST /logout", h.logout)
	h.handler = h.sessions.LoadAndSave(mux)
	return h
}

func (h *byHand) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.handler.ServeHTTP(w, r) }

// The keys of the values in a session.
const (
	tokenKey  = "token"
	userKey   = "user"
	openIDKey = "openid"
)

type response struct {
	ExpiresAt int64     `json:"expires_at"`
	User      peer.User `json:"user"`
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
	ctx := r.Context()
	out, err := h.backend.Login(ctx, in.Code, in.CreateUser == nil || *in.CreateUser)
	if err != nil {
		h.fail(w, err)
		return
	}
	if err := h.sessions.RenewToken(ctx); err != nil {
		h.fail(w, err)
		return
	}
	h.sessions.Put(ctx, tokenKey, out.Token)
	h.sessions.Put(ctx, userKey, out.User.ID)
	h.sessions.Put(ctx, openIDKey, out.User.OpenID)
	lifetime := time.Duration(out.ExpiresIn) * time.Second
	h.sessions.SetDeadline(ctx, time.Now().Add(lifetime))
	respond(w, response{ExpiresAt: time.Now().Add(lifetime).Unix(), User: out.User})
}

func (h *byHand) me(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	token, id := h.sessions.GetString(ctx, tokenKey), h.sessions.GetInt64(ctx, userKey)
	if token == "" {
		http.Error(w, "not logged in", http.StatusUnauthorized)
		return
	}
	u, err := h.backend.Read(ctx, id, token)
	if err != nil {
		if errors.Is(err, peer.ErrUnauthorized) {
			_ = h.sessions.Destroy(ctx)
		}
		h.fail(w, err)
		return
	}
	respond(w, response{ExpiresAt: h.sessions.Deadline(ctx).Unix(), User: u})
}

func (h *byHand) logout(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	token := h.sessions.GetString(ctx, tokenKey)
	if err := h.sessions.Destroy(ctx); err != nil {
		h.fail(w, err)
		return
	}
	if token != "" {
		if err := h.backend.Logout(ctx, token); err != nil && !errors.Is(err, peer.ErrUnauthorized) {
			h.fail(w, err)
			return
		}
	}
	respond(w, struct{}{})
}

func (h *byHand) fail(w http.ResponseWriter, err error) {
	status := http.StatusBadGateway
	if errors.Is(err, peer.ErrUnauthorized) {
		status = http.StatusUnauthorized
	}
	http.Error(w, http.StatusText(status), status)
}

func respond(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // an error means that the phone has hung up
}
