package platform

// QQ is the platform of QQ mini-programs. Its users log in silently and with user
// info.
type QQ struct {
	known
	signing
}

// Name returns "qq".
func (QQ) Name() string { return "qq" }

// Client returns "QQ".
func (QQ) Client() string { return "QQ" }

// Aliases returns none.
func (QQ) Aliases() []string { return nil }

// ProviderKeys implements [Platform].
func (QQ) ProviderKeys() []string { return []string{"qq_miniapp", "qq"} }
