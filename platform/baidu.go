package platform

import "github.com/hydrogen-go/baas/internal/call"

// Baidu is the platform of Baidu smart programs. It logs in silently and with
// user info, of which it sends the encrypted part only.
type Baidu struct{ common }

// Name returns "baidu".
func (Baidu) Name() string { return "baidu" }

// Client returns "BAIDU".
func (Baidu) Client() string { return "BAIDU" }

// Aliases returns none.
func (Baidu) Aliases() []string { return nil }

// SilentLogin implements [Platform].
func (b Baidu) SilentLogin(p *call.Params) (call.Request, error) {
	if err := b.check(p); err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/baidu/silent-login/", silentBody{p.CreateUser, p.Code}, p.Code)
}

// Login implements [Platform].
func (b Baidu) Login(data *AuthData, p *call.Params) (call.Request, error) {
	if err := b.check(p); err != nil {
		return call.Request{}, err
	}
	if err := b.userInfo(data); err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/baidu/authenticate/", struct {
		Code       string `json:"code"`
		CreateUser bool   `json:"create_user"`
		Data       string `json:"data"`
		IV         string `json:"iv"`
		Sync       string `json:"update_userprofile"`
	}{p.Code, p.CreateUser, data.EncryptedData, data.IV, p.SyncUserProfile}, data.secrets(p.Code)...)
}

// Link implements [Platform]. Raw data and signature go along where the phone had them.
func (b Baidu) Link(data *AuthData, p *call.Params) (call.Request, error) {
	const path = "/hserve/v2.1/idp/baidu/user-association/"
	if err := b.check(p); err != nil {
		return call.Request{}, err
	}
	if data == nil {
		return call.New(post, path, codeBody{p.Code}, p.Code)
	}
	if err := b.userInfo(data); err != nil {
		return call.Request{}, err
	}
	return call.New(post, path, struct {
		RawData   string `json:"rawData,omitempty"`
		Signature string `json:"signature,omitempty"`
		cipherBody
		Sync string `json:"update_userprofile"`
		Code string `json:"code"`
	}{data.RawData, data.Signature, cipherBody{data.EncryptedData, data.IV}, p.SyncUserProfile, p.Code}, data.secrets(p.Code)...)
}

func (Baidu) userInfo(data *AuthData) error {
	if err := userInfo(data); err != nil {
		return err
	}
	return data.missing("encryptedData", "iv")
}

func (b Baidu) check(p *call.Params) error {
	if err := p.Check(); err != nil {
		return err
	}
	return p.Refuse(b.Name(), call.AppName|call.UnionID)
}
