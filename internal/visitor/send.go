package visitor

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// Call is a call that is ready to send: [idp.Call], or what [Conn.Plain] makes.
type Call interface {
	// Send sends the call with a session's token, empty for none. From is the name of
	// the session's platform: a call of no platform says that it comes from there.
	Send(ctx context.Context, token, from string) (*transport.Response, error)
}

// Plain returns the call that sends r.
func (c *Conn) Plain(r *transport.Request) Call { return &plain{c, *r} }

type plain struct {
	conn    *Conn
	request transport.Request
}

// Send implements [Call].
func (p *plain) Send(ctx context.Context, token, from string) (*transport.Response, error) {
	client := p.request.Platform
	if client == "" {
		client = idp.ClientName(from)
	}
	return p.conn.Transport.DoAs(ctx, &p.request, token, client)
}

// Send sends a call as it is, with the token of s if s is live. A nil call is one
// that is not meant for the user of that session.
func (c *Conn) Send(ctx context.Context, call Call, s session.Session) (*transport.Response, error) {
	if call == nil {
		return nil, ErrAnotherUser
	}
	token := ""
	if s.Live(c.Now()) {
		token = s.Token.Reveal()
	}
	return call.Send(ctx, token, s.Platform)
}

// ErrAnotherUser is the error of a call that is meant for a user who is no longer
// the visitor's.
var ErrAnotherUser = herror.New(herror.SessionMissing, "another user has logged in since")

// Ask returns the call to send in the name of the user of that session, nil where it
// is not meant for that user: then nothing is sent, and the error is 604.
type Ask func(session.Session) Call

// Always asks the same call whoever the user is.
func Always(call Call) Ask { return func(session.Session) Call { return call } }

// Do sends a request in the user's name. Without a live session it logs in first where
// the client has a code source and fails with 604 else. When the backend does
// not know the token any more, the session is dropped; with a code source, the
// user is logged in and r sent once more, without one the error is 604 too.
func (c *Conn) Do(ctx context.Context, ask Ask) (*transport.Response, Stored, error) {
	now, err := c.load(ctx)
	if err != nil {
		return nil, now, err
	}
	return c.DoFrom(ctx, now, ask)
}

// DoFrom is Do for a caller who has just loaded now.
func (c *Conn) DoFrom(ctx context.Context, now Stored, ask Ask) (*transport.Response, Stored, error) {
	return doFrom(ctx, c, now, c.sending(ask))
}

// work is a request in the name of the user of a live session. The result is that of the
// login where the user has just been logged in.
type work[T any] func(context.Context, Result) (T, error)

// sending is the work of a call.
func (c *Conn) sending(ask Ask) work[*transport.Response] {
	return func(ctx context.Context, r Result) (*transport.Response, error) {
		return c.Send(ctx, ask(r.Session), r.Session)
	}
}

// doFrom is DoFrom for any work.
func doFrom[T any](ctx context.Context, c *Conn, now Stored, do work[T]) (T, Stored, error) {
	r, err := c.Revive(ctx, now)
	if err != nil {
		var zero T
		return zero, r.Stored, err
	}
	value, now, err := doLive(ctx, c, r, do)
	if herror.CodeOf(err) == herror.NotAuthenticated {
		err = herror.New(herror.SessionMissing, "").WithCause(err)
	}
	return value, now, err
}

// Manual returns the same connection without automatic login.
func (c *Conn) Manual() *Conn {
	if c == nil {
		return nil
	}
	shared, manual := *c.Shared, *c
	shared.AutoLogin = nil
	manual.Shared = &shared
	return &manual
}

// DoRaw is Do for the documented raw request: without a code source it is sent
// also where there is no session, and a 401 stays a 401.
func (c *Conn) DoRaw(ctx context.Context, ask Ask) (*transport.Response, error) {
	r, err := c.Live(ctx)
	if errors.Is(err, herror.SessionMissing) && c.AutoLogin == nil {
		return c.Send(ctx, ask(session.Session{}), session.Session{})
	}
	if err != nil {
		return nil, err
	}
	res, _, err := doLive(ctx, c, r, c.sending(ask))
	return res, err
}

// DoPublic is [Conn.Do] for a call for which nobody need be logged in: it logs nobody
// in, and where the backend does not know the session's token any more, the session
// is dropped and the call sent once more without a token.
func (c *Conn) DoPublic(ctx context.Context, call Call) (*transport.Response, error) {
	now, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	s := now.Session
	live := s.Live(c.Now())
	res, err := c.Send(ctx, call, s)
	if !live || herror.CodeOf(err) != herror.NotAuthenticated {
		return res, err
	}
	if dropped := c.Discard(ctx, now); dropped != nil {
		return nil, Reached(dropped)
	}
	s.Token = session.Secret{}
	return c.Send(ctx, call, s)
}

// doLive does the work with a live session. After a 401 it drops the session, logs in
// where the client has a code source, and does the work once more.
func doLive[T any](ctx context.Context, c *Conn, r Result, do work[T]) (T, Stored, error) {
	var zero T
	value, err := do(ctx, r)
	if herror.CodeOf(err) != herror.NotAuthenticated {
		return value, r.Stored, err
	}
	if dropped := c.Discard(ctx, r.Stored); dropped != nil {
		return zero, r.Stored, Reached(dropped)
	}
	if c.AutoLogin == nil {
		return zero, r.Stored, err
	}
	if r, err = c.Live(ctx); err != nil {
		return zero, r.Stored, Reached(err)
	}
	if value, err = do(ctx, r); err == nil {
		return value, r.Stored, nil
	}
	if herror.CodeOf(err) == herror.NotAuthenticated {
		if dropped := c.Discard(ctx, r.Stored); dropped != nil {
			err = dropped
		}
	}
	return zero, r.Stored, Reached(err)
}

// Reached marks an error that came after a request had reached the backend: what
// was sent with that may be spent, whatever failed later.
func Reached(err error) error {
	var h *herror.HError
	if errors.As(err, &h) && h != nil {
		return h.WithSent(true)
	}
	return err
}

// ReadUser asks for the user whose session it is.
func (c *Conn) ReadUser(s session.Session) Call { return c.ReadUserByID(s.UserID, "") }

// ReadUserByID asks for the user with that id; query selects the fields, empty for all.
func (c *Conn) ReadUserByID(id int64, query string) Call {
	path := "/hserve/v2.5/user/info/" + strconv.FormatInt(id, 10) + "/"
	if query != "" {
		path += "?" + query
	}
	return c.Plain(&transport.Request{Method: http.MethodGet, Path: path})
}

// OAuth returns the strategy of the logins with a provider's own token.
func (c *Conn) OAuth() idp.OAuth {
	if c == nil {
		return idp.OAuth{}
	}
	return idp.NewOAuth(c.Transport)
}

// Web returns the strategy of the logins on a provider's page in the browser.
func (c *Conn) Web() idp.Web {
	if c == nil {
		return idp.Web{}
	}
	return idp.NewWeb(c.Transport)
}
