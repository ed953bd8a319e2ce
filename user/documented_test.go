package user_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit/variant"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// canned answers every request with one body, and notes what was sent.
type canned struct {
	body string
	sent []string // method, path and body
}

func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	text := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		text = string(b)
	}
	c.sent = append(c.sent, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+text))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(c.body)), Request: r}, nil
}

// living is the session of user 7 on a platform.
func living(on, openID, unionID string) session.Session {
	return session.Session{
		Token: session.NewSecret("token"), UserID: 7, Platform: on, OpenID: openID, UnionID: unionID,
		LoggedInAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	}
}

// read returns the current user of that session, as the backend describes it.
func (c *canned) read(t *testing.T, s session.Session) *user.CurrentUser {
	t.Helper()
	client, err := baas.New("client-1", baas.WithHTTPClient(&http.Client{Transport: c}))
	require.NoError(t, err)
	u, err := client.Resume(s).CurrentUser(ctx)
	require.NoError(t, err)
	c.sent = nil
	return u
}

// The first-level ids are WeChat's: those of other platforms come from the session
// and from _provider.
func TestIDsAfterARead(t *testing.T) {
	const providers = `"_provider":{"wechat":{"openid":"wx","unionid":"wx-union"},"alipay":{"user_id":"2088"},"qq_miniapp":{"openid":"q"},` +
		`"baidu_miniapp":{"openid":"b"},"jd_miniapp":{"openid":"j"},"toutiao":{"openid":"tt"},"kuaishou_miniapp":{"openid":"ks"},"wechat_unionid":"wx-union"}`
	for _, tt := range []struct {
		name            string
		s               session.Session
		body            string
		openID, unionID string
	}{
		{"the session's", living("kuaishou", "ks-1", "ks-u"), `{"id":7,"openid":"wx","unionid":"wx-union"}`, "ks-1", "ks-u"},
		{"Kuaishou", living("kuaishou", "", ""), `{"id":7,` + providers + `}`, "ks", ""},
		{"WeChat", living("wechat", "", ""), `{"id":7,` + providers + `}`, "wx", "wx-union"},
		{"Alipay", living("alipay", "", ""), `{"id":7,"openid":"",` + providers + `}`, "2088", ""},
		{"QQ", living("qq", "", ""), `{"id":7,"openid":null,` + providers + `}`, "q", ""},
		{"Baidu", living("baidu", "", ""), `{"id":7,` + providers + `}`, "b", ""},
		{"JD", living("jd", "", ""), `{"id":7,` + providers + `}`, "j", ""},
		{"ByteDance", living("bytedance", "", ""), `{"id":7,` + providers + `}`, "tt", ""},
		{"an account linked to WeChat", living("", "", ""), `{"id":7,"openid":"wx","unionid":"wx-union"}`, "wx", "wx-union"},
		{"an account", living("", "", ""), `{"id":7,"openid":null,"unionid":null,"_provider":{}}`, "", ""},
		{"no providers", living("qq", "", ""), `{"id":7}`, "", ""},
		{"a provider of another type", living("qq", "", ""), `{"id":7,"_provider":{"qq_miniapp":"q"}}`, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := (&canned{body: tt.body}).read(t, tt.s)
			require.Equal(t, []string{tt.openID, tt.unionID}, []string{u.OpenID(), u.UnionID()})
		})
	}
}

func TestProviders(t *testing.T) {
	c := &canned{body: `{"id":7,"_provider":{
		"wechat":{"openid":"wx","unionid":"u","nickname":"n"},"wechat_unionid":"u","douyin":{"openid":"dy"},"toutiao":{"openid":"tt"},
		"alipay":{"user_id":"2088"},"oauth_wechat_web":{"openid":"web"},"broken":1}}`}
	u := c.read(t, living("", "", ""))
	var got []string
	for _, p := range u.Providers() {
		name := "-"
		if p.Platform != nil {
			name = p.Platform.Name()
		}
		got = append(got, p.Key+" "+name+" "+p.OpenID+" "+p.UnionID)
		require.True(t, p.Fields.Exists())
	}
	require.Equal(t, []string{
		"wechat wechat wx u", "douyin bytedance dy ", "toutiao bytedance tt ", "alipay alipay 2088 ", "oauth_wechat_web - web ",
	}, got)
	require.Equal(t, "u", u.WechatUnionID())
	require.ElementsMatch(t, []platform.Platform{platform.WeChat{}, platform.ByteDance{}, platform.Alipay{}}, u.LinkedPlatforms())
	require.Equal(t, "n", u.Provider(platform.WeChat{}).Get("nickname").String())
	require.Equal(t, "dy", u.Provider(platform.ByteDance{}).Get("openid").String())
	require.Equal(t, "tt", u.ProviderByKey("toutiao").Get("openid").String())
	require.False(t, u.Provider(platform.QQ{}).Exists())
	require.False(t, u.Provider(nil).Exists())
	require.False(t, u.ProviderByKey("qq").Exists())

	u = (&canned{body: `{"id":7,"_provider":null}`}).read(t, living("", "", ""))
	require.Empty(t, u.Providers())
	require.Empty(t, u.LinkedPlatforms())
	require.Empty(t, u.WechatUnionID())
}

