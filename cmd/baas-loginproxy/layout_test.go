package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/chromium"
)

// phone is the window of a phone.
var phone = chromium.Look{Width: 390, Height: 844}

// windows are those that the page is tried in: two phones, a tablet, a screen, and a
// phone of which the keyboard or the zoom leaves little.
var windows = []chromium.Look{
	{Width: 360, Height: 640}, phone, {Width: 768, Height: 1024}, {Width: 1280, Height: 800}, {Width: 390, Height: 480},
}

// place is where a button is in the window.
type place struct {
	Name       string
	X, Y, W, H float64
}

// places are those of all buttons that act for Ann.
func (b tab) places() (all []place) {
	b.T.Helper()
	b.Eval(`[...document.querySelectorAll('button[data-do]')].map((e) => {
		const { x, y, width, height } = e.getBoundingClientRect();
		return { name: e.textContent, x, y, w: width, h: height };
	})`, &all)
	require.Len(b.T, all, 3+3*4)
	return all
}

// inWindows opens the page in every window, and runs a test there.
func inWindows(t *testing.T, test func(b tab, window chromium.Look)) {
	t.Parallel()
	b := openTab(t)
	url := startDemo(t)
	for _, window := range windows {
		b.Goto(url, window)
		b.act("", "reset")
		test(b, window)
	}
	b.RequireNoProblem()
}

// story is what is pressed, so that the page shows every kind of state.
var story = []struct{ app, do string }{
	{"kuaishou", "login"},
	{"wechat", "link"},
	{"kuaishou", "phone"},
	{"bytedance", "phone"}, // is disabled
	{"bytedance", "login"},
	{"bytedance", "refuse"},
	{"kuaishou", "link"}, // is refused
	{"", "me"},
	{"", "logout"},
	{"kuaishou", "link"}, // is disabled
	{"wechat", "phone"},
	{"", "reset"},
}

// toView is what b.Click does first.
func (b tab) toView(selector string) {
	b.T.Helper()
	b.Eval(fmt.Sprintf(`document.querySelector(%q).scrollIntoView({ block: 'center' })`, selector), nil)
}

// The state that appears above the buttons does not move them, and neither does anything
// else that a press shows.
func TestButtonsStay(t *testing.T) {
	inWindows(t, func(b tab, window chromium.Look) {
		for _, step := range story {
			b.toView(button(step.app, step.do))
			before := b.places()
			b.act(step.app, step.do)
			b.Settle()
			after := b.places()
			if window.Height < 500 { // there the page scrolls to the newest exchange
				relative(before)
				relative(after)
			}
			require.Equal(t, before, after, "%v after %v", window, step)
			b.requireStatusCoversNoButton()
		}
		b.requireFits()
	})
}

// firstButton is the first button that a newcomer presses.
var firstButton = button("kuaishou", "login")

// On a phone the first view has a button to log in, because the list of exchanges is small
// while it is empty. The first exchange gives the list its place, and does not scroll the
// buttons, wherever they are scrolled to. "Start over" does not take the place away.
func TestFirstView(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	url := startDemo(t)
	for _, window := range []chromium.Look{{Width: 360, Height: 740}, phone} {
		for _, scrolled := range []int{0, 150, 10_000} {
			b.Goto(url, window)
			b.act("", "reset") // what an earlier turn has left
			b.Eval(`document.querySelector('#controls').scrollTop = 0`, nil)
			var listed float64 // the height of the list
			height := func() float64 {
				b.Eval(`document.querySelector('#exchanges').getBoundingClientRect().height`, &listed)
				return listed
			}
			require.Less(t, height(), 0.2*float64(window.Height), "%v", window)
			var inView bool
			b.Eval(fmt.Sprintf(`(() => {
				const e = document.querySelector(%q);
				const { x, y, width, height } = e.getBoundingClientRect();
				return [y + 2, y + height - 2].every((at) => e.contains(document.elementFromPoint(x + width / 2, at)));
			})()`, firstButton), &inView)
			require.True(t, inView, "%v: no button to log in", window)
			b.requireStatusCoversNoButton()

			b.Eval(fmt.Sprintf(`document.querySelector('#controls').scrollTop = %d`, scrolled), nil)
			before := b.places()
			b.Eval(fmt.Sprintf(`document.querySelector(%q).click()`, firstButton), nil)
			b.Until(`document.querySelectorAll('.exchange').length === 1 && document.querySelector('#log').ariaBusy === 'false'`)
			b.Settle()
			require.Equal(t, before, b.places(), "%v scrolled by %d", window, scrolled)
			require.Greater(t, height(), 0.4*float64(window.Height), "%v", window)

			b.Eval(`document.querySelector('#controls').scrollTop = 10000`, nil)
			before = b.places()
			b.Eval(fmt.Sprintf(`document.querySelector(%q).click()`, button("", "reset")), nil)
			b.Until(`document.querySelectorAll('.exchange').length === 0 && document.querySelector('#log').ariaBusy === 'false'`)
			b.Settle()
			require.Equal(t, before, b.places(), "%v", window)
		}
	}
	b.RequireNoProblem()
}

