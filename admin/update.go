package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/fieldchange"
	"github.com/hydrogen-go/baas/user"
)

// Change is a change of one custom field of a user. Make one with [Set], [IncrementBy],
// [Append], [UAppend], [Remove] or [Unset]. What is wrong with one is reported by the
// call that it is for, with 605, before anything is sent. Printing it shows the key.
type Change struct{ change fieldchange.Change }

// Set gives a field a new value, which is marshalled at once with [json.Marshal].
func Set(key string, value any) Change { return Change{fieldchange.Set(key, value)} }

// IncrementBy raises a number by n, in an atomic operation: the documented $incr_by.
func IncrementBy(key string, n float64) Change { return Change{fieldchange.IncrementBy(key, n)} }

// Append adds values at the end of an array: the documented $append.
func Append(key string, values ...any) Change { return Change{fieldchange.Append(key, values)} }

// UAppend adds those of the values that an array does not have at its end: the
// documented $append_unique.
func UAppend(key string, values ...any) Change { return Change{fieldchange.UAppend(key, values)} }

// Remove removes values from an array: the documented $remove.
func Remove(key string, values ...any) Change { return Change{fieldchange.Remove(key, values)} }

// Unset removes the value of a field: the documented $unset.
func Unset(key string) Change { return Change{fieldchange.Unset(key)} }

// Format prints the key, for every verb.
func (c Change) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.summary()) }

// LogValue returns what Format prints.
func (c Change) LogValue() slog.Value { return slog.StringValue(c.summary()) }

func (c Change) summary() string { return fmt.Sprintf("change{%q}", c.change.Key) }

// UpdateUser changes custom fields of the user with that id: PUT
// /oserve/v2.6/miniapp/user_profile/{id}/. It returns the user with all fields. Of
// several changes of one field the last one counts.
//
// The names and the password of a user are changed with [Client.UpdateAccount]. The other
// built-in fields cannot be changed.
//
// Errors: 400 an unknown field or a value of another type, 404 no such user, 605 an id
// that is not over 0, no change, a built-in field or a value that is not JSON.
func (c *Client) UpdateUser(ctx context.Context, id int64, changes ...Change) (*user.User, error) {
	if err := checkID("user", id); err != nil {
		return nil, err
	}
	body, err := changesBody(changes)
	if err != nil {
		return nil, err
	}
	res, err := c.write(ctx, http.MethodPut, pathOf(updatePath, id), body)
	if err != nil {
		return nil, err
	}
	return ownUser(res, id)
}

const updatePath = "/oserve/v2.6/miniapp/user_profile/"

// changesBody returns the body that makes the changes.
func changesBody(changes []Change) (map[string]json.RawMessage, error) {
	if len(changes) == 0 {
		return nil, check.Invalid("no change")
	}
	var all []fieldchange.Change
	for _, c := range changes {
		if isBuiltIn(c.change.Key) {
			return nil, check.Invalid("a built-in field cannot be changed")
		}
		all = append(all, c.change)
	}
	return fieldchange.Body(all)
}

// isBuiltIn reports whether a field is none of the app's own. The name of a custom field
// begins with a letter. Sources: js-sdk/user.md, open-api/user/user.md,
// open-api/data/table.md.
func isBuiltIn(name string) bool {
	return strings.HasPrefix(name, "_") || strings.HasPrefix(name, "$") || slices.Contains(builtInFields, name)
}

var builtInFields = []string{
	"id", "user_id", "openid", "unionid", "created_at", "created_by", "updated_at", "is_authorized",
	"nickname", "avatar", "gender", "city", "province", "country", "language",
}
