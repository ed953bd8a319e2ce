package baastest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

const account = "v2.2/user/account/"

var accountFacts = []fact{
	{
		"account-login-user", "R", "A registration or login with a password responds with the whole user, and beside it user_id, token, expires_in and _session. Responses.ShortAccountLogin leaves only user_id, token and expires_in, as the stubs in the vendor's tests do.",
		"hydrogen-ios-sdk MinCloudTests login_email.json, register_username.json; hydrogen-js-sdk test/web/auth.js",
		func(t *testing.T) {
			recorded := []string{
				"_anonymous", "_email_verified", "_phone_verified", "_provider", "_session", "_username", "avatar", "created_at",
				"created_by", "expires_in", "id", "is_authorized", "token", "updated_at", "user_id",
			}
			for short, want := range map[bool][]string{false: recorded, true: {"expires_in", "token", "user_id"}} {
				c := newClient(t, responses(baastest.Responses{ShortAccountLogin: short}), "")
				body := m{"username": "Ann", "password": "p"}
				require.Equal(t, want, names(c.ok(201, c.post("v2.1/register/username/", body)).body))
				require.Equal(t, want, names(c.ok(201, c.post("v2.1/login/username/", body)).body))
			}
		},
	}, {
		"account-login-session", "R", "_session has ip_address, user_agent and login_method, and a session_key that repeats the token.",
		"hydrogen-ios-sdk MinCloudTests login_email.json",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.header = map[string][]string{"User-Agent": {"agent"}}
			r := c.ok(201, c.post("v2.1/register/email/", m{"email": "a@b.c", "password": "p"}))
			session := r.body["_session"].(m)
			require.Equal(t, r.body["token"], session["session_key"])
			require.Equal(t, "email", session["login_method"])
			require.Equal(t, "agent", session["user_agent"])
			require.Contains(t, session, "ip_address")
			require.EqualValues(t, 2592000, r.body["expires_in"])
		},
	}, {
		"anonymous-login", "R", "An anonymous login responds with user_id, token and expires_in only.",
		"hydrogen-ios-sdk MinCloudTests login_anonymous.json",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			r := c.ok(201, c.post(anonymousPath, m{}))
			require.Equal(t, []string{"expires_in", "token", "user_id"}, names(r.body))
		},
	}, {
		"account-login-ids", "C", "An account login of a user with an identity has openid and unionid beside user_id; the client stores them.",
		"hydrogen-js-sdk sdk-file/src/wechat/polyfill.js",
		func(t *testing.T) {
			b := responses(baastest.Responses{UnionIDFromCode: true})
			c := newClient(t, b, baastest.WeChat)
			c.register("Ann")
			c.ok(200, c.link(b.WeChat("o").SetUnionID("u"), nil))
			r := c.ok(201, c.post("v2.1/login/username/", m{"username": "Ann", "password": "secret-1"}))
			require.Equal(t, []any{"o", "u"}, []any{r.body["openid"], r.body["unionid"]})
		},
	}, {
		"wrong-password", "R", `A wrong password is 400 with the text "Invalid username/email or password."`,
		"hydrogen-ios-sdk MinCloudTests network_error_json.json",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.register("Ann")
			r := c.post("v2.1/login/username/", m{"username": "Ann", "password": "x"})
			require.Equal(t, 400, r.status)
			require.Equal(t, m{"status": "error", "error_msg": "Invalid username/email or password."}, r.body)
		},
	}, {
		"account-response", "D", "A change of account responds with username, email, email_verified, phone and phone_verified, without underscores, and null for what is not set.",
		"web-api/user.md; hydrogen-ios-sdk MinCloudTests update_username.json",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.register("Ann")
			require.Equal(t, m{
				"username": "Ann", "email": nil, "email_verified": false, "phone": nil, "phone_verified": false,
			}, c.ok(200, c.put(account, m{})).body)
		},
	}, {
		"account-reset", "D", "username, email and phone are removed with null, and others can then have them.",
		"web-api/user.md; hydrogen-js-sdk core/types.js",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, "")
			c.register("Ann")
			c.ok(200, c.put(account, m{"email": "a@b.c", "phone": number}))
			r := c.ok(200, c.put(account, m{"username": nil, "email": nil, "phone": nil}))
			require.Equal(t, []any{nil, nil, nil}, []any{r.body["username"], r.body["email"], r.body["phone"]})
			other := newClient(t, b, "")
			other.register("Ann")
			other.ok(200, other.put(account, m{"email": "a@b.c", "phone": number}))
		},
	}, {
		"first-password", "D", "The first password needs no old one: the old one is empty, null or absent. A user who has a password must give it.",
		"js-sdk/account.md; web-api/user.md",
		func(t *testing.T) {
			for name, old := range map[string]m{"empty": {"password": ""}, "null": {"password": nil}, "absent": {}} {
				b := newBackend()
				c := newClient(t, b, baastest.WeChat)
				c.login(b.WeChat("o"))
				c.ok(200, c.put(account, merge(m{"username": "Ann", "new_password": "p"}, old)))
				r := newClient(t, b, "").post("v2.1/login/username/", m{"username": "Ann", "password": "p"})
				require.Equal(t, 201, r.status, name)
				c.refused(400, "password", c.put(account, merge(m{"new_password": "q"}, old)))
				c.ok(200, c.put(account, m{"new_password": "q", "password": "p"}))
			}
		},
	}, {
		"account-at-once", "C", "Username, email, phone and password can be changed in one request; a new phone is not verified.",
		"hydrogen-android-sdk CurrentUserTest.kt; web-api/user.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, "")
			c.register("Ann")
			r := c.ok(200, c.put("v2.1/user/account/", m{
				"username": "Bob", "email": "b@b.c", "phone": number, "password": "secret-1", "new_password": "secret-2",
			}))
			require.Equal(t, m{"username": "Bob", "email": "b@b.c", "email_verified": false, "phone": number, "phone_verified": false}, r.body)
			c.ok(201, c.post("v2.0/login/email/", m{"email": "b@b.c", "password": "secret-2"}))
		},
	}, {
		"names-without-case", "D", "Usernames are unique without regard to case, and email addresses are kept in lower case.",
		"js-sdk/auth.md; js-sdk/account.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, "")
			c.register("Ann")
			c.refused(400, "exists", newClient(t, b, "").post("v2.1/register/username/", m{"username": "aNN", "password": "p"}))
			require.Equal(t, "ann@b.c", c.ok(200, c.put(account, m{"email": "Ann@B.c"})).body["email"])
		},
	}, {
		"anonymous-registers", "D", "An anonymous user who registers keeps the id; a later login is another user's.",
		"js-sdk/auth.md",
		func(t *testing.T) {
			b := newBackend()
			bob := newClient(t, b, "").register("Bob")
			c := newClient(t, b, "")
			id := int64(c.ok(201, c.post(anonymousPath, m{})).body["user_id"].(float64))
			require.Equal(t, true, c.self(id)["_anonymous"])
			require.Equal(t, id, c.register("Ann"))
			require.Equal(t, false, c.self(id)["_anonymous"])
			c.ok(201, c.post(anonymousPath, m{}))
			r := c.ok(201, c.post("v2.1/login/username/", m{"username": "Bob", "password": "secret-1"}))
			require.EqualValues(t, bob, r.body["user_id"])
		},
	}, {
		"sms-codes", "D", "An SMS code has six digits, as in every example. A client may send it as a text or as a number; the first digit is not 0, so that both are the same.",
		"js-sdk/sms.md; web-api/sms.md; flutter-sdk/sms.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, "")
			for i := range 200 {
				phone := fmt.Sprint("1380000", i)
				require.Regexp(t, `^[1-9]\d{5}$`, c.sms(b, phone))
			}
			code := c.sms(b, number)
			c.ok(200, c.post(verifySMS, fmt.Sprintf(`{"phone":%q,"code":%s}`, number, code)))
			c.refused(400, "", c.post(verifySMS, m{"phone": number, "code": ""}))
		},
	}, {
		"sms-limits", "D", "A number gets one SMS a minute and ten a day; more are 400.",
		"js-sdk/sms.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, "")
			for range 10 {
				c.sms(b, number)
				c.refused(400, "rate limit", c.post(sendSMS, m{"phone": number}))
				b.Clock().Advance(60e9)
			}
			c.refused(400, "rate limit", c.post(sendSMS, m{"phone": number}))
		},
	}, {
		"sms-login", "D", "A login with an SMS code makes a user with create_user, and is 404 without.",
		"js-sdk/auth.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, "")
			body := m{"phone": number, "code": c.sms(b, number), "create_user": false}
			c.refused(404, "", c.post(smsLogin, body))
			body["create_user"] = true
			r := c.ok(201, c.post(smsLogin, body))
			require.Equal(t, number, r.body["_phone"])
			require.Equal(t, true, r.body["_phone_verified"])
		},
	},
}
