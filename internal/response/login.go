package response

import (
	"cmp"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
)

// expiryMargin is how long before its token a session expires.
const expiryMargin = 30 * time.Second

// Login is the response to a login.
type Login struct {
	Token     string
	UserID    int64
	OpenID    string
	UnionID   string
	Anonymous bool
	// User has the user's fields in the response, without the token and the session.
	// It is empty if the response has only the user's id.
	User Fields

	lifetime time.Duration
}

// ParseLogin parses the response to a login. The response to a login on a platform is
// {"token", "expires_in", "user_info": {…}}. That to a login with an account is
// {"token", "expires_in", "user_id"}, and may have the user's fields, openid or
// unionid on the same level. The error is 690 if the token or the user is missing.
func ParseLogin(body string) (Login, error) {
	fields, err := Object(body, "login response")
	if err != nil {
		return Login{}, err
	}
	var (
		l    Login
		user string
		id   int64
		// Ids on the first level take precedence over those in user_info, as in the vendor's client.
		openID, unionID string
	)
	fields.Each(func(k string, v gjson.Result) bool {
		switch k {
		case "token":
			if v.Type == gjson.String {
				l.Token = v.Str
			}
		case "expires_in":
			l.lifetime = lifetime(v)
		case "user_id":
			l.UserID = Int(v)
		case "id":
			id = Int(v)
		case "openid":
			openID = Str(v)
		case "unionid":
			unionID = Str(v)
		case "user_info":
			if v.IsObject() {
				user = v.Raw
			}
		}
		return true
	})
	if l.Token == "" {
		return Login{}, herror.New(herror.InvalidResponse, "no token").WithSent(true)
	}
	if !printable(l.Token) {
		return Login{}, herror.New(herror.InvalidResponse, "a token that no header can hold").WithSent(true)
	}
	switch {
	case user != "":
		l.readUser(Fields(user))
	case id != 0:
		l.readUser(fields.Without(func(name string) bool { return name == "user_id" })) // repeats the id
	}
	l.OpenID, l.UnionID = cmp.Or(openID, l.OpenID), cmp.Or(unionID, l.UnionID)
	if l.UserID <= 0 {
		return Login{}, herror.New(herror.InvalidResponse, "no user").WithSent(true)
	}
	return l, nil
}

// maxLifetime, in seconds, prevents the overflow of a time.Duration.
const maxLifetime = int64(100 * 365 * 24 * time.Hour / time.Second)

func lifetime(v gjson.Result) time.Duration {
	seconds := Int(v)
	if v.Type == gjson.Number { // may have a fraction
		seconds = int64(min(max(v.Num, 0), float64(maxLifetime)))
	}
	return time.Duration(min(max(seconds, 0), maxLifetime)) * time.Second
}

// ParseUser parses a response that is a user, and returns it without the token and
// the session. The error is 690 if the id is missing.
func ParseUser(body string) (user Fields, id int64, err error) {
	if user, err = Object(body, "user"); err != nil {
		return "", 0, err
	}
	secret := false
	user.Each(func(k string, v gjson.Result) bool {
		if k == "id" {
			id = Int(v)
		} else {
			secret = secret || Secret(k)
		}
		return true
	})
	if id <= 0 {
		return "", 0, herror.New(herror.InvalidResponse, "no user").WithSent(true)
	}
	if secret {
		user = user.Without(Secret)
	}
	return user, id, nil
}

func (l *Login) readUser(user Fields) {
	secret, described := false, false
	user.Each(func(k string, v gjson.Result) bool {
		switch k {
		case "id":
			l.UserID, described = Int(v), true
		case "openid":
			l.OpenID = Str(v)
		case "unionid":
			l.UnionID = Str(v)
		case "_anonymous":
			l.Anonymous = v.Bool()
		default:
			secret = secret || Secret(k)
		}
		return true
	})
	switch {
	case !described: // only some fields, as after a login with a provider's token
		return
	case secret:
		user = user.Without(Secret)
	}
	l.User = user
}

// Secret reports whether a field of a login response is not part of the user: the
// token, its lifetime, and the session, which contains the token again.
func Secret(key string) bool {
	return key == "token" || key == "expires_in" || key == "_session" || key == "session_key"
}

// ExpiresAt returns when the session of a response that arrived at now expires: 30
// seconds before its token. If the token's lifetime is at most 30 seconds, the
// session expires with the token. If the response has no lifetime, it returns the
// zero time, so the session counts as expired.
func (l Login) ExpiresAt(now time.Time) time.Time {
	switch {
	case l.lifetime == 0:
		return time.Time{}
	case l.lifetime <= expiryMargin:
		return now.Add(l.lifetime)
	}
	return now.Add(l.lifetime - expiryMargin)
}

// printable reports whether text is ASCII without white space and control characters.
func printable(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] >= 0x7f {
			return false
		}
	}
	return true
}
