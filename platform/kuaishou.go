package platform

// Kuaishou is the platform of Kuaishou mini-programs, ks in the documentation. Its
// users log in silently, with user info and with a phone number.
type Kuaishou struct {
	known
	signing
}

// Name returns "kuaishou".
func (Kuaishou) Name() string { return "kuaishou" }

// Client returns "KUAISHOU".
func (Kuaishou) Client() string { return "KUAISHOU" }

// Aliases returns "ks".
func (Kuaishou) Aliases() []string { return []string{"ks"} }

// ProviderKeys implements [Platform].
func (Kuaishou) ProviderKeys() []string { return []string{"kuaishou_miniapp", "kuaishou"} }
