package response

import (
	"cmp"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
)

// margin is how long before its token a session ends.
const margin = 30 * time.Second

// Login is the answer to a login.
type Login struct {
	Token     string
	UserID    int64
	OpenID    string
	UnionID   string
	Anonymous bool
	// User is the user as the answer has it, without token and session; empty
	// where the answer only names the user.
	User Fields

	lifetime time.Duration
}

// ParseLogin reads the answer to a login: {"token", "expires_in", "user_info": {…}}
// from the platforms, {"token", "expires_in", "user_id"} from accounts, which may
// have the user's fields or ids beside these. An answer without a token or without a
// user is an error.
func ParseLogin(body string) (Login, error) {
	fields, err := Object(body, "login answer")
	if err != nil {
		return Login{}, err
	}
	var (
		l    Login
		user string
		id   int64
		// Ids beside the user count more than those in user_info, as in the vendor's client.
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
	switch {
	case user != "":
		l.readUser(Fields(user))
		if !l.User.Get("id").Exists() {
			l.User = "" // a nickname and the like, as after a login with a provider's token
		}
	case id != 0:
		l.readUser(fields)
	}
	l.OpenID, l.UnionID = cmp.Or(openID, l.OpenID), cmp.Or(unionID, l.UnionID)
	if l.UserID == 0 {
		return Login{}, herror.New(herror.InvalidResponse, "no user").WithSent(true)
	}
	return l, nil
}

// maxLifetime keeps a lifetime in seconds from overflowing a duration.
const maxLifetime = int64(100 * 365 * 24 * time.Hour / time.Second)

func lifetime(v gjson.Result) time.Duration {
	seconds := Int(v)
	if v.Type == gjson.Number { // which may have a fraction
		seconds = int64(min(max(v.Num, 0), float64(maxLifetime)))
	}
	return time.Duration(min(max(seconds, 0), maxLifetime)) * time.Second
}

// ParseUser reads an answer that is a user, without token and session. An answer
// without an id is an error.
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
	if id == 0 {
		return "", 0, herror.New(herror.InvalidResponse, "no user").WithSent(true)
	}
	if secret {
		user = user.Without(Secret)
	}
	return user, id, nil
}

func (l *Login) readUser(user Fields) {
	secret := false
	user.Each(func(k string, v gjson.Result) bool {
		switch k {
		case "id":
			l.UserID = Int(v)
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
	if secret {
		user = user.Without(Secret)
	}
	l.User = user
}

// Secret reports whether a field of a login answer's user is no part of the user:
// the token, and the session, which repeats it.
func Secret(key string) bool {
	return key == "token" || key == "expires_in" || key == "_session" || key == "session_key"
}

// ExpiresAt returns when the session ends that the answer, come at now, begins: 30
// seconds before the token does. A token that lives no longer than that is used
// as long as it lives; one of unknown life gives the zero time, which has passed.
func (l Login) ExpiresAt(now time.Time) time.Time {
	switch {
	case l.lifetime == 0:
		return time.Time{}
	case l.lifetime <= margin:
		return now.Add(l.lifetime)
	}
	return now.Add(l.lifetime - margin)
}
