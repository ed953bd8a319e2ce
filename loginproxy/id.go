package loginproxy

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
)

const (
	idBytes  = 32
	idLength = 43 // in base64url without padding
)

// newID returns a session id that nobody can guess.
func newID() string {
	var b [idBytes]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// isID reports whether text has the form of a session id, so that nothing else
// ever reaches the session store.
func isID(text string) bool {
	if len(text) != idLength {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// bearer returns what follows the scheme in the Authorization header; ok tells
// whether the header is there with that scheme.
func bearer(r *http.Request, scheme string) (id string, ok bool) {
	got, id, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(got, scheme) {
		return "", false
	}
	return strings.TrimSpace(id), true
}

// presented returns the session id that a request to the JSON routes comes with.
// The header counts, whatever is in it; only without it the cookie does, and the
// browser may have added that on its own.
func (p *Proxy) presented(r *http.Request) (id string, byCookie bool) {
	if id, ok := bearer(r, "Bearer"); ok || p.cookie == "" {
		return id, false
	}
	c, err := r.Cookie(p.cookie)
	if err != nil {
		return "", true
	}
	return c.Value, true
}

// setCookie has a browser keep the session id for so many seconds; a negative
// number has it forget the cookie.
func (p *Proxy) setCookie(w http.ResponseWriter, id string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: p.cookie, Value: id, MaxAge: seconds,
		Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
