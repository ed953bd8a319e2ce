package baastest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

func TestSilentLogin(t *testing.T) {
	eachPlatform(t, func(t *testing.T, b *baastest.Backend, p *baastest.Phone, c *client) {
		path := "v2.5/idp/" + p.Platform() + "/silent-login/"

		c.refused(404, "User not found.", c.post(path, loginBody(p, false)))

		first := c.silent(p)
		require.EqualValues(t, 2592000, first.body["expires_in"])
		info := first.body["user_info"].(m)
		require.EqualValues(t, 61736923, info["id"])
		require.Equal(t, false, info["is_authorized"])
		require.Equal(t, false, info["_anonymous"])
		require.EqualValues(t, start.Unix(), info["created_at"])
		entry := info["_provider"].(m)[providerKeys[p.Platform()]].(m)
		if p.Platform() == baastest.Alipay {
			require.NotContains(t, info, "openid")
			require.Equal(t, "openid-1", entry["user_id"])
		} else {
			require.Equal(t, "openid-1", info["openid"])
			require.Equal(t, "openid-1", entry["openid"])
		}

		again := c.ok(201, c.post(path, loginBody(p, false)))
		require.Equal(t, info["id"], again.body["user_info"].(m)["id"])
		require.NotEqual(t, first.body["token"], again.body["token"])
		require.Equal(t, 2, b.TokensAlive(61736923))
	})
}

func TestCodesAreGoodOnceAndShortly(t *testing.T) {
	b := newBackend()
	p, c := b.Kuaishou("o"), newClient(t, b, baastest.Kuaishou)
	path := "v2.5/idp/kuaishou/silent-login/"

	body := loginBody(p, true)
	c.ok(201, c.post(path, body))
	c.refused(400, "invalid code", c.post(path, body))

	body = loginBody(p, true)
	b.Clock().Advance(5*time.Minute - time.Second)
	c.ok(201, c.post(path, body))

	body = loginBody(p, true)
	b.Clock().Advance(5 * time.Minute)
	c.refused(400, "invalid code", c.post(path, body))

	c.refused(400, "invalid code", c.post(path, m{"code": "made-up", "create_user": true}))
	c.refused(400, "invalid code", c.post(path, m{"code": b.QQ("o").Login(), "create_user": true}))

	body = loginBody(p, false)
	b.Unlink(p)
	c.refused(404, "User not found.", c.post(path, body))
	c.refused(400, "invalid code", c.post(path, body))
}

func TestLoginWithUserInfo(t *testing.T) {
	eachPlatform(t, func(t *testing.T, b *baastest.Backend, p *baastest.Phone, c *client) {
		path := "v2.5/idp/" + p.Platform() + "/authenticate/"
		login := func(mode string) m {
			body := loginBody(p, true)
			info := infoOf(t, p, p.AllowUserInfoJSON())
			return c.ok(201, c.post(path, merge(body, info, m{"update_userprofile": mode}))).body["user_info"].(m)
		}

		p.SetProfile(baastest.Profile{NickName: "Ann", AvatarURL: "https://img.example.com/ann.png"})
		info := login("false")
		require.Equal(t, true, info["is_authorized"])
		require.NotContains(t, info, "nickname")
		entry := info["_provider"].(m)[providerKeys[p.Platform()]].(m)
		require.Equal(t, "https://img.example.com/ann.png", entry["avatar"])

		info = login("setnx")
		require.Equal(t, "Ann", info["nickname"])

		p.SetProfile(baastest.Profile{NickName: "Bob", Gender: 2})
		info = login("setnx")
		require.Equal(t, "Ann", info["nickname"])
		require.EqualValues(t, 2, info["gender"])

		info = login("overwrite")
		require.Equal(t, "Bob", info["nickname"])
		require.Equal(t, "https://img.example.com/ann.png", info["avatar"])

		c.refused(400, "update_userprofile", c.post(path,
			merge(loginBody(p, true), infoOf(t, p, p.AllowUserInfoJSON()), m{"update_userprofile": "yes"})))
	})
}

