package baastest

import "net/http"

// exchange trades a login code for the person and, on the backend's side, the
// session key. The code is spent, whatever comes of the login.
func (op *operation) exchange(p *idp, code string) (*Phone, error) {
	got, ok := op.codes.peek(code, op.now)
	if !ok || got.phone.on != p {
		return nil, errCode
	}
	op.codes.spend(code)
	got.phone.learned = got.key
	return got.phone, nil
}

// silentLogin is a login with nothing but a code.
func (op *operation) silentLogin(p *idp) (response, error) {
	phone, err := op.exchange(p, op.body.text("code"))
	if err != nil {
		return response{}, err
	}
	u, err := op.accountOf(phone)
	if err != nil {
		return response{}, err
	}
	return op.loggedIn(u, p), nil
}

// loginWithInfo is a login with a code and the user info the person agreed to share.
func (op *operation) loginWithInfo(p *idp) (response, error) {
	phone, err := op.exchange(p, op.body.text("code"))
	if err != nil {
		return response{}, err
	}
	info, err := p.readInfo(op.body, phone)
	if err != nil {
		return response{}, err
	}
	u, err := op.accountOf(phone)
	if err != nil {
		return response{}, err
	}
	op.tell(u, p, info)
	return op.loggedIn(u, p), nil
}

// accountOf finds the account of a person or, if the request asks for it, makes one.
func (op *operation) accountOf(phone *Phone) (*user, error) {
	u := op.users.byIdentity[identity{phone.on.name, phone.openid}]
	if u == nil && op.body.flag("login_with_unionid") && phone.unionid != "" {
		u = op.users.byUnion[identity{phone.on.name, phone.unionid}]
	}
	if u == nil {
		if !op.body.flag("create_user") {
			return nil, errUserNotFound
		}
		u = op.newMember()
		op.users.attach(u, link{identity: identity{phone.on.name, phone.openid}, unionID: phone.unionid})
	}
	op.learnUnion(u, phone)
	return u, nil
}

// newMember is the user whom a login or registration makes: the anonymous user
// of the token, if there is one, else a new one.
func (op *operation) newMember() *user {
	if op.user != nil && op.user.anonymous {
		op.touch(op.user)
		return op.user
	}
	return op.users.create(op.now.Unix())
}

// learnUnion notes the unionid that came with a code.
func (op *operation) learnUnion(u *user, phone *Phone) {
	l := u.link(phone.on.name)
	if l == nil || l.id != phone.openid || phone.unionid == "" {
		return
	}
	l.unionID = phone.unionid
	op.users.indexUnion(u, *l)
}

// tell stores user info: always as what the platform told, and at the first
// level as update_userprofile asks.
func (op *operation) tell(u *user, p *idp, info Profile) {
	if l := u.link(p.name); l != nil {
		l.info.sync(info, syncOverwrite)
	}
	u.profile.sync(info, op.body.text("update_userprofile"))
	u.authorized = true
	op.touch(u)
}

// loggedIn is the response to a platform login.
func (op *operation) loggedIn(u *user, p *idp) response {
	o := jsonObject{buf: make([]byte, 0, 1024)}
	o.text("token", op.issueToken(u))
	o.whole("expires_in", op.expiresIn())
	o.raw("user_info", userJSON(u, p.name))
	return response{status: http.StatusCreated, body: o.bytes()}
}

// linkPlatform gives the token's user a platform identity.
func (op *operation) linkPlatform(p *idp) (response, error) {
	withInfo, err := op.linkInfo(p)
	if err != nil {
		return response{}, err
	}
	phone, err := op.exchange(p, op.body.text("code"))
	if err != nil {
		return response{}, err
	}
	var info Profile
	if withInfo {
		if info, err = p.readInfo(op.body, phone); err != nil {
			return response{}, err
		}
	}
	return op.linkPerson(p, phone, withInfo, info)
}

// linkInfo reports whether a link comes with user info; then all its fields must.
func (op *operation) linkInfo(p *idp) (bool, error) {
	required := updateUserProfile
	if p.name != Alipay {
		return op.body.together(fieldsOf(p.linkInfoFields, []field{required}))
	}
	authorized := op.body.flag("authorized")
	if authorized != op.body.has(required.name) {
		return false, refuse(http.StatusBadRequest, "field %s goes with authorized", required.name)
	}
	return authorized, nil
}

func (op *operation) linkPerson(p *idp, phone *Phone, withInfo bool, info Profile) (response, error) {
	key := identity{p.name, phone.openid}
	switch owner, own := op.users.byIdentity[key], op.user.link(p.name); {
	case owner != nil && owner != op.user, own != nil && own.id != phone.openid:
		return response{}, errAssociated
	case own == nil:
		if op.takenByUnion(phone) {
			return response{}, errAssociated
		}
		op.users.attach(op.user, link{identity: key, unionID: phone.unionid})
		op.touch(op.user)
	}
	op.learnUnion(op.user, phone)
	if withInfo {
		op.tell(op.user, p, info)
	}
	return op.linked(phone), nil
}

// takenByUnion reports whether a link by unionid meets another user's unionid.
func (op *operation) takenByUnion(phone *Phone) bool {
	if !op.body.flag("associate_with_unionid") || phone.unionid == "" {
		return false
	}
	owner := op.users.byUnion[identity{phone.on.name, phone.unionid}]
	return owner != nil && owner != op.user
}

// linked is the response to a link.
func (op *operation) linked(phone *Phone) response {
	var o jsonObject
	o.text("message", "User associated.")
	o.text("openid", phone.openid)
	o.text("status", "ok")
	if phone.on.name == WeChat {
		o.text("unionid", phone.unionid)
	}
	o.whole("user_id", op.user.id)
	return response{status: http.StatusOK, body: o.bytes()}
}
