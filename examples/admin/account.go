package main

import (
	"context"
	"fmt"

	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/session"
)

// shown is how many of the users without a phone number are shown.
const shown = 3

// withoutPhone counts the users who have no phone number, and shows the first ones.
func (t *tool) withoutPhone(ctx context.Context) error {
	t.title("Users without a phone number")
	noPhone := admin.Where(admin.Field("_phone").IsNull())
	n, err := t.client.CountUsers(ctx, noPhone)
	if err != nil {
		return err
	}
	all, err := t.client.CountUsers(ctx)
	if err != nil {
		return err
	}
	t.tell("%d of %d, such as", n, all)
	i := 0
	for u, err := range t.client.Users(ctx, noPhone, admin.PageSize(shown)) {
		if err != nil {
			return err
		}
		t.tell("user %d %q", u.ID(), u.Nickname()) // quoted, because a name may control the terminal
		if i++; i == shown {
			break
		}
	}
	return nil
}

// setPassword sets a password without the old one. The user's sessions stay as they are.
// To end those of your own server, call RevokeUser of baas.Client after it.
func (t *tool) setPassword(ctx context.Context, id int64, password session.Secret) error {
	t.title("Set a password")
	u, err := t.client.GetUser(ctx, id)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("set the password of user %d %q", u.ID(), u.Nickname())
	return t.change(what, func() error {
		_, err := t.client.UpdateAccount(ctx, id, admin.NewPassword(password.Reveal()))
		return err
	})
}
