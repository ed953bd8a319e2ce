package baastest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
)

func TestClock(t *testing.T) {
	still := baastest.NewClock(start)
	require.Equal(t, start, still.Now())
	still.Advance(time.Hour)
	require.Equal(t, start.Add(time.Hour), still.Now())
	still.Advance(-time.Hour)
	require.Equal(t, start, still.Now())
	still.Set(start.Add(time.Minute))
	require.Equal(t, start.Add(time.Minute), still.Now())
	still.Advance(time.Second)
	require.Equal(t, start.Add(61*time.Second), still.Now())

	var running baastest.Clock
	before := time.Now()
	running.Advance(time.Hour)
	require.False(t, running.Now().Before(before.Add(time.Hour)))
	running.Set(start)
	now := running.Now()
	require.False(t, now.Before(start))
	require.False(t, running.Now().Before(now))
	require.True(t, running.Now().Before(before))
}

func TestOptions(t *testing.T) {
	b, err := baastest.New(nil)
	require.NoError(t, err)
	require.Equal(t, baastest.DefaultClientID, b.ClientID())
	require.NotNil(t, b.Clock())
	b = newBackend(baastest.WithClientID("own"))
	c := newClient(t, b, "")
	c.refused(400, "X-Hydrogen-Client-ID", c.post(anonymousPath, m{}))
	c.header = http.Header{"X-Hydrogen-Client-Id": {"own"}}
	c.ok(201, c.post(anonymousPath, m{}))
}

func TestBadOptions(t *testing.T) {
	for name, opt := range map[string]baastest.Option{
		"no client id":         baastest.WithClientID(""),
		"no clock":             baastest.WithClock(nil),
		"no token life":        baastest.WithTokenLife(0),
		"tokens of a moment":   baastest.WithTokenLife(time.Second - 1),
		"journal of less than": baastest.WithJournalLimit(-1),
		"no time zone":         baastest.WithTimeZone(nil),
		"unknown unset":        baastest.WithResponses(baastest.Responses{Unset: "nil"}),
		"permission on id":     baastest.WithFieldPermission("id", baastest.Invisible),
		"permission on no":     baastest.WithFieldPermission("", baastest.Invisible),
		"unknown login":        baastest.WithoutLogins("email", "sms"),
		"unknown permission":   baastest.WithFieldPermission("city", 3),
	} {
		t.Run(name, func(t *testing.T) {
			b, err := baastest.New(opt)
			require.ErrorIs(t, err, herror.InvalidParameter)
			require.Nil(t, b)

			tb := new(recordingTB)
			require.Nil(t, baastest.NewServer(tb, opt))
			require.Equal(t, []string{"baastest: " + err.Error()}, tb.failures)
			require.Empty(t, tb.cleanups)
		})
	}
}

// recordingTB is a test that notes its failures and goes on.
type recordingTB struct {
	failures []string
	cleanups []func()
}

func (tb *recordingTB) Helper()          {}
func (tb *recordingTB) Cleanup(f func()) { tb.cleanups = append(tb.cleanups, f) }
func (tb *recordingTB) Fatalf(format string, args ...any) {
	tb.failures = append(tb.failures, fmt.Sprintf(format, args...))
}

func TestServerClientWithABadOption(t *testing.T) {
	tb := new(recordingTB)
	s := baastest.NewServer(tb)
	t.Cleanup(s.Close)
	require.Nil(t, s.Client(baas.WithTimeout(-1)))
	require.Len(t, tb.failures, 1)
	require.Contains(t, tb.failures[0], "605")
}

func TestJournal(t *testing.T) {
	b := newBackend(baastest.WithJournalLimit(3))
	c := newClient(t, b, "")
	c.header = http.Header{"X-Hydrogen-Env-Id": {"env-1"}}
	require.Empty(t, b.Requests())
	for i := range 5 {
		c.post("v2.1/login/username/", m{"username": fmt.Sprint(i), "password": "p"})
	}
	c.get("v2.2/server/time/?a=b")
	got := b.Requests()
	require.Len(t, got, 3)
	require.JSONEq(t, `{"username":"3","password":"p"}`, string(got[0].Body))
	require.JSONEq(t, `{"username":"4","password":"p"}`, string(got[1].Body))
	require.Equal(t, "env-1", got[1].Header.Get("X-Hydrogen-Env-ID"))
	require.Equal(t, 400, got[1].Status)
	require.Equal(t, start, got[1].Time)
	require.Equal(t, "a=b", got[2].Query)
	require.Equal(t, 200, got[2].Status)
	require.Equal(t, 2, b.CountRequests("POST /hserve/v2.1/login/username/"))
	require.Equal(t, 2, b.CountRequests("/hserve/v2.1/**"))
	require.Equal(t, 0, b.CountRequests("PUT /hserve/v2.1/**"))
	require.Equal(t, 0, b.CountRequests("/hserve/v2.1/*/"))
	require.Equal(t, 3, b.CountRequests(""))
	b.ResetJournal()
	require.Empty(t, b.Requests())

	b = newBackend(baastest.WithJournalLimit(0))
	newClient(t, b, "").post(anonymousPath, m{})
	require.Empty(t, b.Requests())
}

