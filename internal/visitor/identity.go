package visitor

import (
	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/platform"
)

// Identity returns the ids that a user has on the platform with that name, by the
// user's _provider.
func Identity(user response.User, name string) (openID, unionID string) {
	if p, ok := platform.ByName(name); ok {
		return IDsIn(ProviderEntry(user, p))
	}
	return "", ""
}

// ProviderEntry returns the user's entry of _provider on a platform, the first one of
// several; it does not exist where there is none.
func ProviderEntry(user response.User, p platform.Platform) gjson.Result {
	all := user.Get("_provider")
	if p == nil || !all.IsObject() {
		return gjson.Result{}
	}
	for _, key := range p.ProviderKeys() {
		if entry := response.Fields(all.Raw).Get(key); entry.IsObject() {
			return entry
		}
	}
	return gjson.Result{}
}

// IDsIn returns the ids in an entry of _provider. Alipay calls its own user_id.
func IDsIn(entry gjson.Result) (openID, unionID string) {
	if !entry.IsObject() {
		return "", ""
	}
	fields := response.Fields(entry.Raw)
	if openID = response.Str(fields.Get("openid")); openID == "" {
		openID = response.Str(fields.Get("user_id"))
	}
	return openID, response.Str(fields.Get("unionid"))
}
