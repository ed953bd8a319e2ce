// Package peer has clients of the backend as a program would have without this SDK, for
// benchmarks to compare with.
package peer

import (
	"context"
	"errors"
	"net/http"
)

// ClientID is the client id that the clients send.
const ClientID = "995140f59511a222c937"

// ErrUnauthorized is the error for a token that the backend does not know.
var ErrUnauthorized = errors.New("401")

// The calls that a benchmark makes.
const (
	loginPath  = "/hserve/v2.5/idp/kuaishou/silent-login/"
	readPath   = "/hserve/v2.5/user/info/%d/"
	logoutPath = "/hserve/v2.0/session/destroy/"
)

// Client is a client of the backend.
type Client interface {
	// Login sends the code of a login on Kuaishou.
	Login(ctx context.Context, code string, createUser bool) (Login, error)
	// Read reads the user with that id.
	Read(ctx context.Context, id int64, token string) (User, error)
	// Logout ends the session of a token.
	Logout(ctx context.Context, token string) error
}

var (
	_ Client = (*Hand)(nil)
	_ Client = (*Resty)(nil)
)

// User has the fields of a user that a program is likely to use.
type User struct {
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

// Login is the response to a login.
type Login struct {
	Token     string `json:"token"`
	ExpiresIn int64  `json:"expires_in"` // seconds
	User      User   `json:"user_info"`
}

// loginBody is the body of a login.
type loginBody struct {
	CreateUser bool   `json:"create_user"`
	Code       string `json:"code"`
}

// headers are those of every request.
var headers = [][2]string{
	{"X-Hydrogen-Client-ID", ClientID},
	{"X-Hydrogen-Client-Version", "v0.1.0"},
	{"X-Hydrogen-Client-Platform", "KUAISHOU"},
	{"X-Hydrogen-Client-SDK-Type", "file"},
	{"Content-Type", "application/json"},
}

const tokenScheme = "Hydrogen-r1 "

// statusError returns the error for a status, or nil.
func statusError(status int) error {
	switch {
	case status == http.StatusUnauthorized:
		return ErrUnauthorized
	case status/100 != 2:
		return errors.New(http.StatusText(status))
	}
	return nil
}
