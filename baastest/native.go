package baastest

import "net/http"

// nativeLogin is a login with the token that a provider gave the app.
func (op *operation) nativeLogin(p *idp) (response, error) {
	phone, err := op.exchange(p, op.body.text("auth_token"))
	if err != nil {
		return response{}, refuse(http.StatusBadRequest, "invalid auth_token")
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
	o := jsonObject{buf: make([]byte, 0, 1024)}
	o.text("token", op.issueToken(u))
	o.whole("expires_in", op.expiresIn())
	o.whole("user_id", u.id)
	o.raw("user_info", userJSON(u, p.name))
	return response{status: http.StatusCreated, body: o.bytes()}, nil
}

// nativeLink gives the token's user a provider's identity.
func (op *operation) nativeLink(p *idp) (response, error) {
	phone, err := op.exchange(p, op.body.text("auth_token"))
	if err != nil {
		return response{}, refuse(http.StatusBadRequest, "invalid auth_token")
	}
	info, err := p.readInfo(op.body, phone)
	if err != nil {
		return response{}, err
	}
	return op.linkPerson(p, phone, true, info)
}
