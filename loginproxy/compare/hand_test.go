//go:build unix

package compare_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/redis/go-redis/v9"
)

// byHand is a login server that is built by hand, with care: a tuned connection pool,
// bounded bodies, a new session id at each login, and a backend's 401 that ends the
// session.
//
// It does not do what loginproxy does beside that: deduplicate concurrent requests,
// retry reads, tell a request that was sent from one that was not, refuse a login that
// is overtaken by a logout, seal tokens, keep tokens out of responses and texts, list
// and revoke the sessions of a user, speak the other platforms and calls.
type byHand struct {
	base     string
	backend  *http.Client
	sessions *scs.SessionManager
	handler  http.Handler
}

func newByHand(base string, rc *redis.Client) *byHand {
	h := &byHand{base: base, sessions: scs.New(), backend: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 512, MaxConnsPerHost: 512, IdleConnTimeout: 90 * time.Second},
	}}
	h.sessions.Store = goredisstore.New(rc)
	h.sessions.Lifetime = 30 * 24 * time.Hour
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

type user struct {
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

type response struct {
	Token     string `json:"token,omitempty"`
	ExpiresAt int64  `json:"expires_at"`
	User      user   `json:"user"`
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
	body := struct {
		CreateUser bool   `json:"create_user"`
		Code       string `json:"code"`
	}{in.CreateUser == nil || *in.CreateUser, in.Code}
	var out struct {
		Token     string `json:"token"`
		ExpiresIn int64  `json:"expires_in"`
		User      user   `json:"user_info"`
	}
	ctx := r.Context()
	if err := h.send(ctx, http.MethodPost, "/hserve/v2.5/idp/kuaishou/silent-login/", "", body, &out); err != nil {
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
	var u user
	if err := h.send(ctx, http.MethodGet, fmt.Sprintf("/hserve/v2.5/user/info/%d/", id), token, nil, &u); err != nil {
		if errors.Is(err, errUnauthorized) {
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
		if err := h.send(ctx, http.MethodPost, "/hserve/v2.0/session/destroy/", token, struct{}{}, nil); err != nil && !errors.Is(err, errUnauthorized) {
			h.fail(w, err)
			return
		}
	}
	respond(w, struct{}{})
}

var errUnauthorized = errors.New("401")

func (h *byHand) send(ctx context.Context, method, path, token string, body, into any) error {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, h.base+path, payload)
	if err != nil {
		return err
	}
	req.Header.Set("X-Hydrogen-Client-ID", clientID)
	req.Header.Set("X-Hydrogen-Client-Version", "v0.1.0")
	req.Header.Set("X-Hydrogen-Client-Platform", "KUAISHOU")
	req.Header.Set("X-Hydrogen-Client-SDK-Type", "file")
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Hydrogen-r1 "+token)
	}
	res, err := h.backend.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	switch {
	case err != nil:
		return err
	case res.StatusCode == http.StatusUnauthorized:
		return errUnauthorized
	case res.StatusCode/100 != 2:
		return errors.New(res.Status)
	case into == nil:
		return nil
	}
	return json.Unmarshal(text, into)
}

func (h *byHand) fail(w http.ResponseWriter, err error) {
	status := http.StatusBadGateway
	if errors.Is(err, errUnauthorized) {
		status = http.StatusUnauthorized
	}
	http.Error(w, http.StatusText(status), status)
}

func respond(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // an error means that the phone has hung up
}
