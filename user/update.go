package user

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/hydrogen-go/baas/internal/call"
)

// change is a field's new value, not sent yet.
type change struct {
	key   string
	value json.RawMessage
	err   error // the value has no JSON
}

// Set notes a field's new value, which [CurrentUser.Update] sends: the documented
// set(key, value). The value is what [json.Marshal] makes of it at once; one that
// it cannot marshal makes Update fail with 605. It returns u, so that calls chain:
//
//	err := u.Set("age", 30).Set("city", "Huizhou").Update(ctx)
func (u *CurrentUser) Set(key string, value any) *CurrentUser { return u.note(key, value) }

// IncrementBy notes that a number is to be raised by n, in the backend and at once
// for all who do so: the documented incrementBy(key, n).
func (u *CurrentUser) IncrementBy(key string, n float64) *CurrentUser {
	return u.note(key, map[string]float64{"$incr_by": n})
}

// Append notes that values are to be added at the end of an array: the documented
// append(key, values).
func (u *CurrentUser) Append(key string, values ...any) *CurrentUser {
	return u.note(key, map[string][]any{"$append": values})
}

func (u *CurrentUser) note(key string, value any) *CurrentUser {
	c := change{key: key}
	if c.value, c.err = json.Marshal(value); c.err != nil {
		c.err = call.Invalid("the value of a field is not JSON").WithCause(c.err)
	}
	if key == "" {
		c.err = call.Invalid("a field's key is empty")
	}
	if err := call.Identifier("a field's key", key, call.MaxIdentifier); err != nil {
		c.err = err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.changes = append(u.changes, c)
	return u
}

// Update sends what was set and takes over the backend's answer: the documented
// update(), PUT v2.5/user/info/. Of several changes of one field the last one
// counts. Without changes it does nothing. When it fails, the changes stay noted,
// to be sent by the next Update, except those that cannot be sent at all. Where the
// error's Sent reports true, they may have been made all the same: to send an
// increment or an append once more may make it twice.
//
// Errors: 604 not logged in, 605 a value that is not JSON; and the backend's.
func (u *CurrentUser) Update(ctx context.Context) error {
	changes, err := u.take()
	if err != nil || len(changes) == 0 {
		return err
	}
	err = u.send(ctx, changes)
	if err != nil {
		u.mu.Lock()
		u.changes = append(changes, u.changes...)
		u.mu.Unlock()
	}
	return err
}

// take takes the changes away, or reports the first one that cannot be sent,
// which it drops.
func (u *CurrentUser) take() ([]change, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i, c := range u.changes {
		if c.err != nil {
			u.changes = slices.Delete(u.changes, i, i+1)
			return nil, c.err
		}
	}
	taken := u.changes
	u.changes = nil
	return taken, nil
}

func (u *CurrentUser) send(ctx context.Context, changes []change) error {
	body := make(map[string]json.RawMessage, len(changes))
	for _, c := range changes {
		body[c.key] = c.value
	}
	return u.put(ctx, "/hserve/v2.5/user/info/", body, sameName)
}
