package baastest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

const number = "13800138000"

// phoneCase is a platform that has phone numbers, with one of its forms.
type phoneCase struct {
	name, platform, version string
	agree                   func(*baastest.Phone, string) []byte
}

var phoneCases = []phoneCase{
	{"kuaishou", baastest.Kuaishou, "v2.5", (*baastest.Phone).AllowPhoneNumberJSON},
	{"old wechat", baastest.WeChat, "v2.5", (*baastest.Phone).AllowPhoneNumberOldJSON},
	{"new wechat", baastest.WeChat, "v2.7", (*baastest.Phone).AllowPhoneNumberJSON},
}

func (pc phoneCase) phone(t *testing.T, b *baastest.Backend, openid string) *baastest.Phone {
	p, err := b.Phone(pc.platform, openid)
	require.NoError(t, err)
	return p
}

// login logs in by phone number: code first, then the data.
func (pc phoneCase) login(c *client, p *baastest.Phone, number string, create bool) reply {
	c.t.Helper()
	body := m{"code": p.Login(), "create_user": create}
	return c.post(pc.version+"/idp/"+pc.platform+"/phone-login/", merge(body, phoneData(c.t, pc.agree(p, number))))
}

func (pc phoneCase) update(c *client, p *baastest.Phone, number string, overwrite bool) reply {
	c.t.Helper()
	return c.put(pc.version+"/idp/"+pc.platform+"/phone-verification/",
		merge(m{"overwrite": overwrite}, phoneData(c.t, pc.agree(p, number))))
}

func eachPhoneCase(t *testing.T, test func(t *testing.T, pc phoneCase, b *baastest.Backend, c *client)) {
	for _, pc := range phoneCases {
		t.Run(pc.name, func(t *testing.T) {
			b := newBackend()
			test(t, pc, b, newClient(t, b, pc.platform))
		})
	}
}

func TestPhoneLogin(t *testing.T) {
	eachPhoneCase(t, func(t *testing.T, pc phoneCase, b *baastest.Backend, c *client) {
		p := pc.phone(t, b, "o-1")
		c.refused(404, "User not found.", pc.login(c, p, number, false))
		info := c.ok(201, pc.login(c, p, number, true)).body["user_info"].(m)
		require.Equal(t, number, info["_phone"])
		require.Equal(t, true, info["_phone_verified"])
		require.Equal(t, "o-1", info["openid"])

		// Another number of the same person: the identity decides, the phone stays.
		again := c.ok(201, pc.login(c, p, "13900139000", true)).body["user_info"].(m)
		require.Equal(t, info["id"], again["id"])
		require.Equal(t, number, again["_phone"])

		// Another person with the same number gets the account that verified it; the
		// account keeps its first identity.
		other := c.ok(201, pc.login(c, pc.phone(t, b, "o-2"), number, false)).body["user_info"].(m)
		require.Equal(t, info["id"], other["id"])
		require.Equal(t, "o-1", other["openid"])
	})
}

func TestPhoneLoginFindsVerifiedAccount(t *testing.T) {
	eachPhoneCase(t, func(t *testing.T, pc phoneCase, b *baastest.Backend, c *client) {
		seeded, err := b.AddUser(baastest.User{ID: 7, Phone: number, PhoneVerified: true})
		require.NoError(t, err)
		_, err = b.AddUser(baastest.User{ID: 8, Phone: "13900139000"})
		require.NoError(t, err)

		p := pc.phone(t, b, "o-1")
		info := c.ok(201, pc.login(c, p, number, false)).body["user_info"].(m)
		require.EqualValues(t, seeded.ID, info["id"])
		u, ok := b.UserOf(p)
		require.True(t, ok, "the identity is linked by it")
		require.EqualValues(t, 7, u.ID)

		// A number that nobody verified finds no account and is not taken over.
		info = c.ok(201, pc.login(c, pc.phone(t, b, "o-2"), "13900139000", true)).body["user_info"].(m)
		require.NotEqualValues(t, 8, info["id"])
		require.Nil(t, info["_phone"])
	})
}

// Who comes to an account by its phone number leaves the unionid of its identity alone.
func TestPhoneLoginKeepsTheUnionID(t *testing.T) {
	pc := phoneCases[2]
	b := newBackend(baastest.WithResponses(baastest.Responses{UnionIDFromCode: true}))
	c := newClient(t, b, baastest.WeChat)
	c.ok(201, pc.login(c, b.WeChat("o-1").SetUnionID("u-1"), number, true))
	info := c.ok(201, pc.login(c, b.WeChat("o-2").SetUnionID("u-2"), number, false)).body["user_info"].(m)
	require.Equal(t, "o-1", info["openid"])
	require.Equal(t, "u-1", info["unionid"])
}

