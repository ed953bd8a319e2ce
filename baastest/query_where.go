package baastest

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// condition is the condition of a query on the fields of one record.
type condition struct {
	all, any []condition // every one, and at least one if there are any
	tests    []fieldTest
}

// fieldTest is one operator on one field.
type fieldTest struct {
	field string
	holds func(value any, present bool) bool
}

// fieldReader returns a field, and whether the record has it.
type fieldReader = func(name string) (any, bool)

func (c condition) holds(field fieldReader) bool {
	for _, t := range c.tests {
		if !t.holds(field(t.field)) {
			return false
		}
	}
	for _, sub := range c.all {
		if !sub.holds(field) {
			return false
		}
	}
	return len(c.any) == 0 || slices.ContainsFunc(c.any, func(sub condition) bool { return sub.holds(field) })
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
	if !ok || len(operators) == 0 {
		return nil, errWhere
	}
	var tests []fieldTest
	for _, name := range slices.Sorted(maps.Keys(operators)) {
		if name == "$options" {
			continue // of $regex
		}
		holds, err := operator(name, operators)
		if err != nil {
			return nil, err
		}
		tests = append(tests, fieldTest{field, holds})
	}
	return tests, nil
}

type test = func(value any, present bool) bool

// operator returns what an operator asks of a field.
func operator(name string, operators map[string]any) (test, error) {
	operand := operators[name]
	switch name {
	case "$eq":
		return func(v any, _ bool) bool { return equal(v, operand) }, nil
	case "$ne":
		return func(v any, _ bool) bool { return !equal(v, operand) }, nil
	case "$lt", "$lte", "$gt", "$gte":
		return comparison(name, operand), nil
	case "$isnull":
		null, ok := operand.(bool)
		return func(_ any, present bool) bool { return present != null }, ofType(ok)
	case "$exists":
		exists, ok := operand.(bool)
		return func(_ any, present bool) bool { return present == exists }, ofType(ok)
	case "$contains", "$icontains", "$regex":
		return textOperator(name, operators)
	case "$has_key":
		key, ok := operand.(string)
		return func(v any, _ bool) bool {
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

func comparison(name string, operand any) test {
	return func(v any, present bool) bool {
		if !present || reflect.TypeOf(v) != reflect.TypeOf(operand) {
			return false
		}
		c := order(v, operand)
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
	}
}

func textOperator(name string, operators map[string]any) (test, error) {
	operand, ok := operators[name].(string)
	if !ok {
		return nil, errWhere
	}
	options, _ := operators["$options"].(string)
	pattern := operand
	switch {
	case name == "$contains":
		pattern = regexp.QuoteMeta(operand)
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
	return func(v any, _ bool) bool {
		text, ok := v.(string)
		return ok && re.MatchString(text)
	}, nil
}

func listOperator(name string, operand any) (test, error) {
	items, ok := operand.([]any)
	if !ok || name == "$range" && len(items) != 2 {
		return nil, errWhere
	}
	isItem := func(v any) bool {
		return slices.ContainsFunc(items, func(item any) bool { return equal(v, item) })
	}
	switch name {
	case "$in":
		return func(v any, present bool) bool { return present && isItem(v) }, nil
	case "$nin":
		return func(v any, present bool) bool { return !present || !isItem(v) }, nil
	case "$all":
		return func(v any, _ bool) bool {
			values, ok := v.([]any)
			return ok && !slices.ContainsFunc(items, func(item any) bool { return !contains(values, item) })
		}, nil
	default:
		from, to := comparison("$gte", items[0]), comparison("$lte", items[1])
		return func(v any, present bool) bool { return from(v, present) && to(v, present) }, nil
	}
}

// equal compares values of JSON; numbers by their value, not by how they are written.
func equal(a, b any) bool {
	if x, y, ok := numbers(a, b); ok {
		if n, m := a.(json.Number), b.(json.Number); n != m {
			return x == y
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}
