package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// cookieName has a prefix that makes browsers take it over TLS only, and from this
// host only.
const cookieName = "__Host-session"

// handler returns the routes of the login server.
func handler(client *baas.Client, log *slog.Logger) http.Handler {
	s := &server{client: client, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("GET /me", s.me)
	mux.HandleFunc("POST /logout", s.logout)
	// Other sites must not post in a visitor's name.
	return http.NewCrossOriginProtection().Handler(mux)
}

type server struct {
	client *baas.Client
	log    *slog.Logger
}

// login takes {"code": …, "data": …}: what ks.login() gave the phone, and the
// button event that came after it, if any.
func (s *server) login(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Code string             `json:"code"`
		Data *platform.AuthData `json:"data"`
	}
	if err := readJSON(w, r, &in); err != nil {
		s.fail(w, r, err)
		return
	}
	// A new key for every login: one that the visitor brought may be known to
	// whoever planted it.
	key := rand.Text()
	u, err := s.client.Auth(key).LoginWithKs(r.Context(), in.Data, auth.Code(in.Code))
	if err != nil {
		s.forget(r, key) // after a refusal the user is logged in silently
		s.fail(w, r, err)
		return
	}
	s.forget(r, visitorKey(r))
	setCookie(w, key, 0)
	writeJSON(w, http.StatusOK, view(u))
}

// me answers who is logged in.
func (s *server) me(w http.ResponseWriter, r *http.Request) {
	key := visitorKey(r)
	if key == "" {
		s.fail(w, r, herror.New(herror.SessionMissing, ""))
		return
	}
	u, err := s.client.Auth(key).CurrentUser(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, view(u))
}

func (s *server) logout(w http.ResponseWriter, r *http.Request) {
	s.forget(r, visitorKey(r))
	setCookie(w, "", -1)
	w.WriteHeader(http.StatusNoContent)
}

// forget logs a session out. Whatever the backend says, it is gone here.
func (s *server) forget(r *http.Request, key string) {
	if key == "" {
		return
	}
	ctx := context.WithoutCancel(r.Context()) // the visitor need not wait for it
	if err := s.client.Auth(key).Logout(ctx); err != nil {
		s.log.WarnContext(ctx, "logout", "err", err)
	}
}

// view returns what the phone gets to see of a user.
func view(u *user.CurrentUser) any {
	return struct {
		ID       int64  `json:"id"`
		Nickname string `json:"nickname"`
		Avatar   string `json:"avatar"`
	}{u.ID(), u.Nickname(), u.Avatar()}
}

func visitorKey(r *http.Request) string {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return ""
	}
	return c.Value
}

func setCookie(w http.ResponseWriter, key string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: key, MaxAge: maxAge,
		Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
