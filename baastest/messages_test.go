package baastest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

const (
	sendSMS   = "v2.2/sms-verification-code/"
	verifySMS = "v1.8/sms-verification-code/verify/"
	smsLogin  = "v2.1/login/sms/"
)

// sms sends a code and reads it out of the box.
func (c *client) sms(b *baastest.Backend, phone string) string {
	c.t.Helper()
	c.ok(200, c.post(sendSMS, m{"phone": phone, "signature_id": 1}))
	message, ok := b.LastSMS(phone)
	require.True(c.t, ok)
	return message.Code
}

func TestSMSRateLimits(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, "")
	for range 10 {
		c.ok(200, c.post(sendSMS, m{"phone": number}))
		b.Clock().Advance(59 * time.Second)
		c.refused(400, "rate limit", c.post(sendSMS, m{"phone": number}))
		c.ok(200, c.post(sendSMS, m{"phone": "other-" + b.Clock().Now().String()}))
		b.Clock().Advance(time.Second)
	}
	c.refused(400, "rate limit", c.post(sendSMS, m{"phone": number}))
	b.Clock().Advance(24*time.Hour - 10*time.Minute)
	c.ok(200, c.post(sendSMS, m{"phone": number}))
	require.Len(t, b.SMS(), 21)
	_, ok := b.LastSMS("nobody")
	require.False(t, ok)
}

func TestSMSCodes(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, "")
	code := c.sms(b, number)
	require.Len(t, code, 6)
	c.refused(400, "invalid code", c.post(verifySMS, m{"phone": number, "code": "x"}))
	c.refused(400, "invalid code", c.post(verifySMS, m{"phone": "1", "code": code}))
	require.Equal(t, m{"status": "ok"}, c.ok(200, c.post(verifySMS, m{"phone": number, "code": code})).body)
	c.refused(400, "invalid code", c.post(verifySMS, m{"phone": number, "code": code}))

	b.Clock().Advance(time.Minute)
	code = c.sms(b, number)
	b.Clock().Advance(10 * time.Minute)
	c.refused(400, "invalid code", c.post(verifySMS, m{"phone": number, "code": code}))
}

func TestSMSLogin(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, "")
	body := m{"phone": number, "code": c.sms(b, number), "create_user": false}
	c.refused(404, "User not found.", c.post(smsLogin, body))
	body["create_user"] = true
	r := c.ok(201, c.post(smsLogin, body))
	id := int64(r.body["user_id"].(float64))
	require.Equal(t, true, c.self(id)["_phone_verified"])
	require.Equal(t, number, c.self(id)["_phone"])
	c.refused(400, "invalid code", c.post(smsLogin, body))

	b.Clock().Advance(time.Minute)
	body["code"], body["create_user"] = c.sms(b, number), false
	r = c.ok(201, c.post(smsLogin, body))
	require.EqualValues(t, id, r.body["user_id"])
}

func TestVerifyPhone(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, "")
	id := c.register("Ann")
	const path = "v2.1/sms-phone-verification/"
	c.refused(400, "no phone number", c.post(path, m{"code": "123456"}))
	c.ok(200, c.put("v2.2/user/account/", m{"phone": number}))
	c.refused(400, "invalid code", c.post(path, m{"code": "123456x"}))
	code := c.sms(b, number)
	c.ok(201, c.post(path, m{"code": code}))
	c.refused(400, "invalid code", c.post(path, m{"code": code}))
	require.Equal(t, true, c.self(id)["_phone_verified"])

	r := c.ok(200, c.put("v2.2/user/account/", m{"phone": "1"}))
	require.Equal(t, false, r.body["phone_verified"], "a new number is to be verified anew")
}

