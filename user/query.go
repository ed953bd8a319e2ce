package user

import (
	"bytes"
	"encoding/json"

	"github.com/hydrogen-go/baas/internal/check"
)

// Condition is a condition on the fields of users, for Where of packages auth and admin:
// the documented Query. Make one with [Field], [And], [Or] or [RawCondition]. The zero Condition is
// met by every user. What is wrong with one is reported by the call that it is for,
// with 605, before anything is sent.
type Condition struct {
	json string
	err  error
}

// FieldName names a field to make a [Condition] of.
type FieldName string

// Field names a field, as in user.Field("nickname").Contains("li"). End users may ask
// for id and nickname only; package admin may ask for every field.
func Field(name string) FieldName { return FieldName(name) }

// Equal asks for fields that are value: the documented compare(name, "=", value).
func (f FieldName) Equal(value any) Condition { return f.is("$eq", value) }

// NotEqual asks for fields that are not value: compare(name, "!=", value).
func (f FieldName) NotEqual(value any) Condition { return f.is("$ne", value) }

// Less asks for fields under value: compare(name, "<", value).
func (f FieldName) Less(value any) Condition { return f.is("$lt", value) }

// LessOrEqual asks for fields up to value: compare(name, "<=", value).
func (f FieldName) LessOrEqual(value any) Condition { return f.is("$lte", value) }

// Greater asks for fields over value: compare(name, ">", value).
func (f FieldName) Greater(value any) Condition { return f.is("$gt", value) }

// GreaterOrEqual asks for fields from value on: compare(name, ">=", value).
func (f FieldName) GreaterOrEqual(value any) Condition { return f.is("$gte", value) }

// Contains asks for texts with text in them: the documented contains(name, text). An
// empty text is an error, as in the vendor's client.
func (f FieldName) Contains(text string) Condition {
	if text == "" {
		return Condition{err: check.Invalid("the text of Contains is empty")}
	}
	return f.is("$contains", text)
}

// In asks for fields that are one of the values: the documented in(name, values).
func (f FieldName) In(values ...any) Condition { return f.is("$in", list(values)) }

// NotIn asks for fields that are none of the values: the documented notIn(name, values).
func (f FieldName) NotIn(values ...any) Condition { return f.is("$nin", list(values)) }

// Range asks for fields from from to to, both included: the documented $range of the
// Open API, for package admin.
func (f FieldName) Range(from, to any) Condition { return f.is("$range", []any{from, to}) }

// IsNull asks for fields that are null: the documented isNull(name).
func (f FieldName) IsNull() Condition { return f.is("$isnull", true) }

// IsNotNull asks for fields that are not null: the documented isNotNull(name).
func (f FieldName) IsNotNull() Condition { return f.is("$isnull", false) }

// list keeps no values at all from becoming null.
func list(values []any) []any {
	if values == nil {
		return []any{}
	}
	return values
}

func (f FieldName) is(operator string, value any) Condition {
	if err := check.Required("a field's name", string(f), check.MaxIdentifier); err != nil {
		return Condition{err: err}
	}
	text, err := json.Marshal(map[string]map[string]any{string(f): {operator: value}})
	if err != nil {
		return Condition{err: check.Invalid("the value of a condition is not JSON").WithCause(err)}
	}
	return Condition{json: string(text)}
}

// And is met where all of the conditions are: the documented Query.and.
func And(conditions ...Condition) Condition { return join("$and", conditions) }

// Or is met where one of the conditions is: the documented Query.or.
func Or(conditions ...Condition) Condition { return join("$or", conditions) }

func join(operator string, conditions []Condition) Condition {
	var b bytes.Buffer
	b.WriteString(`{"` + operator + `":[`)
	for i, c := range conditions {
		if c.err != nil {
			return c
		}
		if i > 0 {
			b.WriteByte(',')
		}
		if c.json == "" {
			b.WriteString("{}")
		} else {
			b.WriteString(c.json)
		}
	}
	b.WriteString("]}")
	return Condition{json: b.String()}
}

// RawCondition is a condition in the backend's own JSON, one object, for what the
// other constructors do not have.
func RawCondition(text json.RawMessage) Condition {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '{' || !json.Valid(text) {
		return Condition{err: check.Invalid("a condition is not a JSON object")}
	}
	return Condition{json: string(text)}
}

// MarshalJSON returns the condition in the backend's form.
func (c Condition) MarshalJSON() ([]byte, error) {
	switch {
	case c.err != nil:
		return nil, c.err
	case c.json == "":
		return []byte("{}"), nil
	}
	return []byte(c.json), nil
}
