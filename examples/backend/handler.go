package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// cookieName has a prefix with which a browser accepts the cookie only over TLS and
// only from this host.
const cookieName = "__Host-session"

// handler returns the routes of the login server.
func handler(client *baas.Client, log *slog.Logger) http.Handler {
	s := &server{client: client, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("GET /me", s.me)
	mux.HandleFunc("POST /logout", s.logout)
	// Refuse requests that another site sends with a visitor's cookie.
	return http.NewCrossOriginProtection().Handler(mux)
}

type server struct {
	client *baas.Client
	log    *slog.Logger
}

// login takes {"code": …, "data": …}: the code of ks.login() on the phone, and the
// button event that came after it, if there was one.
func (s *server) login(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Code string             `json:"code"`
		Data *platform.AuthData `json:"data"`
	}
	if err := readJSON(w, r, &in); err != nil {
		s.fail(w, r, err)
		return
	}
	// Make a new key for every login, because an attacker may have planted the key
	// that came with the request.
	key := baas.NewVisitorKey()
	u, err := s.client.Auth(key).LoginWithKs(r.Context(), in.Data, auth.Code(in.Code))
	if err != nil {
		s.forget(r, key) // a refusal has logged the user in silently
		s.fail(w, r, err)
		return
	}
	s.forget(r, visitorKey(r))
	setCookie(w, key, 0)
	writeJSON(w, http.StatusOK, view(u))
}

// me returns the logged-in user.
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

// forget logs a session out. It is deleted here even if the backend fails.
func (s *server) forget(r *http.Request, key string) {
	if key == "" {
		return
	}
	ctx := context.WithoutCancel(r.Context()) // goes on if the visitor disconnects
	if err := s.client.Auth(key).Logout(ctx); err != nil {
		s.log.WarnContext(ctx, "logout", "err", err)
	}
}

// view returns the part of a user that the phone may see.
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