func TestUserInfoIsChecked(t *testing.T) {
	for _, platform := range []string{baastest.Kuaishou, baastest.ByteDance, baastest.WeChat, baastest.QQ, baastest.Baidu} {
		t.Run(platform, func(t *testing.T) {
			b := newBackend()
			p, err := b.Phone(platform, "openid-1")
			require.NoError(t, err)
			other, err := b.Phone(platform, "openid-2")
			require.NoError(t, err)
			c := newClient(t, b, platform)
			post := func(login, info m) reply {
				return c.post("v2.5/idp/"+platform+"/authenticate/",
					merge(login, info, m{"update_userprofile": "setnx"}))
			}

			// Data from before the code, and data from after a later code. Baidu's key stays.
			var login m
			if platform != baastest.Baidu {
				early := infoOf(t, p, p.AllowUserInfoJSON())
				c.refused(400, "", post(loginBody(p, true), early))
				login = loginBody(p, true)
				p.Login()
				c.refused(400, "", post(login, infoOf(t, p, p.AllowUserInfoJSON())))
			}

			// Another person's data, encrypted under that person's key.
			other.Login()
			c.refused(400, "", post(loginBody(p, true), infoOf(t, p, other.AllowUserInfoJSON())))

			login = loginBody(p, true)
			info := infoOf(t, p, p.AllowUserInfoJSON())
			info["iv"] = "AAAA"
			c.refused(400, "encrypted data does not decrypt", post(login, info))
			if platform != baastest.Baidu {
				login = loginBody(p, true)
				info = infoOf(t, p, p.AllowUserInfoJSON())
				info["rawData"] = `{"nickName":"Mallory"}`
				c.refused(400, "invalid signature", post(login, info))
			}

			// A phone number is no user info, though it opens under the same key.
			login = loginBody(p, true)
			number := phoneData(t, p.AllowPhoneNumberJSON(number))
			if platform == baastest.Baidu {
				c.refused(400, "encrypted data", post(login, m{"data": number["encryptedData"], "iv": number["iv"]}))
			} else {
				delete(number, "phone_code")
				c.refused(400, "of another person", post(login, merge(infoOf(t, p, p.AllowUserInfoJSON()), number)))
			}
			_, ok := b.UserOf(p)
			require.False(t, ok, "a refused login makes no user")

			login = loginBody(p, true)
			require.Equal(t, 201, post(login, infoOf(t, p, p.AllowUserInfoJSON())).status)
		})
	}
}

func TestJDEncryptedData(t *testing.T) {
	b := newBackend()
	p, c := b.JD("o"), newClient(t, b, baastest.JD)
	login := loginBody(p, true)
	var event struct{ Detail m }
	decode(t, p.AllowUserInfoJSON(), &event)
	body := merge(login, m{
		"userInfo": event.Detail["userInfo"], "data": event.Detail["data"], "iv": event.Detail["iv"], "update_userprofile": "setnx",
	})
	r := c.ok(201, c.post("v2.5/idp/jd/authenticate/", body))
	require.Equal(t, "Larry", r.body["user_info"].(m)["nickname"])

	body["code"] = p.Login()
	c.refused(400, "does not decrypt", c.post("v2.5/idp/jd/authenticate/", body))
}

func TestLink(t *testing.T) {
	eachPlatform(t, func(t *testing.T, b *baastest.Backend, p *baastest.Phone, c *client) {
		c.refused(401, "unauthorized", c.link(p, nil))

		r := c.ok(201, c.post("v2.1/register/username/", m{"username": "Ann", "password": "secret-1"}))
		id := r.body["user_id"]
		r = c.ok(200, c.link(p, nil))
		require.Equal(t, "User associated.", r.body["message"])
		require.Equal(t, "ok", r.body["status"])
		if p.Platform() == baastest.Alipay {
			require.Equal(t, "openid-1", r.body["alipay_user_id"])
			require.NotContains(t, r.body, "openid")
		} else {
			require.Equal(t, "openid-1", r.body["openid"])
		}
		require.Equal(t, id, r.body["user_id"])
		_, hasUnion := r.body["unionid"]
		require.Equal(t, p.Platform() == baastest.WeChat, hasUnion)

		c.ok(200, c.link(p, nil)) // once more changes nothing
		other, err := b.Phone(p.Platform(), "openid-2")
		require.NoError(t, err)
		c.refused(400, "already associated", c.link(other, nil))

		app := newClient(t, b, p.Platform())
		require.Equal(t, id, app.silent(p).body["user_info"].(m)["id"])

		thief := newClient(t, b, p.Platform())
		thief.ok(201, thief.post("v2.1/register/username/", m{"username": "Eve", "password": "p"}))
		thief.refused(400, "already associated", thief.link(p, nil))

		require.True(t, b.Unlink(p))
		require.False(t, b.Unlink(p))
		thief.ok(200, thief.link(p, nil))
	})
}

