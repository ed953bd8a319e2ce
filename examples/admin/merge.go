package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/user"
)

// mergedInto is a custom field with the id of the account that a person goes on with. On
// a real account, first create it in the backend's console, as an integer.
const mergedInto = "merged_into"

// merge copies the custom fields of a person's other accounts to the oldest one, and
// returns its id, or 0 if nobody has the unionid. It may be repeated.
//
// The Open API has no documented call that merges accounts, deletes a user, or moves an
// identity to another user. So the other accounts stay, with a field that says where the
// person goes on, and their logins still find them. The vendor's page on logins by unionid
// has a user deleted in the console or in a cloud function. Before that, move what the
// app's tables have of that user: rows that the user created, and fields with the user's id.
func (t *tool) merge(ctx context.Context, unionID string, fields []string) (int64, error) {
	t.title("Merge the accounts of one person")
	accounts, err := t.accountsOf(ctx, unionID)
	if err != nil {
		return 0, err
	}
	if len(accounts) == 0 {
		t.tell("no account has this unionid")
		return 0, nil
	}
	kept := accounts[0]
	t.tell("accounts with this unionid that are not merged yet: %d; user %d is the oldest", len(accounts), kept.ID())
	for _, other := range accounts[1:] {
		if kept, err = t.mergeInto(ctx, kept, other, fields); err != nil {
			return 0, err
		}
	}
	return kept.ID(), nil
}

// accountsOf returns the accounts with a unionid that are not merged into another one,
// the oldest first.
func (t *tool) accountsOf(ctx context.Context, unionID string) ([]*user.User, error) {
	var accounts []*user.User
	for u, err := range t.client.Users(ctx, admin.ByUnionID(unionID)) {
		if err != nil {
			return nil, err
		}
		if u.Get(mergedInto).Int() == 0 {
			accounts = append(accounts, u)
		}
	}
	slices.SortFunc(accounts, func(a, b *user.User) int {
		return cmp.Or(a.CreatedAt().Compare(b.CreatedAt()), cmp.Compare(a.ID(), b.ID()))
	})
	return accounts, nil
}

// mergeInto copies the fields first and marks the other account second, so that a run
// that was interrupted can be repeated. It returns the kept account with the fields.
func (t *tool) mergeInto(ctx context.Context, kept, other *user.User, fields []string) (*user.User, error) {
	for _, name := range fields {
		value := other.Get(name)
		switch {
		case !has(other, name):
		case has(kept, name):
			t.tell("user %d keeps its own %s: %s, and not %s", kept.ID(), name, shownValue(kept.Get(name)), shownValue(value))
		default:
			what := fmt.Sprintf("set %s of user %d to %s, as user %d has it", name, kept.ID(), shownValue(value), other.ID())
			err := t.change(what, func() (err error) {
				kept, err = t.client.UpdateUser(ctx, kept.ID(), admin.Set(name, value))
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	what := fmt.Sprintf("set %s of user %d to %d", mergedInto, other.ID(), kept.ID())
	return kept, t.change(what, func() error {
		_, err := t.client.UpdateUser(ctx, other.ID(), admin.Set(mergedInto, kept.ID()))
		return err
	})
}

func has(u *user.User, name string) bool { return u.Get(name).Exists() && !u.Get(name).IsNull() }

// shownValue quotes a value, because it may control the terminal.
func shownValue(v user.Value) string { return fmt.Sprintf("%q", v.String()) }
