package baastest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

const wechatLogin = "v2.5/idp/wechat/silent-login/"

// byUnionID logs a person in by unionid.
func byUnionID(c *client, p *baastest.Phone, create bool) reply {
	c.t.Helper()
	r := c.post(wechatLogin, m{"code": p.Login(), "create_user": create, "login_with_unionid": true})
	if r.status == 201 {
		c.token = r.body["token"].(string)
	}
	return r
}

// inApp logs a person in on a host app of ByteDance.
func inApp(c *client, p *baastest.Phone, app string) m {
	c.t.Helper()
	r := c.post("v2.5/idp/bytedance/silent-login/", m{"code": p.Login(), "create_user": true, "app_name": app})
	return c.ok(201, r).body["user_info"].(m)
}

// withInfo logs a person in with user info.
func withInfo(c *client, p *baastest.Phone, more m) reply {
	c.t.Helper()
	login := loginBody(p, true)
	info := infoOf(c.t, p, p.AllowUserInfoJSON())
	return c.post("v2.5/idp/"+p.Platform()+"/authenticate/", merge(login, info, m{"update_userprofile": "setnx"}, more))
}

var platformFacts = []fact{
	{
		"unionid-new-user", "D", "A login by unionid that finds nobody makes a user with _provider.wechat_unionid and openid, or is 404 where no user may be made.",
		"js-sdk/wechat/unionid-login.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.WeChat)
			p := b.WeChat("o").SetUnionID("u")
			c.refused(404, "", byUnionID(c, p, false))
			user := byUnionID(c, p, true).body["user_info"].(m)
			require.Equal(t, "o", user["openid"])
			require.Equal(t, "u", user["_provider"].(m)["wechat_unionid"])
		},
	}, {
		"unionid-first", "D", "A login by unionid finds the user by _provider.wechat_unionid first, among all users of the app, and sets the openid on it.",
		"js-sdk/wechat/unionid-login.md",
		func(t *testing.T) {
			b := newBackend()
			web, err := b.AddUser(baastest.User{Username: "web", WeChatUnionID: "u"})
			require.NoError(t, err)
			c := newClient(t, b, baastest.WeChat)
			user := byUnionID(c, b.WeChat("o").SetUnionID("u"), false).body["user_info"].(m)
			require.EqualValues(t, web.ID, user["id"])
			require.Equal(t, "o", user["openid"])
			require.Equal(t, idOf(user), idOf(c.login(b.WeChat("o"))))
		},
	}, {
		"unionid-then-openid", "D", "Without a user of that unionid, a login by unionid finds the user by openid and sets the unionid on it.",
		"js-sdk/wechat/unionid-login.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.WeChat)
			p := b.WeChat("o").SetUnionID("u")
			id := idOf(c.login(p))
			require.NotContains(t, c.self(id)["_provider"], "wechat_unionid")
			user := byUnionID(c, p, false).body["user_info"].(m)
			require.Equal(t, id, idOf(user))
			require.Equal(t, "u", user["_provider"].(m)["wechat_unionid"])
		},
	}, {
		"unionid-conflict", "D", "A login by unionid fails where the unionid is one user's and the openid another's. The text has both, for the merge.",
		"js-sdk/wechat/unionid-login.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.WeChat)
			p := b.WeChat("o-1").SetUnionID("u-1")
			c.login(p)
			_, err := b.AddUser(baastest.User{WeChatUnionID: "u-1"})
			require.NoError(t, err)
			r := byUnionID(c, p, true)
			c.refused(400, "o-1", r)
			c.refused(400, "u-1", r)
		},
	}, {
		"unionid-changed", "D", "A login by unionid fails where the user of the openid has another unionid: the open platform account of the app changed.",
		"js-sdk/wechat/unionid-login.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.WeChat)
			p := b.WeChat("o").SetUnionID("u-1")
			require.Equal(t, 201, byUnionID(c, p, true).status)
			p.SetUnionID("u-2")
			c.refused(400, "another unionid", byUnionID(c, p, true))
		},
	}, {
		"unionid-of-user-info", "D", "A login by openid sets the first-level unionid where the user shared user info, and never _provider.wechat_unionid. Responses.UnionIDFromCode sets it at every login.",
		"js-sdk/wechat/unionid-login.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.WeChat)
			p := b.WeChat("o").SetUnionID("u")
			require.NotContains(t, c.login(p), "unionid")
			user := c.ok(201, withInfo(c, p, nil)).body["user_info"].(m)
			require.Equal(t, "u", user["unionid"])
			require.NotContains(t, user["_provider"], "wechat_unionid")

			b = responses(baastest.Responses{UnionIDFromCode: true})
			require.Equal(t, "u", newClient(t, b, baastest.WeChat).login(b.WeChat("o").SetUnionID("u"))["unionid"])
		},
	}, {
		"login-creates-or-404", "D", "A login of an unknown person makes a user with create_user, and is 404 without.",
		"js-sdk/wechat/unionid-login.md; js-sdk/auth.md",
		func(t *testing.T) {
			eachPlatform(t, func(t *testing.T, b *baastest.Backend, p *baastest.Phone, c *client) {
				path := "v2.5/idp/" + p.Platform() + "/silent-login/"
				c.refused(404, "User not found.", c.post(path, loginBody(p, false)))
				c.ok(201, c.post(path, loginBody(p, true)))
				c.ok(201, c.post(path, loginBody(p, false)))
			})
		},
	}, {
		"code-once", "D", "A login code is good once. Data must be from after the code: a later login() on the phone replaces the key.",
		"js-sdk/kuaishou/signin-signout.md; js-sdk/wechat/signin-signout.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.Kuaishou)
			p := b.Kuaishou("o")
			body := loginBody(p, true)
			c.ok(201, c.post("v2.5/idp/kuaishou/silent-login/", body))
			c.refused(400, "invalid code", c.post("v2.5/idp/kuaishou/silent-login/", body))
			stale := infoOf(t, p, p.AllowUserInfoJSON())
			c.refused(400, "", withInfo(c, p, stale))
			c.ok(201, withInfo(c, p, nil))
		},
	}, {
		"baidu-key-stays", "C", "Baidu's client gets the code after the data, so the session key stays over logins.",
		"hydrogen-js-sdk sdk-file/src/baidu/auth.js; js-sdk/baidu/signin-signout.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.Baidu)
			p := b.Baidu("o")
			c.login(p)
			early := infoOf(t, p, p.AllowUserInfoJSON())
			c.ok(201, withInfo(c, p, early))
		},
	}, {
		"jd-event", "C", "JD's event has userInfo, data and iv: no rawData and no signature. A login takes userInfo alone too.",
		"hydrogen-js-sdk sdk-file/src/jingdong/auth.js",
		func(t *testing.T) {
			b := newBackend()
			p := b.JD("o")
			var event struct{ Detail m }
			decode(t, p.AllowUserInfoJSON(), &event)
			require.Equal(t, []string{"data", "errMsg", "iv", "userInfo"}, names(event.Detail))
			c := newClient(t, b, baastest.JD)
			c.ok(201, withInfo(c, p, nil))
			c.ok(200, c.linkWithInfo(p, "setnx"))
		},
	}, {
		"alipay-refusals", "C", "Alipay's refusal is the error 11 of getAuthCode, or an authErrorScope. Phone.RefusalsJSON has these, and the authErrorScopes of Alipay's own documentation.",
		"hydrogen-js-sdk sdk-file/src/alipay/createAuthFn.js",
		func(t *testing.T) {
			b := newBackend()
			var shapes [][]string
			for _, refusal := range b.Alipay("o").RefusalsJSON() {
				var o m
				decode(t, refusal, &o)
				shapes = append(shapes, names(o))
			}
			require.Equal(t, [][]string{{"error", "errorMessage"}, {"authErrorScope"}, {"authErrorScope"}, {"authErrorScopes"}}, shapes)
			require.Len(t, b.WeChat("o").RefusalsJSON(), 1)
			for _, data := range b.Alipay("o").Refusals() {
				require.False(t, data.HasUserInfo())
			}
		},
	}, {
		"alipay-agreement", "C", "Alipay's user info comes with a code of the scope auth_user; nothing is encrypted or signed.",
		"hydrogen-js-sdk sdk-file/src/alipay/createAuthFn.js",
		func(t *testing.T) {
			p := newBackend().Alipay("o")
			code := p.Login()
			var o m
			decode(t, p.AllowUserInfoJSON(), &o)
			require.Equal(t, m{"authCode": code, "authSuccessScopes": []any{"auth_user"}}, o)
			require.True(t, p.AllowUserInfo().HasUserInfo())
		},
	}, {
		"alipay-link-after-refusal", "C", "After a refusal Alipay's client links with the code alone, without authorized.",
		"hydrogen-js-sdk sdk-file/src/alipay/createAuthFn.js",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.Alipay)
			id := c.register("Ann")
			c.ok(200, c.put(linkPaths[baastest.Alipay], m{"code": b.Alipay("2088").Login()}))
			require.Equal(t, false, c.self(id)["is_authorized"])
		},
	}, {
		"alipay-link-response", "C", "The response to an Alipay link has alipay_user_id, which the client stores, and so has an account login on Alipay.",
		"hydrogen-js-sdk sdk-file/src/alipay/createAuthFn.js, polyfill.js",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.Alipay)
			c.register("Ann")
			r := c.ok(200, c.link(b.Alipay("2088"), nil))
			require.Equal(t, "2088", r.body["alipay_user_id"])
			r = c.ok(201, c.post("v2.1/login/username/", m{"username": "Ann", "password": "secret-1"}))
			require.Equal(t, "2088", r.body["alipay_user_id"])
		},
	}, {
		"bytedance-openid-per-app", "D", "A person has another openid in each of ByteDance's host apps, and so another user until they are linked.",
		"js-sdk/bytedance/signin-signout.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.ByteDance)
			p := b.ByteDance("o")
			douyin := inApp(c, p, "douyin")
			toutiao := inApp(c, p, "toutiao")
			require.Equal(t, "o", douyin["openid"])
			require.Equal(t, p.OpenIDIn("toutiao"), toutiao["openid"])
			require.NotEqual(t, douyin["openid"], toutiao["openid"])
			require.NotEqual(t, douyin["id"], toutiao["id"])
			require.Equal(t, idOf(douyin), idOf(inApp(c, p, "douyin")))

			b.Unlink(p)
			id := c.register("Ann")
			for _, app := range []string{"douyin", "toutiao"} {
				c.ok(200, c.post(linkPaths[baastest.ByteDance], m{"code": p.Login(), "app_name": app}))
			}
			require.Equal(t, []string{"douyin", "toutiao"}, names(c.self(id)["_provider"].(m)))
		},
	}, {
		"link-response", "D", `A link responds with message "User associated.", openid, status "ok" and user_id, on WeChat with unionid too.`,
		"js-sdk/kuaishou/signin-signout.md and the pages of the other platforms",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.Kuaishou)
			id := c.register("Ann")
			r := c.ok(200, c.link(b.Kuaishou("o"), nil))
			require.Equal(t, m{"message": "User associated.", "openid": "o", "status": "ok", "user_id": float64(id)}, r.body)
			require.Equal(t, "u", c.ok(200, c.link(b.WeChat("o").SetUnionID("u"), nil)).body["unionid"])
		},
	}, {
		"provider-spellings", "D", "The providers of app logins are taken in the spellings of every client: apple and apple-native, wechat and wechat-native, weibo and weibo-native, for links too.",
		"js-sdk/react-native/signin-signout.md; hydrogen-ios-sdk Config.swift",
		func(t *testing.T) {
			for provider, spellings := range map[string][]string{
				baastest.Apple: {"apple", "apple-native"}, baastest.WeChatNative: {"wechat", "wechat-native"},
				baastest.WeiboNative: {"weibo", "weibo-native"},
			} {
				b := newBackend()
				p, err := b.Phone(provider, "o")
				require.NoError(t, err)
				var ids []any
				for _, spelling := range spellings {
					c := newClient(t, b, "")
					body := m{"auth_token": p.Login(), "create_user": true, "update_userprofile": "setnx"}
					ids = append(ids, c.ok(201, c.post("v2.3/idp/oauth/"+spelling+"/authenticate/", body)).body["user_id"])
					body = m{"auth_token": p.Login(), "update_userprofile": "setnx"}
					c.ok(200, c.post("v2.3/idp/oauth/"+spelling+"/user-association/", body))
				}
				require.Equal(t, ids[0], ids[1])
			}
		},
	}, {
		"provider-bodies", "C", "The app clients send Weibo's token as access_token with uid, the mode of a WeChat login as sync_user_profile, and no create_user that was not given.",
		"hydrogen-ios-sdk Auth.swift; hydrogen-android-sdk WeiboComponent.java",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, "")
			weibo, err := b.Phone(baastest.WeiboNative, "o")
			require.NoError(t, err)
			wechat, err := b.Phone(baastest.WeChatNative, "o")
			require.NoError(t, err)
			c.ok(201, c.post("v2.3/idp/oauth/weibo-native/authenticate/", m{"access_token": weibo.Login(), "uid": "1"}))
			r := c.ok(201, c.post("v2.3/idp/oauth/wechat-native/authenticate/", m{"auth_token": wechat.Login(), "sync_user_profile": "false"}))
			require.NotContains(t, r.body["user_info"], "nickname")
			c.refused(400, "missing field: auth_token", c.post("v2.3/idp/oauth/weibo-native/authenticate/", m{}))
		},
	}, {
		"provider-responses", "C", "A login with a provider's token responds with status, message, token, expires_in, user_id and a user_info of avatar and nickname, without id; a link with the same but the session.",
		"hydrogen-android-sdk ThirdPartySignInResp.java",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, "")
			p, err := b.Phone(baastest.WeChatNative, "o")
			require.NoError(t, err)
			r := c.ok(201, c.post("v2.3/idp/oauth/wechat-native/authenticate/", m{"auth_token": p.Login()}))
			require.Equal(t, []string{"expires_in", "message", "status", "token", "user_id", "user_info"}, names(r.body))
			require.Equal(t, []string{"avatar", "nickname"}, names(r.body["user_info"].(m)))
			require.Equal(t, "Authentication succeeded.", r.body["message"])
			r = c.ok(200, c.post("v2.3/idp/oauth/wechat-native/user-association/", m{"auth_token": p.Login()}))
			require.Equal(t, []string{"message", "status", "user_id", "user_info"}, names(r.body))
			require.Equal(t, "Association succeeded.", r.body["message"])
		},
	}, {
		"update-phone-session", "D", "An update of the phone number needs a session and an identity on the platform. How the user logged in has no effect.",
		"js-sdk/kuaishou/signin-signout.md; js-sdk/wechat/signin-signout.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.Kuaishou)
			p := b.Kuaishou("o")
			c.refused(403, "", phoneCases[0].update(c, p, number, true))
			c.register("Ann")
			c.ok(200, c.link(p, nil))
			c.ok(201, c.post("v2.1/login/username/", m{"username": "Ann", "password": "secret-1"}))
			require.Equal(t, number, c.ok(200, phoneCases[0].update(c, p, number, true)).body["_phone"])
		},
	}, {
		"phone-without-session", "C", "Without a session an update of the phone number is 403 on Kuaishou and 401 on WeChat.",
		"hydrogen-js-sdk sdk-file/src/kuaishou/auth.js, wechat/auth.js",
		func(t *testing.T) {
			b := newBackend()
			for i, status := range []int{403, 401} {
				c := newClient(t, b, phoneCases[i].platform)
				c.refused(status, "", phoneCases[i].update(c, phoneCases[i].phone(t, b, "o"), number, true))
			}
		},
	}, {
		"user-info-switch", "C", "Where the console forbids updates of WeChat user info, an update is 403.",
		"hydrogen-js-sdk sdk-file/src/wechat/auth.js; core/HError.js 616",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.WeChat)
			c.login(b.WeChat("o"))
			b.SetUserInfoUpdates(false)
			c.refused(403, "", c.put("v2.5/idp/wechat/user/info/", m{"nickName": "N", "update_userprofile": "setnx"}))
		},
	},
}
