package user

import (
	"slices"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/platform"
)

// Provider is one identity that is linked to the account: an entry of the documented
// _provider.
type Provider struct {
	// Key is the entry's key: "wechat", "qq_miniapp", for ByteDance the host app as in
	// "douyin", for web and app logins "oauth_wechat_web" and the like.
	Key string
	// Platform is the mini-program platform of the key; nil for a key of no platform
	// that this SDK knows, such as those of web and app logins.
	Platform platform.Platform
	// OpenID is the user's id there: the documented openid, or Alipay's user_id.
	OpenID string
	// UnionID is the user's id across the apps of one developer, where there is one.
	UnionID string
	// Fields is the whole entry.
	Fields Value
}

// Providers returns every identity that is linked to the account, in the order in
// which the backend has them: the documented _provider. The user's unionid at WeChat,
// which stands beside them, is [CurrentUser.WechatUnionID].
func (u *record) Providers() []Provider {
	var all []Provider
	u.providers().Each(func(key string, v gjson.Result) bool {
		if v.IsObject() {
			all = append(all, newProvider(key, v))
		}
		return true
	})
	return all
}

// Provider returns what the account knows of the user on a platform, its entry in
// the documented _provider (openid, nickname, avatar …). It does not exist where
// the account is not linked to the platform. A user of several ByteDance host apps
// has an entry for each: this is the first of them, [CurrentUser.Providers] has all,
// and [CurrentUser.ProviderByKey] finds one by name.
func (u *record) Provider(p platform.Platform) Value {
	return Value{visitor.ProviderEntry(u.indexed(), p)}
}

// ProviderByKey returns the entry of the documented _provider with that key, as in
// "douyin" or "oauth_wechat_web". It does not exist where the account has none.
func (u *record) ProviderByKey(key string) Value { return Value{u.providers().Get(key)} }

// LinkedPlatforms returns the mini-program platforms that are linked to the account,
// each once.
func (u *record) LinkedPlatforms() []platform.Platform {
	var linked []platform.Platform
	for _, p := range platform.All() {
		if u.Provider(p).Exists() {
			linked = append(linked, p)
		}
	}
	return linked
}

// WechatUnionID is the user's unionid at WeChat as web logins and logins with
// auth.WithUnionID find the account by: the documented _provider.wechat_unionid.
func (u *record) WechatUnionID() string { return response.Str(u.providers().Get("wechat_unionid")) }

// providers returns the documented _provider, an empty object where there is none.
func (u *record) providers() response.Fields {
	if all := u.field("_provider"); all.IsObject() {
		return response.Fields(all.Raw)
	}
	return "{}"
}

func newProvider(key string, v gjson.Result) Provider {
	openID, unionID := visitor.IDsIn(v)
	p := Provider{Key: key, OpenID: openID, UnionID: unionID, Fields: Value{v}}
	for _, on := range platform.All() {
		if slices.Contains(on.ProviderKeys(), key) {
			p.Platform = on
		}
	}
	return p
}
