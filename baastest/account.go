package baastest

import (
	"net/http"
	"strconv"
	"strings"
)

var errPassword = refuse(http.StatusBadRequest, "Invalid username/email or password.")

// register makes an account with one name and a password. The anonymous user of
// the token, if there is one, becomes that account.
func (c *call) register(kind string) (answer, error) {
	value := c.body.text(kind)
	if err := c.free(nil, kind, value); err != nil {
		return answer{}, err
	}
	u := c.newMember()
	u.anonymous = false
	c.users.set(u, kind, value)
	u.password = newPassword(c.body.text("password"))
	return c.accountLoggedIn(u), nil
}

// free checks that nobody but u has this username, email or phone.
func (c *call) free(u *user, kind, value string) error {
	if kind == "email" && !plausibleEmail(value) {
		return refuse(http.StatusBadRequest, "field email is not an email address")
	}
	if owner := c.users.find(kind, value); owner != nil && owner != u {
		return refuse(http.StatusBadRequest, "%s already exists", kind)
	}
	return nil
}

func plausibleEmail(s string) bool {
	name, host, ok := strings.Cut(s, "@")
	return ok && name != "" && host != "" && !strings.ContainsAny(s, " \t\r\n")
}

// login is a login with one name and the password.
func (c *call) login(kind string) (answer, error) {
	u := c.users.find(kind, c.body.text(kind))
	if u == nil || !u.password.matches(c.body.text("password")) {
		return answer{}, errPassword
	}
	return c.accountLoggedIn(u), nil
}

// anonymousLogin makes a user without any name.
func (c *call) anonymousLogin() (answer, error) {
	u := c.users.create(c.now.Unix())
	u.anonymous = true
	return c.accountLoggedIn(u), nil
}

// accountLoggedIn answers a login that names no platform.
func (c *call) accountLoggedIn(u *user) answer {
	var o jsonObject
	o.whole("user_id", u.id)
	o.text("token", c.issueToken(u))
	o.whole("expires_in", c.expiresIn())
	return answer{status: http.StatusCreated, body: o.bytes()}
}

// logout destroys the token; without one there is nothing to do.
func (c *call) logout() (answer, error) {
	delete(c.tokens, c.token)
	return answer{status: http.StatusCreated, body: []byte(destroyed)}, nil
}

// readUser reads a user: all of it for the user itself, else what others may see.
func (c *call) readUser() (answer, error) {
	id, err := strconv.ParseInt(c.id, 10, 64)
	u := c.users.byID[id]
	if err != nil || u == nil {
		return answer{}, errUserNotFound
	}
	if u != c.user {
		return answer{status: http.StatusOK, body: publicJSON(u)}, nil
	}
	return answer{status: http.StatusOK, body: userJSON(u, c.platform)}, nil
}

// updateAccount changes username, email, phone and password: all of it or nothing.
func (c *call) updateAccount() (answer, error) {
	for _, kind := range []string{"username", "email", "phone"} {
		if !c.body.has(kind) {
			continue
		}
		if c.body.text(kind) == "" {
			return answer{}, refuse(http.StatusBadRequest, "field %s must not be empty", kind)
		}
		if err := c.free(c.user, kind, c.body.text(kind)); err != nil {
			return answer{}, err
		}
	}
	if err := c.checkNewPassword(); err != nil {
		return answer{}, err
	}
	for _, kind := range []string{"username", "email", "phone"} {
		if c.body.has(kind) {
			c.users.set(c.user, kind, c.body.text(kind))
		}
	}
	if c.body.has("new_password") {
		c.user.password = newPassword(c.body.text("new_password"))
	}
	c.touch(c.user)
	return answer{status: http.StatusOK, body: accountJSON(c.user)}, nil
}

// checkNewPassword checks a change of password: who has one must give it.
func (c *call) checkNewPassword() error {
	old, fresh := c.body.text("password"), c.body.text("new_password")
	switch {
	case !c.body.has("new_password") && c.body.has("password"):
		return refuse(http.StatusBadRequest, "missing field: new_password")
	case !c.body.has("new_password"):
		return nil
	case fresh == "":
		return refuse(http.StatusBadRequest, "field new_password must not be empty")
	case !c.user.password.set:
		return nil
	case !c.user.password.matches(old):
		return refuse(http.StatusBadRequest, "current password is missing or wrong")
	default:
		return nil
	}
}

// accountJSON is the answer to a change of account: without underscores.
func accountJSON(u *user) []byte {
	var o jsonObject
	o.textOrNull("email", u.email)
	o.flag("email_verified", u.emailVerified)
	o.textOrNull("username", u.username)
	o.textOrNull("phone", u.phone)
	o.flag("phone_verified", u.phoneVerified)
	return o.bytes()
}
