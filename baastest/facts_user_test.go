package baastest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// login logs a person in silently and returns the user of the response.
func (c *client) login(p *baastest.Phone) m {
	c.t.Helper()
	return c.silent(p).body["user_info"].(m)
}

// idOf is the id of a user object.
func idOf(user m) int64 { return int64(user["id"].(float64)) }

// responses is a backend that responds otherwise.
func responses(r baastest.Responses) *baastest.Backend {
	return newBackend(baastest.WithResponses(r))
}

var userFacts = []fact{
	{
		"provider-keys", "D", "The keys of _provider are wechat, alipay, qq_miniapp, baidu_miniapp and jd_miniapp. They differ from the names in paths.",
		"cloud-function/node-sdk/user.md; qq-minapp-demo, baidu-minapp-demo pages/auth/auth.js",
		func(t *testing.T) {
			for platform, key := range map[string]string{
				baastest.WeChat: "wechat", baastest.Alipay: "alipay", baastest.QQ: "qq_miniapp",
				baastest.Baidu: "baidu_miniapp", baastest.JD: "jd_miniapp",
			} {
				b := newBackend()
				c := newClient(t, b, platform)
				p, err := b.Phone(platform, "o")
				require.NoError(t, err)
				require.Equal(t, []string{key}, names(c.self(idOf(c.login(p)))["_provider"].(m)))
			}
		},
	}, {
		"provider-key-per-host-app", "D", "ByteDance has one key for each host app: douyin, toutiao, news_article_lite, bytedance_devtools.",
		"cloud-function/node-sdk/user.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.ByteDance)
			for _, app := range []string{"douyin", "toutiao", "news_article_lite"} {
				body := m{"code": b.ByteDance("o").Login(), "create_user": true, "app_name": app}
				user := c.ok(201, c.post("v2.5/idp/bytedance/silent-login/", body)).body["user_info"].(m)
				require.Equal(t, []string{app}, names(user["_provider"].(m)))
			}
		},
	}, {
		"provider-keys-of-app-logins", "D", "The token of a provider makes the key oauth_apple_native, oauth_wechat_native or oauth_weibo_native.",
		"cloud-function/node-sdk/user.md",
		func(t *testing.T) {
			for provider, key := range map[string]string{
				"apple": "oauth_apple_native", "wechat-native": "oauth_wechat_native", "weibo-native": "oauth_weibo_native",
			} {
				b := newBackend()
				c := newClient(t, b, "")
				p, err := b.Phone(provider, "o")
				require.NoError(t, err)
				r := c.ok(201, c.post("v2.3/idp/oauth/"+provider+"/authenticate/", m{"auth_token": p.Login(), "create_user": true}))
				id := int64(r.body["user_id"].(float64))
				require.Equal(t, []string{key}, names(c.self(id)["_provider"].(m)))
			}
		},
	}, {
		"alipay-user-id", "D", "Alipay's entry of _provider names its user by user_id, and has no openid.",
		"cloud-function/node-sdk/user.md; js-sdk/user.md",
		func(t *testing.T) {
			b := newBackend()
			user := newClient(t, b, baastest.Alipay).login(b.Alipay("2088"))
			require.Equal(t, m{"user_id": "2088"}, user["_provider"].(m)["alipay"])
		},
	}, {
		"provider-unionid", "D", "_provider.wechat_unionid is a text, beside the objects.",
		"js-sdk/wechat/unionid-login.md; js-sdk/user.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.WeChat)
			user := byUnionID(c, b.WeChat("o").SetUnionID("u"), true).body["user_info"].(m)
			require.Equal(t, "u", user["_provider"].(m)["wechat_unionid"])
		},
	}, {
		"first-level-ids", "D", "openid and unionid at the first level of a read are WeChat's. For users of other platforms they are not set. Responses.OwnOpenID selects those of the platform that reads.",
		"js-sdk/account.md",
		func(t *testing.T) {
			for own, want := range map[bool]any{false: nil, true: "qq-openid"} {
				b := responses(baastest.Responses{OwnOpenID: own})
				c := newClient(t, b, baastest.QQ)
				id := idOf(c.login(b.QQ("qq-openid")))
				require.Equal(t, want, c.self(id)["openid"])
			}
			b := newBackend()
			c := newClient(t, b, baastest.QQ)
			id := idOf(c.login(b.QQ("qq-openid")))
			c.ok(200, c.link(b.WeChat("wx-openid"), nil))
			require.Equal(t, "wx-openid", c.self(id)["openid"])
		},
	}, {
		"login-openid", "C", "The openid in the user_info of a login is the platform's own; the client stores it.",
		"hydrogen-js-sdk core/utils/index.js flatAuthResponse",
		func(t *testing.T) {
			eachPlatform(t, func(t *testing.T, b *baastest.Backend, p *baastest.Phone, c *client) {
				if p.Platform() != baastest.Alipay {
					require.Equal(t, p.OpenID(), c.login(p)["openid"])
				}
			})
		},
	}, {
		"others-fields", "D", "Of another user a read shows id, nickname and avatar, and custom fields by their permission. WithFieldPermission sets the permission of a field.",
		"js-sdk/user.md",
		func(t *testing.T) {
			read := func(opts ...baastest.Option) m {
				b := newBackend(opts...)
				c := newClient(t, b, baastest.WeChat)
				id := idOf(c.login(b.WeChat("o")))
				c.ok(200, c.put("v2.5/user/info/", m{"nickname": "Ann", "city": "Huizhou", "age": 30}))
				other := newClient(t, b, "")
				other.register("Bob")
				return other.self(id)
			}
			require.Equal(t, []string{"age", "avatar", "id", "nickname"}, names(read()))
			require.Equal(t, []string{"_provider", "avatar", "city", "id"}, names(read(
				baastest.WithFieldPermission("age", baastest.VisibleToOwner),
				baastest.WithFieldPermission("city", baastest.VisibleToAll),
				baastest.WithFieldPermission("_provider", baastest.VisibleToAll),
				baastest.WithFieldPermission("nickname", baastest.Invisible),
			)))
		},
	}, {
		"invisible-fields", "D", "A field that no client may see is not even in the own user.",
		"js-sdk/user.md",
		func(t *testing.T) {
			b := newBackend(baastest.WithFieldPermission("is_authorized", baastest.Invisible))
			c := newClient(t, b, "")
			require.NotContains(t, c.self(c.register("Ann")), "is_authorized")
		},
	}, {
		"unset-fields", "R", "openid, unionid, _username, _email and _phone are absent where they were never set. Responses.Unset selects null or an empty text, which are documented and recorded too.",
		"hydrogen-ios-sdk MinCloudTests user_info.json, user_list.json; web-api/user.md",
		func(t *testing.T) {
			for unset, want := range map[baastest.Unset]any{
				baastest.UnsetAbsent: nil, baastest.UnsetNull: nil, baastest.UnsetEmpty: "",
			} {
				c := newClient(t, responses(baastest.Responses{Unset: unset}), "")
				user := c.self(c.register("Ann"))
				for _, name := range []string{"openid", "unionid", "_email", "_phone"} {
					require.Equal(t, want, user[name])
					_, present := user[name]
					require.Equal(t, unset != baastest.UnsetAbsent, present)
				}
			}
		},
	}, {
		"recorded-user", "R", "A user has id, created_by of the same number, created_at, updated_at, a default avatar, is_authorized, _anonymous and an empty _provider, and no nickname that was never set.",
		"hydrogen-ios-sdk MinCloudTests user_info.json",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			id := c.register("ifanr")
			user := c.self(id)
			for name, want := range (m{
				"id": float64(id), "created_by": float64(id), "is_authorized": false, "_anonymous": false,
				"_email_verified": false, "_username": "ifanr", "_provider": m{},
				"avatar": "https://media.ifanrusercontent.com/hydrogen/default_avatar.png",
			}) {
				require.Equal(t, want, user[name], name)
			}
			require.NotContains(t, user, "nickname")
		},
	},
}

// register3 registers three users with nicknames, in this order.
func register3(t *testing.T, b *baastest.Backend, nicknames ...string) *client {
	t.Helper()
	var c *client
	for i, nickname := range nicknames {
		c = newClient(t, b, "")
		c.register(fmt.Sprint("user", i))
		c.ok(200, c.put("v2.5/user/info/", m{"nickname": nickname, "age": 20 + i}))
	}
	return c
}
