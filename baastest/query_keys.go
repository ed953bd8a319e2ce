package baastest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// userTable is the table of users, as pointers name it.
const userTable = "_userprofile"

// keySelection is what the query parameter keys selects. The zero value selects
// every field.
type keySelection struct {
	only, without []string
	attributes    map[string][]string // of the pointers, as in pointer.attribute
}

// everything reports whether every field is selected.
func (k keySelection) everything() bool { return len(k.only) == 0 && len(k.without) == 0 }

// selects reports whether a field is selected.
func (k keySelection) selects(field string) bool {
	if len(k.only) > 0 {
		return slices.Contains(k.only, field)
	}
	return !slices.Contains(k.without, field)
}

// keysOf reads the query parameter keys: names to select, or names with a minus to
// leave out. A mixture of both is ignored, as documented.
func (op *operation) keysOf(query url.Values) (keySelection, error) {
	var k keySelection
	for _, key := range list(query, "keys") {
		name, without := strings.CutPrefix(key, "-")
		name, attribute, dotted := strings.Cut(name, ".")
		if !op.isField(name) {
			return k, refuse(http.StatusBadRequest, "keys names an unknown field")
		}
		if without {
			k.without = append(k.without, name)
		} else {
			k.only = append(k.only, name)
		}
		if dotted && !without {
			k.attributes = addAttribute(k.attributes, name, attribute)
		}
	}
	if len(k.only) > 0 && len(k.without) > 0 {
		return keySelection{}, nil
	}
	return k, nil
}

func addAttribute(to map[string][]string, pointer, attribute string) map[string][]string {
	if to == nil {
		to = make(map[string][]string)
	}
	to[pointer] = append(to[pointer], attribute)
	return to
}

// list reads a query parameter of names with commas between them.
func list(query url.Values, name string) []string {
	if query.Get(name) == "" {
		return nil
	}
	return strings.Split(query.Get(name), ",")
}

// isField reports whether a name is that of a field that users have.
func (op *operation) isField(name string) bool {
	if name == groupName {
		return op.server
	}
	if builtInByName[name] != nil {
		return true
	}
	_, ok := op.users.fields[name]
	return ok
}

// expandOf reads the query parameter expand: the users that take the place of
// created_by and of pointers to users.
func (op *operation) expandOf(query url.Values, u *user) map[string]*user {
	var targets map[string]*user
	for _, name := range list(query, "expand") {
		target := op.pointed(u, name)
		if target == nil {
			continue
		}
		if targets == nil {
			targets = make(map[string]*user)
		}
		targets[name] = target
	}
	return targets
}

// pointed returns the user that a field points to, or nil.
func (op *operation) pointed(u *user, field string) *user {
	if field == "created_by" {
		return u
	}
	pointer, ok := u.custom[field].(map[string]any)
	if !ok || pointer["_table"] != userTable {
		return nil
	}
	number, _ := pointer["id"].(json.Number)
	id, err := number.Int64()
	if err != nil {
		return nil
	}
	return op.users.byID[id]
}