func TestMail(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, "")
	id := c.register("Ann")
	const verify, reset = "v2.0/user/email-verify/", "v2.0/user/password/reset/"
	c.refused(400, "no email", c.post(verify, m{}))
	c.ok(200, c.put("v2.2/user/account/", m{"email": "Ann@example.com"}))
	c.refused(400, "verified", c.post(reset, m{"email": "ann@example.com"}))
	require.Equal(t, m{"status": "ok"}, c.ok(201, c.post(verify, m{})).body)

	mail, ok := b.LastMail("ANN@example.com")
	require.True(t, ok)
	require.Equal(t, baastest.VerifyMail, mail.Kind)
	browser := newClient(t, b, "")
	browser.header = map[string][]string{"X-Hydrogen-Client-ID": {""}, "X-Hydrogen-Client-SDK-Type": {""}}
	browser.refused(400, "invalid link", browser.get("/mail/verify-email/?token=made-up"))
	browser.refused(400, "invalid link", browser.get("/mail/verify-email/?%"))
	_, token, _ := strings.Cut(mail.Link, "?")
	browser.refused(400, "invalid link", browser.post("/mail/reset-password/?"+token, m{"password": "x"}))
	browser.ok(200, browser.get(mail.Link))
	browser.refused(400, "invalid link", browser.get(mail.Link))
	require.Equal(t, true, c.self(id)["_email_verified"])

	c.ok(201, c.post(reset, m{"email": "ANN@example.com"}))
	mail, _ = b.LastMail("ann@example.com")
	require.Equal(t, baastest.ResetMail, mail.Kind)
	browser.refused(405, "", browser.get(mail.Link))
	browser.refused(400, "missing field: password", browser.post(mail.Link, m{}))
	browser.ok(200, browser.post(mail.Link, m{"password": "fresh"}))
	c.ok(201, c.post("v2.1/login/username/", m{"username": "Ann", "password": "fresh"}))

	// A link dies of age, and when the address changes.
	c.ok(201, c.post(reset, m{"email": "ann@example.com"}))
	mail, _ = b.LastMail("ann@example.com")
	b.Clock().Advance(24 * time.Hour)
	browser.refused(400, "invalid link", browser.post(mail.Link, m{"password": "x"}))
	c.ok(201, c.post(verify, m{}))
	mail, _ = b.LastMail("ann@example.com")
	r := c.ok(200, c.put("v2.2/user/account/", m{"email": "b@example.com"}))
	require.Equal(t, false, r.body["email_verified"], "a new address is to be verified anew")
	browser.refused(400, "invalid link", browser.get(mail.Link))
	require.Len(t, b.Mails(), 4)
	_, ok = b.LastMail("nobody@example.com")
	require.False(t, ok)
}

func TestNativeProviders(t *testing.T) {
	for _, provider := range []string{baastest.Apple, baastest.WeChatNative, baastest.WeiboNative} {
		t.Run(provider, func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, "")
			p, err := b.Phone(provider, "sub-1")
			require.NoError(t, err)
			base := "v2.3/idp/oauth/" + provider + "/"
			body := func() m {
				out := m{"auth_token": p.Login(), "update_userprofile": "setnx"}
				if provider == baastest.Apple {
					out["nickname"] = "Larry"
				}
				return out
			}
			c.refused(404, "User not found.", c.post(base+"authenticate/", merge(body(), m{"create_user": false})))
			c.refused(400, "invalid auth_token", c.post(base+"authenticate/", merge(body(), m{"create_user": true, "auth_token": "x"})))
			r := c.ok(201, c.post(base+"authenticate/", merge(body(), m{"create_user": true})))
			require.Equal(t, "Larry", r.body["user_info"].(m)["nickname"])

			other := newClient(t, b, "")
			other.refused(401, "", other.post(base+"user-association/", body()))
			other.register("Ann")
			other.refused(400, "already associated", other.post(base+"user-association/", body()))
			b.Unlink(p)
			r = other.ok(200, other.post(base+"user-association/", body()))
			require.Equal(t, "Association succeeded.", r.body["message"])
		})
	}
}
