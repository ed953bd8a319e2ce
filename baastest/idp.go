package baastest

import "net/http"

// exchange trades a login code for the person and, on the backend's side, the
// session key. The code is spent even if the login then fails.
func (op *operation) exchange(p *idp, code string) (*Phone, error) {
	got, ok := op.codes.peek(code, op.now)
	if !ok || got.phone.on != p {
		return nil, errCode
	}
	op.codes.spend(code)
	got.phone.learned = got.key
	return got.phone, nil
}

// app is the host app that a request on ByteDance names.
func (op *operation) app() string { return op.body.text("app_name") }

// identityOf is the identity of a person in this request.
func (op *operation) identityOf(phone *Phone) identity {
	return phone.identity(op.app(), op.b.responses)
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
	return op.loggedIn(u, phone), nil
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
	op.tell(u, phone, info)
	return op.loggedIn(u, phone), nil
}

// accountOf finds the account of a person or, if the request asks for it, makes one.
func (op *operation) accountOf(phone *Phone) (*user, error) {
	if op.body.flag("login_with_unionid") && phone.unionid != "" {
		return op.accountByUnionID(phone)
	}
	u := op.users.byIdentity[op.identityOf(phone)]
	if u == nil {
		var err error
		if u, err = op.newMember(); err != nil {
			return nil, err
		}
		op.attach(u, phone)
	}
	op.learnUnionID(u, phone)
	return u, nil
}

// attach links a person, who is not linked yet, to a user.
func (op *operation) attach(u *user, phone *Phone) {
	op.users.attach(u, phone.link(op.app(), "", op.b.responses))
	op.touch(u)
}

// accountByUnionID finds the account by the unionid over all users of the app, and
// then by the openid. It sets on the account whichever of the two is missing, and
// fails where the other one is there already.
func (op *operation) accountByUnionID(phone *Phone) (*user, error) {
	id := op.identityOf(phone)
	byUnionID, byOpenID := op.users.byUnionID[phone.unionid], op.users.byIdentity[id]
	conflict := refuse(http.StatusBadRequest, "users must be merged: openid %s, unionid %s", phone.openid, phone.unionid)
	switch {
	case byUnionID != nil:
		if byOpenID != nil && byOpenID != byUnionID {
			return nil, conflict
		}
		if byOpenID == nil && byUnionID.link(id.key) != nil {
			return nil, conflict
		}
		if byOpenID == nil {
			op.attach(byUnionID, phone)
		}
		return byUnionID, nil
	case byOpenID != nil:
		if byOpenID.wechatUnionID != "" {
			return nil, refuse(http.StatusBadRequest, "user has another unionid: the app is on another open platform account")
		}
		op.users.setUnionID(byOpenID, phone.unionid)
		op.touch(byOpenID)
		return byOpenID, nil
	}
	u, err := op.newMember()
	if err != nil {
		return nil, err
	}
	op.attach(u, phone)
	op.users.setUnionID(u, phone.unionid)
	return u, nil
}

// newMember returns the user for a login or registration of somebody unknown: the
// anonymous user of the token if there is one, else a new user. With create_user
// false it is an error. A request without create_user makes a user, because true is
// the default of the vendor's clients.
func (op *operation) newMember() (*user, error) {
	if op.body.has("create_user") && !op.body.flag("create_user") {
		return nil, errUserNotFound
	}
	if op.user != nil && op.user.anonymous {
		op.touch(op.user)
		return op.user, nil
	}
	return op.users.create(op.now.Unix()), nil
}

// learnUnionID stores the unionid that a code yielded. For WeChat it does so only
// where the user shared user info.
func (op *operation) learnUnionID(u *user, phone *Phone) {
	l := u.link(op.identityOf(phone).key)
	if l == nil || l.person != phone || phone.unionid == "" || !phone.on.unionIDs {
		return
	}
	if phone.on.name != WeChat || u.authorized || op.b.responses.UnionIDFromCode {
		l.unionID = phone.unionid
	}
}

// tell stores user info: in _provider always, and at the first level as
// update_userprofile asks.
func (op *operation) tell(u *user, phone *Phone, info Profile) {
	if l := u.link(op.identityOf(phone).key); l != nil {
		l.info.sync(info, syncOverwrite)
	}
	u.profile.sync(info, op.syncMode())
	u.authorized = true
	op.learnUnionID(u, phone)
	op.touch(u)
}

// syncMode is the update_userprofile of the request, which the iOS client sends
// under another name. The default is setnx.
func (op *operation) syncMode() string {
	for _, name := range []string{updateUserProfile.name, "sync_user_profile"} {
		if op.body.has(name) {
			return op.body.text(name)
		}
	}
	return syncSetNX
}

// loggedIn is the response to a platform login.
func (op *operation) loggedIn(u *user, phone *Phone) response {
	o := jsonObject{buf: make([]byte, 0, 1024)}
	o.text("token", op.issueToken(u))
	o.whole("expires_in", op.expiresIn())
	o.raw("user_info", op.userJSON(u, view{self: true, ids: u.link(op.identityOf(phone).key)}))
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
	if err := op.linkPerson(phone, withInfo, info); err != nil {
		return response{}, err
	}
	return op.linked(phone), nil
}

// linkInfo reports whether a link comes with user info; then all its fields must.
func (op *operation) linkInfo(p *idp) (bool, error) {
	required := updateUserProfile
	if p != alipay {
		return op.body.together(fieldsOf(p.linkInfoFields, []field{required}))
	}
	authorized := op.body.flag("authorized")
	if authorized != op.body.has(required.name) {
		return false, refuse(http.StatusBadRequest, "field %s goes with authorized", required.name)
	}
	return authorized, nil
}

// linkPerson links a person to the token's user.
func (op *operation) linkPerson(phone *Phone, withInfo bool, info Profile) error {
	id := op.identityOf(phone)
	owner, own := op.users.byIdentity[id], op.user.link(id.key)
	if owner != nil && owner != op.user || own != nil && own.identity != id {
		return errAssociated
	}
	byUnionID := op.body.flag("associate_with_unionid") && phone.unionid != ""
	if byUnionID {
		holder := op.users.byUnionID[phone.unionid]
		if holder != nil && holder != op.user || op.user.wechatUnionID != "" && op.user.wechatUnionID != phone.unionid {
			return errAssociated
		}
	}
	if own == nil {
		op.attach(op.user, phone)
	}
	if byUnionID {
		op.users.setUnionID(op.user, phone.unionid)
	}
	op.learnUnionID(op.user, phone)
	if withInfo {
		op.tell(op.user, phone, info)
	}
	return nil
}

// linked is the response to a link.
func (op *operation) linked(phone *Phone) response {
	var o jsonObject
	o.text("message", "User associated.")
	id := op.identityOf(phone).id
	if phone.on.userID {
		o.text("alipay_user_id", id)
	} else {
		o.text("openid", id)
	}
	o.text("status", "ok")
	if phone.on.name == WeChat {
		o.text("unionid", phone.unionid)
	}
	o.whole("user_id", op.user.id)
	return response{status: http.StatusOK, body: o.bytes()}
}
