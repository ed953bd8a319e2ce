package baastest_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
)

// browser opens the pages of web logins, and follows no redirect by itself.
type browser struct {
	t        *testing.T
	host     string
	client   *http.Client
	language string
}

func newBrowser(t *testing.T, c *client) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t: t, host: c.host, client: &http.Client{
		Transport: c.rt, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (w *browser) do(method, page, kind string, body io.Reader) reply {
	w.t.Helper()
	if strings.HasPrefix(page, "/") {
		page = w.host + page
	}
	req, err := http.NewRequest(method, page, body)
	require.NoError(w.t, err)
	req.Header.Set("Accept-Language", w.language)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := w.client.Do(req)
	require.NoError(w.t, err)
	r, err := readReply(res)
	require.NoError(w.t, err)
	return r
}

func (w *browser) open(page string) reply { w.t.Helper(); return w.do("GET", page, "", nil) }

// send sends the form of a page.
func (w *browser) send(page string, fields map[string]string) reply {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		require.NoError(w.t, form.WriteField(name, value))
	}
	require.NoError(w.t, form.Close())
	return w.do("POST", page, form.FormDataContentType(), &body)
}

// answered sends the form and returns where the browser goes.
func (w *browser) answered(page string, fields map[string]string) string {
	w.t.Helper()
	r := w.send(page, fields)
	require.Equal(w.t, 303, r.status, r.raw)
	return r.header.Get("Location")
}

func (w *browser) agree(page, openid string) string {
	w.t.Helper()
	return w.answered(page, map[string]string{"answer": "allow", "person": openid, "openid": ""})
}

func (w *browser) refuse(page string) string {
	w.t.Helper()
	return w.answered(page, map[string]string{"answer": "refuse", "openid": ""})
}

// follow opens a page that redirects, and returns where to.
func (w *browser) follow(page string) string {
	w.t.Helper()
	r := w.open(page)
	require.Equal(w.t, 302, r.status, r.raw)
	return r.header.Get("Location")
}

// tokenIn is the auth_token in a callback URL.
func tokenIn(t *testing.T, callbackURL string) string {
	t.Helper()
	u, err := url.Parse(callbackURL)
	require.NoError(t, err)
	token, err := auth.CallbackToken(u.Query())
	require.NoError(t, err)
	return token
}

// A server, a browser and the SDK, over real connections.
func TestWebLoginInABrowser(t *testing.T) {
	srv := baastest.NewServer(t)
	srv.Weibo("ann").SetProfile(baastest.Profile{NickName: "Ann"})
	sdk := srv.Client()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := auth.CallbackToken(r.URL.Query())
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		u, err := sdk.Auth(r.URL.Query().Get("visitor")).LoginWithThirdParty(r.Context(), platform.Weibo, token)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		_, _ = io.WriteString(w, "hello "+u.Nickname())
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.Client().CloseIdleConnections)

	login := func(fields map[string]string) (int, string) {
		page, err := sdk.Auth("v").ThirdPartyAuth(t.Context(), platform.Weibo, server.URL+"/back?visitor=v")
		require.NoError(t, err)
		require.Contains(t, page, srv.URL()+"/")
		w := newBrowser(t, &client{host: srv.URL(), rt: http.DefaultTransport})
		w.client.CheckRedirect = nil
		r := w.send(page, fields)
		return r.status, r.raw
	}
	status, text := login(map[string]string{"answer": "allow", "person": "ann"})
	require.Equal(t, []any{200, "hello Ann"}, []any{status, text})
	status, text = login(map[string]string{"answer": "refuse"})
	require.Equal(t, []any{403, "613: third party auth denied\n"}, []any{status, text})
}

