package user

import (
	"context"
	"slices"

	"github.com/hydrogen-go/baas/internal/fieldchange"
	"github.com/hydrogen-go/baas/internal/response"
)

// Set notes a field's new value, which [Me.Update] sends: the documented
// set(key, value). The value is marshalled at once, with [json.Marshal]; where that
// fails, Update fails with 605. It returns m, so that calls chain:
//
//	err := u.Set("age", 30).Set("city", "Huizhou").Update(ctx)
func (m *Me) Set(key string, value any) *Me { return m.add(fieldchange.Set(key, value)) }

// IncrementBy notes that a number is to be raised by n: the documented
// incrementBy(key, n). The backend adds atomically.
func (m *Me) IncrementBy(key string, n float64) *Me {
	return m.add(fieldchange.IncrementBy(key, n))
}

// Append notes that values are to be added at the end of an array: the documented
// append(key, values).
func (m *Me) Append(key string, values ...any) *Me { return m.add(fieldchange.Append(key, values)) }

// UAppend notes that those of the values that an array does not have yet are to be
// added at its end: the documented uAppend(key, values).
func (m *Me) UAppend(key string, values ...any) *Me { return m.add(fieldchange.UAppend(key, values)) }

// Remove notes that values are to be removed from an array: the documented
// remove(key, values). Of several objects the backend removes the first one only.
func (m *Me) Remove(key string, values ...any) *Me { return m.add(fieldchange.Remove(key, values)) }

// Pop notes that the last element of an array is to be removed: the documented
// pop(key).
func (m *Me) Pop(key string) *Me { return m.add(fieldchange.Pop(key)) }

// Shift notes that the first element of an array is to be removed: the documented
// shift(key).
func (m *Me) Shift(key string) *Me { return m.add(fieldchange.Shift(key)) }

// PatchObject notes that the members of patch are to replace those of an object,
// whose other members stay: the documented patchObject(key, patch).
func (m *Me) PatchObject(key string, patch map[string]any) *Me {
	return m.add(fieldchange.PatchObject(key, patch))
}

// Unset notes that a field is to be removed: the documented unset(key). It is sent
// as $unset; the vendor's JavaScript client drops it for users, its iOS and Android
// clients send it.
func (m *Me) Unset(key string) *Me {
	return m.add(fieldchange.Unset(key))
}

func (m *Me) add(c fieldchange.Change) *Me {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changes = append(m.changes, c)
	return m
}

// Update sends the noted changes: the documented update(), PUT v2.5/user/info/. Of
// several changes of one field the last one counts. Without changes it sends nothing.
// The fields of the response are taken over into a user whose fields have been read.
//
// When it fails, the changes stay noted, and the next Update sends them; a change that
// cannot be sent at all is dropped. Where the error's Sent reports true, the backend
// may have made the changes: an increment or an append that is sent again may be made
// twice.
//
// Errors: 604 not logged in, 605 a value that is not JSON; and the backend's.
func (m *Me) Update(ctx context.Context) error {
	changes, err := m.take()
	if err != nil || len(changes) == 0 {
		return err
	}
	err = m.send(ctx, changes)
	if err != nil {
		m.mu.Lock()
		m.changes = append(changes, m.changes...)
		m.mu.Unlock()
	}
	return err
}

// take removes and returns the noted changes. Where one of them cannot be sent, it
// removes that one only and returns its error.
func (m *Me) take() ([]fieldchange.Change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, c := range m.changes {
		if c.Err != nil {
			m.changes = slices.Delete(m.changes, i, i+1)
			return nil, c.Err
		}
	}
	taken := m.changes
	m.changes = nil
	return taken, nil
}

func (m *Me) send(ctx context.Context, changes []fieldchange.Change) error {
	body, err := fieldchange.Body(changes)
	if err != nil {
		return err
	}
	// The response spells every field as the user does: a "phone" in it is a custom field.
	return m.put(ctx, "/hserve/v2.5/user/info/", body, response.SameName)
}
