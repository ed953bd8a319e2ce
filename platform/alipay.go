package platform

import (
	"net/http"

	"github.com/hydrogen-go/baas/internal/call"
)

// Alipay is the platform of Alipay mini-programs. It logs in silently and forced:
// the code of a forced login, got with the scope auth_user, stands for the user
// info itself, and nothing else is sent. A user who cancels the forced login is
// logged in silently, with the same options.
//
// Data is what my.getAuthCode gave the phone, with its authSuccessScopes, or what
// my.getOpenUserInfo gave it as userInfo; or the error of a user who cancelled.
type Alipay struct{ common }

// Name returns "alipay".
func (Alipay) Name() string { return "alipay" }

// Client returns "ALIPAY".
func (Alipay) Client() string { return "ALIPAY" }

// Aliases returns "my".
func (Alipay) Aliases() []string { return []string{"my"} }

// SilentLogin implements [Platform].
func (a Alipay) SilentLogin(p *call.Params) (call.Request, error) {
	if err := a.check(p); err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/alipay/silent-login/", silentBody{p.CreateUser, p.Code}, p.Code)
}

// Login implements [Platform].
func (a Alipay) Login(data *AuthData, p *call.Params) (call.Request, error) {
	if err := a.check(p); err != nil {
		return call.Request{}, err
	}
	if err := userInfo(data); err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/alipay/authenticate/", struct {
		Code       string `json:"code"`
		CreateUser bool   `json:"create_user"`
		Sync       string `json:"update_userprofile"`
	}{p.Code, p.CreateUser, p.SyncUserProfile}, data.secrets(p.Code)...)
}

// Link implements [Platform]. A link says whether the code was got with the scope
// auth_user.
func (a Alipay) Link(data *AuthData, p *call.Params) (call.Request, error) {
	if err := a.check(p); err != nil {
		return call.Request{}, err
	}
	body := struct {
		Code       string `json:"code"`
		Authorized bool   `json:"authorized"`
		Sync       string `json:"update_userprofile,omitempty"`
	}{Code: p.Code}
	if data != nil {
		if err := userInfo(data); err != nil {
			return call.Request{}, err
		}
		body.Authorized, body.Sync = true, p.SyncUserProfile
	}
	return call.New(http.MethodPut, "/hserve/v2.0/idp/alipay/user-associate/", body, p.Code)
}

// SilentOnRefusal returns true, as documented.
func (Alipay) SilentOnRefusal() bool { return true }

func (a Alipay) check(p *call.Params) error {
	if err := p.Check(); err != nil {
		return err
	}
	return p.Refuse(a.Name(), call.AppName|call.UnionID)
}
