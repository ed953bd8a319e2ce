package baastest

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"slices"
	"strings"
)

// firstUserID is the id of the first user that the backend creates; the next
// ones count up from it.
const firstUserID = 61736923

// user is an account record.
type user struct {
	id             int64
	username       string // as typed
	email          string // lower-cased
	phone          string
	emailVerified  bool
	phoneVerified  bool
	anonymous      bool
	authorized     bool
	password       password
	profile        Profile // the first-level fields
	custom         map[string]any
	wechatUnionID  string  // _provider.wechat_unionid
	identities     []link  // in the order they were linked
	groups         []int64 // in ascending order
	created, saved int64   // unix seconds
}

// identity is what _provider says of a person: its key, and the openid or user_id.
type identity struct{ key, id string }

// link is an identity that belongs to a user.
type link struct {
	identity
	person  *Phone
	app     string // the host app on ByteDance
	unionID string
	info    Profile // what the platform told about the person
}

// link returns the user's identity under a key of _provider, or nil. The pointer is
// good until the next identity is added or removed.
func (u *user) link(key string) *link {
	for i := range u.identities {
		if u.identities[i].key == key {
			return &u.identities[i]
		}
	}
	return nil
}

// linkOn returns the user's first identity on a platform, or nil.
func (u *user) linkOn(p *idp) *link {
	for i := range u.identities {
		if u.identities[i].person.on == p {
			return &u.identities[i]
		}
	}
	return nil
}

// password is a salted hash; the zero value is "no password".
type password struct {
	set  bool
	salt [16]byte
	hash [sha256.Size]byte
}

func newPassword(text string) password {
	p := password{set: true}
	rand.Read(p.salt[:]) // never returns an error
	p.hash = p.digest(text)
	return p
}

func (p password) digest(text string) [sha256.Size]byte {
	return sha256.Sum256(append(p.salt[:], text...))
}

func (p password) matches(text string) bool {
	sum := p.digest(text)
	return p.set && subtle.ConstantTimeCompare(p.hash[:], sum[:]) == 1
}

// users is the store of accounts with every index that a lookup needs.
type users struct {
	next       int64
	byID       map[int64]*user
	order      []*user // those of byID, by id unless unordered
	unordered  bool
	byUsername map[string]*user // lower-cased
	byEmail    map[string]*user
	byPhone    map[string]*user
	byIdentity map[identity]*user
	byUnionID  map[string]*user     // _provider.wechat_unionid
	fields     map[string]valueType // the custom fields that a user has had
}

func newUsers() users {
	return users{
		next:       firstUserID,
		byID:       make(map[int64]*user),
		byUsername: make(map[string]*user),
		byEmail:    make(map[string]*user),
		byPhone:    make(map[string]*user),
		byIdentity: make(map[identity]*user),
		byUnionID:  make(map[string]*user),
		fields:     make(map[string]valueType),
	}
}

// create adds a user without username, email, phone and identity.
func (s *users) create(now int64) *user {
	for s.byID[s.next] != nil { // seeded ids may lie ahead
		s.next++
	}
	u := &user{id: s.next, created: now, saved: now}
	s.next++
	s.add(u)
	return u
}

// add adds a user whose id nobody has.
func (s *users) add(u *user) {
	s.byID[u.id] = u
	s.unordered = s.unordered || len(s.order) > 0 && u.id < s.order[len(s.order)-1].id
	s.order = append(s.order, u)
}

func usernameKey(name string) string { return strings.ToLower(name) }

func emailKey(email string) string { return strings.ToLower(email) }

// find returns the user that a username, email or phone names, or nil.
func (s *users) find(kind, value string) *user {
	switch kind {
	case "username":
		return s.byUsername[usernameKey(value)]
	case "email":
		return s.byEmail[emailKey(value)]
	default:
		return s.byPhone[value]
	}
}

// set sets the username, email or phone of a user, or removes it with an empty value.
// Nobody else has the value. A new email or phone is unverified.
func (s *users) set(u *user, kind, value string) {
	switch kind {
	case "username":
		reindex(s.byUsername, u, usernameKey(u.username), usernameKey(value))
		u.username = value
	case "email":
		value = emailKey(value)
		u.emailVerified = u.emailVerified && u.email == value
		reindex(s.byEmail, u, u.email, value)
		u.email = value
	case "phone":
		u.phoneVerified = u.phoneVerified && u.phone == value
		reindex(s.byPhone, u, u.phone, value)
		u.phone = value
	}
}

func reindex(index map[string]*user, u *user, before, after string) {
	if before != "" {
		delete(index, before)
	}
	if after != "" {
		index[after] = u
	}
}

// attach gives a user an identity that nobody has. An anonymous user becomes a
// registered one by it.
func (s *users) attach(u *user, l link) {
	u.identities = append(u.identities, l)
	u.anonymous = false
	s.byIdentity[l.identity] = u
}

// setUnionID sets _provider.wechat_unionid, which nobody else has.
func (s *users) setUnionID(u *user, unionID string) {
	u.wechatUnionID = unionID
	s.byUnionID[unionID] = u
}

// detach removes the identities of a person, and reports whether there were any.
func (s *users) detach(p *Phone, r Responses) bool {
	found := false
	for _, app := range p.apps() {
		id := p.identity(app, r)
		u := s.byIdentity[id]
		if u == nil {
			continue
		}
		delete(s.byIdentity, id)
		u.identities = slices.DeleteFunc(u.identities, func(l link) bool { return l.identity == id })
		found = true
	}
	return found
}

// sorted returns all users, by id. The slice is not the caller's to change.
func (s *users) sorted() []*user {
	if s.unordered {
		slices.SortFunc(s.order, func(a, b *user) int { return cmp.Compare(a.id, b.id) })
		s.unordered = false
	}
	return s.order
}

// ofPerson returns the user that a person is linked to, or nil. On ByteDance the
// host apps can have different ones; the first linked one counts.
func (s *users) ofPerson(p *Phone, r Responses) *user {
	for _, app := range p.apps() {
		if u := s.byIdentity[p.identity(app, r)]; u != nil {
			return u
		}
	}
	return nil
}

// setCustom changes and removes custom fields of a user, in a copy: a reader may hold
// the map.
func (s *users) setCustom(u *user, fields map[string]any, gone []string) {
	for name, value := range fields {
		if s.fields[name] == anyType {
			s.fields[name] = typeOf(value)
		}
	}
	custom := maps.Clone(u.custom)
	if custom == nil {
		custom = make(map[string]any, len(fields))
	}
	maps.Copy(custom, fields)
	for _, name := range gone {
		delete(custom, name)
	}
	u.custom = custom
}
