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
	// Its fields are empty if the response has only the user's id.
	User User

	lifetime time.Duration
}

// ParseLogin parses the response to a login. The response to a login on a platform is
// {"token", "expires_in", "user_info": {…}}. That to a login with an account is
// {"token", "expires_in", "user_id"}, and may have the user's fields, openid or
// unionid on the same level. The error is 690 if the token or the user is missing.
func ParseLogin(body string) (Login, error) {
	var (
		l    Login
		user scannedUser
		id   int64
		// Ids on the first level take precedence over those in user_info, as in the vendor's client.
		openID, unionID string
	)
	fields, err := object(body, "login response", func(s *scanner) {
		s.object(func(key string) {
			switch key {
			case "token":
				if v := s.result(); v.Type == gjson.String {
					l.Token = v.Str
				}
			case "expires_in":
				l.lifetime = lifetime(s.result())
			case "user_id":
				l.UserID = Int(s.result())
			case "id":
				id = Int(s.result())
			case "openid":
				openID = Str(s.result())
			case "unionid":
				unionID = Str(s.result())
			case "user_info":
				if s.next() == '{' {
					user = s.user(nil)
					break
				}
				s.value()
			default:
				s.value()
			}
		})
	})
	if err != nil {
		return Login{}, err
	}
	if err := checkToken(l.Token); err != nil {
		return Login{}, err
	}
	switch {
	case user.Fields != "":
		l.take(user)
	case id != 0:
		s := scanner{text: string(fields.Without(func(name string) bool { return name == "user_id" }))} // repeats the id
		l.take(s.user(nil))
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

// take takes over what the response says of the user.
func (l *Login) take(u scannedUser) {
	l.OpenID, l.UnionID, l.Anonymous = u.openID, u.unionID, u.anonymous
	if u.hasID { // else only some fields, as after a login with a provider's token
		l.UserID, l.User = u.id, u.withoutSecrets()
	}
}

// ExpiresAt returns when the session of a response that arrived at now expires: 30
// seconds before its token. If the token's lifetime is at most 30 seconds, the
// session expires with the token. If the response has no lifetime, it returns the
// zero time, so the session counts as expired.
func (l Login) ExpiresAt(now time.Time) time.Time {
	if l.lifetime == 0 {
		return time.Time{}
	}
	return expiry(now, l.lifetime)
}

// expiry returns when a token that was got at now is no longer used.
func expiry(now time.Time, lifetime time.Duration) time.Time {
	if lifetime <= expiryMargin {
		return now.Add(lifetime)
	}
	return now.Add(lifetime - expiryMargin)
}

// checkToken returns an error with code 690 unless a header can hold the token.
func checkToken(token string) error {
	switch {
	case token == "":
		return herror.New(herror.InvalidResponse, "no token").WithSent(true)
	case !printable(token):
		return herror.New(herror.InvalidResponse, "a token that no header can hold").WithSent(true)
	}
	return nil
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
