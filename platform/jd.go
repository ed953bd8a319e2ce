package platform

// JD is the platform of JD (Jingdong) mini-programs. Its users log in silently and
// with user info, which is sent as it is: JD signs and encrypts nothing.
type JD struct {
	known
}

// Name returns "jd".
func (JD) Name() string { return "jd" }

// Client returns "JINGDONG".
func (JD) Client() string { return "JINGDONG" }

// Aliases returns "jingdong".
func (JD) Aliases() []string { return []string{"jingdong"} }

// ProviderKeys implements [Platform].
func (JD) ProviderKeys() []string { return []string{"jd_miniapp", "jd"} }
