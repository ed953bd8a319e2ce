package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
)

// bobWasAnonymous lets Bob look around first and register later: the account, its id
// and what hangs on it stay.
func (s *story) bobWasAnonymous(ctx context.Context, backend *baastest.Backend) error {
	s.title("Bob looks around before he says who he is")
	phone := backend.Kuaishou("ks-bob")
	a := s.client.Auth("bob")

	u, err := a.AnonymousLogin(ctx)
	if err != nil {
		return err
	}
	s.tell("AnonymousLogin", "user %d, anonymous: %t", u.ID(), u.Anonymous())
	if err := u.Set("basket", []string{"tea"}).Update(ctx); err != nil {
		return err
	}
	s.tell("Set, Update", "basket: %s", u.Get("basket"))

	_, err = u.LinkKs(ctx, nil, auth.Code(phone.Login()))
	if !errors.Is(err, herror.AnonymousNotAllowed) {
		return fmt.Errorf("link of an anonymous user: %w", err)
	}
	s.tell("LinkKs", "%v", err)

	s.title("Bob registers")
	// The same visitor key, so that the backend learns who it was that registers.
	if _, err = a.Register(ctx, auth.Credentials{Email: "bob@example.com", Password: "battery staple"}); err != nil {
		return err
	}
	if u, err = a.CurrentUser(ctx); err != nil {
		return err
	}
	s.tell("Register, CurrentUser", "user %d, anonymous: %t, basket: %s", u.ID(), u.Anonymous(), u.Get("basket"))

	linked, err := u.LinkKs(ctx, nil, auth.Code(phone.Login()))
	if err != nil {
		return err
	}
	s.tell("LinkKs", "%s user %d is %s", linked.Message, linked.UserID, linked.OpenID)
	return nil
}
