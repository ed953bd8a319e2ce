package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

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

// press clicks a button of an app, or of the session, and returns what is shown then.
func (b *tab) press(app, do string) (s shown) {
	b.t.Helper()
	b.eval(`document.querySelector('#status').textContent = ''`, nil)
	b.click(button(app, do))
	// The status is read when it appears, because it goes away.
	b.when(`document.querySelector('#status').textContent !== '' && document.querySelector('#log').ariaBusy === 'false'`, `(() => {
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
func responseOf(t *testing.T, s shown) m {
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
		b.open(url, size{width, 844})
		b.requireFits()
		for _, app := range apps {
			t.Run(fmt.Sprintf("%s at %d px", app.title, width), func(t *testing.T) {
				b.t = t
				require.Equal(t, 0, b.press("", "reset").Count)
				b.refuses(app.name, app.openid)
				b.logsInAndOut(app.name, app.title)
				b.allowsPhone(app.name, app.phone)
			})
		}
		t.Run(fmt.Sprintf("links at %d px", width), func(t *testing.T) {
			b.t = t
			b.links()
		})
		b.t = t
		b.requireFits()
	}
	require.Empty(t, b.problems)
}

// requireFits checks that the page is not wider than the window, and that every button
// has a name.
func (b *tab) requireFits() {
	b.t.Helper()
	var sizes struct{ Content, Window int }
	b.eval(`({ content: document.documentElement.scrollWidth, window: innerWidth })`, &sizes)
	require.LessOrEqual(b.t, sizes.Content, sizes.Window)
	var names []string
	b.eval(`[...document.querySelectorAll('button[data-do]')].map((e) => e.textContent)`, &names)
	require.Contains(b.t, names, "Allow phone on ByteDance")
	require.Len(b.t, names, 3+3*4)
	require.NotContains(b.t, names, "")
}

// requireDisabled checks that a button is disabled, that a screen reader says why, that
// the reason is visible, and that a press says it too and sends nothing.
func (b *tab) requireDisabled(app, do, why string) {
	b.t.Helper()
	selector := button(app, do)
	got := b.announces(selector)
	require.Equal(b.t, "button", got.Role)
	require.NotEmpty(b.t, got.Name)
	require.True(b.t, got.Disabled, "%s is not disabled", selector)
	require.Equal(b.t, strings.ToLower(why), strings.ToLower(got.Description))
	var visible bool
	b.eval(fmt.Sprintf(`document.getElementById(document.querySelector(%q).getAttribute('aria-describedby'))
		.checkVisibility({ visibilityProperty: true })`, selector), &visible)
	require.True(b.t, visible, "the reason of %s cannot be seen", selector)

	b.eval(`{
		const real = fetch;
		const sent = [];
		window.fetch = (...request) => { sent.push(request[0]); return real(...request); };
		window.watched = () => { window.fetch = real; return sent; };
	}`, nil)
	status := b.press(app, do).Status
	var sent []string
	b.eval(`window.watched()`, &sent)
	require.Empty(b.t, sent, "%s sends requests", selector)
	require.Contains(b.t, strings.ToLower(status), strings.ToLower(strings.TrimSuffix(why, ".")))
}

func (b *tab) refuses(app, openid string) {
	s := b.press(app, "refuse")
	require.Equal(b.t, "POST /auth/login/"+app, s.Request)
	require.Equal(b.t, "403 unauthorized", s.Code)
	require.Equal(b.t, openid, responseOf(b.t, s)["openid"])
	require.Empty(b.t, s.Who)
}

func (b *tab) logsInAndOut(app, title string) {
	s := b.press(app, "login")
	require.Equal(b.t, "200", s.Code, s.Response)
	require.Equal(b.t, title+": log in: done (200).", s.Status)
	require.Equal(b.t, "Ann", s.Who["Name"])
	require.Equal(b.t, title, s.Who["Linked"])
	require.Regexp(b.t, `^.{4}… \(hidden\)$`, s.Who["Session id"])
	require.Equal(b.t, strings.Replace(s.Who["Session id"], "(", "(43 characters, ", 1), responseOf(b.t, s)["token"])
	require.Equal(b.t, []string{"POST /hserve/v2.5/idp/" + app + "/authenticate/ 201"}, s.Asked)

	s = b.press("", "me")
	require.Equal(b.t, "GET /auth/me", s.Request)
	require.Equal(b.t, "Authorization: Bearer", s.Sent)
	require.Equal(b.t, "200", s.Code)

	s = b.press("", "logout")
	require.Equal(b.t, "200", s.Code)
	require.Empty(b.t, s.Who)
	require.Equal(b.t, []string{"POST /hserve/v2.0/session/destroy/ 201"}, s.Asked)

	b.requireDisabled("", "me", "Nobody is logged in.")
}

func (b *tab) allowsPhone(app string, can bool) {
	if !can {
		b.requireDisabled(app, "phone", "no phone login")
		require.Equal(b.t, "200", b.press(app, "login").Code)
		b.requireDisabled(app, "phone", "no phone number")
		require.Equal(b.t, "200", b.press("", "logout").Code)
		return
	}
	s := b.press(app, "phone")
	require.Equal(b.t, "POST /auth/login/"+app, s.Request)
	require.Equal(b.t, "200", s.Code, s.Response)
	require.Equal(b.t, "13800138000", s.Who["Phone"])

	s = b.press(app, "phone")
	require.Equal(b.t, "POST /auth/phone", s.Request)
	require.Equal(b.t, "200", s.Code, s.Response)
	require.Equal(b.t, "200", b.press("", "logout").Code)
}

// links follows the documented sequence: without an account on one platform, log in on
// another, link, and log in to the same account from both.
func (b *tab) links() {
	b.press("", "reset")
	require.Equal(b.t, "200", b.press("kuaishou", "login").Code)
	b.press("", "logout")
	b.click("#create-user")
	require.Equal(b.t, "404 not_found", b.press("wechat", "login").Code)
	b.requireDisabled("wechat", "link", "needs a login")

	ann := b.press("kuaishou", "login").Who["User"]
	s := b.press("wechat", "link")
	require.Equal(b.t, "GET /auth/me", s.Request, "the page asks who that is now")
	require.Equal(b.t, "Kuaishou, WeChat", s.Who["Linked"])
	b.press("", "logout")
	require.Equal(b.t, ann, b.press("wechat", "login").Who["User"])

	b.click("#create-user")
	require.NotEqual(b.t, ann, b.press("bytedance", "login").Who["User"], "an account of its own")
	require.Equal(b.t, "400 bad_request", b.press("wechat", "link").Code)
	b.press("", "logout")
}
