package baastest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// openOperators are those that the Open API documents for conditions, besides $and and $or.
var openOperators = []string{
	"$eq", "$ne", "$lt", "$lte", "$gt", "$gte", "$contains", "$nin", "$in", "$isnull", "$range",
}

// takesOperator reports whether a condition of the Open API may have an operator on a field.
func takesOperator(field, operator string) bool {
	if field == groupName {
		return operator == "$in"
	}
	return slices.Contains(openOperators, operator)
}

// unsortable are the fields that the Open API does not sort by.
var unsortable = []string{"gender", "country", "province", "city", "language"}

// queryUsers is a page of the users that match a query of a server.
func (op *operation) queryUsers() (response, error) {
	q, err := op.readQuery()
	if err != nil {
		return response{}, err
	}
	q.orderBy = op.orderOr(q.orderBy)
	page, total := op.find(q)
	return listOf(op, page, q.span, total, func(u *user) []byte { return op.userJSON(u, op.viewOf(u)) }), nil
}

// orderOr is the order of a list that asks for none.
func (op *operation) orderOr(orderBy []string) []string {
	if len(orderBy) == 0 && op.b.responses.NewestFirst {
		return []string{"-created_at", "-id"}
	}
	return orderBy
}

// readForServer reads a user for a server.
func (op *operation) readForServer(u *user) (response, error) {
	return response{status: http.StatusOK, body: op.userJSON(u, op.viewOf(u))}, nil
}

// updateForServer changes custom fields of a user for a server.
func (op *operation) updateForServer(u *user) (response, error) {
	update, err := op.readServerUpdate()
	if err != nil {
		return response{}, err
	}
	return op.updateUser(u, update)
}

// updateUsers changes custom fields of the users that match a query. What one user refuses
// does not stop the others.
func (op *operation) updateUsers() (response, error) {
	update, err := op.readServerUpdate()
	if err != nil {
		return response{}, err
	}
	q, err := op.readBulkQuery()
	if err != nil {
		return response{}, err
	}
	page, total := op.find(q)
	results, succeed := op.applyToAll(update, page)
	var o jsonObject
	o.raw("operation_result", results)
	o.whole("succeed", int64(succeed))
	if q.total {
		o.whole("total_count", int64(total))
	}
	o.whole("offset", int64(q.offset))
	o.whole("limit", int64(q.limit))
	o.textOrNull("next", op.after(q.span, total))
	return response{status: http.StatusOK, body: o.bytes()}, nil
}

// applyToAll updates users and returns what became of each, and how many were updated.
func (op *operation) applyToAll(update fieldUpdate, users []*user) (results []byte, succeed int) {
	results = []byte{'['}
	for i, u := range users {
		if i > 0 {
			results = append(results, ',')
		}
		err := op.apply(update, u)
		if err == nil {
			succeed++
		}
		results = append(results, op.bulkResult(u, err)...)
	}
	return append(results, ']'), succeed
}

// readBulkQuery is the query of a bulk update, which has no order_by.
func (op *operation) readBulkQuery() (userQuery, error) {
	standard := defaultPage
	if op.b.responses.BulkLimit1000 {
		standard = maxPage
	}
	s, err := op.readSpan(standard)
	if err != nil {
		return userQuery{}, err
	}
	where, err := op.readWhere(op.query.Get("where"))
	return userQuery{span: s, where: where, orderBy: op.orderOr(nil)}, err
}

// bulkErrorCode is the code of the documented example.
const bulkErrorCode = 11000

// bulkResult is what became of one user in a bulk update.
func (op *operation) bulkResult(u *user, err error) []byte {
	var result, o jsonObject
	if err != nil {
		result.text("err_msg", err.Error())
		result.whole("code", bulkErrorCode)
		o.raw("error", result.bytes())
		return o.bytes()
	}
	if op.b.responses.NumericBulkIDs {
		result.whole("id", u.id)
	} else {
		result.text("id", idText(wholeNumber(u.id)))
	}
	result.whole("updated_at", u.saved)
	o.raw("success", result.bytes())
	return o.bytes()
}

// readServerUpdate reads an update of a server: it is for custom fields that users have,
// with values and operators of their type.
func (op *operation) readServerUpdate() (fieldUpdate, error) {
	update, err := op.readUpdate()
	if err != nil {
		return update, err
	}
	for _, name := range slices.Sorted(maps.Keys(update.unset)) {
		if err := op.checkCustom(name); err != nil {
			return update, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(update.set)) {
		if err := op.checkCustom(name); err != nil {
			return update, err
		}
		if err := op.checkType(name, update.set[name]); err != nil {
			return update, err
		}
	}
	return update, nil
}

// checkCustom refuses a built-in field and one that no user has had.
func (op *operation) checkCustom(name string) error {
	if isBuiltIn(name) {
		return refuse(http.StatusBadRequest, "field %s is not a custom field", name)
	}
	if _, ok := op.users.fields[name]; !ok {
		return refuse(http.StatusBadRequest, "field %s does not exist", name)
	}
	return nil
}

// openUpdates are the operators of updates that the Open API documents, with the type of
// their operands, which is that of their fields.
var openUpdates = map[string]valueType{
	"$incr_by": numberType, "$append": listType, "$append_unique": listType, "$remove": listType,
}

// checkType refuses a value that is not of the field's type.
func (op *operation) checkType(name string, value any) error {
	kind, given := op.users.fields[name], typeOf(value)
	object, _ := value.(map[string]any)
	for key, operand := range object {
		if !strings.HasPrefix(key, "$") {
			continue
		}
		want, ok := openUpdates[key]
		if !ok || len(object) > 1 || typeOf(operand) != want {
			return refuse(http.StatusBadRequest, "field %s has an operator that the Open API does not take", name)
		}
		given = want
	}
	if kind != anyType && given != anyType && kind != given {
		return refuse(http.StatusBadRequest, "field %s is of another type", name)
	}
	return nil
}

// forceAccount changes username, email, phone and password of a user for a server.
func (op *operation) forceAccount(u *user) (response, error) {
	return op.changeAccount(u, op.checkForcedPassword)
}
