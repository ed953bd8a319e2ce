package platform

// Alipay is the platform of Alipay mini-programs. Its users log in silently and
// forced: the code of a forced login, got with the scope auth_user, stands for the
// user info itself, and nothing else is sent. A user who cancels the forced login is
// logged in silently, with the same options.
//
// Data is what my.getAuthCode gave the phone, with its authSuccessScopes, or what
// my.getOpenUserInfo gave it as userInfo; or the error of a user who cancelled.
type Alipay struct {
	known
}

// Name returns "alipay".
func (Alipay) Name() string { return "alipay" }

// Client returns "ALIPAY".
func (Alipay) Client() string { return "ALIPAY" }

// Aliases returns "my".
func (Alipay) Aliases() []string { return []string{"my"} }

// ProviderKeys implements [Platform].
func (Alipay) ProviderKeys() []string { return []string{"alipay"} }
