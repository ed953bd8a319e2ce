package platform

// ByteDance is the platform of ByteDance mini-programs, tt in the documentation:
// Douyin, Toutiao and the other host apps. Its users log in silently and with user
// info, the documented forced login.
//
// Every request names the host app; without [auth.AppName] that is [DefaultAppName].
//
// [auth.AppName]: https://pkg.go.dev/github.com/hydrogen-go/baas/auth#AppName
type ByteDance struct {
	known
	signing
}

// Name returns "bytedance".
func (ByteDance) Name() string { return "bytedance" }

// Client returns "BYTEDANCE".
func (ByteDance) Client() string { return "BYTEDANCE" }

// Aliases returns "tt".
func (ByteDance) Aliases() []string { return []string{"tt"} }

// ProviderKeys implements [Platform].
func (ByteDance) ProviderKeys() []string {
	return []string{"douyin", "toutiao", "news_article_lite", "bytedance_devtools", "bytedance"}
}

// DefaultAppName is the host app that ByteDance requests name unless told otherwise.
const DefaultAppName = "douyin"
