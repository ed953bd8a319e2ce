package response

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
)

// User has the fields of a user, and remembers where each of them is, so that a
// program that reads many of them does not search the text each time.
type User struct {
	Fields Fields
	places []place // nil: not known
}

// place says where a field is in the text.
type place struct{ key, keyEnd, value, valueEnd uint32 }

// usualFields is how many fields a user has that makes one allocation for the places
// enough. The documented ones are 25.
const usualFields = 32

// IsIndexed reports whether the places of the fields are known.
func (u User) IsIndexed() bool { return u.places != nil || u.Fields == "" }

// Indexed returns the user with the places of the fields known.
func (u User) Indexed() User {
	if u.IsIndexed() {
		return u
	}
	s := scanner{text: string(u.Fields)}
	return s.user(make([]place, 0, usualFields)).User
}

// Get is [Fields.Get] for the user's fields.
func (u User) Get(key string) gjson.Result {
	if u.places == nil {
		return u.Fields.Get(key)
	}
	for i := len(u.places) - 1; i >= 0; i-- {
		p := u.places[i]
		if u.key(p) == key {
			return gjson.Parse(string(u.Fields[p.value:p.valueEnd]))
		}
	}
	return gjson.Result{}
}

// key returns a key, unescaped.
func (u User) key(p place) string {
	key := string(u.Fields[p.key:p.keyEnd])
	if strings.IndexByte(key, '\\') >= 0 {
		return gjson.Parse(`"` + key + `"`).Str
	}
	return key
}

// ParseUser parses a response that is a user, and returns it without the token and
// the session. The error is 690 if the id is missing.
func ParseUser(body string) (User, int64, error) {
	var u scannedUser
	if _, err := object(body, "user", func(s *scanner) { u = s.user(make([]place, 0, usualFields)) }); err != nil {
		return User{}, 0, err
	}
	if u.id <= 0 {
		return User{}, 0, herror.New(herror.InvalidResponse, "no user").WithSent(true)
	}
	return u.withoutSecrets(), u.id, nil
}

// scannedUser is a user with what a login needs to know of it.
type scannedUser struct {
	User
	id              int64
	openID, unionID string
	anonymous       bool
	hasID           bool
	hasSecret       bool // see [Secret]
}

// user reads the object that comes next, a user. It adds the places of the fields to
// places, unless that is nil.
func (s *scanner) user(places []place) scannedUser {
	u := scannedUser{User: User{places: places}}
	from := s.at
	s.object(func(key string) {
		p := place{key: uint32(s.keyFrom - from), keyEnd: uint32(s.keyTo - from), value: uint32(s.at - from)}
		switch key {
		case "id":
			u.id, u.hasID = Int(s.result()), true
		case "openid":
			u.openID = Str(s.result())
		case "unionid":
			u.unionID = Str(s.result())
		case "_anonymous":
			u.anonymous = s.result().Bool()
		default:
			u.hasSecret = u.hasSecret || Secret(key)
			s.value()
		}
		if p.valueEnd = uint32(s.at - from); places != nil {
			u.places = append(u.places, p)
		}
	})
	u.Fields = Fields(s.text[from:s.at])
	return u
}

// withoutSecrets returns the user without the token and the session.
func (u scannedUser) withoutSecrets() User {
	if u.hasSecret {
		return User{Fields: u.Fields.Without(Secret)}.Indexed()
	}
	return u.User
}

// Secret reports whether a field of a login response is not part of the user: the
// token, its lifetime, and the session, which contains the token again.
func Secret(key string) bool {
	return key == "token" || key == "expires_in" || key == "_session" || key == "session_key"
}
