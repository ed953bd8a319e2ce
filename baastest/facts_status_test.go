package baastest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

var statusFacts = []fact{
	{
		"sms-status", "D", "Sending and verifying an SMS code is 200 with status ok. Responses.SMSCreated makes it 201, as the page of the Node SDK has it.",
		"web-api/sms.md; cloud-function/node-sdk/sms/code.md",
		func(t *testing.T) {
			for created, status := range map[bool]int{false: 200, true: 201} {
				b := responses(baastest.Responses{SMSCreated: created})
				c := newClient(t, b, "")
				require.Equal(t, m{"status": "ok"}, c.ok(status, c.post(sendSMS, m{"phone": number})).body)
				message, _ := b.LastSMS(number)
				c.ok(status, c.post(verifySMS, m{"phone": number, "code": message.Code}))
			}
		},
	}, {
		"created-statuses", "D", "Registrations, logins, logouts, the verification mail, the reset mail and the verification of a phone number are 201.",
		"web-api/user.md; hydrogen-android-sdk HttpApi.java",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, "")
			c.ok(201, c.post("v2.1/register/email/", m{"email": "a@b.c", "password": "p"}))
			c.ok(201, c.post("v2.0/user/email-verify/", m{}))
			mail, _ := b.LastMail("a@b.c")
			c.ok(200, c.get(mail.Link))
			c.ok(201, c.post("v2.0/user/password/reset/", m{"email": "a@b.c"}))
			c.ok(200, c.put(account, m{"phone": number}))
			c.ok(201, c.post("v2.1/sms-phone-verification/", m{"code": c.sms(b, number)}))
			r := c.ok(201, c.post("v2.0/session/destroy/", m{}))
			require.Equal(t, m{"message": "Destroy succeed.", "status": "ok"}, r.body)
		},
	}, {
		"reset-unknown-email", "D", "A password reset of an unknown email address is 404.", "web-api/user.md; js-sdk/auth.md",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.refused(404, "", c.post("v2.0/user/password/reset/", m{"email": "nobody@b.c"}))
		},
	}, {
		"reset-unverified-email", "C", "A password reset of an unverified email address is 400, in the vendor's tests against the real backend.",
		"hydrogen-android-sdk CurrentUserTest.kt",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.ok(201, c.post("v2.1/register/email/", m{"email": "a@b.c", "password": "p"}))
			c.refused(400, "not verified", c.post("v2.0/user/password/reset/", m{"email": "a@b.c"}))
		},
	}, {
		"logout-without-token", "D", "A logout without a token, or with an unknown one, is 401.", "web-api/user.md",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.refused(401, "", c.post("v2.0/session/destroy/", m{}))
			c.token = "unknown"
			c.refused(401, "", c.post("v2.0/session/destroy/", m{}))
		},
	}, {
		"arrears", "D", "402 means that the app is in arrears. A Fault with that status makes it so.", "js-sdk/error-code.md; js-sdk/sms.md",
		func(t *testing.T) {
			b := newBackend()
			b.Fail("POST /hserve/v2.2/sms-verification-code/", baastest.Fault{Status: http.StatusPaymentRequired})
			c := newClient(t, b, "")
			c.refused(402, "", c.post(sendSMS, m{"phone": number}))
		},
	}, {
		"login-switched-off", "D", "Where the app has not enabled logins by email, a registration by email is 405. WithoutLogins makes it so.",
		"web-api/error-code.md",
		func(t *testing.T) {
			c := newClient(t, newBackend(baastest.WithoutLogins("email")), "")
			c.refused(405, "Please enable email login first.", c.post("v2.0/register/email/", m{"email": "ann@example.com", "password": "p"}))
			c.ok(201, c.post("v2.1/register/username/", m{"username": "ann", "password": "p"}))
		},
	}, {
		"server-time", "D", "The server time has microseconds and the offset of the app's time zone. It needs no session.",
		"js-sdk/server-date.md; web-api/utils.md",
		func(t *testing.T) {
			now := func(opts ...baastest.Option) any {
				return newClient(t, newBackend(opts...), "").get("v2.2/server/time/").body["time"]
			}
			require.Equal(t, "2024-05-06T15:08:09.000000+08:00", now())
			require.Equal(t, "2024-05-06T07:08:09.000000+00:00", now(baastest.WithTimeZone(time.UTC)))
		},
	}, {
		"read-statuses", "D", "A read of a user is 401 without a session and 404 for an unknown id.", "web-api/user.md",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.refused(401, "", c.get("v2.2/user/info/1/"))
			c.register("Ann")
			c.refused(404, "", c.get("v2.2/user/info/1/"))
		},
	}, {
		"error-body", "D", `An error is {"status": "error", "error_msg": text}.`, "web-api/error-code.md",
		func(t *testing.T) {
			r := newClient(t, newBackend(), "").get("v2.2/user/info/1/")
			require.Equal(t, []string{"error_msg", "status"}, names(r.body))
			require.Equal(t, "error", r.body["status"])
		},
	}, {
		"optional-headers", "D", "The client id is required; the SDK type and the platform are not.", "web-api/README.md and every example there",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.header = http.Header{"X-Hydrogen-Client-Sdk-Type": {""}, "X-Hydrogen-Client-Platform": {""}, "X-Hydrogen-Client-Version": {""}}
			c.ok(201, c.post(anonymousPath, m{}))
			c.header["X-Hydrogen-Client-Id"] = []string{""}
			c.refused(400, "X-Hydrogen-Client-ID", c.post(anonymousPath, m{}))
		},
	}, {
		"client-platforms", "C", "The platform header has the value of every client: REACT-NATIVE, FLUTTER, NATIVE_IOS, NATIVE_ANDROID, UNKNOWN, WEB, system names, and those of the platforms. The SDK type is file, or plugin.",
		"hydrogen-js-sdk polyfill.js of each build; hydrogen-ios-sdk Config.swift; hydrogen-android-sdk Const.java",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			for _, value := range []string{
				"WECHAT", "QQ", "BAIDU", "ALIPAY", "BYTEDANCE", "JINGDONG", "KUAISHOU",
				"WEB", "REACT-NATIVE", "UNKNOWN", "FLUTTER", "NATIVE_IOS", "NATIVE_ANDROID", "devtools", "ios", "android",
			} {
				c.header = http.Header{"X-Hydrogen-Client-Platform": {value}}
				c.ok(201, c.post(anonymousPath, m{}))
			}
			c.header = http.Header{"X-Hydrogen-Client-Sdk-Type": {"plugin"}}
			c.ok(201, c.post(anonymousPath, m{}))
		},
	}, {
		"versions", "C", "The clients use different versions of the API: users are read at v2.0 to v2.5, registrations and logins are at v2.0 and v2.1, accounts at v2.0 to v2.2.",
		"hydrogen-js-sdk constants; hydrogen-ios-sdk Path.swift; web-api/user.md",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.ok(201, c.post("v2.0/register/username/", m{"username": "Ann", "password": "p"}))
			r := c.ok(201, c.post("v2.1/login/username/", m{"username": "Ann", "password": "p"}))
			id := r.body["id"]
			for _, version := range []string{"v2.0", "v2.1", "v2.2", "v2.5"} {
				require.Equal(t, id, c.ok(200, c.get(version+"/user/info/61736923/")).body["id"])
			}
			for _, version := range []string{"v2.0", "v2.1", "v2.2"} {
				c.ok(200, c.put(version+"/user/account/", m{}))
			}
		},
	}, {
		"put-as-post", "C", "A client whose platform has no PUT sends POST with X-Hydrogen-Request-Method: PUT.",
		"hydrogen-js-sdk sdk-file/src/kuaishou/request.js",
		func(t *testing.T) {
			c := newClient(t, newBackend(), baastest.Kuaishou)
			c.register("Ann")
			c.header = http.Header{"X-Hydrogen-Request-Method": {"PUT"}}
			c.ok(200, c.post("v2.5/user/info/", m{"age": 1}))
		},
	}, {
		"url-length", "D", "A URL of over 16386 bytes is 502.", "web-api/data/query-record.md",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.register("Ann")
			path := "/hserve/v2.2/user/info/?x="
			c.ok(200, c.get(path+strings.Repeat("x", 16386-len(path))))
			c.refused(502, "URL", c.get(path+strings.Repeat("x", 16387-len(path))))
		},
	},
}
