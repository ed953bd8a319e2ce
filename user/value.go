package user

import (
	"encoding/json"
	"math"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
)

// Value is one field of a user, of whatever type it has in the backend. The zero
// Value is a field that the user does not have.
type Value struct{ result gjson.Result }

// Exists reports whether the user has the field. A field that is null exists.
func (v Value) Exists() bool { return v.result.Exists() }

// IsNull reports whether the field is null or does not exist.
func (v Value) IsNull() bool { return v.result.Type == gjson.Null }

// String returns the text of a string, the JSON of anything else, and nothing for null.
func (v Value) String() string {
	switch v.result.Type {
	case gjson.String:
		return v.result.Str
	case gjson.Null:
		return ""
	}
	return v.result.Raw
}

// Int returns a whole number, also one kept as a string; 0 for anything else.
func (v Value) Int() int64 { return response.Int(v.result) }

// Float returns a number, also one kept as a string; 0 for anything else.
func (v Value) Float() float64 {
	n := v.result.Float()
	if v.result.Type == gjson.True || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0
	}
	return n
}

// Bool returns a truth value; false for anything else.
func (v Value) Bool() bool { return v.result.Type == gjson.True }

// Get returns the member of an object with that key.
func (v Value) Get(key string) Value {
	if !v.result.IsObject() {
		return Value{}
	}
	return Value{response.Fields(v.result.Raw).Get(key)}
}

// Decode stores the field in the value that dst points to, as [json.Unmarshal]
// does. For a field that is not there it returns an error with code 605.
func (v Value) Decode(dst any) error {
	if !v.Exists() {
		return herror.New(herror.InvalidParameter, "no such field")
	}
	if err := json.Unmarshal([]byte(v.result.Raw), dst); err != nil {
		return herror.New(herror.InvalidParameter, "the field does not fit the given type").WithCause(err)
	}
	return nil
}

// MarshalJSON returns the field's JSON, null for one that is not there.
func (v Value) MarshalJSON() ([]byte, error) {
	if !v.Exists() {
		return []byte("null"), nil
	}
	return []byte(v.result.Raw), nil
}
