package baastest

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// sortKey is a value as it is compared and sorted: a field that is not there comes
// first, then booleans, numbers and texts. Lists and objects are equal, and last.
type sortKey struct {
	kind   valueType
	number float64 // of a boolean, 0 or 1
	text   string
}

// sortRank is the place of each type in an order.
var sortRank = [...]int{anyType: 0, flagType: 1, numberType: 2, textType: 3, listType: 4, objectType: 4}

func sortKeyOf(value any) sortKey {
	k := sortKey{kind: typeOf(value)}
	switch v := value.(type) {
	case json.Number:
		k.number, _ = v.Float64() // one that is out of range is infinite
	case bool:
		if v {
			k.number = 1
		}
	case string:
		k.text = v
	}
	return k
}

func (k sortKey) compare(other sortKey) int {
	return cmp.Or(
		cmp.Compare(sortRank[k.kind], sortRank[other.kind]),
		cmp.Compare(k.number, other.number),
		strings.Compare(k.text, other.text),
	)
}

// scalar reports whether a value with this key equals another one exactly if the keys do.
func (k sortKey) scalar() bool { return k.kind != listType && k.kind != objectType }

// sortColumn is a field to sort by.
type sortColumn struct {
	field      fieldGetter
	descending bool
}

// sortRow is a user with its values in the columns.
type sortRow struct {
	user *user
	keys []sortKey
}

// ordered returns users, who are in the order of their ids, in the order that order_by asks
// for. Those that are equal in it stay as they are.
func (op *operation) ordered(users []*user, orderBy []string) []*user {
	switch orderBy[0] { // an id decides alone; programs that read all users ask for it
	case "id":
		return users
	case "-id":
		users = slices.Clone(users)
		slices.Reverse(users)
		return users
	}
	columns := make([]sortColumn, len(orderBy))
	for i, name := range orderBy {
		name, descending := strings.CutPrefix(name, "-")
		columns[i] = sortColumn{fieldNamed(name), descending}
	}
	rows := op.sortRows(users, columns)
	compare := func(a, b sortRow) int { return compareRows(a, b, columns) }
	if slices.IsSortedFunc(rows, compare) { // as by created_at, mostly
		return users
	}
	slices.SortStableFunc(rows, compare)
	sorted := make([]*user, len(rows))
	for i := range rows {
		sorted[i] = rows[i].user
	}
	return sorted
}

// sortRows reads each value once, not at every comparison.
func (op *operation) sortRows(users []*user, columns []sortColumn) []sortRow {
	rows, keys := make([]sortRow, len(users)), make([]sortKey, 0, len(users)*len(columns))
	var r userReading
	for i, u := range users {
		r = op.reading(u, op.viewOf(u))
		for _, c := range columns {
			keys = append(keys, sortKeyOf(c.field(&r)))
		}
		rows[i] = sortRow{u, keys[len(keys)-len(columns):]}
	}
	return rows
}

func compareRows(a, b sortRow, columns []sortColumn) int {
	for i, column := range columns {
		c := a.keys[i].compare(b.keys[i])
		if column.descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}