func TestWebPage(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, "")
	w := newBrowser(t, c)
	page := c.redirect(baastest.WeChatWeb, nil)
	r := w.open(page)
	require.Contains(t, r.raw, "Nobody is known here yet.")

	b.WeChatWeb("o-2").SetProfile(baastest.Profile{NickName: `<img src=x onerror="alert(1)">`})
	c.ok(201, webLogin(c, b.WeChatWeb("o-1"), nil))
	b.Weibo("elsewhere")
	r = w.open(page)
	require.Equal(t, 200, r.status)
	require.Equal(t, "text/html; charset=utf-8", r.header.Get("Content-Type"))
	require.Equal(t, "no-store", r.header.Get("Cache-Control"))
	require.Equal(t, "no-referrer", r.header.Get("Referrer-Policy"))
	require.Regexp(t, `^default-src 'none'; base-uri 'none'; style-src 'sha256-[\w+/]{43}='$`, r.header.Get("Content-Security-Policy"))
	require.Equal(t, []string{"o-1", "o-2"}, radios(r.raw))
	require.NotContains(t, r.raw, "<img")
	require.Contains(t, r.raw, "o-1 · has an account")
	require.NotContains(t, r.raw, "o-2 · has an account")
	require.Contains(t, r.raw, "<strong>https://app.example</strong>")
	require.NotContains(t, r.raw, " checked")
	require.NotRegexp(t, `(?i)<script|<link|<img|url\(|@import`, r.raw, "nothing from elsewhere")

	// Nobody is chosen.
	for _, fields := range []map[string]string{{"answer": "allow", "openid": " "}, {"answer": "allow", "openid": strings.Repeat("x", 257)}, {"answer": "allow", "openid": "a\x00"}} {
		r = w.send(page, fields)
		require.Equal(t, 400, r.status)
		require.Contains(t, r.raw, "Choose who you are.")
	}
	for _, fields := range []map[string]string{{}, {"answer": "perhaps"}, {"answer": "allow", "person": "o-1", "extra": "1"}} {
		r = w.send(page, fields)
		require.Equal(t, 400, r.status)
		require.Equal(t, "error", r.body["status"])
	}

	// A person who is typed in wins, and is the one who is chosen the next time.
	hop := w.answered(page, map[string]string{"answer": "allow", "person": "o-1", "openid": " 小明 "})
	require.Equal(t, "小明", ownerOf(c, baastest.WeChatWeb, tokenIn(t, w.follow(hop))))
	r = w.open(c.redirect(baastest.WeChatWeb, nil))
	require.Equal(t, []string{"o-1", "o-2", "小明"}, radios(r.raw))
	require.Contains(t, r.raw, `value="小明" checked`)
	require.Equal(t, 1, strings.Count(r.raw, " checked"))
}

// A page has a hundred people, by openid. Others can be typed in.
func TestWebPageOfManyPeople(t *testing.T) {
	b := newBackend()
	for i := range 150 {
		b.Weibo(fmt.Sprintf("openid-%03d", i))
	}
	c := newClient(t, b, "")
	w := newBrowser(t, c)
	page := c.redirect(baastest.Weibo, nil)
	shown := radios(w.open(page).raw)
	require.Len(t, shown, 100)
	require.Equal(t, []string{"openid-000", "openid-099"}, []string{shown[0], shown[99]})
	hop := w.answered(page, map[string]string{"answer": "allow", "openid": "openid-149"})
	require.Equal(t, "openid-149", ownerOf(c, baastest.Weibo, tokenIn(t, w.follow(hop))))
}

