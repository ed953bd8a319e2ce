package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/chromium"
)

// tab is a page of the demo in a browser.
type tab struct{ *chromium.Tab }

// openTab starts a browser. The page provokes error responses of the server, and shows them.
func openTab(t *testing.T) tab {
	t.Helper()
	b := chromium.Open(t)
	b.Expected = func(url string) bool { return strings.Contains(url, "/auth/") }
	return tab{b}
}

// shown is what the page shows after a click.
type shown struct {
	Status   string            `json:"status"`
	Who      map[string]string `json:"who"` // of the session; empty if nobody is logged in
	Request  string            `json:"request"`
	Sent     string            `json:"sent"` // the Authorization header, without the id
	Code     string            `json:"code"`
	Response string            `json:"response"`
	Asked    []string          `json:"asked"`
	Count    int               `json:"count"`
}

// button is the selector of a button of an app, or of the session.
func button(app, do string) string {
	if app == "" {
		return fmt.Sprintf(`#session button[data-do=%s]`, do)
	}
	return fmt.Sprintf(`[data-platform=%s] button[data-do=%s]`, app, do)
}

// act clicks a button of an app, or of the session, and returns what is shown then.
func (b tab) act(app, do string) (s shown) {
	b.T.Helper()
	b.Eval(`document.querySelector('#status').textContent = ''`, nil)
	b.Click(button(app, do))
	// The status is read when it appears, because it goes away.
	b.When(`document.querySelector('#status').textContent !== '' && document.querySelector('#log').ariaBusy === 'false'`, `(() => {
		const text = (selector) => {
			const e = document.querySelector(selector);
			return e && !e.closest('[hidden]') ? e.textContent : '';
		};
		return {
			status: text('#status'),
			who: Object.fromEntries([...document.querySelectorAll('#who:not(.absent) div')].map((e) => [...e.children].map((c) => c.textContent))),
			request: text('.exchange .request'),
			sent: text('.exchange .authorization').replace(/Bearer .*/, 'Bearer'),
			code: text('.exchange .code'),
			response: text('.exchange .response pre'),
			asked: [...document.querySelectorAll('.exchange:first-child .asked li')].map((e) => e.textContent),
			count: document.querySelectorAll('.exchange').length,
		};
	})()`, &s)
	return s
}

// responseOf parses the response that is shown.
func responseOf(t testing.TB, s shown) m {
	t.Helper()
	var response m
	require.NoError(t, json.Unmarshal([]byte(s.Response), &response))
	return response
}

var apps = []struct {
	name, title, openid string
	phone               bool // it gives phone numbers
}{
	{"kuaishou", "Kuaishou", "ks-ann", true},
	{"bytedance", "ByteDance", "tt-ann", false},
	{"wechat", "WeChat", "wx-ann", true},
}

func TestPage(t *testing.T) {
	b := openTab(t)
	url := startDemo(t)
	for _, width := range []int{360, 1200} {
		b.Goto(url, chromium.Look{Width: width, Height: 844})
		b.requireFits()
		for _, app := range apps {
			t.Run(fmt.Sprintf("%s at %d px", app.title, width), func(t *testing.T) {
				b.T = t
				require.Equal(t, 0, b.act("", "reset").Count)
				b.refuses(app.name, app.openid)
				b.logsInAndOut(app.name, app.title)
				b.allowsPhone(app.name, app.phone)
			})
		}
		t.Run(fmt.Sprintf("links at %d px", width), func(t *testing.T) {
			b.T = t
			b.links()
		})
		b.T = t
		b.requireFits()
	}
	b.RequireNoProblem()
}

// requireFits checks that the page fits the window, and that every button is there.
func (b tab) requireFits() {
	b.T.Helper()
	b.RequireFits()
	var names []string
	b.Eval(`[...document.querySelectorAll('button[data-do]')].map((e) => e.textContent)`, &names)
	require.Contains(b.T, names, "Allow phone on ByteDance")
	require.Len(b.T, names, 3+3*4)
	require.NotContains(b.T, names, "")
}

