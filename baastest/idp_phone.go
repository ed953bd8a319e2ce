package baastest

import "net/http"

// phoneLogin is a login with a code and the phone number the person agreed to share.
func (op *operation) phoneLogin(p *idp) (response, error) {
	phone, err := op.exchange(p, op.body.text("code"))
	if err != nil {
		return response{}, err
	}
	number, err := op.sharedNumber(phone)
	if err != nil {
		return response{}, err
	}
	u, err := op.accountByPhone(phone, number)
	if err != nil {
		return response{}, err
	}
	op.learnUnionID(u, phone)
	if u.phone == "" || u.phone == number {
		if owner := op.users.byPhone[number]; owner == nil || owner == u {
			op.users.set(u, "phone", number)
			u.phoneVerified = true
			op.touch(u)
		}
	}
	return op.loggedIn(u, phone), nil
}

// sharedNumber is the number of a phone event: of its phone_code where there is
// one, else of its encrypted data.
func (op *operation) sharedNumber(phone *Phone) (string, error) {
	if !op.body.has("phone_code") {
		return readPhone(phone, op.body.text("encryptedData"), op.body.text("iv"))
	}
	code := op.body.text("phone_code")
	got, ok := op.phoneCodes.peek(code, op.now)
	if !ok || got.phone != phone {
		return "", refuse(http.StatusBadRequest, "invalid phone_code")
	}
	op.phoneCodes.spend(code)
	return got.number, nil
}

// accountByPhone finds the account by the person's identity, else by the verified
// phone number, else makes one if the request asks for it.
func (op *operation) accountByPhone(phone *Phone, number string) (*user, error) {
	id := op.identityOf(phone)
	if u := op.users.byIdentity[id]; u != nil {
		return u, nil
	}
	u := op.users.byPhone[number]
	if u == nil || !u.phoneVerified {
		var err error
		if u, err = op.newMember(); err != nil {
			return nil, err
		}
	}
	if u.link(id.key) == nil {
		op.attach(u, phone)
	}
	return u, nil
}

// updatePhone gives the token's user the phone number the person agreed to share.
func (op *operation) updatePhone(p *idp) (response, error) {
	switch {
	case op.user == nil && p.name == Kuaishou:
		return response{}, errForbidden
	case op.user == nil:
		return response{}, errUnauthorized
	case op.user.anonymous:
		return response{}, errAnonymous
	}
	l := op.user.linkOn(p)
	if l == nil {
		return response{}, refuse(http.StatusBadRequest, "user has no identity on %s", p.name)
	}
	number, err := op.sharedNumber(l.person)
	if err != nil {
		return response{}, err
	}
	if owner := op.users.byPhone[number]; owner != nil && owner != op.user {
		return response{}, errPhoneBound
	}
	if op.user.phone != "" && op.user.phone != number && !op.body.flag("overwrite") {
		return response{}, errPhoneBound
	}
	op.users.set(op.user, "phone", number)
	op.user.phoneVerified = true
	op.touch(op.user)
	return response{status: http.StatusOK, body: op.userJSON(op.user, op.ownView())}, nil
}
