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

// newID returns a random session id.
func newID() string {
	var b [idBytes]byte
	_, _ = rand.Read(b[:]) // never fails: it crashes the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// isID reports whether text has the form of a session id. Nothing else is looked up
// in the session store.
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

// bearer returns the credentials in the Authorization header, and whether the header
// is there with that scheme.
func bearer(r *http.Request, scheme string) (id string, ok bool) {
	got, id, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(got, scheme) {
		return "", false
	}
	return strings.TrimSpace(id), true
}

// sessionID returns the session id of a request to the JSON routes. If there is a
// Bearer header, even an empty or wrong one, the cookie is ignored. A browser may
// send the cookie by itself, so byCookie asks for a check of the origin; it is also
// true where both are missing.
func (p *Proxy) sessionID(r *http.Request) (id string, byCookie bool) {
	if id, ok := bearer(r, "Bearer"); ok || p.cookie == "" {
		return id, false
	}
	c, err := r.Cookie(p.cookie)
	if err != nil {
		return "", true
	}
	return c.Value, true
}

// isBrowser reports whether a browser has made the request. A browser sends Origin with
// every POST, and no script can leave it out.
func isBrowser(r *http.Request) bool {
	return len(r.Header["Origin"]) > 0 || len(r.Header["Sec-Fetch-Site"]) > 0
}

// setCookie has a browser keep the session id for that many seconds. A negative
// number deletes the cookie.
func (p *Proxy) setCookie(w http.ResponseWriter, id string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: p.cookie, Value: id, MaxAge: seconds,
		Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
