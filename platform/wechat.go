package platform

import (
	"encoding/json"
	"net/http"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/call"
)

// WeChat is the platform of WeChat mini-programs, wx in the documentation. It
// logs in silently, with user info and with a phone number, and can name users
// by union id. It is the one platform with UpdateUserInfo.
type WeChat struct {
	common
	signing
}

// Name returns "wechat".
func (WeChat) Name() string { return "wechat" }

// Client returns "WECHAT".
func (WeChat) Client() string { return "WECHAT" }

// Aliases returns "wx".
func (WeChat) Aliases() []string { return []string{"wx"} }

// SilentLogin implements [Platform].
func (w WeChat) SilentLogin(p *call.Params) (call.Request, error) {
	if err := w.check(p); err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/wechat/silent-login/", struct {
		CreateUser bool   `json:"create_user"`
		Code       string `json:"code"`
		UnionID    bool   `json:"login_with_unionid"`
	}{p.CreateUser, p.Code, p.UnionID}, p.Code)
}

// Login implements [Platform].
func (w WeChat) Login(data *AuthData, p *call.Params) (call.Request, error) {
	if err := w.check(p); err != nil {
		return call.Request{}, err
	}
	if !data.hasUserInfo() {
		return w.phoneLogin(data, p)
	}
	proof, err := profileOf(data)
	if err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/wechat/authenticate/", struct {
		Code       string `json:"code"`
		CreateUser bool   `json:"create_user"`
		profile
		Sync    string `json:"update_userprofile"`
		UnionID bool   `json:"login_with_unionid"`
	}{p.Code, p.CreateUser, proof, p.SyncUserProfile, p.UnionID}, data.secrets(p.Code)...)
}

// phoneLogin serves both shapes of the event: a newer phone sends a phone code,
// which goes to a later version of the endpoint.
func (w WeChat) phoneLogin(data *AuthData, p *call.Params) (call.Request, error) {
	phone, err := cipherOf(data)
	if err != nil {
		return call.Request{}, err
	}
	// The phone payload has no field for it, and an option is never dropped silently.
	if err := p.Refuse(w.Name()+" with a phone number", call.UnionID); err != nil {
		return call.Request{}, err
	}
	path := "/hserve/v2.5/idp/wechat/phone-login/"
	if data.Code != "" {
		path = "/hserve/v2.7/idp/wechat/phone-login/"
	}
	return call.New(post, path, struct {
		cipherBody
		CreateUser bool   `json:"create_user"`
		Code       string `json:"code"`
		PhoneCode  string `json:"phone_code,omitempty"`
	}{phone, p.CreateUser, p.Code, data.Code}, data.secrets(p.Code)...)
}

// UpdatePhone implements [Platform].
func (WeChat) UpdatePhone(data *AuthData, p *call.Params) (call.Request, error) {
	phone, err := cipherOf(data)
	if err != nil {
		return call.Request{}, err
	}
	path := "/hserve/v2.5/idp/wechat/phone-verification/"
	if data.Code != "" {
		path = "/hserve/v2.7/idp/wechat/phone-verification/"
	}
	return call.New(http.MethodPut, path, struct {
		cipherBody
		Overwrite bool   `json:"overwrite"`
		PhoneCode string `json:"phone_code,omitempty"`
	}{phone, p.Overwrite, data.Code}, data.secrets()...)
}

// UpdateUserInfo implements [Platform]. With a code the signed and encrypted user
// info goes out, without one the plain user info, to an older endpoint.
func (w WeChat) UpdateUserInfo(data *AuthData, p *call.Params) (call.Request, error) {
	if err := w.check(p); err != nil {
		return call.Request{}, err
	}
	if p.Code == "" {
		if p.Has(call.Code) { // one that got lost: without it nothing would prove the user info
			return call.Request{}, call.Invalid("the login code is empty")
		}
		return w.updatePlainUserInfo(data, p)
	}
	proof, err := profileOf(data)
	if err != nil {
		return call.Request{}, err
	}
	return call.New(http.MethodPut, "/hserve/v2.6/idp/wechat/user/info/", struct {
		profile
		Code string `json:"code"`
		Sync string `json:"update_userprofile"`
	}{proof, p.Code, p.SyncUserProfile}, data.secrets(p.Code)...)
}

func (WeChat) updatePlainUserInfo(data *AuthData, p *call.Params) (call.Request, error) {
	if err := data.require(); err != nil {
		return call.Request{}, err
	}
	if err := data.missing("userInfo"); err != nil {
		return call.Request{}, err
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(data.UserInfo, &body); err != nil {
		return call.Request{}, call.Invalid("userInfo is not a JSON object")
	}
	sync, err := json.Marshal(p.SyncUserProfile)
	if err != nil {
		return call.Request{}, call.Invalid("unknown syncUserProfile")
	}
	body["update_userprofile"] = sync
	return call.New(http.MethodPut, "/hserve/v2.5/idp/wechat/user/info/", body, data.secrets()...)
}

// Link implements [Platform].
func (w WeChat) Link(data *AuthData, p *call.Params) (call.Request, error) {
	const path = "/hserve/v2.4/idp/wechat/user-associate/"
	if err := w.check(p); err != nil {
		return call.Request{}, err
	}
	if data == nil {
		return call.New(post, path, struct {
			Code    string `json:"code"`
			UnionID bool   `json:"associate_with_unionid"`
		}{p.Code, p.UnionID}, p.Code)
	}
	proof, err := profileOf(data)
	if err != nil {
		return call.Request{}, err
	}
	return call.New(post, path, struct {
		profile
		Sync    string `json:"update_userprofile"`
		Code    string `json:"code"`
		UnionID bool   `json:"associate_with_unionid"`
	}{proof, p.SyncUserProfile, p.Code, p.UnionID}, data.secrets(p.Code)...)
}

// Failure implements [Platform]: an update of the user info is answered 403 where
// it is switched off.
func (WeChat) Failure(c Call, err *herror.HError) *herror.HError {
	if c == CallUpdateUserInfo && err.Code == herror.Forbidden {
		return herror.New(herror.UserInfoSwitchOff, "").WithCause(err)
	}
	return err
}

func (w WeChat) check(p *call.Params) error {
	if err := p.Check(); err != nil {
		return err
	}
	return p.Refuse(w.Name(), call.AppName)
}
