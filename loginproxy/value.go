package loginproxy

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/session"
)

// MaxValues is how many bytes all values of one session may have together, as JSON. A value
// takes 16 bytes more than its own JSON.
const MaxValues = 1 << 10

// Value is a small value of the program's own in the session of a user, such as a role or
// the id of a row. It is stored as JSON, with the session and as safely: with
// [session.NewSealed] it is encrypted. A value ends with its session. A new login begins
// without values, also that of a user who is logged in: set them in [WithLoginCheck] or
// [WithOnLogin].
//
//	var role = loginproxy.Value[Role]{Name: "role"}
//
// The type is a part of what a value is found by: two values of the same name and of
// different types are two values, and after a type has got another name or package, its old
// values are not found. A value is for small things: every request loads it, and all values
// of a session have at most [MaxValues] bytes.
//
// Replicas of an earlier version of this package cannot read a session with values: update
// all replicas before the program sets the first one.
//
// A Value is safe for concurrent use.
type Value[T any] struct {
	// Name tells values of one type apart. It may be empty.
	Name string
}

// Get returns the value as it was when the request came, or as the visitor has set it
// since. It costs no request. It returns the zero value and false if the session has none,
// if what is stored is no T any more, and for a nil visitor.
func (k Value[T]) Get(v *Visitor) (value T, ok bool) {
	return k.in(v.currentValues())
}

// Set stores the value in the session, which other requests of the user see from then on. It
// changes no other value, also if another request sets one at the same time. In
// [WithLoginCheck] the value is a part of the session that begins.
//
// Errors: 604 nobody is logged in, or the user has logged out or in again; 605 the value has
// no JSON, or the values of the session would have over [MaxValues] bytes; 691 the session
// store failed; 601 it did not respond in time.
func (k Value[T]) Set(ctx context.Context, v *Visitor, value T) error {
	return k.Update(ctx, v, func(T) T { return value })
}

// Update stores what f makes of the value: the zero value if there is none. The two are one
// step: if another request sets the value at the same time, f is called again with the new
// one. So f must have no effect of its own. Errors are those of [Value.Set].
func (k Value[T]) Update(ctx context.Context, v *Visitor, f func(T) T) error {
	if v == nil {
		return errNotLoggedIn
	}
	before := v.values.Load()
	var (
		values string
		set    T
	)
	done, err := connOf(v.auth).Change(ctx, v.stored, func(s *session.Session) error {
		old, _ := k.in(s.Values)
		set = f(old)
		text, err := k.with(s.Values, set)
		values, s.Values = text, text
		return err
	})
	if err == nil && !done {
		err = errNotLoggedIn
	}
	// Another call with this visitor may have come first: its value stays.
	for err == nil && !v.values.CompareAndSwap(before, &values) {
		before = v.values.Load()
		values, err = k.with(*before, set)
	}
	return err
}

// currentValues returns the values of the session as the visitor knows them.
func (v *Visitor) currentValues() string {
	if v == nil {
		return ""
	}
	if set := v.values.Load(); set != nil {
		return *set
	}
	return v.stored.Session.Values
}

// in returns the value in values.
func (k Value[T]) in(values string) (value T, ok bool) {
	if values == "" {
		return value, false
	}
	found := response.Fields(values).Get(k.key())
	if !found.Exists() || json.Unmarshal([]byte(found.Raw), &value) != nil {
		var none T // json.Unmarshal may have set a part of it
		return none, false
	}
	return value, true
}

// with returns values with the value.
func (k Value[T]) with(values string, value T) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", check.Invalid("a value of the session has no JSON").WithCause(err)
	}
	patch := response.Fields(`{"` + k.key() + `":` + string(text) + "}")
	if stored, err := response.Object(values, ""); err == nil { // anything else is not what Set has written
		patch = stored.Merge(patch, response.SameName)
	}
	if len(patch) > MaxValues {
		return "", check.Invalid("the values of the session have over " + strconv.Itoa(MaxValues) + " bytes")
	}
	return string(patch), nil
}

// keyBytes is the length of a key before it is encoded: too long for two of a program's
// values to have the same one.
const keyBytes = 9

// key returns what the value is found by: a hash of its type and name, because the name of
// a type may be long.
func (k Value[T]) key() string {
	sum := sha256.Sum256([]byte(typeName(reflect.TypeFor[T]()) + "\x00" + k.Name))
	return base64.RawURLEncoding.EncodeToString(sum[:keyBytes])
}

// typeName returns the name of a type with the path of its package.
func typeName(t reflect.Type) string {
	if t.Name() != "" {
		return t.PkgPath() + "." + t.Name()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + typeName(t.Elem())
	case reflect.Slice:
		return "[]" + typeName(t.Elem())
	case reflect.Array:
		return "[" + strconv.Itoa(t.Len()) + "]" + typeName(t.Elem())
	case reflect.Map:
		return "map[" + typeName(t.Key()) + "]" + typeName(t.Elem())
	}
	return t.String()
}
