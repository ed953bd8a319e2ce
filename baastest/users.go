package baastest

import (
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
	identities     []link // in the order they were linked
	created, saved int64  // unix seconds
}

// identity names a person on a platform. For the union index, id is a unionid.
type identity struct{ platform, id string }

// link is a platform identity that belongs to a user.
type link struct {
	identity
	unionID string
	info    Profile // what the platform told about the person
}

// link returns the user's identity on a platform, or nil. The pointer is good
// until the next identity is added or removed.
func (u *user) link(platform string) *link {
	for i := range u.identities {
		if u.identities[i].platform == platform {
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
	rand.Read(p.salt[:]) // never fails: it ends the program instead
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
	byUsername map[string]*user // lower-cased
	byEmail    map[string]*user
	byPhone    map[string]*user
	byIdentity map[identity]*user
	byUnion    map[identity]*user
}

func newUsers() users {
	return users{
		next:       firstUserID,
		byID:       make(map[int64]*user),
		byUsername: make(map[string]*user),
		byEmail:    make(map[string]*user),
		byPhone:    make(map[string]*user),
		byIdentity: make(map[identity]*user),
		byUnion:    make(map[identity]*user),
	}
}

// create adds a user without any name to it.
func (s *users) create(now int64) *user {
	for s.byID[s.next] != nil { // seeded ids may lie ahead
		s.next++
	}
	u := &user{id: s.next, created: now, saved: now}
	s.next++
	s.byID[u.id] = u
	return u
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

// set gives a user a username, email or phone that is known to be free or its
// own. A new email or phone is unverified until somebody verifies it.
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

// attach gives a user an identity that is known to be free. An anonymous user
// becomes a registered one by it.
func (s *users) attach(u *user, l link) {
	u.identities = append(u.identities, l)
	u.anonymous = false
	s.byIdentity[l.identity] = u
	s.indexUnion(u, l)
}

// indexUnion makes the user findable by unionid; the first user of a unionid keeps it.
func (s *users) indexUnion(u *user, l link) {
	key := identity{l.platform, l.unionID}
	if l.unionID != "" && s.byUnion[key] == nil {
		s.byUnion[key] = u
	}
}

// detach takes an identity away.
func (s *users) detach(u *user, platform string) bool {
	l := u.link(platform)
	if l == nil {
		return false
	}
	delete(s.byIdentity, l.identity)
	if key := (identity{platform, l.unionID}); s.byUnion[key] == u {
		delete(s.byUnion, key)
	}
	u.identities = slices.DeleteFunc(u.identities, func(l link) bool { return l.platform == platform })
	return true
}

// setCustom changes custom fields; the map a reader may hold is left alone.
func (u *user) setCustom(fields map[string]any) {
	custom := maps.Clone(u.custom)
	if custom == nil {
		custom = make(map[string]any, len(fields))
	}
	maps.Copy(custom, fields)
	u.custom = custom
}
