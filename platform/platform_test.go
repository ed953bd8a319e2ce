package platform_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/platform"
)

func TestByName(t *testing.T) {
	for name, want := range map[string]platform.Platform{
		"kuaishou": platform.Kuaishou{}, "ks": platform.Kuaishou{},
		"bytedance": platform.ByteDance{}, "tt": platform.ByteDance{},
		"wechat": platform.WeChat{}, "wx": platform.WeChat{},
		"qq": platform.QQ{}, "baidu": platform.Baidu{},
		"alipay": platform.Alipay{}, "my": platform.Alipay{},
		"jd": platform.JD{}, "jingdong": platform.JD{},
	} {
		got, ok := platform.ByName(name)
		require.True(t, ok, name)
		require.Equal(t, want, got, name)
	}
	for _, name := range []string{"", "KS", "Kuaishou", "weibo", "ks "} {
		got, ok := platform.ByName(name)
		require.False(t, ok, name)
		require.Nil(t, got)
	}
}

func TestNames(t *testing.T) {
	clients := map[string]string{
		"kuaishou": "KUAISHOU", "bytedance": "BYTEDANCE", "wechat": "WECHAT", "qq": "QQ",
		"baidu": "BAIDU", "alipay": "ALIPAY", "jd": "JINGDONG",
	}
	seen := make(map[string]bool)
	for _, p := range platform.All() {
		require.Equal(t, clients[p.Name()], p.Client())
		for _, name := range append(p.Aliases(), p.Name()) {
			require.False(t, seen[name], "two platforms are called "+name)
			require.Equal(t, strings.ToLower(name), name)
			seen[name] = true
		}
		require.NotEmpty(t, p.ProviderKeys())
	}
	require.Len(t, platform.All(), len(clients))

	all := platform.All()
	all[0] = nil
	require.NotContains(t, platform.All(), nil, "the list is the caller's own")
}
