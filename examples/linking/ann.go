package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// annUsesThreePlatforms registers Ann on the first platform and has her log in to
// that account on the others.
func (s *story) annUsesThreePlatforms(ctx context.Context, backend *baastest.Backend) error {
	fmt.Fprintln(s.w, "Ann has a phone and three platforms on it. One account is enough for her.")
	entrances := []entrance{
		{
			platform.Kuaishou{}, backend.Kuaishou("ks-ann"),
			"LoginWithKs", (*auth.Auth).LoginWithKs, "LinkKs", (*user.CurrentUser).LinkKs,
		},
		{
			platform.ByteDance{}, backend.ByteDance("tt-ann"),
			"LoginWithTt", (*auth.Auth).LoginWithTt, "LinkTt", (*user.CurrentUser).LinkTt,
		},
		{
			platform.WeChat{}, backend.WeChat("wx-ann"),
			"LoginWithWechat", (*auth.Auth).LoginWithWechat, "LinkWechat", (*user.CurrentUser).LinkWechat,
		},
	}

	account := accountCall{"Register", (*auth.Auth).Register} // Ann's first visit ever
	for _, e := range entrances {
		if err := s.firstVisit(ctx, e, account); err != nil {
			return err
		}
		account = accountCall{"Login", (*auth.Auth).Login}
	}

	s.title("From now on each platform's own login finds the account")
	for _, e := range entrances {
		a := s.client.Auth("ann, later, on " + e.platform.Name())
		u, err := e.login(a, ctx, nil, auth.Code(e.phone.Login()), auth.CreateUser(false))
		if err != nil {
			return err
		}
		s.tell(e.loginName, "user %d: %s, on %s as %s", u.ID(), u.Username(), e.platform.Name(), u.OpenID())
	}
	return nil
}

// accountCall is how Ann shows which account is hers.
type accountCall struct {
	name string
	do   func(*auth.Auth, context.Context, auth.Credentials) (*user.CurrentUser, error)
}

// firstVisit asks whether the platform's user has an account, and where there is
// none links the one that account makes or finds.
func (s *story) firstVisit(ctx context.Context, e entrance, account accountCall) error {
	s.title("Ann comes from " + e.platform.Name() + " for the first time")
	a := s.client.Auth("ann on " + e.platform.Name())

	_, err := e.login(a, ctx, nil, auth.Code(e.phone.Login()), auth.CreateUser(false))
	if !errors.Is(err, herror.NotFound) {
		return fmt.Errorf("a login without an account: %w", err)
	}
	s.tell(e.loginName+"(CreateUser(false))", "%v", err)

	// Here a program shows its page to register or log in.
	u, err := account.do(a, ctx, auth.Credentials{Username: "ann", Password: "correct horse"})
	if err != nil {
		return err
	}
	s.tell(account.name, "user %d: %s", u.ID(), u.Username())

	linked, err := e.link(u, ctx, nil, auth.Code(e.phone.Login())) // the first code is spent
	if err != nil {
		return err
	}
	s.tell(e.linkName, "%s user %d is %s", linked.Message, linked.UserID, linked.OpenID)
	return nil
}
