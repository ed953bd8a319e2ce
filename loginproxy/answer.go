package loginproxy

import (
	"net/http"
	"strconv"
	"time"

	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// The header values of every answer, shared: net/http only reads them.
var (
	jsonValue    = []string{jsonType}
	noStoreValue = []string{"no-store"}
	noSniffValue = []string{"nosniff"}
)

// write answers with the parts of a body, one after the other. The length is said,
// so that a flush sends the whole answer.
func (t *turn) write(status int, parts ...[]byte) {
	length := 0
	for _, part := range parts {
		length += len(part)
	}
	h := t.w.Header()
	h["Content-Type"] = jsonValue
	h["Cache-Control"] = noStoreValue
	h["X-Content-Type-Options"] = noSniffValue
	h["Content-Length"] = []string{strconv.Itoa(length)}
	t.answered(status)
	t.w.WriteHeader(status)
	for _, part := range parts {
		_, _ = t.w.Write(part) // the phone has gone: nobody is left to tell
	}
}

// ok answers with nothing to say.
func (t *turn) ok() { t.write(http.StatusOK, []byte("{}")) }

// answerUser answers with a user whose session goes on.
func (t *turn) answerUser(s session.Session, u *user.CurrentUser) error {
	text, err := u.MarshalJSON()
	if err != nil {
		return err
	}
	t.writeUser("", s, text)
	return nil
}

// writeUser answers with the user, and the session id if there is a new one. The
// user's JSON goes in as the backend sent it.
func (t *turn) writeUser(id string, s session.Session, text []byte) {
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
	t.write(http.StatusOK, head, text, closing)
}

var closing = []byte{'}'}

// giveCookie has a browser keep a new session id until the session ends.
func (t *turn) giveCookie(id string, s session.Session) {
	if t.p.cookie != "" {
		t.p.setCookie(t.w, id, max(1, int(s.ExpiresAt.Sub(t.p.backend.Now())/time.Second)))
	}
}
