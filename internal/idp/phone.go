package idp

import "github.com/hydrogen-go/baas/platform"

// phoneLogin makes a login with a phone number, of the platforms that have one.
func (c common) phoneLogin(to endpoint, data *platform.AuthData, p *Params, phoneCode string) (*Call, error) {
	w := newPayload()
	w.text("code", p.Code)
	w.flag("create_user", p.CreateUser)
	if err := encrypted(w, data); err != nil {
		return nil, err
	}
	w.optional("phone_code", phoneCode)
	return c.call(to, w.end(), p.Code, data), nil
}

// updatePhone makes an update of the phone number, of the platforms that have one.
func (c common) updatePhone(to endpoint, data *platform.AuthData, p *Params, phoneCode string) (*Call, error) {
	if err := p.only(optOverwrite|optPlatform, "UpdatePhoneNumber"); err != nil {
		return nil, err
	}
	w := newPayload()
	if err := encrypted(w, data); err != nil {
		return nil, err
	}
	w.flag("overwrite", p.Overwrite)
	w.optional("phone_code", phoneCode)
	return c.call(to, w.end(), "", data), nil
}
