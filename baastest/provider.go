package baastest

import (
	"cmp"
	"net/http"
)

// providerLogin is a login with the token that a provider gave the app.
func (op *operation) providerLogin(p *idp) (response, error) {
	phone, info, err := op.readToken(p)
	if err != nil {
		return response{}, err
	}
	u, err := op.accountOf(phone)
	if err != nil {
		return response{}, err
	}
	op.tell(u, phone, info)
	o := jsonObject{buf: make([]byte, 0, 512)}
	o.text("status", "ok")
	o.text("message", "Authentication succeeded.")
	op.writeToken(&o, u)
	o.raw("user_info", providerUserInfo(u))
	return response{status: http.StatusCreated, body: o.bytes()}, nil
}

// providerLink gives the token's user a provider's identity.
func (op *operation) providerLink(p *idp) (response, error) {
	phone, info, err := op.readToken(p)
	if err != nil {
		return response{}, err
	}
	if err := op.linkPerson(phone, true, info); err != nil {
		return response{}, err
	}
	var o jsonObject
	o.whole("user_id", op.user.id)
	o.text("status", "ok")
	o.text("message", "Association succeeded.")
	o.raw("user_info", providerUserInfo(op.user))
	return response{status: http.StatusOK, body: o.bytes()}, nil
}

// providerUserInfo is the user info in the response to a provider's token. It has no
// id.
func providerUserInfo(u *user) []byte {
	var o jsonObject
	o.text("avatar", avatarOf(u.profile))
	o.maybeText("nickname", u.profile.NickName)
	return o.bytes()
}

// readToken returns the person of the provider's token, and what the token tells
// of the person. Weibo's is in access_token in the vendor's app clients.
func (op *operation) readToken(p *idp) (*Phone, Profile, error) {
	token := cmp.Or(op.body.text("auth_token"), op.body.text("access_token"))
	if token == "" {
		return nil, Profile{}, refuse(http.StatusBadRequest, "missing field: auth_token")
	}
	phone, err := op.exchange(p, token)
	if err != nil {
		return nil, Profile{}, refuse(http.StatusBadRequest, "invalid auth_token")
	}
	info, err := p.readInfo(op.body, phone)
	return phone, info, err
}
