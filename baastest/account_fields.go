package baastest

import (
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// reserved are the built-in fields that a user cannot change, besides those with
// a leading underscore.
var reserved = []string{
	"id", "openid", "unionid", "created_at", "created_by", "updated_at", "is_authorized",
}

// firstLevel are the built-in fields of the profile, which a user can change.
var firstLevel = []string{"nickname", "avatar", "gender", "city", "province", "country", "language"}

// updateFields changes the user's own custom and first-level fields. If one of them
// is refused, nothing is changed. $set has fields as the body itself has; $unset has
// the names of fields to remove.
func (op *operation) updateFields() (response, error) {
	update, err := op.readUpdate()
	if err != nil {
		return response{}, err
	}
	return op.updateUser(op.user, update)
}

// updateUser is the response to an update of one user.
func (op *operation) updateUser(u *user, update fieldUpdate) (response, error) {
	if err := op.apply(update, u); err != nil {
		return response{}, err
	}
	return response{status: http.StatusOK, body: op.userJSON(u, op.viewOf(u))}, nil
}

// fieldUpdate is what the body of an update asks for.
type fieldUpdate struct{ set, unset map[string]any }

func (op *operation) readUpdate() (fieldUpdate, error) {
	set, unset, err := splitUpdate(maps.Clone(map[string]any(op.body)))
	if err != nil {
		return fieldUpdate{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(unset)) {
		if _, both := set[name]; both {
			return fieldUpdate{}, refuse(http.StatusBadRequest, "field %s is set and unset", name)
		}
	}
	return fieldUpdate{set, unset}, nil
}

// apply updates a user, or changes nothing.
func (op *operation) apply(update fieldUpdate, u *user) error {
	change := fieldChange{profile: u.profile, old: u.custom, custom: map[string]any{}}
	for _, name := range slices.Sorted(maps.Keys(update.set)) {
		if err := change.set(name, update.set[name]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(update.unset)) {
		if err := change.unset(name); err != nil {
			return err
		}
	}
	u.profile = change.profile
	op.users.setCustom(u, change.custom, change.gone)
	op.touch(u)
	return nil
}

// splitUpdate returns the fields to set and those to unset.
func splitUpdate(fields map[string]any) (set, unset map[string]any, err error) {
	for _, group := range []string{"$set", "$unset"} {
		value, given := fields[group]
		delete(fields, group)
		names, ok := value.(map[string]any)
		if given && !ok {
			return nil, nil, refuse(http.StatusBadRequest, "%s must be an object", group)
		}
		if group == "$unset" {
			unset = names
		} else {
			maps.Copy(fields, names)
		}
	}
	return fields, unset, nil
}

// fieldChange is an update of fields before it is stored.
type fieldChange struct {
	profile Profile
	old     map[string]any
	custom  map[string]any // changed fields
	gone    []string       // removed fields
}

func (c *fieldChange) set(name string, value any) error {
	if fixedField(name) {
		return refuse(http.StatusBadRequest, "field %s cannot be changed", name)
	}
	if ok, err := setFirstLevel(&c.profile, name, value); ok || err != nil {
		return err
	}
	top, inner, nested := strings.Cut(name, ".")
	old, ok := c.custom[top]
	if !ok {
		old = c.old[top]
	}
	if !nested {
		changed, err := applyOperator(name, old, value)
		c.custom[name] = changed
		return err
	}
	object, ok := old.(map[string]any)
	if !ok {
		return refuse(http.StatusBadRequest, "field %s is not an object", top)
	}
	changed, err := applyOperator(name, object[inner], value)
	object = maps.Clone(object)
	object[inner] = changed
	c.custom[top] = object
	return err
}

func (c *fieldChange) unset(name string) error {
	if fixedField(name) {
		return refuse(http.StatusBadRequest, "field %s cannot be changed", name)
	}
	if !c.profile.clear(name) {
		c.gone = append(c.gone, name)
	}
	return nil
}

// fixedField reports whether a field is a built-in one that users cannot change.
func fixedField(name string) bool {
	return name == "" || strings.HasPrefix(name, "_") || strings.HasPrefix(name, "$") || slices.Contains(reserved, name)
}

// texts are the fields of a profile that are texts.
func (p *Profile) texts() map[string]*string {
	return map[string]*string{
		"nickname": &p.NickName, "avatar": &p.AvatarURL, "city": &p.City,
		"province": &p.Province, "country": &p.Country, "language": &p.Language,
	}
}

// clear removes a field of the profile, and reports whether it is one.
func (p *Profile) clear(name string) bool {
	if name == "gender" {
		p.Gender = 0
		return true
	}
	field := p.texts()[name]
	if field == nil {
		return false
	}
	*field = ""
	return true
}

// setFirstLevel sets a first-level field of the profile; ok is false for any
// other field.
func setFirstLevel(p *Profile, name string, value any) (ok bool, err error) {
	if name == "gender" {
		if !isWhole(value) {
			return false, refuse(http.StatusBadRequest, "field gender must be %s", kindNames[whole])
		}
		n, _ := value.(json.Number).Int64() // isWhole has checked it
		p.Gender = int(n)
		return true, nil
	}
	field := p.texts()[name]
	if field == nil {
		return false, nil
	}
	s, isText := value.(string)
	if !isText {
		return false, refuse(http.StatusBadRequest, "field %s must be %s", name, kindNames[text])
	}
	*field = s
	return true, nil
}

// applyOperator returns the new value of a custom field: value itself or, for an
// operator like {"$incr_by": 1}, the changed old value.
func applyOperator(name string, old, value any) (any, error) {
	object, _ := value.(map[string]any)
	operator := slices.IndexFunc(slices.Sorted(maps.Keys(object)), func(key string) bool {
		return strings.HasPrefix(key, "$")
	})
	if operator < 0 {
		return value, nil
	}
	unknown := refuse(http.StatusBadRequest, "field %s has an unknown operator", name)
	if len(object) > 1 {
		return nil, unknown
	}
	for key, operand := range object {
		switch operand := operand.(type) {
		case json.Number:
			switch {
			case key == "$incr_by":
				return increment(name, old, operand)
			case key == "$pop" && (operand == "1" || operand == "-1"):
				return changeList(name, old, func(list []any) []any { return pop(list, operand == "1") })
			}
		case []any:
			switch key {
			case "$append":
				return changeList(name, old, func(list []any) []any { return append(list, operand...) })
			case "$append_unique":
				return changeList(name, old, func(list []any) []any { return appendUnique(list, operand) })
			case "$remove":
				return changeList(name, old, func(list []any) []any {
					return slices.DeleteFunc(list, func(v any) bool { return contains(operand, v) })
				})
			}
		case map[string]any:
			if key == "$update" {
				return patch(name, old, operand)
			}
		}
	}
	return nil, unknown
}

// pop removes the last item of a list, or else the first.
func pop(list []any, last bool) []any {
	switch {
	case len(list) == 0:
		return list
	case last:
		return list[:len(list)-1]
	default:
		return list[1:]
	}
}

// patch sets members of an object; the others stay.
func patch(name string, old any, members map[string]any) (any, error) {
	object, ok := old.(map[string]any)
	if !ok && old != nil {
		return nil, refuse(http.StatusBadRequest, "field %s is not an object", name)
	}
	merged := make(map[string]any, len(object)+len(members))
	maps.Copy(merged, object)
	maps.Copy(merged, members)
	return merged, nil
}

func increment(name string, old any, by json.Number) (any, error) {
	if old == nil {
		return by, nil
	}
	number, ok := old.(json.Number)
	if !ok {
		return nil, refuse(http.StatusBadRequest, "field %s is not a number", name)
	}
	a, errA := number.Int64()
	b, errB := by.Int64()
	if sum := a + b; errA == nil && errB == nil && (sum < a) == (b < 0) {
		return json.Number(strconv.FormatInt(sum, 10)), nil
	}
	x, errX := number.Float64()
	y, errY := by.Float64()
	if errX != nil || errY != nil || math.IsInf(x+y, 0) {
		return nil, refuse(http.StatusBadRequest, "field %s is out of range", name)
	}
	return json.Number(strconv.FormatFloat(x+y, 'g', -1, 64)), nil
}

func changeList(name string, old any, change func([]any) []any) (any, error) {
	list, ok := old.([]any)
	if !ok && old != nil {
		return nil, refuse(http.StatusBadRequest, "field %s is not a list", name)
	}
	return change(append([]any{}, list...)), nil
}

func appendUnique(list, items []any) []any {
	for _, item := range items {
		if !contains(list, item) {
			list = append(list, item)
		}
	}
	return list
}

func contains(list []any, item any) bool {
	return slices.ContainsFunc(list, func(v any) bool { return reflect.DeepEqual(v, item) })
}
