package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// Credentials name an account and prove it. Where several names are set, a phone
// number wins over an email address, and that over a username; only the winner
// is sent, as documented.
//
// It unmarshals from JSON; printing, logging or marshalling it never shows the password.
type Credentials struct {
	Username string `json:"username,omitempty"`
	Email    string `json:"email,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Password string `json:"password"`
}

// Login logs in with an account: the documented auth.login, POST
// v2.1/login/{username,email,phone}/. Where the response names the user without the
// fields, it reads them with a second request. When only that request fails, Login
// returns its error, and the user is logged in.
//
// Errors: 400 wrong name or password, 605 no name or no password.
func (a *Auth) Login(ctx context.Context, c Credentials) (*user.CurrentUser, error) {
	return a.withCredentials(ctx, "/hserve/v2.1/login/", c)
}

// Register makes an account and logs in with it: the documented auth.register,
// POST v2.1/register/{username,email,phone}/. An anonymous user who registers
// keeps the account and its id.
//
// Errors: 400 the name is taken, 605 no name or no password.
func (a *Auth) Register(ctx context.Context, c Credentials) (*user.CurrentUser, error) {
	return a.withCredentials(ctx, "/hserve/v2.1/register/", c)
}

func (a *Auth) withCredentials(ctx context.Context, base string, c Credentials) (*user.CurrentUser, error) {
	kind, name := c.winner()
	if err := c.check(kind, name); err != nil {
		return nil, err
	}
	req, err := transport.NewRequest(http.MethodPost, base+kind+"/", map[string]string{kind: name, "password": c.Password}, c.Password)
	if err != nil {
		return nil, err
	}
	return a.accountLogin(ctx, req, false)
}

// accountLogin makes a login whose response may name the user without the fields.
// Anonymous is what the user counts as where the response does not say.
func (a *Auth) accountLogin(ctx context.Context, req *transport.Request, anonymous bool) (*user.CurrentUser, error) {
	id := visitor.WorkID{Operation: "login", Path: req.Path, Body: req.Body}
	return a.namingLogin(ctx, id, a.conn.Plain(req), visitor.Expected{Anonymous: anonymous})
}

// tokenLogin is accountLogin for a login that a provider's token proves.
func (a *Auth) tokenLogin(ctx context.Context, call *idp.Call) (*user.CurrentUser, error) {
	return a.namingLogin(ctx, visitor.IDOf("login", call), call, visitor.Expected{Proved: true})
}

// namingLogin makes a login whose response may name the user without the fields.
func (a *Auth) namingLogin(ctx context.Context, id visitor.WorkID, call visitor.Call, want visitor.Expected) (*user.CurrentUser, error) {
	id.Login, want.NameOnly = true, true
	r, err := visitor.Dedupe(ctx, a.conn, id, func(ctx context.Context, now visitor.Stored) (visitor.Result, error) {
		r, err := a.conn.LogIn(ctx, call, now, want)
		if err != nil || r.Fields != "" {
			return r, err
		}
		r, err = a.describe(ctx, r.Session)
		return r, visitor.Reached(err) // the login has spent what it was made with
	})
	return a.user(r, err)
}

// describe reads the user of a fresh session. The response completes the session:
// that of the login did not say whether the user is anonymous.
func (a *Auth) describe(ctx context.Context, s session.Session) (visitor.Result, error) {
	fresh := s
	if !s.Live(a.conn.Now()) { // of unknown life: it lives at least until now
		fresh.ExpiresAt = a.conn.Now().Add(a.conn.Transport.Timeout())
	}
	res, err := a.conn.Send(ctx, a.conn.ReadUser(fresh), fresh)
	if err != nil {
		return visitor.Result{}, err
	}
	u, err := visitor.OwnUser(res, s)
	if err != nil {
		return visitor.Result{}, err
	}
	now := visitor.Stored{Session: s}
	field := u.Get("_anonymous")
	anonymous := field.Bool()
	if !field.Exists() || anonymous == s.Anonymous {
		return visitor.Result{Stored: now, User: u}, nil
	}
	err = a.conn.Update(ctx, now, func(s *session.Session) { s.Anonymous = anonymous })
	now.Session.Anonymous = anonymous
	return visitor.Result{Stored: now, User: u}, err
}

// winner returns the name that counts, and its kind in paths and bodies.
func (c Credentials) winner() (kind, name string) {
	switch {
	case c.Phone != "":
		return "phone", c.Phone
	case c.Email != "":
		return "email", c.Email
	}
	return "username", c.Username
}

func (c Credentials) check(kind, name string) error {
	if name == "" {
		return check.InvalidField("username", "credentials without username, email or phone")
	}
	if c.Password == "" {
		return check.InvalidField("password", "credentials without a password")
	}
	if err := check.Text(kind, name, check.MaxIdentifier); err != nil {
		return err
	}
	return check.Text("password", c.Password, check.MaxPassword)
}

// Format prints the names, for every verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.summary()) }

// LogValue returns the names.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.summary()) }

// MarshalJSON returns the names, without the password.
func (c Credentials) MarshalJSON() ([]byte, error) {
	type names struct {
		Username string `json:"username,omitempty"`
		Email    string `json:"email,omitempty"`
		Phone    string `json:"phone,omitempty"`
	}
	return json.Marshal(names{c.Username, c.Email, c.Phone})
}

func (c Credentials) summary() string {
	kind, name := c.winner()
	return fmt.Sprintf("credentials{%s:%q}", kind, name)
}
