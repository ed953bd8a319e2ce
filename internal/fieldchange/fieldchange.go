// Package fieldchange has the changes of fields that the backend knows, as packages
// user and admin send them.
package fieldchange

import (
	"encoding/json"

	"github.com/hydrogen-go/baas/internal/check"
)

// Change is a change of one field.
type Change struct {
	Key string
	Err error // the change cannot be sent; its code is 605

	value json.RawMessage
	unset bool // the field is to be removed
}

// Set gives a field a new value.
func Set(key string, value any) Change { return newChange(key, value) }

// IncrementBy raises a number by n.
func IncrementBy(key string, n float64) Change {
	return newChange(key, map[string]float64{"$incr_by": n})
}

// Append adds values at the end of an array.
func Append(key string, values []any) Change { return array(key, "$append", values) }

// UAppend adds those of the values that an array does not have at its end.
func UAppend(key string, values []any) Change { return array(key, "$append_unique", values) }

// Remove removes values from an array.
func Remove(key string, values []any) Change { return array(key, "$remove", values) }

// Pop removes the last element of an array.
func Pop(key string) Change { return newChange(key, map[string]int{"$pop": 1}) }

// Shift removes the first element of an array.
func Shift(key string) Change { return newChange(key, map[string]int{"$pop": -1}) }

// PatchObject replaces the members of an object that patch has.
func PatchObject(key string, patch map[string]any) Change {
	if patch == nil {
		patch = map[string]any{}
	}
	return newChange(key, map[string]map[string]any{"$update": patch})
}

// Unset removes a field.
func Unset(key string) Change { return checked(Change{Key: key, unset: true}) }

func array(key, operator string, values []any) Change {
	if values == nil {
		values = []any{}
	}
	return newChange(key, map[string][]any{operator: values})
}

func newChange(key string, value any) Change {
	c := Change{Key: key}
	var err error
	if c.value, err = json.Marshal(value); err != nil {
		c.Err = check.Invalid("the value of a field is not JSON").WithCause(err)
	}
	return checked(c)
}

func checked(c Change) Change {
	if err := check.Required("a field's key", c.Key, check.MaxIdentifier); err != nil {
		c.Err = err
	}
	return c
}

// Body returns the changes as the backend takes them. Of several changes of one field
// the last one counts.
func Body(changes []Change) (map[string]json.RawMessage, error) {
	body := make(map[string]json.RawMessage, len(changes))
	unset := make(map[string]string)
	for _, c := range changes {
		if c = checked(c); c.Err != nil { // the zero Change has no key
			return nil, c.Err
		}
		if c.unset {
			delete(body, c.Key)
			unset[c.Key] = ""
		} else {
			delete(unset, c.Key)
			body[c.Key] = c.value
		}
	}
	if len(unset) > 0 {
		text, err := json.Marshal(unset)
		if err != nil {
			return nil, check.Invalid("a field's key is not JSON").WithCause(err)
		}
		body["$unset"] = text
	}
	return body, nil
}
