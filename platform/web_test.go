package platform_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/platform"
)

// The names and keys are those of the documentation: js-sdk/web/signin-signout.md,
// cloud-function/node-sdk/user.md.
func TestWebProviders(t *testing.T) {
	keys := make(map[platform.WebProvider]string)
	for _, p := range platform.WebProviders() {
		keys[p] = p.ProviderKey()
		_, ok := platform.ByName(string(p))
		require.False(t, ok, "%s is no mini-program platform", p)
	}
	require.Equal(t, map[platform.WebProvider]string{
		"oauth-wechat-web": "oauth_wechat_web",
		"oauth-wechat-mp":  "oauth_wechat_mp",
		"oauth-weibo":      "oauth_weibo",
	}, keys)

	platform.WebProviders()[0] = ""
	require.Equal(t, platform.WeChatWeb, platform.WebProviders()[0], "the list is the caller's own")
}
