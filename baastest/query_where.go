package baastest

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// condition is the condition of a query on the fields of one user.
type condition struct {
	all, any []condition // every one, and at least one if there are any
	tests    []fieldTest
}

// fieldTest is one operator on one field.
type fieldTest struct {
	field fieldGetter
	holds test
}

// test is what an operator asks of a value; nil is a field that is not there.
type test func(value any) bool

func (c condition) empty() bool { return len(c.all)+len(c.any)+len(c.tests) == 0 }

func (c condition) holds(r *userReading) bool {
	for _, t := range c.tests {
		if !t.holds(t.field(r)) {
			return false
		}
	}
	for _, sub := range c.all {
		if !sub.holds(r) {
			return false
		}
	}
	return len(c.any) == 0 || slices.ContainsFunc(c.any, func(sub condition) bool { return sub.holds(r) })
}

var errWhere = refuse(http.StatusBadRequest, "where is not a condition")

// readWhere reads the query parameter where, which may be absent.
func (op *operation) readWhere(text string) (condition, error) {
	var where map[string]any
	err := decodeStrict(strings.NewReader(text), &where)
	if errors.Is(err, io.EOF) {
		return condition{}, nil
	}
	if err != nil || where == nil {
		return condition{}, errWhere
	}
	return op.condition(where)
}

