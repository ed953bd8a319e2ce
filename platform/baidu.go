package platform

// Baidu is the platform of Baidu smart programs. Its users log in silently and with
// user info, of which only the encrypted part is sent.
type Baidu struct {
	known
}

// Name returns "baidu".
func (Baidu) Name() string { return "baidu" }

// Client returns "BAIDU".
func (Baidu) Client() string { return "BAIDU" }

// Aliases returns none.
func (Baidu) Aliases() []string { return nil }

// ProviderKeys implements [Platform].
func (Baidu) ProviderKeys() []string { return []string{"baidu_miniapp", "baidu"} }