// relative makes places relative to the first one.
func relative(all []place) {
	x, y := all[0].X, all[0].Y
	for i := range all {
		all[i].X -= x
		all[i].Y -= y
	}
}

// requireStatusCoversNoButton checks that no part of a button that can be seen lies
// where the status is.
func (b tab) requireStatusCoversNoButton() {
	b.T.Helper()
	var covered []string
	b.Eval(`(() => {
		const seen = (e) => {
			let { left, top, right, bottom } = e.getBoundingClientRect();
			for (let p = e.parentElement; p; p = p.parentElement) {
				if (getComputedStyle(p).overflowY === 'visible') continue;
				const clip = p.getBoundingClientRect();
				top = Math.max(top, clip.top);
				bottom = Math.min(bottom, clip.bottom);
			}
			return { left, top, right, bottom };
		};
		const status = seen(document.querySelector('#status'));
		if (status.bottom - status.top < 16) throw new Error('the status has no space');
		return [...document.querySelectorAll('button')].filter((e) => e.checkVisibility()).filter((e) => {
			const { left, top, right, bottom } = seen(e);
			return top < bottom && left < status.right && right > status.left && top < status.bottom && bottom > status.top;
		}).map((e) => e.textContent);
	})()`, &covered)
	require.Empty(b.T, covered)
}

// The status goes away by itself, and moves nothing.
func TestStatusGoesAway(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	b.Goto(startDemo(t), phone)
	require.Equal(t, "status", b.Announced("#status").Role)
	require.NotEmpty(t, b.act("kuaishou", "login").Status)
	before := b.places()
	b.Until(`document.querySelector('#status').textContent === ''`)
	require.Equal(t, before, b.places())
	b.RequireNoProblem()
}

// The newest exchange is in view: what was sent, how it went, and where the response begins.
func TestNewestExchangeIsInView(t *testing.T) {
	inWindows(t, func(b tab, window chromium.Look) {
		for _, step := range story {
			count := b.exchanges()
			b.Eval(`document.querySelector('#scroller').scrollTop = 60`, nil) // somebody reads on
			if b.act(step.app, step.do).Count <= count {
				continue // it was disabled, or it cleared the list
			}
			b.Settle()
			var hidden []string
			b.Eval(`(() => {
				const newest = document.querySelector('.exchange');
				const inView = (e) => {
					const { left, top, width, height } = e.getBoundingClientRect();
					const line = Math.min(height, 20); // of a text, its first line
					return [top + 2, top + line - 2].every((y) => {
						const there = document.elementFromPoint(left + Math.min(width, 40) / 2, y);
						return there && (e.contains(there) || there === e);
					});
				};
				return ['.title', '.code', '.request code', '.response .caption', '.response pre']
					.filter((s) => !inView(newest.querySelector(s)));
			})()`, &hidden)
			require.Empty(t, hidden, "%v after %v", window, step)
		}
	})
}

func (b tab) exchanges() (n int) {
	b.T.Helper()
	b.Eval(`document.querySelectorAll('.exchange').length`, &n)
	return n
}

// A body that is cut says so, and a button shows all of it. A body that is not cut has
// no such button.
func TestCutBodiesAreMarked(t *testing.T) {
	inWindows(t, func(b tab, window chromium.Look) {
		b.act("kuaishou", "login")
		b.act("", "me")
		b.act("", "logout")
		b.Settle()
		type body struct {
			Cut, Marked, Lines bool
			Expanded, Text     string
		}
		var bodies []body
		all := func() {
			b.Eval(`[...document.querySelectorAll('.text:not([hidden])')].map((e) => {
				const pre = e.querySelector('pre'), more = e.querySelector('.more');
				return {
					cut: pre.scrollHeight > pre.clientHeight + 1,
					marked: e.classList.contains('cut') && getComputedStyle(pre, '::after').content !== 'none',
					expanded: more.ariaExpanded,
					text: more.checkVisibility() ? more.textContent : '',
					lines: more.textContent.includes(pre.textContent.split('\n').length),
				};
			})`, &bodies)
		}
		all()
		cut := 0
		for i, got := range bodies {
			if !got.Cut {
				require.Equal(t, body{Expanded: "false", Lines: got.Lines}, got, "%v, body %d", window, i)
				continue
			}
			cut++
			require.Equal(t, body{Cut: true, Marked: true, Expanded: "false", Text: got.Text, Lines: true}, got, "%v, body %d", window, i)
			require.Regexp(t, `^Show all \d+ lines$`, got.Text)
		}
		require.Greater(t, cut, 1)
		require.Less(t, cut, len(bodies), "a logout's body is short")

		b.Eval(`document.querySelectorAll('.cut .more').forEach((e) => e.click())`, nil)
		b.Settle()
		all()
		for i, got := range bodies {
			require.False(t, got.Cut, "%v, body %d", window, i)
			require.False(t, got.Marked, "%v, body %d", window, i)
			if got.Text != "" {
				require.Equal(t, "Show fewer lines", got.Text)
				require.Equal(t, "true", got.Expanded)
			}
		}
	})
}