// requireDisabled checks that a button is disabled, that a screen reader says why, that
// the reason is visible, and that a press says it too and sends nothing.
func (b tab) requireDisabled(app, do, why string) {
	b.T.Helper()
	selector := button(app, do)
	got := b.Announced(selector)
	require.Equal(b.T, "button", got.Role)
	require.NotEmpty(b.T, got.Name)
	require.True(b.T, got.Disabled, "%s is not disabled", selector)
	require.Equal(b.T, strings.ToLower(why), strings.ToLower(got.Description))
	var visible bool
	b.Eval(fmt.Sprintf(`document.getElementById(document.querySelector(%q).getAttribute('aria-describedby'))
		.checkVisibility({ visibilityProperty: true })`, selector), &visible)
	require.True(b.T, visible, "the reason of %s cannot be seen", selector)

	b.Eval(`{
		const real = fetch;
		const sent = [];
		window.fetch = (...request) => { sent.push(request[0]); return real(...request); };
		window.watched = () => { window.fetch = real; return sent; };
	}`, nil)
	status := b.act(app, do).Status
	var sent []string
	b.Eval(`window.watched()`, &sent)
	require.Empty(b.T, sent, "%s sends requests", selector)
	require.Contains(b.T, strings.ToLower(status), strings.ToLower(strings.TrimSuffix(why, ".")))
}

func (b tab) refuses(app, openid string) {
	s := b.act(app, "refuse")
	require.Equal(b.T, "POST /auth/login/"+app, s.Request)
	require.Equal(b.T, "403 unauthorized", s.Code)
	require.Equal(b.T, openid, responseOf(b.T, s)["openid"])
	require.Empty(b.T, s.Who)
}

func (b tab) logsInAndOut(app, title string) {
	s := b.act(app, "login")
	require.Equal(b.T, "200", s.Code, s.Response)
	require.Equal(b.T, title+": log in: done (200).", s.Status)
	require.Equal(b.T, "Ann", s.Who["Name"])
	require.Equal(b.T, title, s.Who["Linked"])
	require.Regexp(b.T, `^.{4}… \(hidden\)$`, s.Who["Session id"])
	require.Equal(b.T, strings.Replace(s.Who["Session id"], "(", "(43 characters, ", 1), responseOf(b.T, s)["token"])
	require.Equal(b.T, []string{"POST /hserve/v2.5/idp/" + app + "/authenticate/ 201"}, s.Asked)

	s = b.act("", "me")
	require.Equal(b.T, "GET /auth/me", s.Request)
	require.Equal(b.T, "Authorization: Bearer", s.Sent)
	require.Equal(b.T, "200", s.Code)

	s = b.act("", "logout")
	require.Equal(b.T, "200", s.Code)
	require.Empty(b.T, s.Who)
	require.Equal(b.T, []string{"POST /hserve/v2.0/session/destroy/ 201"}, s.Asked)

	b.requireDisabled("", "me", "Nobody is logged in.")
}

func (b tab) allowsPhone(app string, can bool) {
	if !can {
		b.requireDisabled(app, "phone", "no phone login")
		require.Equal(b.T, "200", b.act(app, "login").Code)
		b.requireDisabled(app, "phone", "no phone number")
		require.Equal(b.T, "200", b.act("", "logout").Code)
		return
	}
	s := b.act(app, "phone")
	require.Equal(b.T, "POST /auth/login/"+app, s.Request)
	require.Equal(b.T, "200", s.Code, s.Response)
	require.Equal(b.T, "13800138000", s.Who["Phone"])

	s = b.act(app, "phone")
	require.Equal(b.T, "POST /auth/phone", s.Request)
	require.Equal(b.T, "200", s.Code, s.Response)
	require.Equal(b.T, "200", b.act("", "logout").Code)
}

// links follows the documented sequence: without an account on one platform, log in on
// another, link, and log in to the same account from both.
func (b tab) links() {
	b.act("", "reset")
	require.Equal(b.T, "200", b.act("kuaishou", "login").Code)
	b.act("", "logout")
	b.Click("#create-user")
	require.Equal(b.T, "404 not_found", b.act("wechat", "login").Code)
	b.requireDisabled("wechat", "link", "needs a login")

	ann := b.act("kuaishou", "login").Who["User"]
	s := b.act("wechat", "link")
	require.Equal(b.T, "GET /auth/me", s.Request, "the page asks who that is now")
	require.Equal(b.T, "Kuaishou, WeChat", s.Who["Linked"])
	b.act("", "logout")
	require.Equal(b.T, ann, b.act("wechat", "login").Who["User"])

	b.Click("#create-user")
	require.NotEqual(b.T, ann, b.act("bytedance", "login").Who["User"], "an account of its own")
	require.Equal(b.T, "400 bad_request", b.act("wechat", "link").Code)
	b.act("", "logout")
}
