package baastest

import (
	"net/http"
	"strings"
)

var errPassword = refuse(http.StatusBadRequest, "Invalid username/email or password.")

// register makes an account with a username, email or phone and a password. The anonymous user of
// the token, if there is one, becomes that account.
func (op *operation) register(kind string) (response, error) {
	if err := op.enabled(kind); err != nil {
		return response{}, err
	}
	value := op.body.text(kind)
	if err := op.free(nil, kind, value); err != nil {
		return response{}, err
	}
	u, err := op.newMember()
	if err != nil {
		return response{}, err
	}
	u.anonymous = false
	op.users.set(u, kind, value)
	u.password = newPassword(op.body.text("password"))
	return op.accountLoggedIn(u, kind), nil
}

// enabled refuses a kind of login that is switched off.
func (op *operation) enabled(kind string) error {
	if op.b.loginsOff[kind] {
		return refuse(http.StatusMethodNotAllowed, "Please enable %s login first.", kind)
	}
	return nil
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

// login is a login with a username, email or phone and the password.
func (op *operation) login(kind string) (response, error) {
	if err := op.enabled(kind); err != nil {
		return response{}, err
	}
	u := op.users.find(kind, op.body.text(kind))
	if u == nil || !u.password.matches(op.body.text("password")) {
		return response{}, errPassword
	}
	return op.accountLoggedIn(u, kind), nil
}

// anonymousLogin makes a user without username, email, phone and identity.
func (op *operation) anonymousLogin() (response, error) {
	u := op.users.create(op.now.Unix())
	u.anonymous = true
	return op.shortLogin(u), nil
}

// shortLogin is the response to a login with only the id of the user.
func (op *operation) shortLogin(u *user) response {
	var o jsonObject
	op.writeToken(&o, u)
	return response{status: http.StatusCreated, body: o.bytes()}
}

// writeToken logs a user in and writes user_id, token and expires_in. It returns
// the token.
func (op *operation) writeToken(o *jsonObject, u *user) string {
	token := op.issueToken(u)
	o.whole("user_id", u.id)
	o.text("token", token)
	o.whole("expires_in", op.expiresIn())
	return token
}

// accountLoggedIn is the response to a login or registration that names no platform:
// the whole user, with user_id, token, expires_in and _session.
func (op *operation) accountLoggedIn(u *user, method string) response {
	if op.b.responses.ShortAccountLogin {
		return op.shortLogin(u)
	}
	o := jsonObject{buf: make([]byte, 0, 1024)}
	op.writeUser(&o, u, view{self: true, ids: op.loginIDs(u, op.platform)})
	token := op.writeToken(&o, u)
	var session jsonObject
	session.text("ip_address", "127.0.0.1")
	session.text("user_agent", op.header.Get("User-Agent"))
	session.text("login_method", method)
	session.text("session_key", token)
	o.raw("_session", session.bytes())
	if l := u.link("alipay"); l != nil && op.platform == alipay {
		o.text("alipay_user_id", l.id)
	}
	return response{status: http.StatusCreated, body: o.bytes()}
}

// logout destroys the token.
func (op *operation) logout() (response, error) {
	delete(op.tokens, op.token)
	return response{status: http.StatusCreated, body: []byte(destroyed)}, nil
}

// readUser reads a user: the user itself sees more of it than others.
func (op *operation) readUser(u *user) (response, error) {
	keys, err := op.keysOf(op.query)
	if err != nil {
		return response{}, err
	}
	v := op.viewOf(u)
	v.keys = keys
	v.expand = op.expandOf(op.query, u)
	return response{status: http.StatusOK, body: op.userJSON(u, v)}, nil
}

// updateAccount changes username, email, phone and password of the token's user.
func (op *operation) updateAccount() (response, error) {
	return op.changeAccount(op.user, op.checkNewPassword)
}

// changeAccount changes username, email, phone and password. If one of them is
// refused, nothing is changed. A null removes a username, email or phone.
func (op *operation) changeAccount(u *user, checkPassword func() error) (response, error) {
	for _, kind := range accountNames {
		if value, ok := op.body[kind]; !ok || value == nil {
			continue
		}
		if op.body.text(kind) == "" {
			return response{}, refuse(http.StatusBadRequest, "field %s must not be empty", kind)
		}
		if err := op.free(u, kind, op.body.text(kind)); err != nil {
			return response{}, err
		}
	}
	if err := checkPassword(); err != nil {
		return response{}, err
	}
	for _, kind := range accountNames {
		if op.body.has(kind) {
			op.users.set(u, kind, op.body.text(kind))
		}
	}
	if fresh := op.body.text("new_password"); fresh != "" {
		u.password = newPassword(fresh)
	}
	op.touch(u)
	return response{status: http.StatusOK, body: accountJSON(u)}, nil
}

// accountNames are the fields that a login with a password finds the account by.
var accountNames = []string{"username", "email", "phone"}

// checkNewPassword checks a change of password: a user who has one must give it. The
// first password needs no old one, which may be absent, null or empty.
func (op *operation) checkNewPassword() error {
	old := op.body.text("password")
	if err := op.checkForcedPassword(); err != nil {
		return err
	}
	switch {
	case op.body["new_password"] == nil && old != "":
		return refuse(http.StatusBadRequest, "missing field: new_password")
	case op.body["new_password"] == nil:
		return nil
	case !op.user.password.set:
		return nil
	case !op.user.password.matches(old):
		return refuse(http.StatusBadRequest, "current password is missing or wrong")
	default:
		return nil
	}
}

// checkForcedPassword checks a password that is set without the old one.
func (op *operation) checkForcedPassword() error {
	if op.body["new_password"] == "" {
		return refuse(http.StatusBadRequest, "field new_password must not be empty")
	}
	return nil
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