func TestLinkWithUserInfo(t *testing.T) {
	eachPlatform(t, func(t *testing.T, b *baastest.Backend, p *baastest.Phone, c *client) {
		r := c.ok(201, c.post("v2.1/register/username/", m{"username": "Ann", "password": "secret-1"}))
		path := fmt.Sprintf("v2.5/user/info/%.0f/", r.body["user_id"])
		c.ok(200, c.put("v2.5/user/info/", m{"nickname": "Own"}))

		c.ok(200, c.linkWithInfo(p, "setnx"))
		user := c.get(path).body
		require.Equal(t, "Own", user["nickname"])
		require.Equal(t, true, user["is_authorized"])

		c.ok(200, c.linkWithInfo(p, "overwrite"))
		require.Equal(t, "Larry", c.get(path).body["nickname"])

		// Half of the user info is none.
		partial := m{"update_userprofile": "setnx"}
		if p.Platform() == baastest.Alipay {
			partial = m{"authorized": true}
		}
		c.refused(400, "", c.link(p, partial))
	})
}

// Baidu need not sign, but a signature that is there must be right.
func TestBaiduLinkSignature(t *testing.T) {
	b := newBackend()
	p, c := b.Baidu("o"), newClient(t, b, baastest.Baidu)
	c.register("Ann")
	post := func(forge m) reply {
		var event struct{ Detail m }
		body := m{"code": p.Login(), "update_userprofile": "setnx"}
		decode(t, p.AllowUserInfoJSON(), &event)
		for _, name := range []string{"rawData", "signature", "encryptedData", "iv"} {
			body[name] = event.Detail[name]
		}
		return c.post(linkPaths[baastest.Baidu], merge(body, forge))
	}
	c.refused(400, "invalid signature", post(m{"rawData": "{}"}))
	c.refused(400, "invalid signature", post(m{"signature": "0"}))
	c.ok(200, post(nil))
}

// linkWithInfo links with fresh user info.
func (c *client) linkWithInfo(p *baastest.Phone, mode string) reply {
	c.t.Helper()
	method, body := "POST", m{"code": p.Login(), "update_userprofile": mode}
	switch p.Platform() {
	case baastest.ByteDance:
		body["app_name"] = "douyin"
	case baastest.WeChat:
		body["associate_with_unionid"] = false
	case baastest.Alipay:
		method, body["authorized"] = "PUT", true
	}
	return c.do(method, linkPaths[p.Platform()], merge(body, linkInfoOf(c.t, p, p.AllowUserInfoJSON())))
}

func TestMultiPlatformSequence(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, baastest.Kuaishou)
	ks, tt, wx := b.Kuaishou("ks"), b.ByteDance("tt"), b.WeChat("wx")
	c.refused(404, "User not found.", c.post("v2.5/idp/kuaishou/silent-login/", loginBody(ks, false)))
	r := c.ok(201, c.post("v2.1/register/email/", m{"email": "Ann@Example.com", "password": "p"}))
	for _, p := range []*baastest.Phone{ks, tt, wx} {
		c.ok(200, c.link(p, nil))
	}
	for _, p := range []*baastest.Phone{ks, tt, wx} {
		app := newClient(t, b, p.Platform())
		info := app.silent(p).body["user_info"].(m)
		require.Equal(t, r.body["user_id"], info["id"])
		require.Equal(t, p.OpenID(), info["openid"], "the openid is that of the platform asking")
		require.Len(t, info["_provider"], 3)
	}
	u, ok := b.UserOf(wx)
	require.True(t, ok)
	require.Equal(t, "ann@example.com", u.Email)
	require.Len(t, u.Identities, 3)
}
