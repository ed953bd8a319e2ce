package baastest

import "net/http"

// phoneLogin is a login with a code and the phone number the person agreed to share.
func (c *call) phoneLogin(p *idp) (answer, error) {
	phone, err := c.exchange(p, c.body.text("code"))
	if err != nil {
		return answer{}, err
	}
	number, err := c.sharedNumber(phone)
	if err != nil {
		return answer{}, err
	}
	u, err := c.accountByPhone(phone, number)
	if err != nil {
		return answer{}, err
	}
	c.learnUnion(u, phone)
	if u.phone == "" || u.phone == number {
		if owner := c.users.byPhone[number]; owner == nil || owner == u {
			c.users.set(u, "phone", number)
			u.phoneVerified = true
			c.touch(u)
		}
	}
	return c.loggedIn(u, p), nil
}

// sharedNumber is the number of a phone event: of its phone_code where there is
// one, else of its encrypted data.
func (c *call) sharedNumber(phone *Phone) (string, error) {
	if !c.body.has("phone_code") {
		return readPhone(phone, c.body.text("encryptedData"), c.body.text("iv"))
	}
	code := c.body.text("phone_code")
	got, ok := c.phones.peek(code, c.now)
	if !ok || got.phone != phone {
		return "", refuse(http.StatusBadRequest, "invalid phone_code")
	}
	c.phones.spend(code)
	return got.number, nil
}

// accountByPhone finds the account by the person's identity, else by the verified
// phone number, else makes one if the request asks for it.
func (c *call) accountByPhone(phone *Phone, number string) (*user, error) {
	key := identity{phone.on.name, phone.openid}
	if u := c.users.byIdentity[key]; u != nil {
		return u, nil
	}
	u := c.users.byPhone[number]
	if u == nil || !u.phoneVerified {
		if !c.body.flag("create_user") {
			return nil, errUserNotFound
		}
		u = c.newMember()
	}
	if u.link(phone.on.name) == nil {
		c.users.attach(u, link{identity: key, unionID: phone.unionid})
		c.touch(u)
	}
	return u, nil
}

// updatePhone gives the token's user the phone number the person agreed to share.
func (c *call) updatePhone(p *idp) (answer, error) {
	switch {
	case c.user == nil && p.name == Kuaishou:
		return answer{}, errForbidden
	case c.user == nil:
		return answer{}, errUnauthorized
	case c.user.anonymous:
		return answer{}, errAnonymous
	}
	l := c.user.link(p.name)
	if l == nil {
		return answer{}, refuse(http.StatusBadRequest, "user has no identity on %s", p.name)
	}
	number, err := c.sharedNumber(c.person(c.b, p.name, l.id))
	if err != nil {
		return answer{}, err
	}
	if owner := c.users.byPhone[number]; owner != nil && owner != c.user {
		return answer{}, errPhoneBound
	}
	if c.user.phone != "" && c.user.phone != number && !c.body.flag("overwrite") {
		return answer{}, errPhoneBound
	}
	c.users.set(c.user, "phone", number)
	c.user.phoneVerified = true
	c.touch(c.user)
	return answer{status: http.StatusOK, body: userJSON(c.user, p.name)}, nil
}