// A session that the backend no longer knows: the press that finds out shows that nobody
// is logged in, and disables what needs a login.
func TestLostSession(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	b.Goto(startDemo(t), phone)
	b.act("kuaishou", "login")
	b.Eval(`fetch('/_emulator/reset', { method: 'POST' }).then((res) => res.status)`, nil)
	s := b.act("", "me")
	require.Equal(t, "401 session_missing", s.Code)
	require.Equal(t, "Authorization: Bearer", s.Sent)
	require.Empty(t, s.Who)
	b.requireDisabled("", "logout", "Nobody is logged in.")
	b.requireDisabled("kuaishou", "link", "needs a login")
	b.RequireNoProblem()
}

// A server that does not respond is shown among the responses, and can be tried again.
func TestServerGone(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	b.Goto(startDemo(t), phone)
	b.Eval(`{
		const real = fetch;
		window.back = () => { window.fetch = real; };
		window.fetch = () => Promise.reject(new TypeError('Failed to fetch'));
	}`, nil)
	s := b.act("kuaishou", "login")
	require.Equal(t, "no response", s.Code)
	require.Equal(t, "Log in on Kuaishou: the server did not respond. Is it still running?", s.Status)
	require.Empty(t, s.Request)
	b.Eval(`window.back()`, nil)
	require.Equal(t, "200", b.act("kuaishou", "login").Code)
	b.RequireNoProblem()
}

// All that a mouse does can be done with the keyboard, and the focus stays on the button,
// also on one that a press disables.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	b.Goto(startDemo(t), phone)
	var order []string
	for range 17 {
		b.Press("Tab")
		var name string
		b.Eval(`document.activeElement.textContent || document.activeElement.id || document.activeElement.tagName`, &name)
		order = append(order, name)
	}
	require.Equal(t, []string{
		"Who am I?", "Log out", "Start over", "create-user",
		"Log in on Kuaishou", "Refuse on Kuaishou", "Allow phone on Kuaishou", "Link on Kuaishou",
		"Log in on ByteDance", "Refuse on ByteDance", "Allow phone on ByteDance", "Link on ByteDance",
		"Log in on WeChat", "Refuse on WeChat", "Allow phone on WeChat", "Link on WeChat",
	}, order[:16])
	require.Contains(t, order[16], "Nothing yet", "the list scrolls with the keys")

	for _, step := range []struct{ app, do, title string }{
		{"kuaishou", "login", "Kuaishou: log in: done (200)."},
		{"", "logout", "Log out: done (200)."},
		{"kuaishou", "link", "“Link on Kuaishou” does nothing now: needs a login."},
	} {
		selector := button(step.app, step.do)
		b.Eval(fmt.Sprintf(`document.querySelector('#status').textContent = ''; document.querySelector(%q).focus()`, selector), nil)
		b.Press("Enter")
		var status string
		b.When(`document.querySelector('#status').textContent !== '' && document.querySelector('#log').ariaBusy === 'false'`,
			`document.querySelector('#status').textContent`, &status)
		require.Equal(t, step.title, status)
		var focused bool
		b.Eval(fmt.Sprintf(`document.activeElement === document.querySelector(%q)`, selector), &focused)
		require.True(t, focused, step.title)
	}
	b.RequireNoProblem()
}

// Every text has at least the contrast of WCAG 2.2 AA to its ground, 4.5 to 1.
func TestContrast(t *testing.T) {
	t.Parallel()
	b := openTab(t)
	url := startDemo(t)
	for _, dark := range []bool{false, true} {
		b.Goto(url, chromium.Look{Width: 1280, Height: 800, Dark: dark})
		b.act("", "reset")
		for range 2 { // before a login, and with all kinds of exchanges
			require.Greater(t, b.RequireContrast(), 30, "dark: %t", dark)
			for _, step := range story[:9] {
				b.act(step.app, step.do)
			}
		}
	}
	b.RequireNoProblem()
}
