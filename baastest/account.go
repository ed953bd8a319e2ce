package baastest

import (
	"net/http"
	"strconv"
	"strings"
)

var errPassword = refuse(http.StatusBadRequest, "Invalid username/email or password.")

// register makes an account with one name and a password. The anonymous user of
// the token, if there is one, becomes that account.
func (op *operation) register(kind string) (response, error) {
	value := op.body.text(kind)
	if err := op.free(nil, kind, value); err != nil {
		return response{}, err
	}
	u := op.newMember()
	u.anonymous = false
	op.users.set(u, kind, value)
	u.password = newPassword(op.body.text("password"))
	return op.accountLoggedIn(u), nil
}

// free checks that nobody but u has this username, email or phone.
func (op *operation) free(u *user, kind, value string) error {
	if kind == "email" && !plausibleEmail(value) {
		return refuse(http.StatusBadRequest, "field email is not an email address")
	}
	if owner := op.users.find(kind, value); owner != nil && owner != u {
		return refuse(http.StatusBadRequest, "%s already exists", kind)
	}
	return nil
}

func plausibleEmail(s string) bool {
	name, host, ok := strings.Cut(s, "@")
	return ok && name != "" && host != "" && !strings.ContainsAny(s, " \t\r\n")
}

// login is a login with one name and the password.
func (op *operation) login(kind string) (response, error) {
	u := op.users.find(kind, op.body.text(kind))
	if u == nil || !u.password.matches(op.body.text("password")) {
		return response{}, errPassword
	}
	return op.accountLoggedIn(u), nil
}

// anonymousLogin makes a user without any name.
func (op *operation) anonymousLogin() (response, error) {
	u := op.users.create(op.now.Unix())
	u.anonymous = true
	return op.accountLoggedIn(u), nil
}

// accountLoggedIn is the response to a login that names no platform.
func (op *operation) accountLoggedIn(u *user) response {
	var o jsonObject
	o.whole("user_id", u.id)
	o.text("token", op.issueToken(u))
	o.whole("expires_in", op.expiresIn())
	return response{status: http.StatusCreated, body: o.bytes()}
}

// logout destroys the token; without one there is nothing to do.
func (op *operation) logout() (response, error) {
	delete(op.tokens, op.token)
	return response{status: http.StatusCreated, body: []byte(destroyed)}, nil
}

// readUser reads a user: all of it for the user itself, else what others may see.
func (op *operation) readUser() (response, error) {
	id, err := strconv.ParseInt(op.id, 10, 64)
	u := op.users.byID[id]
	if err != nil || u == nil {
		return response{}, errUserNotFound
	}
	if u != op.user {
		return response{status: http.StatusOK, body: publicJSON(u)}, nil
	}
	return response{status: http.StatusOK, body: userJSON(u, op.platform)}, nil
}

// updateAccount changes username, email, phone and password: all of it or nothing.
func (op *operation) updateAccount() (response, error) {
	for _, kind := range []string{"username", "email", "phone"} {
		if !op.body.has(kind) {
			continue
		}
		if op.body.text(kind) == "" {
			return response{}, refuse(http.StatusBadRequest, "field %s must not be empty", kind)
		}
		if err := op.free(op.user, kind, op.body.text(kind)); err != nil {
			return response{}, err
		}
	}
	if err := op.checkNewPassword(); err != nil {
		return response{}, err
	}
	for _, kind := range []string{"username", "email", "phone"} {
		if op.body.has(kind) {
			op.users.set(op.user, kind, op.body.text(kind))
		}
	}
	if op.body.has("new_password") {
		op.user.password = newPassword(op.body.text("new_password"))
	}
	op.touch(op.user)
	return response{status: http.StatusOK, body: accountJSON(op.user)}, nil
}

// checkNewPassword checks a change of password: who has one must give it.
func (op *operation) checkNewPassword() error {
	old, fresh := op.body.text("password"), op.body.text("new_password")
	switch {
	case !op.body.has("new_password") && op.body.has("password"):
		return refuse(http.StatusBadRequest, "missing field: new_password")
	case !op.body.has("new_password"):
		return nil
	case fresh == "":
		return refuse(http.StatusBadRequest, "field new_password must not be empty")
	case !op.user.password.set:
		return nil
	case !op.user.password.matches(old):
		return refuse(http.StatusBadRequest, "current password is missing or wrong")
	default:
		return nil
	}
}

// accountJSON is the response to a change of account. Its names have no underscore.
func accountJSON(u *user) []byte {
	var o jsonObject
	o.textOrNull("email", u.email)
	o.flag("email_verified", u.emailVerified)
	o.textOrNull("username", u.username)
	o.textOrNull("phone", u.phone)
	o.flag("phone_verified", u.phoneVerified)
	return o.bytes()
}
