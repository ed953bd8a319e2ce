package baastest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The bounds of a page of users.
const (
	defaultPage = 20
	maxPage     = 1000
)

// userQuery is a query for users.
type userQuery struct {
	where         condition
	orderBy       []string // a leading minus sorts downwards
	limit, offset int
	total         bool // the response has the number of all matches
	keys          keySelection
	expand        url.Values
}

// listUsers is a page of the users that match a query.
func (op *operation) listUsers() (response, error) {
	q, err := op.readQuery()
	if err != nil {
		return response{}, err
	}
	var found []*user
	for _, u := range op.users.sorted() {
		if q.where.holds(op.field(u)) {
			found = append(found, u)
		}
	}
	op.sort(found, q.orderBy)
	page := found[min(q.offset, len(found)):min(q.offset+q.limit, len(found))]

	var o jsonObject
	o.raw("meta", op.meta(q, len(found)))
	objects := []byte{'['}
	for i, u := range page {
		if i > 0 {
			objects = append(objects, ',')
		}
		v := view{self: u == op.user, keys: q.keys, expand: op.expandOf(q.expand, u)}
		if v.self {
			v.ids = op.readIDs(u)
		}
		objects = append(objects, op.userJSON(u, v)...)
	}
	o.raw("objects", append(objects, ']'))
	return response{status: http.StatusOK, body: o.bytes()}, nil
}

// meta says which page it is.
func (op *operation) meta(q userQuery, total int) []byte {
	var o jsonObject
	o.whole("limit", int64(q.limit))
	o.textOrNull("next", op.page(q, q.offset+q.limit, q.offset+q.limit < total))
	o.whole("offset", int64(q.offset))
	o.textOrNull("previous", op.page(q, max(q.offset-q.limit, 0), q.offset > 0))
	if q.total {
		o.whole("total_count", int64(total))
	}
	return o.bytes()
}

// page is the path of another page, or "" where there is none.
func (op *operation) page(q userQuery, offset int, exists bool) string {
	if !exists {
		return ""
	}
	query := url.Values{}
	for name, values := range op.query {
		query[name] = values
	}
	query.Set("limit", strconv.Itoa(q.limit))
	query.Set("offset", strconv.Itoa(offset))
	return op.path + "?" + query.Encode()
}

func (op *operation) readQuery() (userQuery, error) {
	q := userQuery{limit: defaultPage, orderBy: list(op.query, "order_by"), expand: op.query}
	var err error
	if q.keys, err = op.keysOf(op.query); err != nil {
		return q, err
	}
	if q.limit, err = number(op.query, "limit", defaultPage, maxPage); err != nil {
		return q, err
	}
	if q.offset, err = number(op.query, "offset", 0, 1<<31-1); err != nil {
		return q, err
	}
	// Before v2.2 the number is always there.
	q.total = op.query.Get("return_total_count") == "1" || strings.HasPrefix(op.path, prefix+"v2.1/")
	for _, name := range q.orderBy {
		if !op.mayQuery(strings.TrimPrefix(name, "-")) {
			return q, refuse(http.StatusBadRequest, "order_by names a field that cannot be queried")
		}
	}
	q.where, err = op.readWhere(op.query.Get("where"))
	return q, err
}

// number reads a query parameter that is a number from 0 to most.
func number(query url.Values, name string, standard, most int) (int, error) {
	if !query.Has(name) {
		return standard, nil
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < 0 || n > most {
		return 0, refuse(http.StatusBadRequest, "%s must be a number from 0 to %d", name, most)
	}
	return n, nil
}

// mayQuery reports whether an end user may name a field in a query.
func (op *operation) mayQuery(field string) bool {
	if op.b.responses.QueryAnyField {
		return op.isField(field)
	}
	return field == "id" || field == "nickname"
}

// field returns how a query reads the fields of a user: as the caller sees them.
func (op *operation) field(u *user) func(name string) (any, bool) {
	fields := map[string]any{}
	v := view{self: u == op.user}
	if v.self {
		v.ids = op.readIDs(u)
	}
	_ = decodeStrict(strings.NewReader(string(op.userJSON(u, v))), &fields)
	return func(name string) (any, bool) {
		value, ok := fields[name]
		return value, ok && value != nil
	}
}

// sort sorts users, who are in the order of their ids.
func (op *operation) sort(users []*user, orderBy []string) {
	slices.SortStableFunc(users, func(a, b *user) int {
		fieldA, fieldB := op.field(a), op.field(b)
		for _, name := range orderBy {
			name, down := strings.CutPrefix(name, "-")
			valueA, _ := fieldA(name)
			valueB, _ := fieldB(name)
			if c := order(valueA, valueB); c != 0 {
				if down {
					return -c
				}
				return c
			}
		}
		return 0
	})
}

// order compares numbers and texts; a field that is not there comes first.
func order(a, b any) int {
	if x, y, ok := numbers(a, b); ok {
		return cmpFloat(x, y)
	}
	x, _ := a.(string)
	y, _ := b.(string)
	return strings.Compare(x, y)
}

func numbers(a, b any) (x, y float64, ok bool) {
	n, okA := a.(json.Number)
	m, okB := b.(json.Number)
	if !okA || !okB {
		return 0, 0, false
	}
	x, errA := n.Float64()
	y, errB := m.Float64()
	return x, y, errA == nil && errB == nil
}

func cmpFloat(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	default:
		return 0
	}
}
