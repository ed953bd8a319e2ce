package platform

import "strings"

// WebProvider is a provider on whose page people log in with a browser: the {provider}
// of the backend's paths. It is not a [Platform]: it has no login codes and no event
// data, but a page to which the browser goes and from which it comes back with an
// auth_token. Other names than those below are sent as they are; a name has lower-case
// letters, digits, - and _.
//
// Documentation: js-sdk/web/signin-signout.md, js-sdk/web/third-party-auth-config.md.
type WebProvider string

// The documented providers.
const (
	// WeChatWeb is for websites: people scan a QR code with WeChat.
	WeChatWeb WebProvider = "oauth-wechat-web"
	// WeChatMP is for pages in the browser of the WeChat app, with a WeChat official
	// account (公众号). It is the only one that has a silent login.
	WeChatMP WebProvider = "oauth-wechat-mp"
	// Weibo is for websites.
	Weibo WebProvider = "oauth-weibo"
)

// WebProviders returns the documented providers.
func WebProviders() []WebProvider { return []WebProvider{WeChatWeb, WeChatMP, Weibo} }

// ProviderKey is the key of the user's _provider under which the backend keeps the
// user's identity at the provider, as in "oauth_wechat_web".
func (p WebProvider) ProviderKey() string { return strings.ReplaceAll(string(p), "-", "_") }