func TestUpdatePhone(t *testing.T) {
	eachPhoneCase(t, func(t *testing.T, pc phoneCase, b *baastest.Backend, c *client) {
		p := pc.phone(t, b, "o-1")
		status := 401
		if pc.platform == baastest.Kuaishou {
			status = 403
		}
		c.refused(status, "", pc.update(c, p, number, true))

		c.silent(p)
		user := c.ok(200, pc.update(c, p, number, false)).body
		require.Equal(t, number, user["_phone"])
		require.Equal(t, true, user["_phone_verified"])
		c.ok(200, pc.update(c, p, number, false)) // the same one again
		c.refused(400, "phone number already bound", pc.update(c, p, "13900139000", false))
		user = c.ok(200, pc.update(c, p, "13900139000", true)).body
		require.Equal(t, "13900139000", user["_phone"])

		other := newClient(t, b, pc.platform)
		q := pc.phone(t, b, "o-2")
		other.silent(q)
		other.refused(400, "phone number already bound", pc.update(other, q, "13900139000", true))
		other.ok(200, pc.update(other, q, number, true)) // free again

		account := newClient(t, b, pc.platform)
		account.ok(201, account.post("v2.1/register/username/", m{"username": "Ann", "password": "p"}))
		account.refused(400, "no identity", pc.update(account, q, "1", true))

		c.token = "stale"
		c.refused(401, "unauthorized", pc.update(c, p, number, true))
	})
}

func TestPhoneDataUnderAStaleKey(t *testing.T) {
	b := newBackend()
	p, c := b.Kuaishou("o-1"), newClient(t, b, baastest.Kuaishou)
	c.silent(p)
	p.Login() // the platform's key moves on, the backend's does not
	c.refused(400, "does not decrypt", phoneCases[0].update(c, p, number, true))
}

func TestWeChatPhoneCode(t *testing.T) {
	b := newBackend()
	p, c := b.WeChat("o-1"), newClient(t, b, baastest.WeChat)
	data := phoneData(t, p.AllowPhoneNumberJSON(number))
	login := func(p *baastest.Phone) reply {
		return c.post("v2.7/idp/wechat/phone-login/", merge(m{"code": p.Login(), "create_user": true}, data))
	}
	c.refused(400, "invalid phone_code", login(b.WeChat("o-2")))
	c.ok(201, login(p))
	c.refused(400, "invalid phone_code", login(p))

	data = phoneData(t, p.AllowPhoneNumberJSON(number))
	b.Clock().Advance(5 * time.Minute)
	c.refused(400, "invalid phone_code", login(p))

	require.NotContains(t, phoneData(t, p.AllowPhoneNumberOldJSON(number)), "phone_code")
	require.NotContains(t, phoneData(t, b.Kuaishou("o").AllowPhoneNumberJSON(number)), "phone_code")
}

func TestWeChatUserInfo(t *testing.T) {
	b := newBackend()
	p, c := b.WeChat("o-1"), newClient(t, b, baastest.WeChat)
	const path = "v2.6/idp/wechat/user/info/"
	update := func() reply {
		code := p.Login()
		var detail m
		decode(t, p.UserProfileJSON(), &detail)
		return c.put(path, m{
			"code": code, "rawData": detail["rawData"], "signature": detail["signature"],
			"encryptedData": detail["encryptedData"], "iv": detail["iv"], "update_userprofile": "setnx",
		})
	}
	old := m{"nickName": "Old", "gender": 2, "update_userprofile": "overwrite"}

	c.refused(401, "unauthorized", update())
	c.silent(p)
	user := c.ok(200, update()).body
	require.Equal(t, "Larry", user["nickname"])
	require.Equal(t, true, user["is_authorized"])

	user = c.ok(200, c.put("v2.5/idp/wechat/user/info/", old)).body
	require.Equal(t, "Old", user["nickname"])
	require.EqualValues(t, 2, user["gender"])

	b.SetUserInfoUpdates(false)
	c.refused(403, "forbidden", update())
	c.refused(403, "forbidden", c.put("v2.5/idp/wechat/user/info/", old))
	b.SetUserInfoUpdates(true)

	p = b.WeChat("o-2")
	c.refused(400, "another person", update())
}
