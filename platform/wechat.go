package platform

// WeChat is the platform of WeChat mini-programs, wx in the documentation. Its users
// log in silently, with user info and with a phone number, and can be found by
// union id. It is the one platform with UpdateUserInfo.
type WeChat struct {
	known
	signing
}

// Name returns "wechat".
func (WeChat) Name() string { return "wechat" }

// Client returns "WECHAT".
func (WeChat) Client() string { return "WECHAT" }

// Aliases returns "wx".
func (WeChat) Aliases() []string { return []string{"wx"} }

// ProviderKeys implements [Platform].
func (WeChat) ProviderKeys() []string { return []string{"wechat"} }
