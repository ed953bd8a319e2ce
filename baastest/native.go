package baastest

import "net/http"

// nativeLogin is a login with the token that a provider gave the app.
func (c *call) nativeLogin(p *idp) (answer, error) {
	phone, err := c.exchange(p, c.body.text("auth_token"))
	if err != nil {
		return answer{}, refuse(http.StatusBadRequest, "invalid auth_token")
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
	o := jsonObject{buf: make([]byte, 0, 1024)}
	o.text("token", c.issueToken(u))
	o.whole("expires_in", c.expiresIn())
	o.whole("user_id", u.id)
	o.raw("user_info", userJSON(u, p.name))
	return answer{status: http.StatusCreated, body: o.bytes()}, nil
}

// nativeLink gives the token's user a provider's identity.
func (c *call) nativeLink(p *idp) (answer, error) {
	phone, err := c.exchange(p, c.body.text("auth_token"))
	if err != nil {
		return answer{}, refuse(http.StatusBadRequest, "invalid auth_token")
	}
	info, err := p.readInfo(c.body, phone)
	if err != nil {
		return answer{}, err
	}
	return c.linkPerson(p, phone, true, info)
}
