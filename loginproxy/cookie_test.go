package loginproxy_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
)

const cookieName = "__Host-test"

// cookies returns the cookies that a response sets.
func (a response) cookies() []*http.Cookie { return (&http.Response{Header: a.header}).Cookies() }

func TestCookie(t *testing.T) {
	w := newWorld(t, loginproxy.WithCookie(cookieName))
	in := w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login()})
	require.Len(t, in.cookies(), 1)
	c := in.cookies()[0]
	require.Equal(t, in.token(t), c.Value)
	require.Equal(t, cookieName, c.Name)
	require.Equal(t, "/", c.Path)
	require.Empty(t, c.Domain)
	require.True(t, c.Secure)
	require.True(t, c.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, c.SameSite)
	require.Equal(t, int((baastest.DefaultTokenLife - 30*time.Second).Seconds()), c.MaxAge)

	with := func(method, path, value string, header http.Header) response {
		h := header.Clone()
		if h == nil {
			h = http.Header{}
		}
		h.Set("Cookie", cookieName+"="+value)
		return w.do(request{method: method, path: path, header: h})
	}
	require.Equal(t, in.userID(t), with(http.MethodGet, "/me", c.Value, nil).userID(t))
	require.Equal(t, http.StatusUnauthorized, with(http.MethodGet, "/me", "made up", nil).status)
	require.Equal(t, http.StatusUnauthorized, with(http.MethodGet, "/me", c.Value, http.Header{"Authorization": {"Bearer wrong"}}).status,
		"the header counts, whatever is in it")
	require.Equal(t, in.userID(t), with(http.MethodGet, "/me", c.Value, http.Header{"Authorization": {"Basic YTpi"}}).userID(t))

	out := with(http.MethodPost, "/logout", c.Value, nil)
	require.Equal(t, http.StatusOK, out.status)
	require.Len(t, out.cookies(), 1)
	require.Negative(t, out.cookies()[0].MaxAge)
	require.Equal(t, http.StatusUnauthorized, with(http.MethodGet, "/me", c.Value, nil).status)
}

// Without the option a cookie is neither set nor read.
func TestNoCookie(t *testing.T) {
	w := newWorld(t)
	in := w.post("/login/ks", "", m{"code": w.Kuaishou("openid-1").Login()})
	require.Empty(t, in.cookies())
	a := w.do(request{method: http.MethodGet, path: "/me", header: http.Header{"Cookie": {cookieName + "=" + in.token(t)}}})
	require.Equal(t, http.StatusUnauthorized, a.status)
}

// A state-changing request that another site has a browser make is refused.
func TestCrossOrigin(t *testing.T) {
	w := newWorld(t, loginproxy.WithCookie(cookieName, "https://app.example.com"))
	token := w.login(w.Kuaishou("openid-1"), "")
	page := w.proxy.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for name, tt := range map[string]struct {
		header http.Header
		status int
	}{
		"another site":          {http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		"another host of ours":  {http.Header{"Sec-Fetch-Site": {"same-site"}}, 403},
		"another origin":        {http.Header{"Origin": {"https://evil.example"}}, 403},
		"no origin at all":      {http.Header{"Origin": {"null"}}, 403},
		"a trusted origin":      {http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://app.example.com"}}, 200},
		"the same origin":       {http.Header{"Sec-Fetch-Site": {"same-origin"}}, 200},
		"no browser":            {http.Header{}, 200},
		"a header, by a script": {http.Header{"Sec-Fetch-Site": {"cross-site"}, "Authorization": {"Bearer " + token}}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			tt.header.Set("Cookie", cookieName+"="+token)
			post := request{method: http.MethodPost, path: "/sms", body: m{"phone": "13800138000"}, header: tt.header}
			a := w.serve(page, post.http(t))
			require.Equal(t, tt.status, a.status)
			w.Clock().Advance(time.Minute) // one text message a minute
			a = w.do(post)
			require.Equal(t, tt.status, a.status)
			if tt.status == http.StatusForbidden {
				require.JSONEq(t, `{"code":403,"error":"cross_origin","code_spent":false}`, a.body)
			}
			get := request{method: http.MethodGet, path: "/me", header: tt.header}
			require.Equal(t, http.StatusOK, w.do(get).status, "reading is no harm: the page cannot see it")
		})
	}
	// So is a login without a session: it would give the browser the cookie of another user.
	a := w.do(request{
		method: http.MethodPost, path: "/login/ks", body: m{"code": w.Kuaishou("evil").Login()},
		header: http.Header{"Sec-Fetch-Site": {"cross-site"}},
	})
	require.Equal(t, http.StatusForbidden, a.status)
	require.Empty(t, a.cookies())
}

// A handshake that another origin has a browser make, as for a WebSocket, is refused,
// although it is a GET: the page could read what comes over the new protocol.
func TestCrossOriginUpgrade(t *testing.T) {
	w := newWorld(t, loginproxy.WithCookie(cookieName, "https://app.example.com"))
	token := w.login(w.Kuaishou("openid-1"), "")
	page := w.proxy.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusSwitchingProtocols) }))
	for name, tt := range map[string]struct {
		header http.Header
		status int
	}{
		"a sibling site":        {http.Header{"Origin": {"https://blog.example.com"}}, 403},
		"a sibling, and told":   {http.Header{"Origin": {"https://blog.example.com"}, "Sec-Fetch-Site": {"same-site"}}, 403},
		"another site":          {http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}, 403},
		"a file":                {http.Header{"Origin": {"null"}}, 403},
		"another port":          {http.Header{"Origin": {"https://example.com:8443"}}, 403},
		"a trusted origin":      {http.Header{"Origin": {"https://app.example.com"}}, 101},
		"the same origin":       {http.Header{"Origin": {"https://example.com"}, "Sec-Fetch-Site": {"same-origin"}}, 101},
		"no browser":            {http.Header{}, 101},
		"a header, by a script": {http.Header{"Origin": {"https://evil.example"}, "Authorization": {"Bearer " + token}}, 101},
	} {
		for _, protocol := range [][]string{{"websocket"}, {"other"}, {"", "websocket"}} {
			tt.header.Set("Cookie", cookieName+"="+token)
			tt.header.Set("Connection", "Upgrade")
			tt.header["Upgrade"] = protocol
			r := request{method: http.MethodGet, path: "/page", header: tt.header}
			require.Equal(t, tt.status, w.serve(page, r.http(t)).status, name)
			r.header.Del("Connection")
			require.Equal(t, tt.status, w.serve(page, r.http(t)).status, "%s, behind a proxy that drops Connection", name)
			r.header.Del("Upgrade")
			require.Equal(t, 101, w.serve(page, r.http(t)).status, "%s, no upgrade", name)
		}
	}
	// An upgrade on HTTP/2 is a CONNECT.
	r := request{method: http.MethodConnect, path: "/page", header: http.Header{
		"Cookie": {cookieName + "=" + token}, "Origin": {"https://blog.example.com"}, ":protocol": {"websocket"},
	}}
	require.Equal(t, 403, w.serve(page, r.http(t)).status)
}