func TestAddUser(t *testing.T) {
	b := newBackend()
	in := baastest.User{
		ID: 42, Username: "Ann", Email: "Ann@Example.com", EmailVerified: true,
		Phone: number, PhoneVerified: true, Password: "secret-1", Authorized: true,
		Profile: baastest.Profile{NickName: "A"},
		Custom:  map[string]any{"age": 30},
		Identities: []baastest.Identity{
			{Platform: baastest.WeChat, OpenID: "o", UnionID: "u"},
			{Platform: baastest.ByteDance, OpenID: "tt"},
			{Platform: baastest.ByteDance, OpenID: "tt", App: "toutiao"},
		},
		WeChatUnionID: "web-u",
		CreatedAt:     time.Unix(1000, 0), UpdatedAt: time.Unix(2000, 0),
	}
	stored, err := b.AddUser(in)
	require.NoError(t, err)
	want := in
	want.Password, want.Email, want.Custom = "", "ann@example.com", map[string]any{"age": json.Number("30")}
	require.Equal(t, want, stored)
	got, ok := b.User(42)
	require.True(t, ok)
	require.Equal(t, want, got)

	c := newClient(t, b, baastest.WeChat)
	require.EqualValues(t, 42, c.silent(b.WeChat("o")).body["user_info"].(m)["id"])
	c.ok(201, c.post("v2.1/login/username/", m{"username": "ann", "password": "secret-1"}))
	user := c.self(42)
	require.EqualValues(t, 1000, user["created_at"])
	require.EqualValues(t, 30, user["age"])

	for name, bad := range map[string]baastest.User{
		"id":       {ID: 42},
		"negative": {ID: -1},
		"username": {Username: "ANN"},
		"email":    {Email: "ann@EXAMPLE.com"},
		"phone":    {Phone: number},
		"identity": {Identities: []baastest.Identity{{Platform: baastest.WeChat, OpenID: "o"}}},
		"twice":    {Identities: []baastest.Identity{{Platform: baastest.QQ, OpenID: "a"}, {Platform: baastest.QQ, OpenID: "b"}}},
		"platform": {Identities: []baastest.Identity{{Platform: "nokia", OpenID: "a"}}},
		"openid":   {Identities: []baastest.Identity{{Platform: baastest.QQ}}},
		"app":      {Identities: []baastest.Identity{{Platform: baastest.QQ, OpenID: "a", App: "douyin"}}},
		"same app": {Identities: []baastest.Identity{{Platform: baastest.ByteDance, OpenID: "a"}, {Platform: baastest.ByteDance, OpenID: "b", App: "douyin"}}},
		"unionid":  {WeChatUnionID: "web-u"},
		"reserved": {Custom: map[string]any{"_phone": 1}},
		"built in": {Custom: map[string]any{"openid": "o"}},
		"profile":  {Custom: map[string]any{"city": "Huizhou"}},
		"custom":   {Custom: map[string]any{"f": func() {}}},
	} {
		_, err := b.AddUser(bad)
		require.Error(t, err, name)
	}
	next, err := b.AddUser(baastest.User{})
	require.NoError(t, err)
	require.EqualValues(t, 61736923, next.ID)
	_, err = b.AddUser(baastest.User{ID: 61736924})
	require.NoError(t, err)
	next, err = b.AddUser(baastest.User{})
	require.NoError(t, err)
	require.EqualValues(t, 61736925, next.ID)
	_, ok = b.User(1)
	require.False(t, ok)

	var ids []int64
	for _, u := range b.Users() {
		ids = append(ids, u.ID)
	}
	require.Equal(t, []int64{42, 61736923, 61736924, 61736925}, ids)
	tt := newClient(t, b, baastest.ByteDance)
	for _, app := range []string{"douyin", "toutiao"} {
		require.EqualValues(t, 42, inApp(tt, b.ByteDance("tt"), app)["id"])
	}
	owner, ok := b.UserOf(b.ByteDance("tt"))
	require.True(t, ok)
	require.EqualValues(t, 42, owner.ID)
}

func TestPeople(t *testing.T) {
	b := newBackend()
	require.Same(t, b.QQ("o"), b.QQ("o"))
	require.NotSame(t, b.QQ("o"), b.JD("o"))
	_, err := b.Phone("nokia", "o")
	require.Error(t, err)
	p := b.WeChat("o").SetUnionID("u").SetProfile(baastest.Profile{NickName: "N"})
	require.Equal(t, "u", p.UnionID())
	require.Equal(t, "N", p.Profile().NickName)
	require.Equal(t, baastest.WeChat, p.Platform())
	require.Equal(t, "o", p.OpenID())
	_, ok := b.UserOf(p)
	require.False(t, ok)

	key := p.SessionKey()
	require.Equal(t, key, p.SessionKey())
	p.Login()
	require.NotEqual(t, key, p.SessionKey(), "login replaces the session key")
}

