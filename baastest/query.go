package baastest

import (
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
	page, total := op.find(q)
	var o jsonObject
	o.raw("meta", op.meta(q, total))
	objects := []byte{'['}
	for i, u := range page {
		if i > 0 {
			objects = append(objects, ',')
		}
		v := op.viewOf(u)
		v.keys, v.expand = q.keys, op.expandOf(q.expand, u)
		objects = append(objects, op.userJSON(u, v)...)
	}
	o.raw("objects", append(objects, ']'))
	return response{status: http.StatusOK, body: o.bytes()}, nil
}

// find returns a page of the users that match a query, and the number of all that do.
func (op *operation) find(q userQuery) (page []*user, total int) {
	found := op.users.sorted()
	if !q.where.empty() {
		found = op.matching(found, q.where)
	}
	if len(q.orderBy) > 0 {
		found = op.ordered(found, q.orderBy)
	}
	return found[min(q.offset, len(found)):min(q.offset+q.limit, len(found))], len(found)
}

func (op *operation) matching(users []*user, where condition) []*user {
	var found []*user
	var r userReading // one for all users: it is read through funcs, and so on the heap
	for _, u := range users {
		if r = op.reading(u, op.viewOf(u)); where.holds(&r) {
			found = append(found, u)
		}
	}
	return found
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

// mayQuery reports whether a query may name a field, or a path into one.
func (op *operation) mayQuery(field string) bool {
	if op.b.responses.QueryAnyField {
		name, _, _ := strings.Cut(field, ".")
		return op.isField(name)
	}
	return field == "id" || field == "nickname"
}

// viewOf is how the caller sees a user.
func (op *operation) viewOf(u *user) view {
	if u == op.user {
		return op.ownView()
	}
	return view{}
}

// ordered returns users in another order. Those that are equal in it stay in the order
// of their ids.
func (op *operation) ordered(users []*user, orderBy []string) []*user {
	type row struct {
		user *user
		keys []sortKey
	}
	columns, descending := make([]fieldGetter, len(orderBy)), make([]bool, len(orderBy))
	for i, name := range orderBy {
		name, descending[i] = strings.CutPrefix(name, "-")
		columns[i] = fieldNamed(name)
	}
	rows, keys := make([]row, len(users)), make([]sortKey, 0, len(users)*len(columns))
	var r userReading
	for i, u := range users {
		r = op.reading(u, op.viewOf(u))
		for _, get := range columns {
			keys = append(keys, sortKeyOf(get(&r)))
		}
		rows[i] = row{u, keys[len(keys)-len(columns):]}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		for i := range columns {
			c := a.keys[i].compare(b.keys[i])
			if descending[i] {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	sorted := make([]*user, len(rows))
	for i := range rows {
		sorted[i] = rows[i].user
	}
	return sorted
}
