package user

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/fieldchange"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

// Me is the logged-in user without the fields: a handle for the calls that change
// the account or link it. Its ids come from the session and cost no request; each of
// its calls sends one. [Me.User] reads the fields.
//
// Its calls act as this user only: when another one has logged in under the same
// visitor key since, they fail with 604.
//
// It is safe for concurrent use. Printing it shows the user's id and nothing else.
type Me struct {
	conn    *visitor.Conn
	session session.Session // at the time when m was made
	reading chan struct{}   // held while the fields are read; nil where they have been

	mu      sync.Mutex
	user    *CurrentUser         // nil until the fields are read
	changes []fieldchange.Change // set but not sent yet
}

func newMe(conn *visitor.Conn, s session.Session) *Me {
	return &Me{conn: conn, session: s, reading: make(chan struct{}, 1)}
}

// ID is the user's id in the backend.
func (m *Me) ID() int64 { return m.session.UserID }

// OpenID is the user's id on the platform of the login; empty after a login with an account.
func (m *Me) OpenID() string { return m.session.OpenID }

// UnionID is the user's id across the apps of one developer on the platform, where it has one.
func (m *Me) UnionID() string { return m.session.UnionID }

// Anonymous reports whether the user logged in anonymously: the documented _anonymous.
func (m *Me) Anonymous() bool { return m.session.Anonymous }

// SessionExpiresAt is when the session expires that m was made with: the documented
// session_expires_at. It is the zero time where the backend did not say.
func (m *Me) SessionExpiresAt() time.Time { return m.session.ExpiresAt }

// User returns the user with its fields. It reads them when it is first called, GET
// v2.5/user/info/{id}/; an error is not kept, so that the next call tries again. Later
// changes made with m show in the user.
//
// Errors: 604 not logged in, no longer known to the backend, or another user has
// logged in under the same visitor key since.
func (m *Me) User(ctx context.Context) (*CurrentUser, error) {
	if m.conn == nil {
		return nil, herror.New(herror.Uninitialized, "not made by a client")
	}
	if u := m.known(); u != nil {
		return u, nil
	}
	select {
	case m.reading <- struct{}{}:
		defer func() { <-m.reading }()
	case <-ctx.Done():
		return nil, transport.Ended(ctx.Err(), false)
	}
	if u := m.known(); u != nil {
		return u, nil
	}
	r, err := m.conn.ReadCurrentUser(ctx)
	if err != nil {
		return nil, err
	}
	if r.Session.UserID != m.ID() {
		return nil, visitor.ErrAnotherUser
	}
	u := newCurrentUser(m.conn, r.User, r.Session)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.user = u
	return u, nil
}

// known returns the user if the fields have been read.
func (m *Me) known() *CurrentUser {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.user
}

// anonymous reports what the fields say, and else what the session says.
func (m *Me) anonymous() bool {
	if u := m.known(); u != nil {
		return u.Anonymous()
	}
	return m.Anonymous()
}

// notAnonymous returns the documented error for calls that anonymous users may not make.
func (m *Me) notAnonymous() error {
	if m.anonymous() {
		return herror.New(herror.AnonymousNotAllowed, "")
	}
	return nil
}

// only has the call sent as this user, and never as the one who has logged in under
// the same visitor key since.
func (m *Me) only(call visitor.Call) visitor.Ask {
	return func(s session.Session) visitor.Call {
		if s.UserID != m.session.UserID {
			return nil
		}
		return call
	}
}

// do sends a request as this user.
func (m *Me) do(ctx context.Context, req *transport.Request) (*transport.Response, error) {
	res, _, err := m.conn.Do(ctx, m.only(m.conn.Plain(req)))
	return res, err
}

// merge takes over what a response says of the user. The response may be partial.
func (m *Me) merge(body string, rename func(string) string) error {
	patch, err := response.Object(body, "user")
	if err != nil {
		return err
	}
	if u := m.known(); u != nil {
		u.record.merge(patch.Without(response.Secret), rename)
	}
	return nil
}

// Format prints the user's id, for every verb.
func (m *Me) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, userText(m.ID())) }

// LogValue returns the user's id.
func (m *Me) LogValue() slog.Value { return slog.StringValue(userText(m.ID())) }

func userText(id int64) string { return "user{" + strconv.FormatInt(id, 10) + "}" }
