package platform

import (
	"net/http"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/call"
)

// Kuaishou is the platform of Kuaishou mini-programs, ks in the documentation.
// It logs in silently, with user info and with a phone number.
type Kuaishou struct {
	common
	signing
}

// Name returns "kuaishou".
func (Kuaishou) Name() string { return "kuaishou" }

// Client returns "KUAISHOU".
func (Kuaishou) Client() string { return "KUAISHOU" }

// Aliases returns "ks".
func (Kuaishou) Aliases() []string { return []string{"ks"} }

// SilentLogin implements [Platform].
func (k Kuaishou) SilentLogin(p *call.Params) (call.Request, error) {
	if err := k.check(p); err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/kuaishou/silent-login/", silentBody{p.CreateUser, p.Code}, p.Code)
}

// Login implements [Platform].
func (k Kuaishou) Login(data *AuthData, p *call.Params) (call.Request, error) {
	if err := k.check(p); err != nil {
		return call.Request{}, err
	}
	if !data.hasUserInfo() {
		return k.phoneLogin(data, p)
	}
	proof, err := profileOf(data)
	if err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/kuaishou/authenticate/",
		profileLoginBody{p.Code, p.CreateUser, proof, p.SyncUserProfile}, data.secrets(p.Code)...)
}

func (Kuaishou) phoneLogin(data *AuthData, p *call.Params) (call.Request, error) {
	phone, err := cipherOf(data)
	if err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/kuaishou/phone-login/", struct {
		Code string `json:"code"`
		cipherBody
		CreateUser bool `json:"create_user"`
	}{p.Code, phone, p.CreateUser}, data.secrets(p.Code)...)
}

// UpdatePhone implements [Platform].
func (Kuaishou) UpdatePhone(data *AuthData, p *call.Params) (call.Request, error) {
	phone, err := cipherOf(data)
	if err != nil {
		return call.Request{}, err
	}
	return call.New(http.MethodPut, "/hserve/v2.5/idp/kuaishou/phone-verification/", struct {
		cipherBody
		Overwrite bool `json:"overwrite"`
	}{phone, p.Overwrite}, data.secrets()...)
}

// Link implements [Platform].
func (k Kuaishou) Link(data *AuthData, p *call.Params) (call.Request, error) {
	const path = "/hserve/v2.5/idp/kuaishou/user-association/"
	if err := k.check(p); err != nil {
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

// Failure implements [Platform]: an update of the phone number without a session
// is answered 403.
func (Kuaishou) Failure(c Call, err *herror.HError) *herror.HError {
	if c == CallUpdatePhone && err.Code == herror.Forbidden {
		return herror.New(herror.SessionMissing, "").WithCause(err)
	}
	return err
}

func (k Kuaishou) check(p *call.Params) error {
	if err := p.Check(); err != nil {
		return err
	}
	return p.Refuse(k.Name(), call.AppName|call.UnionID)
}