// What each documented change of a field sends, to the byte.
func TestFieldOperators(t *testing.T) {
	for _, tt := range []struct {
		change func(*user.CurrentUser) *user.Me
		want   string
	}{
		{func(u *user.CurrentUser) *user.Me { return u.Set("a", 1) }, `{"a":1}`},
		{func(u *user.CurrentUser) *user.Me { return u.IncrementBy("o.n", 2) }, `{"o.n":{"$incr_by":2}}`},
		{func(u *user.CurrentUser) *user.Me { return u.Append("a", 1, "b") }, `{"a":{"$append":[1,"b"]}}`},
		{func(u *user.CurrentUser) *user.Me { return u.UAppend("a", 1) }, `{"a":{"$append_unique":[1]}}`},
		{func(u *user.CurrentUser) *user.Me { return u.Remove("a", 1, 2) }, `{"a":{"$remove":[1,2]}}`},
		{func(u *user.CurrentUser) *user.Me { return u.Remove("a") }, `{"a":{"$remove":[]}}`},
		{func(u *user.CurrentUser) *user.Me { return u.Pop("a") }, `{"a":{"$pop":1}}`},
		{func(u *user.CurrentUser) *user.Me { return u.Shift("a") }, `{"a":{"$pop":-1}}`},
		{func(u *user.CurrentUser) *user.Me { return u.PatchObject("a", map[string]any{"b": 1}) }, `{"a":{"$update":{"b":1}}}`},
		{func(u *user.CurrentUser) *user.Me { return u.PatchObject("a", nil) }, `{"a":{"$update":{}}}`},
		{func(u *user.CurrentUser) *user.Me { return u.Unset("a").Set("b", 1) }, `{"$unset":{"a":""},"b":1}`},
		{func(u *user.CurrentUser) *user.Me { return u.Unset("a").Set("a", 1) }, `{"a":1}`},
		{func(u *user.CurrentUser) *user.Me { return u.Set("a", 1).Unset("a") }, `{"$unset":{"a":""}}`},
		{func(u *user.CurrentUser) *user.Me { return u.Append("a", 1).Pop("a") }, `{"a":{"$pop":1}}`},
	} {
		c := &canned{body: `{"id":7}`}
		u := c.read(t, living("", "", ""))
		require.NoError(t, tt.change(u).Update(ctx))
		require.Equal(t, []string{"PUT /hserve/v2.5/user/info/ " + tt.want}, c.sent)
	}
	c := &canned{body: `{"id":7}`}
	u := c.read(t, living("", "", ""))
	fails(t, herror.InvalidParameter, u.Unset("").Update(ctx))
	require.Empty(t, c.sent)
}

func TestAccountFieldsAreCleared(t *testing.T) {
	for field, clear := range map[string]func(*user.CurrentUser) error{
		"username": func(u *user.CurrentUser) error { return u.ClearUsername(ctx) },
		"email":    func(u *user.CurrentUser) error { return u.ClearEmail(ctx) },
		"phone":    func(u *user.CurrentUser) error { return u.ClearMobilePhone(ctx) },
	} {
		c := &canned{body: `{"id":7,"_username":"ann","_email":"ann@example.com","_phone":"13800138000"}`}
		u := c.read(t, living("", "", ""))
		c.body = `{"` + field + `":null}`
		require.NoError(t, clear(u))
		require.Equal(t, []string{`PUT /hserve/v2.2/user/account/ {"` + field + `":null}`}, c.sent)
		require.True(t, u.Get("_"+field).IsNull())
		require.Empty(t, u.Get("_"+field).String())
	}
}

// A user without a password sets the first one with an empty old one.
func TestFirstPassword(t *testing.T) {
	c := &canned{body: `{"id":7}`}
	u := c.read(t, living("", "", ""))
	require.NoError(t, u.UpdatePassword(ctx, "", "secret-1"))
	require.Equal(t, []string{`PUT /hserve/v2.2/user/account/ {"password":"","new_password":"secret-1"}`}, c.sent)
	fails(t, herror.InvalidParameter, u.UpdatePassword(ctx, "secret-1", ""))
	require.Len(t, c.sent, 1)
}

// What a link's response has is kept, but for a token.
func TestLinkResultKeepsEveryField(t *testing.T) {
	c := &canned{body: `{"id":7}`}
	u := c.read(t, living("", "", ""))
	c.body = `{"message":"m","status":"ok","user_id":7,"alipay_user_id":"2088","token":"canary","more":[1]}`
	got, err := u.LinkAlipay(ctx, nil, auth.Code("c"))
	require.NoError(t, err)
	require.Equal(t, "2088", got.AlipayUserID)
	require.Equal(t, "[1]", got.Get("more").String())
	require.False(t, got.Get("token").Exists())
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, `{"message":"m","status":"ok","user_id":7,"alipay_user_id":"2088","more":[1]}`, string(text))
	text, err = json.Marshal(user.LinkResult{Status: "ok"})
	require.NoError(t, err)
	require.JSONEq(t, `{"message":"","openid":"","status":"ok","user_id":0}`, string(text))
}

// A link takes user info; a phone number is refused in so many words.
func TestLinkWithAPhoneNumber(t *testing.T) {
	w := newWorld(t)
	w.member()
	_, err := w.me().LinkKs(ctx, &platform.AuthData{EncryptedData: "e", IV: "i"}, auth.Code("c"))
	require.EqualError(t, fails(t, herror.UnsupportedFunction, err),
		"611: unsupported function: link with a phone number: a link takes user info")
	require.Zero(t, w.sent())
}

// The end of a session is the same before it was stored and after.
func TestSessionEndSurvivesTheStore(t *testing.T) {
	clock := baastest.NewClock(start.Add(123456789 * time.Nanosecond))
	b, err := baastest.New(baastest.WithClock(clock), variant.Option())
	require.NoError(t, err)
	t.Cleanup(b.Close)
	client, err := b.Client()
	require.NoError(t, err)
	u, err := client.Auth("visitor").LoginWithKs(ctx, nil, auth.Code(b.Kuaishou("o").Login()))
	require.NoError(t, err)
	again, err := client.Auth("visitor").CurrentUser(ctx)
	require.NoError(t, err)
	require.Equal(t, u.SessionExpiresAt(), again.SessionExpiresAt())
}
