package baastest

import (
	"cmp"
	"maps"
	"slices"
)

// Group is a group of users: what [Backend.AddGroup] seeds and [Backend.Groups] reads.
type Group struct {
	// ID is the id of the group. In a seed, 0 is the next free one.
	ID int64 `json:"id"`
	// Name is the name of the group.
	Name string `json:"name"`
	// SuperGroup is the id of the super group that the group is in, 0 for none.
	SuperGroup int64 `json:"super_group,omitempty"`
	// Members are the ids of users, read in ascending order.
	Members []int64 `json:"members,omitempty"`
}

// SuperGroup is a group of groups: what [Backend.AddSuperGroup] seeds and
// [Backend.SuperGroups] reads.
type SuperGroup struct {
	// ID is the id of the super group. In a seed, 0 is the next free one.
	ID int64 `json:"id"`
	// Name is the name of the super group.
	Name string `json:"name"`
}

// AddGroup seeds a group and returns it as it was stored. A zero ID gets the next free
// one. It is an error if the id is taken, the name empty, or the super group or a member
// unknown.
func (b *Backend) AddGroup(seed Group) (Group, error) { return stored(b.addGroup(seed)) }

func (b *Backend) addGroup(seed Group) (Group, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.state
	parent := s.groups.supers[seed.SuperGroup]
	switch {
	case seed.Name == "":
		return Group{}, errGroupName
	case seed.SuperGroup != 0 && parent == nil:
		return Group{}, wrongMember("super_group", "super group %d is unknown", seed.SuperGroup)
	}
	members, ok := s.users.named(seed.Members)
	if !ok {
		return Group{}, wrongMember("members", "a member of the group is unknown")
	}
	id, err := s.groups.claim(seed.ID)
	if err != nil {
		return Group{}, err
	}
	g := s.groups.create(id, seed.Name, parent)
	for _, u := range members {
		g.add(u)
	}
	return s.exportGroup(g), nil
}

// AddSuperGroup seeds a super group and returns it as it was stored. A zero ID gets the
// next free one. It is an error if the id is taken, by a group too, or the name empty.
func (b *Backend) AddSuperGroup(seed SuperGroup) (SuperGroup, error) {
	return stored(b.addSuperGroup(seed))
}

func (b *Backend) addSuperGroup(seed SuperGroup) (SuperGroup, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if seed.Name == "" {
		return SuperGroup{}, errGroupName
	}
	id, err := b.state.groups.claim(seed.ID)
	if err != nil {
		return SuperGroup{}, err
	}
	return SuperGroup(*b.state.groups.createSuper(id, seed.Name)), nil
}

// Groups reads all groups, by id.
func (b *Backend) Groups() []Group {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Group
	for _, g := range b.state.groups.sorted() {
		out = append(out, b.state.exportGroup(g))
	}
	return out
}

// SuperGroups reads all super groups, by id.
func (b *Backend) SuperGroups() []SuperGroup {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []SuperGroup
	for _, s := range b.state.groups.sortedSupers() {
		out = append(out, SuperGroup(*s))
	}
	return out
}

var errGroupName = wrongMember("name", "group without a name")

// group is a group of users.
type group struct {
	id      int64
	name    string
	parent  *superGroup // nil for none
	members int         // how many; the users know which
}

// superGroup is a group of groups. It has the fields of a [SuperGroup].
type superGroup struct {
	ID   int64
	Name string
}

// add makes a user a member, if it is none.
func (g *group) add(u *user) {
	if i, found := slices.BinarySearch(u.groups, g.id); !found {
		u.groups = slices.Insert(u.groups, i, g.id)
		g.members++
	}
}

// remove ends the membership of a user, if it is a member.
func (g *group) remove(u *user) {
	if i, found := slices.BinarySearch(u.groups, g.id); found {
		u.groups = slices.Delete(u.groups, i, i+1)
		g.members--
	}
}

// groups are all groups and super groups. No two of them have the same id, so that a
// program that takes one for the other fails.
type groups struct {
	next   int64
	byID   map[int64]*group
	supers map[int64]*superGroup
}

func newGroups() groups {
	return groups{next: 1, byID: make(map[int64]*group), supers: make(map[int64]*superGroup)}
}

// claim returns the id of a new group: that of the seed or, for 0, the next free one.
func (s *groups) claim(id int64) (int64, error) {
	if id < 0 || s.taken(id) {
		return 0, wrongMember("id", "group id %d is taken or negative", id)
	}
	if id == 0 {
		id = s.free()
	}
	return id, nil
}

func (s *groups) taken(id int64) bool { return s.byID[id] != nil || s.supers[id] != nil }

// free returns an id that no group has had, unless it was seeded.
func (s *groups) free() int64 {
	for s.taken(s.next) {
		s.next++
	}
	s.next++
	return s.next - 1
}

func (s *groups) create(id int64, name string, parent *superGroup) *group {
	g := &group{id: id, name: name, parent: parent}
	s.byID[id] = g
	return g
}

func (s *groups) createSuper(id int64, name string) *superGroup {
	super := &superGroup{ID: id, Name: name}
	s.supers[id] = super
	return super
}

// adopt makes groups the only ones of a super group.
func (s *groups) adopt(super *superGroup, children []*group) {
	for _, g := range s.children(super.ID) {
		g.parent = nil
	}
	for _, g := range children {
		g.parent = super
	}
}

// sorted returns the groups, by id.
func (s *groups) sorted() []*group {
	return slices.SortedFunc(maps.Values(s.byID), func(a, b *group) int { return cmp.Compare(a.id, b.id) })
}

// children returns the groups of a super group, by id.
func (s *groups) children(super int64) []*group {
	return slices.DeleteFunc(s.sorted(), func(g *group) bool { return g.parent == nil || g.parent.ID != super })
}

// sortedSupers returns the super groups, by id.
func (s *groups) sortedSupers() []*superGroup {
	return slices.SortedFunc(maps.Values(s.supers), func(a, b *superGroup) int { return cmp.Compare(a.ID, b.ID) })
}

// named returns the groups with these ids, and whether all exist.
func (s *groups) named(ids []int64) ([]*group, bool) { return named(s.byID, ids) }

// named returns the users with these ids, and whether all exist.
func (s *users) named(ids []int64) ([]*user, bool) { return named(s.byID, ids) }

func named[T any](byID map[int64]*T, ids []int64) ([]*T, bool) {
	out := make([]*T, 0, len(ids))
	for _, id := range ids {
		if byID[id] == nil {
			return nil, false
		}
		out = append(out, byID[id])
	}
	return out, true
}

// removeGroup deletes a group. Its members stay.
func (s *state) removeGroup(g *group) {
	for _, u := range s.users.order {
		g.remove(u)
	}
	delete(s.groups.byID, g.id)
}

// removeSuperGroup deletes a super group. Its groups stay.
func (s *state) removeSuperGroup(super *superGroup) {
	s.groups.adopt(super, nil)
	delete(s.groups.supers, super.ID)
}

// exportGroup is the record as a Group.
func (s *state) exportGroup(g *group) Group {
	out := Group{ID: g.id, Name: g.name}
	if g.parent != nil {
		out.SuperGroup = g.parent.ID
	}
	for _, u := range s.users.sorted() {
		if _, member := slices.BinarySearch(u.groups, g.id); member {
			out.Members = append(out.Members, u.id)
		}
	}
	return out
}
