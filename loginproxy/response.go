package loginproxy

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/hydrogen-go/baas/internal/access"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// The header values of every response. They are shared, because net/http only reads them.
var (
	jsonValue    = []string{jsonType}
	noStoreValue = []string{"no-store"}
	noSniffValue = []string{"nosniff"}
)

// respond sends a response whose body is the concatenation of parts. It sets
// Content-Length, so that a flush sends the complete response.
func (x *exchange) respond(status int, parts ...string) {
	x.noteStatus(status)
	write(x.w, status, parts...)
}

// write writes a response as respond does.
func write(w http.ResponseWriter, status int, parts ...string) {
	length := 0
	for _, part := range parts {
		length += len(part)
	}
	h := w.Header()
	h["Content-Type"] = jsonValue
	h["Cache-Control"] = noStoreValue
	h["X-Content-Type-Options"] = noSniffValue
	h["Content-Length"] = []string{strconv.Itoa(length)}
	w.WriteHeader(status)
	for _, part := range parts {
		_, _ = io.WriteString(w, part) // an error means that the phone has hung up
	}
}

// respondEmpty responds with an empty object.
func (x *exchange) respondEmpty() { x.respond(http.StatusOK, "{}") }

// respondUser responds with a user whose session id stays the same.
func (x *exchange) respondUser(s session.Session, u *user.CurrentUser) error {
	fields := access.FieldsOf(u)
	if err := checkShown(string(fields), s); err != nil {
		return err
	}
	x.respondSession("", s, fields)
	return nil
}

// shown returns the fields of a user that responses show.
func (p *Proxy) shown(user response.Fields) response.Fields {
	if p.userFields == nil {
		return user
	}
	return user.Without(func(name string) bool { return !slices.Contains(p.userFields, name) })
}

// respondSession responds with the user's JSON as the backend sent it, the end of
// the session, and the session id unless it is empty.
func (x *exchange) respondSession(id string, s session.Session, user response.Fields) {
	head := make([]byte, 0, idLength+64)
	head = append(head, '{')
	if id != "" {
		head = append(head, `"token":"`...)
		head = append(head, id...)
		head = append(head, `",`...)
	}
	head = append(head, `"expires_at":`...)
	head = strconv.AppendInt(head, s.ExpiresAt.Unix(), 10)
	head = append(head, `,"user":`...)
	x.respond(http.StatusOK, string(head), string(x.p.shown(user)), "}")
}

// setSessionCookie has a browser keep a new session id until the session ends.
func (x *exchange) setSessionCookie(id string, s session.Session) {
	if x.p.cookie != "" {
		x.p.setCookie(x.w, id, max(1, int(s.ExpiresAt.Sub(x.p.backend.Now())/time.Second)))
	}
}
