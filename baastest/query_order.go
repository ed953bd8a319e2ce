package baastest

import (
	"cmp"
	"encoding/json"
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