func TestEvents(t *testing.T) {
	b := newBackend()
	p := b.Kuaishou("o")
	var e struct {
		Type   string
		Detail m
	}
	decode(t, p.AllowUserInfoJSON(), &e)
	require.Equal(t, "getuserinfo", e.Type)
	require.Equal(t, "getUserInfo:ok", e.Detail["errMsg"])
	require.Equal(t, "Larry", e.Detail["userInfo"].(m)["nickName"])
	for _, name := range []string{"rawData", "signature", "encryptedData", "iv"} {
		require.NotEmpty(t, e.Detail[name], name)
	}
	require.JSONEq(t, `{"type":"getuserinfo","detail":{"errMsg":"getUserInfo:fail auth deny"}}`, string(p.RefuseUserInfoJSON()))
	require.JSONEq(t, `{"type":"getphonenumber","detail":{"errMsg":"getPhoneNumber:fail user deny"}}`, string(p.RefusePhoneNumberJSON()))

	e.Detail = nil
	decode(t, b.Alipay("o").AllowPhoneNumberJSON(number), &e)
	require.NotContains(t, e.Detail, "encryptedData")
}

func TestReset(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, baastest.QQ)
	old := b.QQ("o")
	c.silent(old)
	b.Fail("", baastest.Fault{Status: 500})
	b.Reset()
	require.Empty(t, b.Requests())
	_, ok := b.User(61736923)
	require.False(t, ok)
	c.refused(401, "", c.get("v2.5/user/info/61736923/"))
	c.silent(b.QQ("o"))
	require.NotSame(t, old, b.QQ("o"))
	c.refused(400, "invalid code", c.post("v2.5/idp/qq/silent-login/", loginBody(old, true)))
}

func TestLoadSeed(t *testing.T) {
	b := newBackend()
	require.NoError(t, b.LoadSeed(strings.NewReader(`{
		"users": [{"id": 5, "username": "ann", "password": "p", "custom": {"age": 30},
		           "identities": [{"platform": "kuaishou", "openid": "o-1"}]}],
		"people": [{"platform": "wechat", "openid": "o-2", "unionid": "u-2", "profile": {"nickName": "Bob"}}]
	}`)))
	require.Equal(t, "Bob", b.WeChat("o-2").Profile().NickName)
	require.Equal(t, "u-2", b.WeChat("o-2").UnionID())
	u, ok := b.UserOf(b.Kuaishou("o-1"))
	require.True(t, ok)
	require.EqualValues(t, 5, u.ID)
	for _, bad := range []string{
		`{`, `{"user":[]}`, `{"users":[{"id":5}]}`, `{"people":[{"platform":"nokia","openid":"o"}]}`,
		`{"people":[{"platform":"qq"}]}`, `{"users":[{"nick":"x"}]}`, ``, `{} {}`, `{} x`,
	} {
		require.Error(t, b.LoadSeed(strings.NewReader(bad)), bad)
	}
}

// TestNothingSecretIsPrinted plants secrets and prints everything exported.
func TestNothingSecretIsPrinted(t *testing.T) {
	s := baastest.NewServer(t)
	b := s.Backend
	c := newClient(t, b, baastest.WeChat)
	p := b.WeChat("o-1")
	code := p.Login()
	user := baastest.User{ID: 1, Username: "ann", Password: "secret-password", Email: "a@b.c", EmailVerified: true}
	stored, err := b.AddUser(user)
	require.NoError(t, err)
	c.ok(201, c.post("v2.1/login/username/", m{"username": "ann", "password": "secret-password"}))
	c.sms(b, number)
	c.ok(201, c.post("v2.0/user/password/reset/", m{"email": "a@b.c"}))
	message, _ := b.LastSMS(number)
	mail, _ := b.LastMail("a@b.c")
	secrets := []string{code, "secret-password", c.token, p.SessionKey(), message.Code, mail.Link}

	values := []any{s, b, *p, p, user, stored, &user, message, mail, b.SMS(), b.Mails(), b.Requests(), b.Requests()[0], b.Clock()}
	for _, v := range values {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&log, format, v)
		}
		for _, secret := range secrets {
			require.NotContains(t, log.String(), secret, "%T", v)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	b, err := baastest.New(baastest.WithJournalLimit(50))
	require.NoError(t, err)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			c := newClient(t, b, baastest.Kuaishou)
			p := b.Kuaishou(fmt.Sprint("openid-", i))
			for range 20 {
				info := c.silent(p).body["user_info"].(m)
				if info["openid"] != p.OpenID() {
					t.Errorf("got the user of %v", info["openid"])
				}
				c.get(fmt.Sprintf("v2.5/user/info/%.0f/", info["id"]))
				phoneCases[0].update(c, p, fmt.Sprint("number-", i), true)
				b.Fail("GET /nowhere/", baastest.Fault{Status: 500})()
				b.UserOf(p)
				b.Requests()
				_ = p.SetUnionID("u").UnionID()
			}
			c.post("v2.0/session/destroy/", m{})
		})
	}
	all.Wait()
}
