package platform

import "github.com/hydrogen-go/baas/internal/call"

// ByteDance is the platform of ByteDance mini-programs, tt in the documentation:
// Douyin, Toutiao and the other host apps. It logs in silently and with user
// info, the documented forced login.
//
// Every request names the host app; without [auth.AppName] that is [DefaultAppName].
//
// [auth.AppName]: https://pkg.go.dev/github.com/hydrogen-go/baas/auth#AppName
type ByteDance struct {
	common
	signing
}

// DefaultAppName is the host app that ByteDance requests name unless told otherwise.
const DefaultAppName = "douyin"

// Name returns "bytedance".
func (ByteDance) Name() string { return "bytedance" }

// Client returns "BYTEDANCE".
func (ByteDance) Client() string { return "BYTEDANCE" }

// Aliases returns "tt".
func (ByteDance) Aliases() []string { return []string{"tt"} }

// SilentLogin implements [Platform].
func (b ByteDance) SilentLogin(p *call.Params) (call.Request, error) {
	if err := b.check(p); err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/bytedance/silent-login/", struct {
		CreateUser bool   `json:"create_user"`
		AppName    string `json:"app_name"`
		Code       string `json:"code"`
	}{p.CreateUser, b.appName(p), p.Code}, p.Code)
}

// Login implements [Platform].
func (b ByteDance) Login(data *AuthData, p *call.Params) (call.Request, error) {
	if err := b.check(p); err != nil {
		return call.Request{}, err
	}
	proof, err := profileOf(data)
	if err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.5/idp/bytedance/authenticate/", struct {
		Code       string `json:"code"`
		AppName    string `json:"app_name"`
		CreateUser bool   `json:"create_user"`
		profile
		Sync string `json:"update_userprofile"`
	}{p.Code, b.appName(p), p.CreateUser, proof, p.SyncUserProfile}, data.secrets(p.Code)...)
}

// Link implements [Platform].
func (b ByteDance) Link(data *AuthData, p *call.Params) (call.Request, error) {
	const path = "/hserve/v2.4/idp/bytedance/user-association/"
	if err := b.check(p); err != nil {
		return call.Request{}, err
	}
	if data == nil {
		return call.New(post, path, struct {
			Code    string `json:"code"`
			AppName string `json:"app_name"`
		}{p.Code, b.appName(p)}, p.Code)
	}
	proof, err := profileOf(data)
	if err != nil {
		return call.Request{}, err
	}
	return call.New(post, path, struct {
		profile
		Sync    string `json:"update_userprofile"`
		AppName string `json:"app_name"`
		Code    string `json:"code"`
	}{proof, p.SyncUserProfile, b.appName(p), p.Code}, data.secrets(p.Code)...)
}

func (ByteDance) appName(p *call.Params) string {
	if p.AppName == "" {
		return DefaultAppName
	}
	return p.AppName
}

func (b ByteDance) check(p *call.Params) error {
	if err := p.Check(); err != nil {
		return err
	}
	return p.Refuse(b.Name(), call.UnionID)
}