// With the cookie on, a browser is told the session id in the cookie only, which no
// script can read. Any other client is told it in the body too.
func TestBrowserGetsTheCookieOnly(t *testing.T) {
	for name, tt := range map[string]struct {
		header http.Header
		cookie bool // WithCookie
		told   bool // in the body
	}{
		"a page":                           {http.Header{"Origin": {"https://example.com"}, "Sec-Fetch-Site": {"same-origin"}}, true, false},
		"a page of an older browser":       {http.Header{"Origin": {"https://example.com"}}, true, false},
		"a page of a trusted origin":       {http.Header{"Origin": {"https://app.example.com"}}, true, false},
		"a page that sends no origin":      {http.Header{"Sec-Fetch-Site": {"same-origin"}}, true, false},
		"a page that sends a header":       {http.Header{"Origin": {"https://example.com"}, "Authorization": {"Bearer x"}}, true, false},
		"a page with an origin of nothing": {http.Header{"Origin": {""}, "Authorization": {"Bearer x"}}, true, false},
		"a phone":                          {http.Header{}, true, true},
		"a phone with a session":           {http.Header{"Authorization": {"Bearer x"}}, true, true},
		"a page, without the cookie":       {http.Header{"Origin": {"https://example.com"}}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			var opts []loginproxy.Option
			if tt.cookie {
				opts = append(opts, loginproxy.WithCookie(cookieName, "https://app.example.com"))
			}
			w := newWorld(t, opts...)
			anonymous := request{method: http.MethodPost, path: "/login/anonymous", header: tt.header}
			register := request{method: http.MethodPost, path: "/register", body: m{"username": "ann", "password": "p"}, header: tt.header}
			login := request{method: http.MethodPost, path: "/login", body: m{"username": "ann", "password": "p"}, header: tt.header}
			for _, r := range []request{anonymous, register, login} {
				a := w.do(r)
				require.Equal(t, http.StatusOK, a.status, a.body)
				require.NotNil(t, a.field(t, "user"))
				require.NotNil(t, a.field(t, "expires_at"))
				token, told := a.field(t, "token").(string)
				require.Equal(t, tt.told, told)
				if !tt.cookie {
					require.Empty(t, a.cookies())
					continue
				}
				require.Len(t, a.cookies(), 1)
				id := a.cookies()[0].Value
				require.Len(t, id, 43)
				require.Equal(t, tt.told, strings.Contains(a.body, id))
				if told {
					require.Equal(t, id, token)
				}
				me := w.do(request{method: http.MethodGet, path: "/me", header: http.Header{"Cookie": {cookieName + "=" + id}}})
				require.Equal(t, a.userID(t), me.userID(t))
			}
		})
	}
}
