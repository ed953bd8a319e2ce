package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
)

// bobWasAnonymous logs Bob in anonymously first and registers him later. He keeps the
// account, its id and its fields.
func (s *story) bobWasAnonymous(ctx context.Context) error {
	s.title("Bob begins as an anonymous user")
	phone := s.backend.Kuaishou("ks-bob")
	a := s.client.Auth(baas.NewVisitorKey())

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
		return fmt.Errorf("link as an anonymous user: %w", err)
	}
	s.tell("LinkKs", "%v", err)

	s.title("Bob registers")
	// Use the same visitor key, because the anonymous user's token goes with the request.
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