// radios are the people whom a page shows.
func radios(page string) []string {
	var all []string
	for _, found := range regexp.MustCompile(`type="radio" name="person" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		all = append(all, found[1])
	}
	return all
}

// ownerOf is the openid of the person of an auth_token, at a provider.
func ownerOf(c *client, provider, token string) string {
	c.t.Helper()
	r := c.ok(201, c.post("v2.0/idp/"+provider+"/authenticate/", m{"auth_token": token, "create_user": true, "update_userprofile": "setnx"}))
	return c.webUser(r)["_provider"].(m)[webProviders[provider]].(m)["openid"].(string)
}

// webUser reads the user of a web login.
func (c *client) webUser(login reply) m {
	c.t.Helper()
	return c.self(int64(login.body["user_id"].(float64)))
}

func TestWebPageSpeaksChineseAndEnglish(t *testing.T) {
	for _, tt := range []struct{ accept, query, lang, says, title string }{
		{"", "", "en", "Who are you?", "Log in with Weibo"},
		{"en-GB,en;q=0.9,zh;q=0.8", "", "en", "Who are you?", "Log in with Weibo"},
		{"zh-CN,zh;q=0.9,en;q=0.8", "", "zh", "您是谁？", "登录方式： 微博"},
		{"ZH-tw", "", "zh", "您是谁？", "登录方式： 微博"},
		{"zh-CN", "en", "en", "Who are you?", "Log in with Weibo"},
		{"", "zh", "zh", "您是谁？", "登录方式： 微博"},
		{"fr", "", "en", "Who are you?", "Log in with Weibo"},
	} {
		c := newClient(t, newBackend(), "")
		w := newBrowser(t, c)
		w.language = tt.accept
		page := c.redirect(baastest.Weibo, nil)
		if tt.query != "" {
			page += "&lang=" + tt.query
		}
		r := w.open(page)
		require.Contains(t, r.raw, `<html lang="`+tt.lang+`">`)
		require.Contains(t, r.raw, tt.says)
		require.Contains(t, r.raw, "<title>"+tt.title+"</title>")
		// The form goes on in the language of the page, and the link leads to the other one.
		other := map[string]string{"en": "zh", "zh": "en"}[tt.lang]
		require.Regexp(t, `action="\?state=\w{26}&amp;lang=`+tt.lang+`"`, r.raw)
		require.Regexp(t, `href="\?state=\w{26}&amp;lang=`+other+`"`, r.raw)
	}
}

// A provider's page serves its own web logins only, and the hop its own codes.
func TestWebLoginsAreNotMixedUp(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, "")
	w := newBrowser(t, c)
	weibo, web := c.redirect(baastest.Weibo, nil), c.redirect(baastest.WeChatWeb, nil)
	crossed := strings.Replace(weibo, baastest.Weibo, baastest.WeChatWeb, 1)
	require.Equal(t, 400, w.open(crossed).status)
	require.Equal(t, 400, w.send(crossed, map[string]string{"answer": "allow", "person": "o"}).status)
	_, err := b.WeChatWeb("o").AllowWebLogin(weibo)
	require.ErrorContains(t, err, "not a redirect URL of oauth-wechat-web")
	_, err = b.WeChatWeb("o").AllowWebLogin(crossed)
	require.ErrorContains(t, err, "has ended")
	_, err = b.WeChat("o").AllowWebLogin(weibo)
	require.ErrorContains(t, err, "not a redirect URL of wechat")
	_, err = b.Weibo("o").RefuseWebLogin("https://backend.invalid/web-login/oauth-weibo/authorize/?state=made-up")
	require.ErrorContains(t, err, "has ended")

	// A code of another web login.
	second := c.redirect(baastest.Weibo, nil)
	code := w.agree(second, "o")
	state := regexp.MustCompile(`state=\w+`)
	stolen := state.ReplaceAllString(code, state.FindString(weibo))
	require.Equal(t, 400, w.open(stolen).status)
	require.Equal(t, 400, w.open(state.ReplaceAllString(code, state.FindString(web))).status)
	require.Equal(t, 400, w.open(regexp.MustCompile(`code=\w+`).ReplaceAllString(code, "code=made-up")).status)
	w.follow(code)

	// The back button: agreeing twice gives two codes, and the callback one token.
	one, two := w.agree(weibo, "o"), w.agree(weibo, "o")
	require.NotEqual(t, one, two)
	w.follow(one)
	require.Equal(t, 400, w.open(two).status)
	require.Equal(t, 400, w.send(weibo, map[string]string{"answer": "refuse"}).status)

	b.Reset()
	require.Equal(t, 400, w.open(web).status)
}

// A user may be seeded with an identity of a web provider.
func TestSeededWebIdentity(t *testing.T) {
	eachWebProvider(t, func(t *testing.T, b *baastest.Backend, p *baastest.Phone, c *client) {
		seeded, err := b.AddUser(baastest.User{Identities: []baastest.Identity{{Platform: p.Platform(), OpenID: p.OpenID()}}})
		require.NoError(t, err)
		r := c.ok(201, webLogin(c, p, m{"create_user": false}))
		require.EqualValues(t, seeded.ID, r.body["user_id"])
		require.True(t, b.Unlink(p))
		c.refused(404, "", webLogin(c, p, m{"create_user": false}))
	})
}

// What only phones do gives no event that a login could take, and does not panic.
func TestWebPeopleHaveNoEvents(t *testing.T) {
	eachWebProvider(t, func(t *testing.T, b *baastest.Backend, p *baastest.Phone, _ *client) {
		for _, action := range []string{"allow-user-info", "refuse-user-info", "user-profile", "refuse-phone-number"} {
			control(t, b, 200, "POST", "people/"+p.Platform()+"/o/"+action, "")
		}
		control(t, b, 200, "POST", "people/"+p.Platform()+"/o/allow-phone-number", `{"number":"1"}`)
		require.Empty(t, p.SessionKey())
	})
}

func TestWebOrigin(t *testing.T) {
	b := newBackend(baastest.WithWebOrigin("http://LOCALHOST:8899/"))
	c := newClient(t, b, "")
	page := c.redirect(baastest.Weibo, nil)
	require.Regexp(t, `^http://localhost:8899/web-login/`, page)
	_, err := b.Weibo("o").AllowWebLogin(page)
	require.NoError(t, err)
	require.NotContains(t, newClient(t, newBackend(), "").redirect(baastest.Weibo, nil), "8899")
}

func TestBadWebOptions(t *testing.T) {
	for name, opt := range map[string]baastest.Option{
		"short life":           baastest.WithAuthTokenLife(0),
		"a domain alone":       baastest.WithSafeDomains("app.example"),
		"a path":               baastest.WithSafeDomains("https://app.example/back"),
		"the second is bad":    baastest.WithSafeDomains("https://app.example", ""),
		"an origin with a '?'": baastest.WithWebOrigin("https://app.example?"),
		"an origin with '#'":   baastest.WithWebOrigin("https://app.example/#a"),
		"no origin":            baastest.WithWebOrigin(""),
	} {
		_, err := baastest.New(opt)
		require.ErrorIs(t, err, herror.InvalidParameter, name)
	}
}

func TestControlWebLogins(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, "")
	const who = "people/oauth-weibo/o"
	act := func(status int, action, redirectURL string) m {
		return control(t, b, status, "POST", who+"/"+action, `{"redirect_url":"`+redirectURL+`"}`).(m)
	}
	page := c.redirect(baastest.Weibo, nil)
	callbackURL := act(200, "allow-web-login", page)["callback_url"].(string)
	require.Equal(t, "o", ownerOf(c, baastest.Weibo, tokenIn(t, callbackURL)))
	require.Equal(t, m{"error": "baastest: the web login on oauth-weibo has ended"}, act(400, "allow-web-login", page))
	require.Equal(t, m{"callback_url": callback}, act(200, "refuse-web-login", c.redirect(baastest.Weibo, nil)))
	act(400, "refuse-web-login", c.redirect(baastest.WeChatWeb, nil))
	control(t, b, 400, "POST", who+"/allow-web-login", `{"url":1}`)
	token := control(t, b, 200, "POST", who+"/login", "").(m)["code"].(string)
	require.Equal(t, "o", ownerOf(c, baastest.Weibo, token))
	require.Equal(t, "oauth-weibo", control(t, b, 200, "GET", who, "").(m)["platform"])
}

