package baastest

import (
	"net/http"
	"slices"
	"strings"
)

// userQuery is a query for users.
type userQuery struct {
	span
	where   condition
	orderBy []string // a leading minus sorts downwards
}

// listUsers is a page of the users that match a query.
func (op *operation) listUsers() (response, error) {
	keys, err := op.keysOf(op.query)
	if err != nil {
		return response{}, err
	}
	q, err := op.readQuery()
	if err != nil {
		return response{}, err
	}
	// Before v2.2 the number is always there.
	q.total = q.total || strings.HasPrefix(op.path, prefix+"v2.1/")
	page, total := op.find(q)
	return listOf(op, page, q.span, total, func(u *user) []byte {
		v := op.viewOf(u)
		v.keys, v.expand = keys, op.expandOf(op.query, u)
		return op.userJSON(u, v)
	}), nil
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
	return part(found, q.span), len(found)
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

func (op *operation) readQuery() (userQuery, error) {
	s, err := op.readSpan(defaultPage)
	if err != nil {
		return userQuery{}, err
	}
	q := userQuery{span: s, orderBy: list(op.query, "order_by")}
	for _, name := range q.orderBy {
		if !op.maySort(strings.TrimPrefix(name, "-")) {
			return q, refuse(http.StatusBadRequest, "order_by names a field that cannot be sorted by")
		}
	}
	q.where, err = op.readWhere(op.query.Get("where"))
	return q, err
}

// mayQuery reports whether a query may name a field, or a path into one.
func (op *operation) mayQuery(field string) bool {
	if op.server || op.b.responses.QueryAnyField {
		name, _, _ := strings.Cut(field, ".")
		return op.isField(name)
	}
	return field == "id" || field == "nickname"
}

// maySort reports whether a list may be sorted by a field.
func (op *operation) maySort(field string) bool {
	return op.mayQuery(field) && !(op.server && slices.Contains(unsortable, field))
}

// viewOf is how the caller sees a user.
func (op *operation) viewOf(u *user) view {
	if op.server {
		return view{server: true, ids: op.readIDs(u)}
	}
	if u == op.user {
		return op.ownView()
	}
	return view{}
}
