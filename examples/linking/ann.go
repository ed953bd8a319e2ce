package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// visit is a platform with Ann's phone on it. LoginOn and LinkOn take the platform, so
// that the same code serves all platforms.
type visit struct {
	platform platform.Platform
	phone    *baastest.Phone
}

// annUsesThreePlatforms registers Ann on the first platform. On the others she logs in
// to that account.
func (s *story) annUsesThreePlatforms(ctx context.Context) error {
	fmt.Fprintln(s.w, "Ann uses three platforms. She has one account.")
	visits := []visit{
		{platform.Kuaishou{}, s.backend.Kuaishou("ks-ann")},
		{platform.ByteDance{}, s.backend.ByteDance("tt-ann")},
		{platform.WeChat{}, s.backend.WeChat("wx-ann")},
	}

	account := accountCall{"Register", (*auth.Auth).Register} // she has no account yet
	for _, v := range visits {
		if err := s.firstVisit(ctx, v, account); err != nil {
			return err
		}
		account = accountCall{"Login", (*auth.Auth).Login}
	}

	s.title("From now on the login of each platform finds the account")
	for _, v := range visits {
		a := s.client.Auth(baas.NewVisitorKey())
		u, err := a.LoginOn(ctx, v.platform, nil, auth.Code(v.phone.Login()), auth.CreateUser(false))
		if err != nil {
			return err
		}
		s.tell("LoginOn("+v.platform.Name()+")", "user %d: %s, openid %s", u.ID(), u.Username(), u.OpenID())
	}
	return nil
}

// accountCall is the call with which Ann registers or logs in to her account.
type accountCall struct {
	name string
	do   func(*auth.Auth, context.Context, auth.Credentials) (*user.CurrentUser, error)
}

// firstVisit tries the platform's login without creating an account. It fails with 404,
// because none is linked yet. Then Ann registers or logs in, and her account is linked.
func (s *story) firstVisit(ctx context.Context, v visit, account accountCall) error {
	s.title("Ann's first visit on " + v.platform.Name())
	a := s.client.Auth(baas.NewVisitorKey())

	_, err := a.LoginOn(ctx, v.platform, nil, auth.Code(v.phone.Login()), auth.CreateUser(false))
	if !errors.Is(err, herror.NotFound) {
		return fmt.Errorf("login without an account: %w", err)
	}
	s.tell("LoginOn("+v.platform.Name()+", CreateUser(false))", "%v", err)

	// A program shows its page to register or log in here.
	u, err := account.do(a, ctx, auth.Credentials{Username: "ann", Password: "correct horse"})
	if err != nil {
		return err
	}
	s.tell(account.name, "user %d: %s", u.ID(), u.Username())

	linked, err := u.LinkOn(ctx, v.platform, nil, auth.Code(v.phone.Login())) // the first code is spent
	if err != nil {
		return err
	}
	s.tell("LinkOn("+v.platform.Name()+")", "%s user %d is %s", linked.Message, linked.UserID, linked.OpenID)
	return nil
}