// Whatever the browser sends, a page is HTML or an error, and never fails with 500.
func FuzzWebPage(f *testing.F) {
	f.Add("/web-login/oauth-weibo/authorize/", "state=S&lang=zh", "allow", "o", "baastest_person=o")
	f.Add("/web-login/oauth-wechat-mp/callback/", "code=C&state=S&error=", "refuse", "\xff", "baastest_person=%")
	f.Fuzz(func(t *testing.T, path, query, answer, openid, cookie string) {
		b := newBackend()
		c := newClient(t, b, "")
		for _, provider := range []string{baastest.Weibo, baastest.WeChatMP} {
			page, err := url.Parse(c.redirect(provider, m{"silent_login": provider == baastest.WeChatMP}))
			require.NoError(t, err)
			for _, to := range []string{page.Path, path} {
				for _, method := range []string{"GET", "POST"} {
					var body bytes.Buffer
					form := multipart.NewWriter(&body)
					require.NoError(t, form.WriteField("answer", answer))
					require.NoError(t, form.WriteField("openid", openid))
					require.NoError(t, form.Close())
					r := httptest.NewRequest(method, "http://backend.invalid/", &body)
					r.URL.Path, r.URL.RawQuery = to, strings.ReplaceAll(query, "S", page.Query().Get("state"))
					r.Header.Set("Content-Type", form.FormDataContentType())
					r.Header["Cookie"] = []string{cookie}
					w := httptest.NewRecorder()
					b.ServeHTTP(w, r)
					require.Less(t, w.Code, 500, "%s %s", method, to)
				}
			}
		}
	})
}
