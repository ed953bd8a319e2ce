package platform

import "github.com/hydrogen-go/baas/internal/call"

// QQ is the platform of QQ mini-programs. It logs in silently and with user info.
type QQ struct {
	common
	signing
}

// Name returns "qq".
func (QQ) Name() string { return "qq" }

// Client returns "QQ".
func (QQ) Client() string { return "QQ" }

// Aliases returns none.
func (QQ) Aliases() []string { return nil }

// SilentLogin implements [Platform].
func (q QQ) SilentLogin(p *call.Params) (call.Request, error) {
	if err := q.check(p); err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/qq/silent-login/", silentBody{p.CreateUser, p.Code}, p.Code)
}

// Login implements [Platform].
func (q QQ) Login(data *AuthData, p *call.Params) (call.Request, error) {
	if err := q.check(p); err != nil {
		return call.Request{}, err
	}
	proof, err := profileOf(data)
	if err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/qq/authenticate/",
		profileLoginBody{p.Code, p.CreateUser, proof, p.SyncUserProfile}, data.secrets(p.Code)...)
}

// Link implements [Platform].
func (q QQ) Link(data *AuthData, p *call.Params) (call.Request, error) {
	const path = "/hserve/v2.0/idp/qq/user-association/"
	if err := q.check(p); err != nil {
		return call.Request{}, err
	}
	if data == nil {
		return call.New(post, path, codeBody{p.Code}, p.Code)
	}
	proof, err := profileOf(data)
	if err != nil {
		return call.Request{}, err
	}
	return call.New(post, path, profileLinkBody{proof, p.SyncUserProfile, p.Code}, data.secrets(p.Code)...)
}

func (q QQ) check(p *call.Params) error {
	if err := p.Check(); err != nil {
		return err
	}
	return p.Refuse(q.Name(), call.AppName|call.UnionID)
}
