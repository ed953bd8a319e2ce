// Package members is the login code of a team that uses the SDK. The example is
// members_test.go, which tests it on a double of the backend: with phones whose users
// agree and refuse, faults, a clock and a journal. The tests need no network and no
// account, and they do not wait.
package members

import (
	"context"
	"errors"
	"fmt"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// These errors say what the phone does next.
var (
	ErrRefused   = errors.New("continue without a name")
	ErrNewCode   = errors.New("call login() again and try with the new code")
	ErrSameCode  = errors.New("try again with the same code")
	ErrLoggedOut = errors.New("show the login page")
)

// Service logs members in.
type Service struct{ client *baas.Client }

// New returns a Service on a client. In a test, it is the client of a double.
func New(client *baas.Client) *Service { return &Service{client} }

// Member is the part of a user that the team's pages show.
type Member struct {
	ID   int64
	Name string
}

// Login logs a Kuaishou user in. Data is nil, or what the user agreed to share.
func (s *Service) Login(ctx context.Context, visitorKey, code string, data *platform.AuthData) (Member, error) {
	u, err := s.client.Auth(visitorKey).LoginWithKs(ctx, data, auth.Code(code))
	if err != nil {
		return Member{}, explain(err)
	}
	return memberOf(u), nil
}

// Member returns the member that is logged in.
func (s *Service) Member(ctx context.Context, visitorKey string) (Member, error) {
	u, err := s.client.Auth(visitorKey).CurrentUser(ctx)
	if errors.Is(err, herror.SessionMissing) {
		return Member{}, fmt.Errorf("%w: %w", ErrLoggedOut, err)
	} else if err != nil {
		return Member{}, err
	}
	return memberOf(u), nil
}

func memberOf(u *user.CurrentUser) Member { return Member{ID: u.ID(), Name: u.Nickname()} }

// explain wraps the error of a login in the one that says what the phone does next.
func explain(err error) error {
	var h *herror.HError
	switch {
	case errors.Is(err, herror.UserRefused):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	case errors.As(err, &h) && !h.Sent() && h.Code != herror.InvalidParameter:
		return fmt.Errorf("%w: %w", ErrSameCode, err)
	default: // the code may be spent, or invalid
		return fmt.Errorf("%w: %w", ErrNewCode, err)
	}
}
