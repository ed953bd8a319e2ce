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

// updateFields changes the user's own custom and first-level fields: all of the
// body or nothing of it.
func (op *operation) updateFields() (response, error) {
	profile, custom := op.user.profile, make(map[string]any, len(op.body))
	for _, name := range slices.Sorted(maps.Keys(op.body)) {
		value := op.body[name]
		if strings.HasPrefix(name, "_") || slices.Contains(reserved, name) {
			return response{}, refuse(http.StatusBadRequest, "field %s cannot be changed", name)
		}
		if ok, err := setFirstLevel(&profile, name, value); err != nil {
			return response{}, err
		} else if ok {
			continue
		}
		changed, err := applyOperator(name, op.user.custom[name], value)
		if err != nil {
			return response{}, err
		}
		custom[name] = changed
	}
	op.user.profile = profile
	op.user.setCustom(custom)
	op.touch(op.user)
	return response{status: http.StatusOK, body: userJSON(op.user, op.platform)}, nil
}

// setFirstLevel sets a first-level field of the profile; ok is false for any
// other field.
func setFirstLevel(p *Profile, name string, value any) (ok bool, err error) {
	texts := map[string]*string{
		"nickname": &p.NickName, "avatar": &p.AvatarURL, "city": &p.City,
		"province": &p.Province, "country": &p.Country, "language": &p.Language,
	}
	if name == "gender" {
		if !isWhole(value) {
			return false, refuse(http.StatusBadRequest, "field gender must be %s", kindNames[whole])
		}
		n, _ := value.(json.Number).Int64() // isWhole saw to it
		p.Gender = int(n)
		return true, nil
	}
	field := texts[name]
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

// applyOperator returns what becomes of a custom field: the value itself, or what
// an operator like {"$incr_by": 1} makes of the old one.
func applyOperator(name string, old, value any) (any, error) {
	object, _ := value.(map[string]any)
	operator := slices.IndexFunc(slices.Sorted(maps.Keys(object)), func(key string) bool {
		return strings.HasPrefix(key, "$")
	})
	if operator < 0 {
		return value, nil
	}
	if len(object) == 1 {
		if by, ok := object["$incr_by"].(json.Number); ok {
			return increment(name, old, by)
		}
		if items, ok := object["$append"].([]any); ok {
			return changeList(name, old, func(list []any) []any { return append(list, items...) })
		}
		if items, ok := object["$append_unique"].([]any); ok {
			return changeList(name, old, func(list []any) []any { return appendUnique(list, items) })
		}
		if items, ok := object["$remove"].([]any); ok {
			return changeList(name, old, func(list []any) []any {
				return slices.DeleteFunc(list, func(v any) bool { return contains(items, v) })
			})
		}
	}
	return nil, refuse(http.StatusBadRequest, "field %s has an unknown operator", name)
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
