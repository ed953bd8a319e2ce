package baastest

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
)

var errGroupNotFound = refuse(http.StatusNotFound, "Group not found.")

func groupJSON(g *group) []byte {
	var o jsonObject
	o.whole("id", g.id)
	o.whole("members", int64(g.members))
	o.text("name", g.name)
	if g.parent == nil {
		o.raw("parent", []byte("null"))
	} else {
		o.raw("parent", idAndName(g.parent.ID, g.parent.Name))
	}
	return o.bytes()
}

// superGroupJSON is a super group with its groups.
func (op *operation) superGroupJSON(super *superGroup) []byte {
	children := []byte{'['}
	for i, g := range op.groups.children(super.ID) {
		if i > 0 {
			children = append(children, ',')
		}
		children = append(children, idAndName(g.id, g.name)...)
	}
	var o jsonObject
	o.raw("children", append(children, ']'))
	o.whole("id", super.ID)
	o.text("name", super.Name)
	return o.bytes()
}

func idAndName(id int64, name string) []byte {
	var o jsonObject
	o.whole("id", id)
	o.text("name", name)
	return o.bytes()
}

// listGroups is a page of the groups: all of them, or those of a super group.
func (op *operation) listGroups() (response, error) {
	groups := op.groups.sorted()
	if parent := op.query.Get("parent_id"); parent != "" && parent != "null" {
		id, err := strconv.ParseInt(parent, 10, 64)
		if err != nil {
			return response{}, refuse(http.StatusBadRequest, "parent_id must be an integer")
		}
		groups = op.groups.children(id)
	}
	return listAll(op, groups, groupJSON)
}

func (op *operation) listSuperGroups() (response, error) {
	return listAll(op, op.groups.sortedSupers(), op.superGroupJSON)
}

// listAll is a page of groups. Its meta always has the number of all.
func listAll[T any](op *operation, items []T, write func(T) []byte) (response, error) {
	s, err := op.readSpan(defaultPage)
	if err != nil {
		return response{}, err
	}
	s.total = true
	return listOf(op, part(items, s), s, len(items), write), nil
}

func (op *operation) readGroup(g *group) (response, error) {
	return response{status: http.StatusOK, body: groupJSON(g)}, nil
}

func (op *operation) readSuperGroup(super *superGroup) (response, error) {
	return response{status: http.StatusOK, body: op.superGroupJSON(super)}, nil
}

func (op *operation) createGroup() (response, error) {
	var parent *superGroup
	if op.body.has("parent") {
		if parent = op.groups.supers[op.body.whole("parent")]; parent == nil {
			return response{}, refuse(http.StatusBadRequest, "parent names no super group")
		}
	}
	g := op.groups.create(op.groups.free(), op.body.text("name"), parent)
	return response{status: http.StatusCreated, body: groupJSON(g)}, nil
}

func (op *operation) createSuperGroup() (response, error) {
	children, err := op.children()
	if err != nil {
		return response{}, err
	}
	super := op.groups.createSuper(op.groups.free(), op.body.text("name"))
	op.groups.adopt(super, children)
	return response{status: http.StatusCreated, body: op.superGroupJSON(super)}, nil
}

// children are the groups that the body names for a super group.
func (op *operation) children() ([]*group, error) {
	children, ok := op.groups.named(op.body.ids("children"))
	if !ok {
		return nil, refuse(http.StatusBadRequest, "children names no group")
	}
	return children, nil
}

func (op *operation) renameGroup(g *group) (response, error) {
	g.name = op.body.text("name")
	return response{status: http.StatusOK, body: groupJSON(g)}, nil
}

// replaceSuperGroup changes the name and replaces the groups of a super group.
func (op *operation) replaceSuperGroup(super *superGroup) (response, error) {
	children, err := op.children()
	if err != nil {
		return response{}, err
	}
	super.Name = op.body.text("name")
	op.groups.adopt(super, children)
	return response{status: http.StatusOK, body: op.superGroupJSON(super)}, nil
}

func (op *operation) deleteGroup(g *group) (response, error) {
	op.removeGroup(g)
	return noContent()
}

func (op *operation) deleteSuperGroup(super *superGroup) (response, error) {
	op.removeSuperGroup(super)
	return noContent()
}

func (op *operation) deleteGroups() (response, error) {
	return deleteAll(op, op.groups.byID, op.removeGroup)
}

func (op *operation) deleteSuperGroups() (response, error) {
	return deleteAll(op, op.groups.supers, op.removeSuperGroup)
}

// deleteAll deletes what the query parameter id__in names, as far as it exists.
func deleteAll[T any](op *operation, byID map[int64]*T, remove func(*T)) (response, error) {
	var ids []int64
	for _, text := range strings.Split(op.query.Get("id__in"), ",") {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return response{}, refuse(http.StatusBadRequest, "id__in must be integers with commas between them")
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		if item := byID[id]; item != nil {
			remove(item)
		}
	}
	return noContent()
}

const membershipPath = "/membership"

// memberChange is a change of members that was checked.
type memberChange struct {
	apply  func(*group, *user)
	users  []*user
	groups []*group
}

// changeMembers adds users to groups and removes them, one change after the other. If one
// of them is refused, nothing is changed.
func (op *operation) changeMembers() (response, error) {
	var changes []memberChange
	for _, item := range op.items {
		change, err := op.memberChange(item)
		if err != nil {
			return response{}, err
		}
		changes = append(changes, change)
	}
	for _, c := range changes {
		for _, g := range c.groups {
			for _, u := range c.users {
				c.apply(g, u)
			}
		}
	}
	return noContent()
}

func (op *operation) memberChange(item body) (memberChange, error) {
	var c memberChange
	switch item.text("op") {
	case "add":
		c.apply = (*group).add
	case "remove":
		c.apply = (*group).remove
	default:
		return c, refuse(http.StatusBadRequest, "op must be add or remove")
	}
	if cmp.Or(item.text("path"), membershipPath) != membershipPath {
		return c, refuse(http.StatusBadRequest, "path must be %s", membershipPath)
	}
	var known bool
	if c.users, known = op.users.named(item.ids("users")); !known || len(c.users) == 0 {
		return c, refuse(http.StatusBadRequest, "users is empty or names no user")
	}
	if c.groups, known = op.groups.named(item.ids("groups")); !known || len(c.groups) == 0 {
		return c, refuse(http.StatusBadRequest, "groups is empty or names no group")
	}
	return c, nil
}
