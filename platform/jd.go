package platform

import (
	"encoding/json"

	"github.com/hydrogen-go/baas/internal/call"
)

// JD is the platform of JD (Jingdong) mini-programs. It logs in silently and with
// user info, which goes out as it is: JD signs and encrypts nothing.
type JD struct{ common }

// Name returns "jd".
func (JD) Name() string { return "jd" }

// Client returns "JINGDONG".
func (JD) Client() string { return "JINGDONG" }

// Aliases returns "jingdong".
func (JD) Aliases() []string { return []string{"jingdong"} }

// SilentLogin implements [Platform].
func (j JD) SilentLogin(p *call.Params) (call.Request, error) {
	if err := j.check(p); err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/jd/silent-login/", silentBody{p.CreateUser, p.Code}, p.Code)
}

// Login implements [Platform].
func (j JD) Login(data *AuthData, p *call.Params) (call.Request, error) {
	if err := j.check(p); err != nil {
		return call.Request{}, err
	}
	if err := j.userInfo(data); err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/jd/authenticate/", struct {
		Code       string          `json:"code"`
		CreateUser bool            `json:"create_user"`
		Data       string          `json:"data,omitempty"`
		IV         string          `json:"iv,omitempty"`
		UserInfo   json.RawMessage `json:"userInfo"`
		Sync       string          `json:"update_userprofile"`
	}{p.Code, p.CreateUser, data.EncryptedData, data.IV, data.UserInfo, p.SyncUserProfile}, data.secrets(p.Code)...)
}

// Link implements [Platform].
func (j JD) Link(data *AuthData, p *call.Params) (call.Request, error) {
	const path = "/hserve/v2.4/idp/jd/user-association/"
	if err := j.check(p); err != nil {
		return call.Request{}, err
	}
	if data == nil {
		return call.New(post, path, codeBody{p.Code}, p.Code)
	}
	if err := j.userInfo(data); err != nil {
		return call.Request{}, err
	}
	return call.New(post, path, struct {
		UserInfo json.RawMessage `json:"userInfo"`
		Sync     string          `json:"update_userprofile"`
		Code     string          `json:"code"`
	}{data.UserInfo, p.SyncUserProfile, p.Code}, data.secrets(p.Code)...)
}

func (JD) userInfo(data *AuthData) error {
	if err := userInfo(data); err != nil {
		return err
	}
	return data.missing("userInfo")
}

func (j JD) check(p *call.Params) error {
	if err := p.Check(); err != nil {
		return err
	}
	return p.Refuse(j.Name(), call.AppName|call.UnionID)
}
