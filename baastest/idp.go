package baastest

import "net/http"

// exchange trades a login code for the person and, on the backend's side, the
// session key. The code is spent, whatever comes of the login.
func (c *call) exchange(p *idp, code string) (*Phone, error) {
	got, ok := c.codes.peek(code, c.now)
	if !ok || got.phone.on != p {
		return nil, errCode
	}
	c.codes.spend(code)
	got.phone.learned = got.key
	return got.phone, nil
}

// silentLogin is a login with nothing but a code.
func (c *call) silentLogin(p *idp) (answer, error) {
	phone, err := c.exchange(p, c.body.text("code"))
	if err != nil {
		return answer{}, err
	}
	u, err := c.accountOf(phone)
	if err != nil {
		return answer{}, err
	}
	return c.loggedIn(u, p), nil
}

// loginWithInfo is a login with a code and the user info the person agreed to share.
func (c *call) loginWithInfo(p *idp) (answer, error) {
	phone, err := c.exchange(p, c.body.text("code"))
	if err != nil {
		return answer{}, err
	}
	info, err := p.readInfo(c.body, phone)
	if err != nil {
		return answer{}, err
	}
	u, err := c.accountOf(phone)
	if err != nil {
		return answer{}, err
	}
	c.tell(u, p, info)
	return c.loggedIn(u, p), nil
}

// accountOf finds the account of a person or, if the request asks for it, makes one.
func (c *call) accountOf(phone *Phone) (*user, error) {
	u := c.users.byIdentity[identity{phone.on.name, phone.openid}]
	if u == nil && c.body.flag("login_with_unionid") && phone.unionid != "" {
		u = c.users.byUnion[identity{phone.on.name, phone.unionid}]
	}
	if u == nil {
		if !c.body.flag("create_user") {
			return nil, errUserNotFound
		}
		u = c.newMember()
		c.users.attach(u, link{identity: identity{phone.on.name, phone.openid}, unionID: phone.unionid})
	}
	c.learnUnion(u, phone)
	return u, nil
}

// newMember is the user whom a login or registration makes: the anonymous user
// of the token, if there is one, else a new one.
func (c *call) newMember() *user {
	if c.user != nil && c.user.anonymous {
		c.touch(c.user)
		return c.user
	}
	return c.users.create(c.now.Unix())
}

// learnUnion notes the unionid that came with a code.
func (c *call) learnUnion(u *user, phone *Phone) {
	l := u.link(phone.on.name)
	if l == nil || l.id != phone.openid || phone.unionid == "" {
		return
	}
	l.unionID = phone.unionid
	c.users.indexUnion(u, *l)
}

// tell stores user info: always as what the platform told, and at the first
// level as update_userprofile asks.
func (c *call) tell(u *user, p *idp, info Profile) {
	if l := u.link(p.name); l != nil {
		l.info.sync(info, syncOverwrite)
	}
	u.profile.sync(info, c.body.text("update_userprofile"))
	u.authorized = true
	c.touch(u)
}

// loggedIn answers a platform login.
func (c *call) loggedIn(u *user, p *idp) answer {
	o := jsonObject{buf: make([]byte, 0, 1024)}
	o.text("token", c.issueToken(u))
	o.whole("expires_in", c.expiresIn())
	o.raw("user_info", userJSON(u, p.name))
	return answer{status: http.StatusCreated, body: o.bytes()}
}

// linkPlatform gives the token's user a platform identity.
func (c *call) linkPlatform(p *idp) (answer, error) {
	withInfo, err := c.linkInfo(p)
	if err != nil {
		return answer{}, err
	}
	phone, err := c.exchange(p, c.body.text("code"))
	if err != nil {
		return answer{}, err
	}
	var info Profile
	if withInfo {
		if info, err = p.readInfo(c.body, phone); err != nil {
			return answer{}, err
		}
	}
	return c.linkPerson(p, phone, withInfo, info)
}

// linkInfo reports whether a link comes with user info; then all its fields must.
func (c *call) linkInfo(p *idp) (bool, error) {
	required := updateUserProfile
	if p.name != Alipay {
		return c.body.together(fieldsOf(p.linkInfoFields, []field{required}))
	}
	authorized := c.body.flag("authorized")
	if authorized != c.body.has(required.name) {
		return false, refuse(http.StatusBadRequest, "field %s goes with authorized", required.name)
	}
	return authorized, nil
}

func (c *call) linkPerson(p *idp, phone *Phone, withInfo bool, info Profile) (answer, error) {
	key := identity{p.name, phone.openid}
	switch owner, own := c.users.byIdentity[key], c.user.link(p.name); {
	case owner != nil && owner != c.user, own != nil && own.id != phone.openid:
		return answer{}, errAssociated
	case own == nil:
		if c.takenByUnion(phone) {
			return answer{}, errAssociated
		}
		c.users.attach(c.user, link{identity: key, unionID: phone.unionid})
		c.touch(c.user)
	}
	c.learnUnion(c.user, phone)
	if withInfo {
		c.tell(c.user, p, info)
	}
	return c.linked(phone), nil
}

// takenByUnion reports whether a link by unionid meets another user's unionid.
func (c *call) takenByUnion(phone *Phone) bool {
	if !c.body.flag("associate_with_unionid") || phone.unionid == "" {
		return false
	}
	owner := c.users.byUnion[identity{phone.on.name, phone.unionid}]
	return owner != nil && owner != c.user
}

// linked answers a link.
func (c *call) linked(phone *Phone) answer {
	var o jsonObject
	o.text("message", "User associated.")
	o.text("openid", phone.openid)
	o.text("status", "ok")
	if phone.on.name == WeChat {
		o.text("unionid", phone.unionid)
	}
	o.whole("user_id", c.user.id)
	return answer{status: http.StatusOK, body: o.bytes()}
}
