package baastest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// guess is a fact without evidence.
func guess(name, says string, holds func(t *testing.T)) fact {
	return fact{name: name, level: "G", says: says, holds: holds}
}

var guesses = []fact{
	guess("kuaishou-key", "Kuaishou's key of _provider is kuaishou_miniapp, by analogy. Responses.ShortKuaishouKey makes it kuaishou.", func(t *testing.T) {
		for short, key := range map[bool]string{false: "kuaishou_miniapp", true: "kuaishou"} {
			b := responses(baastest.Responses{ShortKuaishouKey: short})
			c := newClient(t, b, baastest.Kuaishou)
			require.Equal(t, []string{key}, names(c.login(b.Kuaishou("o"))["_provider"].(m)))
		}
	}),
	guess("devtools-key", "The app_name devtools has the key bytedance_devtools; every other app_name is its own key.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.ByteDance)
		require.Equal(t, []string{"bytedance_devtools"}, names(inApp(c, b.ByteDance("o"), "devtools")["_provider"].(m)))
		require.Equal(t, []string{"xigua"}, names(inApp(c, b.ByteDance("p"), "xigua")["_provider"].(m)))
	}),
	guess("header-values", "A client id of no app is 400, and so is an SDK type or platform of no known client.", func(t *testing.T) {
		c := newClient(t, newBackend(), "")
		for _, name := range []string{"X-Hydrogen-Client-Id", "X-Hydrogen-Client-Sdk-Type", "X-Hydrogen-Client-Platform"} {
			c.header = http.Header{name: {"nokia"}}
			c.refused(400, "header", c.post(anonymousPath, m{}))
		}
	}),
	guess("header-of-another-platform", "The platform header need not be that of the endpoint's platform.", func(t *testing.T) {
		b := newBackend()
		newClient(t, b, baastest.Kuaishou).login(b.QQ("o"))
	}),
	guess("strict-requests", "An unknown path is 404, a wrong method 405, a body that is not JSON 415 or 400, a field that is unknown, missing or of a wrong type 400, a body of over 1 MiB 413.", func(t *testing.T) {
		c := newClient(t, newBackend(), "")
		c.refused(404, "", c.post("v9.9/nothing/", m{}))
		c.refused(405, "", c.get(anonymousPath))
		c.refused(400, "", c.post(anonymousPath, "{"))
		c.refused(400, "unknown field: x", c.post(anonymousPath, m{"x": 1}))
		c.refused(400, "missing field: password", c.post("v2.1/login/username/", m{"username": "a"}))
	}),
	guess("logins-switched-off", "A kind of login that is not enabled is 405 for logins as for registrations, by username and phone in the same words as by email; the field can still be set.", func(t *testing.T) {
		b := newBackend(baastest.WithoutLogins("username", "phone"), baastest.WithoutLogins("email"))
		_, err := b.AddUser(baastest.User{ID: 9, Username: "ann", Email: "ann@example.com", Phone: number, Password: "p"})
		require.NoError(t, err)
		c := newClient(t, b, "")
		for kind, value := range map[string]string{"username": "ann", "email": "ann@example.com", "phone": number} {
			for _, call := range []string{"register", "login"} {
				c.refused(405, "Please enable "+kind+" login first.", c.post("v2.1/"+call+"/"+kind+"/", m{kind: value, "password": "p"}))
			}
		}
		c.token = c.ok(201, c.post("v2.1/login/sms/", m{"phone": number, "code": c.sms(b, number), "create_user": false})).body["token"].(string)
		c.ok(200, c.put("v2.2/user/account/", m{"email": "other@example.com"}))
	}),
	guess("unknown-token", "A token that is unknown or has expired is 401, but registrations and logins ignore it.", func(t *testing.T) {
		c := newClient(t, newBackend(), "")
		c.token = "unknown"
		c.refused(401, "", c.get("v2.2/server/time/"))
		c.refused(401, "", c.post(sendSMS, m{"phone": number}))
		c.register("Ann")
	}),
	guess("user-ids", "The ids of new users count up from 61736923.", func(t *testing.T) {
		c := newClient(t, newBackend(), "")
		require.EqualValues(t, []int64{61736923, 61736924}, []int64{c.register("Ann"), c.register("Bob")})
	}),
	guess("custom-fields", "Custom fields are visible to all by default.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, "")
		id := c.register("Ann")
		update(c, "age", 30)
		other := newClient(t, b, "")
		other.register("Bob")
		require.EqualValues(t, 30, other.self(id)["age"])
	}),
	guess("fixed-fields", "Users change their custom fields and nickname, avatar, gender, city, province, country, language; every other built-in field is 400.", func(t *testing.T) {
		c := newClient(t, newBackend(), "")
		c.register("Ann")
		for _, field := range []string{"nickname", "avatar", "city", "province", "country", "language", "own"} {
			require.Equal(t, "x", update(c, field, "x"))
		}
		for _, field := range []string{"id", "openid", "unionid", "created_at", "is_authorized", "_phone", "_provider"} {
			c.refused(400, "cannot be changed", c.put("v2.5/user/info/", m{field: "x"}))
		}
	}),
	guess("operator-conflicts", "An operator on a field of another type is 400, and nothing of the update is stored.", func(t *testing.T) {
		c := newClient(t, newBackend(), "")
		id := c.register("Ann")
		update(c, "text", "x")
		for _, operator := range []m{{"$incr_by": 1}, {"$append": []int{1}}, {"$pop": 1}, {"$update": m{}}, {"$unknown": 1}} {
			c.refused(400, "field text", c.put("v2.5/user/info/", m{"age": 1, "text": operator}))
		}
		require.NotContains(t, c.self(id), "age")
	}),
	guess("set-group", `"$set": {...} is taken beside the fields, as it is for tables.`, func(t *testing.T) {
		c := newClient(t, newBackend(), "")
		c.register("Ann")
		user := c.ok(200, c.put("v2.5/user/info/", m{"$set": m{"age": 1}})).body
		require.EqualValues(t, 1, user["age"])
	}),
	guess("query-errors", "keys of an unknown field, a where that is no condition and a limit over 1000 are 400.", func(t *testing.T) {
		c := register3(t, newBackend(), "Ann")
		for _, params := range [][]string{
			{"keys", "unknown"}, {"where", "[]"}, {"where", "x"}, {"where", `{"id":5}`}, {"where", `{"id":{"$near":5}}`},
			{"where", `{"$and":[]}`}, {"where", `{"nickname":{"$regex":"("}}`}, {"limit", "1001"}, {"limit", "x"}, {"offset", "-1"},
		} {
			require.Equal(t, 400, c.query(params...).status, params)
		}
	}),
	guess("query-order", "Without order_by, users are in the order of their ids.", func(t *testing.T) {
		c := register3(t, newBackend(), "Cid", "Ann", "Bob")
		require.Equal(t, []string{"Cid", "Ann", "Bob"}, nicknames(c.ok(200, c.query())))
	}),
	guess("account-login-openid", "The openid of an account login is that of the platform in the header, else WeChat's.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.QQ)
		c.register("Ann")
		c.ok(200, c.link(b.QQ("qq"), nil))
		c.ok(200, c.link(b.WeChat("wx"), nil))
		for platform, openid := range map[string]string{baastest.QQ: "qq", baastest.WeChat: "wx", baastest.JD: "wx"} {
			r := newClient(t, b, platform).post("v2.1/login/username/", m{"username": "Ann", "password": "secret-1"})
			require.Equal(t, openid, r.body["openid"], platform)
		}
	}),
	guess("first-level-unionid-of-login", "The unionid that a login by unionid got is at the first level too.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.WeChat)
		user := byUnionID(c, b.WeChat("o").SetUnionID("u"), true).body["user_info"].(m)
		require.Equal(t, "u", user["unionid"])
	}),
	guess("unionid-of-qq-and-baidu", "The unionid of QQ and Baidu is known from the first code on.", func(t *testing.T) {
		b := newBackend()
		require.Equal(t, "u", newClient(t, b, baastest.QQ).login(b.QQ("o").SetUnionID("u"))["unionid"])
		require.Equal(t, "u", newClient(t, b, baastest.Baidu).login(b.Baidu("o").SetUnionID("u"))["unionid"])
	}),
	guess("unionid-second-openid", "A login by unionid of a user who has another WeChat openid is a conflict, 400 as every conflict.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.WeChat)
		require.Equal(t, 201, byUnionID(c, b.WeChat("o-1").SetUnionID("u"), true).status)
		c.refused(400, "merged", byUnionID(c, b.WeChat("o-2").SetUnionID("u"), true))
	}),
	guess("link-by-unionid", "A link by unionid sets _provider.wechat_unionid, and is 400 where another user has it.", func(t *testing.T) {
		b := newBackend()
		_, err := b.AddUser(baastest.User{WeChatUnionID: "taken"})
		require.NoError(t, err)
		c := newClient(t, b, baastest.WeChat)
		id := c.register("Ann")
		link := func(unionID string) reply {
			p := b.WeChat("o").SetUnionID(unionID)
			return c.post(linkPaths[baastest.WeChat], m{"code": p.Login(), "associate_with_unionid": true})
		}
		c.refused(400, "already associated", link("taken"))
		c.ok(200, link("free"))
		require.Equal(t, "free", c.self(id)["_provider"].(m)["wechat_unionid"])
		c.refused(400, "already associated", link("other"))
	}),
	guess("code-spent", "A login code lives five minutes and is spent even if the login fails.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.QQ)
		body := loginBody(b.QQ("o"), false)
		c.refused(404, "", c.post("v2.5/idp/qq/silent-login/", body))
		c.refused(400, "invalid code", c.post("v2.5/idp/qq/silent-login/", body))
		body = loginBody(b.QQ("o"), true)
		b.Clock().Advance(5 * time.Minute)
		c.refused(400, "invalid code", c.post("v2.5/idp/qq/silent-login/", body))
	}),
	guess("user-info", "update_userprofile decides about the first-level fields only; _provider takes all that the platform told. A field that the platform did not tell erases none.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.QQ)
		p := b.QQ("o").SetProfile(baastest.Profile{NickName: "Ann", City: "Huizhou"})
		user := c.ok(201, withInfo(c, p, m{"update_userprofile": "false"})).body["user_info"].(m)
		require.NotContains(t, user, "nickname")
		require.Equal(t, "Ann", user["_provider"].(m)["qq_miniapp"].(m)["nickname"])
		c.ok(201, withInfo(c, p, m{"update_userprofile": "overwrite"}))
		p.SetProfile(baastest.Profile{NickName: "Bob"})
		user = c.ok(201, withInfo(c, p, m{"update_userprofile": "overwrite"})).body["user_info"].(m)
		require.Equal(t, []any{"Bob", "Huizhou"}, []any{user["nickname"], user["city"]})
	}),
	guess("jd-data", "JD's data is encrypted as that of most platforms; where it comes, it is checked.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.JD)
		p := b.JD("o")
		stale := p.AllowUserInfo()
		more := m{"data": stale.EncryptedData, "iv": stale.IV}
		c.refused(400, "does not decrypt", withInfo(c, p, more))
	}),
	guess("alipay-scope", "Alipay's user info needs no particular scope of the code.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.Alipay)
		require.Equal(t, "Larry", c.ok(201, withInfo(c, b.Alipay("o"), nil)).body["user_info"].(m)["nickname"])
	}),
	guess("baidu-signature", "Baidu's signature may be left out of a link, and is checked where it comes.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.Baidu)
		c.register("Ann")
		c.ok(200, c.linkWithInfo(b.Baidu("o"), "setnx"))
		body := merge(linkInfoOf(t, b.Baidu("o"), b.Baidu("o").AllowUserInfoJSON()), m{
			"code": b.Baidu("o").Login(), "update_userprofile": "setnx", "rawData": "{}", "signature": "0",
		})
		c.refused(400, "invalid signature", c.post(linkPaths[baastest.Baidu], body))
	}),
	guess("link-conflicts", "A link is 400 where the identity is another user's or the user has another one of that platform, and 200 where nothing changes.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.QQ)
		newClient(t, b, baastest.QQ).login(b.QQ("taken"))
		c.register("Ann")
		c.refused(400, "already associated", c.link(b.QQ("taken"), nil))
		c.ok(200, c.link(b.QQ("own"), nil))
		c.ok(200, c.link(b.QQ("own"), nil))
		c.refused(400, "already associated", c.link(b.QQ("second"), nil))
	}),
	guess("anonymous-forbidden", "Links, updates of the phone number and account calls of an anonymous user are 403.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.WeChat)
		c.ok(201, c.post(anonymousPath, m{}))
		c.refused(403, "anonymous", c.link(b.WeChat("o"), nil))
		c.refused(403, "anonymous", phoneCases[1].update(c, b.WeChat("o"), number, true))
		c.refused(403, "anonymous", c.put(account, m{"username": "x"}))
	}),
	guess("anonymous-platform-login", "The first platform login of a person keeps the id of an anonymous user, whose token stays good.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.QQ)
		id := int64(c.ok(201, c.post(anonymousPath, m{})).body["user_id"].(float64))
		require.Equal(t, id, idOf(c.login(b.QQ("o"))))
		require.Equal(t, 2, b.TokensAlive(id))
	}),
	guess("phone-login-account", "A login with a phone number finds the user by openid, then by a verified phone number, and links the openid in the second case unless the user has another one of that platform.", func(t *testing.T) {
		b := newBackend()
		_, err := b.AddUser(baastest.User{ID: 7, Phone: number, PhoneVerified: true})
		require.NoError(t, err)
		c := newClient(t, b, baastest.Kuaishou)
		login := func(openid string) m {
			return c.ok(201, phoneCases[0].login(c, b.Kuaishou(openid), number, true)).body["user_info"].(m)
		}
		require.Equal(t, []any{7.0, "first"}, []any{login("first")["id"], login("first")["openid"]})
		require.Equal(t, []any{7.0, "first"}, []any{login("second")["id"], login("second")["openid"]})
	}),
	guess("phone-login-number", "A login with a phone number changes no number that the user has, and takes none that is another user's.", func(t *testing.T) {
		b := newBackend()
		_, err := b.AddUser(baastest.User{Phone: number})
		require.NoError(t, err)
		c := newClient(t, b, baastest.Kuaishou)
		login := func(openid, number string) any {
			return c.ok(201, phoneCases[0].login(c, b.Kuaishou(openid), number, true)).body["user_info"].(m)["_phone"]
		}
		require.Nil(t, login("a", number))
		require.Equal(t, "1", login("a", "1"))
		require.Equal(t, "1", login("a", "2"))
	}),
	guess("phone-code", "A phone_code decides about the number; the data beside it is not decrypted. It must be of the person who logs in, lives five minutes and is good once.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.WeChat)
		p := b.WeChat("o")
		body := merge(phoneData(t, p.AllowPhoneNumberJSON(number)), m{"create_user": true, "encryptedData": "x", "iv": "x"})
		login := func(p *baastest.Phone) reply {
			return c.post("v2.7/idp/wechat/phone-login/", merge(body, m{"code": p.Login()}))
		}
		c.refused(400, "invalid phone_code", login(b.WeChat("other")))
		require.Equal(t, number, c.ok(201, login(p)).body["user_info"].(m)["_phone"])
		c.refused(400, "invalid phone_code", login(p))
	}),
	guess("phone-taken", "An update to the phone number of another user is 400, with and without overwrite; without overwrite, so is any other number than the user's own.", func(t *testing.T) {
		b := newBackend()
		_, err := b.AddUser(baastest.User{Phone: "taken"})
		require.NoError(t, err)
		c := newClient(t, b, baastest.Kuaishou)
		p := b.Kuaishou("o")
		c.login(p)
		c.refused(400, "bound", phoneCases[0].update(c, p, "taken", true))
		c.ok(200, phoneCases[0].update(c, p, "1", false))
		c.refused(400, "bound", phoneCases[0].update(c, p, "2", false))
		c.ok(200, phoneCases[0].update(c, p, "2", true))
	}),
	guess("user-info-person", "An update of WeChat user info needs a code of the user, and without a code an identity on WeChat.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, baastest.WeChat)
		c.register("Ann")
		old := m{"nickName": "N", "update_userprofile": "setnx"}
		c.refused(400, "no identity", c.put("v2.5/idp/wechat/user/info/", old))
		c.ok(200, c.link(b.WeChat("o"), nil))
		require.Equal(t, "N", c.ok(200, c.put("v2.5/idp/wechat/user/info/", old)).body["nickname"])
	}),
	guess("create-user-default", "Without create_user, a login with an SMS code or a provider's token makes a user.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, "")
		c.ok(201, c.post(smsLogin, m{"phone": number, "code": c.sms(b, number)}))
	}),
	guess("provider-token", "A provider's token is good once, for five minutes. A login is 201 and a link 200.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, "")
		p, err := b.Phone(baastest.Apple, "o")
		require.NoError(t, err)
		body := m{"auth_token": p.Login(), "nickname": "Ann"}
		require.Equal(t, "Ann", c.ok(201, c.post("v2.3/idp/oauth/apple/authenticate/", body)).body["user_info"].(m)["nickname"])
		c.refused(400, "invalid auth_token", c.post("v2.3/idp/oauth/apple/authenticate/", body))
		body["auth_token"] = p.Login()
		b.Clock().Advance(5 * time.Minute)
		c.refused(400, "invalid auth_token", c.post("v2.3/idp/oauth/apple/user-association/", body))
	}),
	guess("sms-life", "An SMS code lives ten minutes and is spent by its first success; a login that is 404 does not spend it. Ten a day are ten in any 24 hours. The limit of a company is left out.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, "")
		code := c.sms(b, number)
		c.refused(404, "", c.post(smsLogin, m{"phone": number, "code": code, "create_user": false}))
		c.ok(200, c.post(verifySMS, m{"phone": number, "code": code}))
		c.refused(400, "invalid code", c.post(verifySMS, m{"phone": number, "code": code}))
		b.Clock().Advance(time.Minute)
		code = c.sms(b, number)
		b.Clock().Advance(10 * time.Minute)
		c.refused(400, "invalid code", c.post(verifySMS, m{"phone": number, "code": code}))
	}),
	guess("sms-login-verifies", "A login with an SMS code verifies the number of the user who has it, verified before or not.", func(t *testing.T) {
		b := newBackend()
		_, err := b.AddUser(baastest.User{ID: 7, Phone: number})
		require.NoError(t, err)
		c := newClient(t, b, "")
		r := c.ok(201, c.post(smsLogin, m{"phone": number, "code": c.sms(b, number)}))
		require.Equal(t, []any{7.0, true}, []any{r.body["id"], r.body["_phone_verified"]})
	}),
	guess("mail-links", "The links in mails, their paths and their life of a day are this package's own.", func(t *testing.T) {
		b := newBackend()
		c := newClient(t, b, "")
		c.ok(201, c.post("v2.1/register/email/", m{"email": "a@b.c", "password": "p"}))
		c.ok(201, c.post("v2.0/user/email-verify/", m{}))
		mail, _ := b.LastMail("a@b.c")
		b.Clock().Advance(24 * time.Hour)
		c.refused(400, "invalid link", c.get(mail.Link))
	}),
	guess("helper-routes", "The paths of the real backend that have nothing to do with users, as WeChat's and QQ's decryption, are 404 with a text that says so.", func(t *testing.T) {
		c := newClient(t, newBackend(), baastest.WeChat)
		for _, path := range []string{
			"v2.7/wechat/decrypt/phone-number/", "v1/wechat/decrypt/we-run-data/", "v2.0/qq/decrypt/open-gid/",
			"v2.4/miniappcode/", "v1.7/censor-msg/", "v1/cloud-function/job/",
		} {
			c.refused(404, "baastest does not implement /hserve/"+path, c.post(path, m{}))
		}
	}),
}