func (op *operation) condition(where map[string]any) (condition, error) {
	var c condition
	for _, name := range slices.Sorted(maps.Keys(where)) {
		var err error
		switch name {
		case "$and":
			c.all, err = op.conditions(where[name])
		case "$or":
			c.any, err = op.conditions(where[name])
		default:
			var tests []fieldTest
			tests, err = op.fieldTests(name, where[name])
			c.tests = append(c.tests, tests...)
		}
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

func (op *operation) conditions(value any) ([]condition, error) {
	items, ok := value.([]any)
	if !ok || len(items) == 0 {
		return nil, errWhere
	}
	var out []condition
	for _, item := range items {
		where, ok := item.(map[string]any)
		if !ok {
			return nil, errWhere
		}
		c, err := op.condition(where)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// fieldTests are the operators on one field.
func (op *operation) fieldTests(field string, value any) ([]fieldTest, error) {
	if !op.mayQuery(field) {
		return nil, refuse(http.StatusBadRequest, "where names a field that cannot be queried")
	}
	operators, ok := value.(map[string]any)
	if op.server && sortKeyOf(value).scalar() {
		operators, ok = map[string]any{"$eq": value}, true
	}
	if !ok || len(operators) == 0 {
		return nil, errWhere
	}
	var tests []fieldTest
	for _, name := range slices.Sorted(maps.Keys(operators)) {
		if name == "$options" {
			continue // of $regex
		}
		if op.server && !takesOperator(field, name) {
			return nil, refuse(http.StatusBadRequest, "where has an operator that the Open API does not take")
		}
		holds, err := operator(name, operators)
		if err != nil {
			return nil, err
		}
		tests = append(tests, fieldTest{fieldNamed(field), holds})
	}
	return tests, nil
}

// operator returns what an operator asks of a field.
func operator(name string, operators map[string]any) (test, error) {
	operand := operators[name]
	switch name {
	case "$eq":
		return equalTo(operand), nil
	case "$ne":
		return not(equalTo(operand)), nil
	case "$lt", "$lte", "$gt", "$gte":
		return comparison(name, operand)
	case "$isnull":
		null, ok := operand.(bool)
		return func(v any) bool { return (v == nil) == null }, ofType(ok)
	case "$exists":
		exists, ok := operand.(bool)
		return func(v any) bool { return (v != nil) == exists }, ofType(ok)
	case "$contains", "$icontains", "$regex":
		return textOperator(name, operators)
	case "$has_key":
		key, ok := operand.(string)
		return func(v any) bool {
			object, _ := v.(map[string]any)
			_, has := object[key]
			return has
		}, ofType(ok)
	case "$in", "$nin", "$all", "$range":
		return listOperator(name, operand)
	default:
		return nil, refuse(http.StatusBadRequest, "where has an unknown operator")
	}
}

func ofType(ok bool) error {
	if !ok {
		return errWhere
	}
	return nil
}

func not(t test) test { return func(v any) bool { return !t(v) } }

// equalTo compares values of JSON; numbers by their value, not by how they are
// written, and a pointer by the id that it has, a number or a text.
func equalTo(operand any) test {
	want := sortKeyOf(operand)
	return func(v any) bool {
		if !want.scalar() {
			return reflect.DeepEqual(v, operand)
		}
		if id := pointerID(v); id != "" {
			return id == idText(operand)
		}
		return sortKeyOf(v) == want
	}
}

// pointerID is the id in a pointer to a row of a table, or "".
func pointerID(value any) string {
	object, _ := value.(map[string]any)
	if _, ok := object["_table"]; !ok {
		return ""
	}
	return idText(object["id"])
}

// idText is an id that is a number or a text, or "".
func idText(id any) string { return body{"id": id}.text("id") }

func comparison(name string, operand any) (test, error) {
	want := sortKeyOf(operand)
	return func(v any) bool {
		have := sortKeyOf(v)
		if have.kind != want.kind {
			return false
		}
		c := have.compare(want)
		switch name {
		case "$lt":
			return c < 0
		case "$lte":
			return c <= 0
		case "$gt":
			return c > 0
		default:
			return c >= 0
		}
	}, ofType(want.kind == numberType || want.kind == textType)
}

func textOperator(name string, operators map[string]any) (test, error) {
	operand, ok := operators[name].(string)
	if !ok {
		return nil, errWhere
	}
	if name == "$contains" {
		return func(v any) bool {
			text, ok := v.(string)
			return ok && strings.Contains(text, operand)
		}, nil
	}
	options, _ := operators["$options"].(string)
	pattern := operand
	switch {
	case name == "$icontains":
		pattern = "(?i)" + regexp.QuoteMeta(operand)
	case strings.Trim(options, "ims") != "":
		return nil, errWhere
	case options != "":
		pattern = "(?" + options + ")" + operand
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, errWhere
	}
	return func(v any) bool {
		text, ok := v.(string)
		return ok && re.MatchString(text)
	}, nil
}

func listOperator(name string, operand any) (test, error) {
	items, ok := operand.([]any)
	if !ok || name == "$range" && len(items) != 2 {
		return nil, errWhere
	}
	switch name {
	case "$in":
		return anyOf(items), nil
	case "$nin":
		return not(anyOf(items)), nil
	case "$all":
		return allOf(items), nil
	default:
		return between(items[0], items[1])
	}
}

// anyOf holds for a value that is one of the items, and for a list that has one.
func anyOf(items []any) test {
	scalars := make(map[sortKey]bool)
	var others []any
	for _, item := range items {
		if k := sortKeyOf(item); k.scalar() {
			scalars[k] = true
		} else {
			others = append(others, item)
		}
	}
	isItem := func(v any) bool {
		if k := sortKeyOf(v); k.scalar() {
			return scalars[k]
		}
		return contains(others, v)
	}
	return func(v any) bool {
		values, isList := v.([]any)
		return v != nil && isItem(v) || isList && slices.ContainsFunc(values, isItem)
	}
}

// allOf holds for a list that has every item.
func allOf(items []any) test {
	return func(v any) bool {
		values, ok := v.([]any)
		return ok && !slices.ContainsFunc(items, func(item any) bool {
			return !slices.ContainsFunc(values, equalTo(item))
		})
	}
}

func between(from, to any) (test, error) {
	least, err := comparison("$gte", from)
	if err != nil {
		return nil, err
	}
	most, err := comparison("$lte", to)
	return func(v any) bool { return least(v) && most(v) }, err
}
