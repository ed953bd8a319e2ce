package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/chromium"
)

const consoleSeed = `{
	"people": [
		{"platform": "wx", "openid": "wx-bob", "unionid": "union-bob", "profile": {"nickName": "Bob"}},
		{"platform": "my", "openid": "2088000000000000", "profile": {"nickName": "小林"}}
	],
	"users": [
		{"id": 7, "username": "ann", "password": "secret-of-ann", "email": "ann@example.com", "email_verified": true, "phone": "13800138000",
		 "custom": {"level": 3}, "profile": {"nickName": "Ann"},
		 "identities": [{"platform": "ks", "openid": "ks-ann"}, {"platform": "tt", "openid": "tt-ann", "app": "toutiao"}, {"platform": "jd", "openid": "jd-ann"}]},
		{"id": 8, "anonymous": true}
	]}`

// looks are how the console is looked at: every pair of a width, a theme and a language.
var looks = []chromium.Look{
	{Width: 1280, Height: 900, Language: "en-US"},
	{Width: 1280, Height: 900, Language: "zh-CN", Dark: true},
	{Width: 360, Height: 800, Language: "zh-CN"},
	{Width: 360, Height: 800, Language: "en-US", Dark: true},
}

// launchSeeded runs an emulator with people, users, messages and requests.
func launchSeeded(t *testing.T, args ...string) *emulator {
	t.Helper()
	seed := filepath.Join(t.TempDir(), "seed.json")
	require.NoError(t, os.WriteFile(seed, []byte(consoleSeed), 0o600))
	return launch(t, append([]string{"-client-id", "my-app", "-seed", seed}, args...)...)
}

// fill has users log in and messages sent.
func (e *emulator) fill() {
	e.t.Helper()
	code := e.steer("POST", "people/ks/ks-ann/login", "")["code"]
	status, _ := e.ask("POST", "v2.5/idp/kuaishou/silent-login/", fmt.Sprintf(`{"create_user":false,"code":%q}`, code))
	require.Equal(e.t, 201, status)
	status, _ = e.ask("POST", "v2.1/sms-verification-code/", `{"phone":"13800138000","signature_id":1}`)
	require.Contains(e.t, []int{200, 201}, status)
	status, _ = e.ask("POST", "v2.0/user/password/reset/", `{"email":"ann@example.com"}`)
	require.Equal(e.t, 201, status)
	e.ask("GET", "v2.5/user/info/7/?keys=nickname", "")
	e.steer("POST", "people/wx/wx-bob/login", "")
}

// sections are those of the console, in its order.
var sections = []string{"people", "users", "sessions", "messages", "requests", "faults", "clock"}

// Every section fits the window and shows no secret, at every look. With
// SCREENSHOTS=DIR it writes pictures.
func TestConsoleLooks(t *testing.T) {
	tab := chromium.Open(t)
	e := launchSeeded(t)
	e.fill()
	for _, look := range looks {
		t.Run(fmt.Sprintf("%d %s dark=%t", look.Width, look.Language, look.Dark), func(t *testing.T) {
			tab.T, e.t = t, t
			e.steer("DELETE", "faults", "")
			e.steer("POST", "faults", `{"route":"POST /hserve/*/idp/*/silent-login/","status":503,"times":2,"delay":"250ms"}`)
			e.steer("POST", "faults", `{"cut":"after-read","times":1}`)
			tab.Goto(e.addr+"/", look)
			tab.Until(`document.querySelector('#facts .live')`)
			for _, section := range sections {
				tab.Click(fmt.Sprintf(`nav a[href="#%s"]`, section))
				tab.Until(fmt.Sprintf(`!document.querySelector('section#%s').hidden && document.querySelector('nav a[aria-current]').hash === '#%s'`, section, section))
				if section != "clock" {
					tab.Until(fmt.Sprintf(`document.querySelector('section#%s tbody tr')`, section))
				}
				tab.Eval(fmt.Sprintf(`document.querySelectorAll('section#%s summary').forEach((e) => { e.parentElement.open = true; })`, section), nil)
				openFirst(tab, section)
				tab.RequireFits()
				tab.RequireContrast()
				e.requireNoSecret(tab)
				if dir := os.Getenv("SCREENSHOTS"); dir != "" {
					tab.Screenshot(filepath.Join(dir, fmt.Sprintf("%d-%s-%s.png", look.Width, look.Language, section)), true)
				}
			}
		})
	}
	tab.T = t
	tab.RequireNoProblem()
}

// openFirst shows the details of the first row of a section.
func openFirst(tab *chromium.Tab, section string) {
	tab.T.Helper()
	button := fmt.Sprintf(`section#%s td button[aria-expanded="false"]`, section)
	if section == "people" || section == "users" || section == "requests" {
		tab.Click(button)
		tab.Until(fmt.Sprintf(`document.querySelector('section#%s tr.detail')`, section))
	}
}

// requireNoSecret checks that the page has no code, token or link in its text.
func (e *emulator) requireNoSecret(tab *chromium.Tab) {
	e.t.Helper()
	var page string
	tab.Eval(`document.documentElement.outerHTML`, &page)
	for path, member := range map[string]string{"codes": "code", "tokens": "token", "sms": "code", "mail": "link"} {
		for _, secret := range e.list(path) {
			require.False(e.t, strings.Contains(page, secret[member].(string)), "a secret of %s is in the page", path)
		}
	}
	require.False(e.t, strings.Contains(page, "secret-of-ann"))
}

// list reads a list of the control API.
func (e *emulator) list(path string) (list []map[string]any) {
	e.t.Helper()
	res, err := http.Get(e.control + "/_emulator/" + path)
	require.NoError(e.t, err)
	defer res.Body.Close()
	require.NoError(e.t, json.NewDecoder(res.Body).Decode(&list))
	return list
}

// shows waits until an element has a text.
func shows(tab *chromium.Tab, selector, text string) {
	tab.T.Helper()
	tab.Until(fmt.Sprintf(`document.querySelector(%q)?.innerText.includes(%q)`, selector, text))
}

// visit opens a section of the console.
func visit(tab *chromium.Tab, section string) {
	tab.T.Helper()
	tab.Click(fmt.Sprintf(`nav a[href="#%s"]`, section))
	tab.Until(fmt.Sprintf(`document.querySelector('section#%s')?.hidden === false`, section))
}

// A person logs in with a code of the console, and the page shows what happens without a
// reload.
func TestConsoleFollows(t *testing.T) {
	tab := chromium.Open(t)
	e := launchSeeded(t)
	tab.Goto(e.control, looks[0])
	tab.Until(`document.querySelector('#facts .live')`)
	mint := `button[aria-label="Mint a login code: kuaishou ks-ann"]`
	tab.Until(fmt.Sprintf(`document.querySelector(%q)`, mint))
	tab.Click(mint)
	shows(tab, "#status", "Login code of kuaishou ks-ann")
	code := e.list("codes")[0]["code"].(string)
	e.requireNoSecret(tab)
	reveal := `[data-list=codes] button[aria-pressed=false]`
	tab.Until(fmt.Sprintf(`document.querySelector(%q)`, reveal))
	tab.Click(reveal)
	shows(tab, "[data-list=codes]", code)

	visit(tab, "requests")
	shows(tab, "[data-list=requests]", "None yet.")
	status, response := e.ask("POST", "v2.5/idp/kuaishou/silent-login/", fmt.Sprintf(`{"create_user":false,"code":%q}`, code))
	require.Equal(t, 201, status)
	shows(tab, "[data-list=requests]", "POST /hserve/v2.5/idp/kuaishou/silent-login/")

	details := `[data-list=requests] button[aria-expanded=false]`
	tab.Eval(fmt.Sprintf(`document.querySelector(%q).focus()`, details), nil)
	tab.Press("Enter")
	shows(tab, "#requests tr.detail", `"code": "•••• (26)"`)
	e.ask("GET", "v2.2/server/time/", "")
	shows(tab, "[data-list=requests]", "GET /hserve/v2.2/server/time/")
	var focused string
	tab.Eval(`document.activeElement.getAttribute('aria-label')`, &focused)
	require.Equal(t, "Details: POST /hserve/v2.5/idp/kuaishou/silent-login/", focused, "new rows take no focus away")
	tab.Click("#requests tr.detail button")
	shows(tab, "#requests tr.detail", code)

	visit(tab, "sessions")
	shows(tab, "[data-list=sessions]", "••••")
	require.NotContains(t, tab.Text("main"), response["token"])
	tab.Click(`button[aria-label="End the user’s sessions: 7"]`)
	shows(tab, "[data-list=sessions]", "None yet.")
	require.Empty(t, e.list("tokens"))

	tab.Eval(`window.wasNotReloaded = true`, nil)
	tab.Click("#language")
	shows(tab, "section#sessions", "会话")
	tab.Until(`window.wasNotReloaded && document.documentElement.lang === 'zh-CN'`)
	tab.Goto(e.control, looks[0])
	shows(tab, "#title, h1", "模拟后端")
	tab.RequireNoProblem()

	tab.Expected = func(url string) bool { return strings.HasPrefix(url, e.control) }
	e.stop()
	require.NoError(t, <-e.finished, "an open console does not keep the program from stopping")
	tab.Until(`document.querySelector('#facts .gone')`)
}

// Forms and buttons do what the control API does, also with the keyboard alone.
func TestConsoleSteers(t *testing.T) {
	tab := chromium.Open(t)
	e := launchSeeded(t)
	tab.Goto(e.control+"/_emulator/", looks[0])

	tab.Eval(`document.querySelector('summary').focus()`, nil)
	tab.Press("Enter")
	tab.Press("Tab")
	tab.Press("Tab")
	tab.Type("[name=openid]", "ks-eve/1")
	tab.Type("[name=nickname]", "Eve")
	tab.Press("Enter")
	shows(tab, "#status", "Added: kuaishou ks-eve/1")
	eve := e.steer("GET", "people/ks/ks-eve%2F1", "")
	require.Equal(t, "Eve", eve["profile"].(map[string]any)["nickName"])

	tab.Type("[data-filter=people]", "eve")
	tab.Until(`document.querySelectorAll('[data-list=people] tbody').length === 1`)
	tab.Click(`button[aria-label="Phone: kuaishou ks-eve/1"]`)
	shows(tab, "tr.detail", "Agree to share user info")
	tab.Click("tr.detail button")
	shows(tab, "tr.detail", "What the phone posts: allow-user-info")
	tab.Click("tr.detail .secret button")
	shows(tab, "tr.detail", `"errMsg":"getUserInfo:ok"`)
	tab.Click("tr.detail button[type=submit]")
	shows(tab, "tr.detail", "allow-phone-number")

	visit(tab, "users")
	tab.Click("section#users summary")
	tab.Type("[name=username]", "eve")
	tab.Type("[name=password]", "secret-of-eve")
	tab.Press("Enter")
	shows(tab, "#status", "Added: user ")
	shows(tab, "[data-list=users]", "eve")
	e.requireNoSecret(tab)

	visit(tab, "faults")
	tab.Click(`[data-fault='{"status":503,"times":1}']`)
	shows(tab, "[data-list=faults]", "status 503")
	status, _ := e.ask("GET", "v2.2/server/time/", "")
	require.Equal(t, 503, status)
	shows(tab, "[data-list=faults]", "over")
	tab.Click("section#faults summary")
	tab.Type("[name=route]", "GET /hserve/**")
	tab.Type("[name=status]", "418")
	tab.Press("Enter")
	shows(tab, "[data-list=faults]", "GET /hserve/**")
	tab.Click(`button[aria-label="End fault 2"]`)
	tab.Until(`!document.querySelector('[data-list=faults] button')`)
	tab.RequireNoProblem()
	tab.Expected = func(url string) bool { return strings.HasSuffix(url, "/faults") }
	tab.Type("[name=delay]", "soon")
	tab.Press("Enter")
	shows(tab, "#status", `delay: want a duration, as "250ms" or "7d"`)
	tab.Click("[data-do=clear-faults]")
	shows(tab, "[data-list=faults]", "None yet.")

	visit(tab, "clock")
	before := e.steer("GET", "clock", "")["now"].(string)
	tab.Click("[data-advance='30d']")
	shows(tab, "#status", "The clock shows")
	require.Greater(t, e.steer("GET", "clock", "")["now"], before[:8]+"32")
	tab.Click("#user-info-updates")
	shows(tab, "#status", "Saved.")
	require.Equal(t, false, e.steer("GET", "settings", "")["user_info_updates"])
	tab.Click("[data-do=reset]")
	require.NotEmpty(t, e.list("users"), "one press is not enough")
	shows(tab, "[data-do=reset]", "Press again")
	tab.Click("[data-do=reset]")
	shows(tab, "#status", "Everything is forgotten.")
	require.Empty(t, e.list("users"))
	tab.RequireNoProblem()
}

// Where the control API requires a token, so does the console.
func TestConsoleAsksForTheToken(t *testing.T) {
	tab := chromium.Open(t)
	tab.Expected = func(string) bool { return true } // refusals without the token
	e := launchSeeded(t, "-control-token", "secret-1")
	tab.Goto(e.control, looks[2])
	require.Equal(t, "控制令牌", tab.Text("#login h2"))
	require.Empty(t, tab.Text("main"))
	require.NotContains(t, tab.Text("body"), "my-app")
	tab.RequireFits()
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		tab.Screenshot(filepath.Join(dir, "token.png"), false)
	}
	tab.RequireContrast()
	tab.Type("#token", "secret-2")
	tab.Press("Enter")
	shows(tab, "#status", "令牌不正确。")
	tab.Type("#token", " secret-1 ")
	tab.Press("Enter")
	shows(tab, "[data-list=people]", "ks-ann")
	tab.Until(`document.querySelector('#facts .live')`)
	require.Contains(t, tab.Text("#facts"), "my-app")
	tab.RequireFits()
	var stored []string
	tab.Eval(`[sessionStorage.getItem('baas-emulator-token'), JSON.stringify(localStorage), document.cookie, location.href]`, &stored)
	require.Equal(t, []string{"secret-1", "{}", "", e.control + "/_emulator/ui/"}, stored)

	tab.Click("#leave")
	require.Empty(t, tab.Text("main"))
	tab.Until(`document.activeElement.id === 'token' && !sessionStorage.length`)
	tab.RequireNoProblem()
	e.stop()
	require.NoError(t, <-e.finished)
	require.NotContains(t, e.log.String(), "secret-1")
}

// Without the token there is the form and nothing else, and every file has the policy.
func TestConsoleFiles(t *testing.T) {
	t.Parallel()
	e := launch(t, "-control-token", "secret-1")
	get := func(path string, header map[string]string) (*http.Response, string) {
		req, err := http.NewRequestWithContext(t.Context(), "GET", e.control+path, nil)
		require.NoError(t, err)
		for name, value := range header {
			req.Header.Set(name, value)
		}
		req.Host = header["Host"]
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res, string(text)
	}
	res, page := get("/", nil)
	require.Equal(t, "/_emulator/ui/", res.Request.URL.Path)
	require.Contains(t, page, `id="login"`)
	require.NotContains(t, page, "<nav")
	for path, want := range map[string]string{
		"": "text/html", "docs.html": "text/html", "boot.js": "text/javascript", "style.css": "text/css", "icon.svg": "image/svg+xml",
	} {
		res, _ := get("/_emulator/ui/"+path, nil)
		require.Equal(t, 200, res.StatusCode, path)
		require.Contains(t, res.Header.Get("Content-Type"), want)
		require.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; style-src 'self';")
		require.NotContains(t, res.Header.Get("Content-Security-Policy"), "unsafe")
		require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
		res, _ = get("/_emulator/ui/"+path, map[string]string{"Host": "attacker.example"})
		require.Equal(t, 403, res.StatusCode)
		res, _ = get("/_emulator/ui/"+path, map[string]string{"Sec-Fetch-Site": "cross-site"})
		require.Equal(t, 403, res.StatusCode)
	}
	for path, want := range map[string]int{
		"ui/console.html": 401, "events": 401, "people": 401, "ui/nothing": 404, "ui/../console.go": 401, "ui/../people": 401, "ui/..%2Fpeople": 404,
		"ui/console%2Ehtml": 401, "ui/x%2F..%2Fconsole.html": 404, "ui%2Fconsole.html": 401, "ui%2Fstyle.css": 401, "ui": 200, "": 200, "health": 200, "health/": 401,
	} {
		res, _ := get("/_emulator/"+path, nil)
		require.Equal(t, want, res.StatusCode, path)
	}
	res, page = get("/_emulator/ui/console.html", map[string]string{"Authorization": "Bearer secret-1"})
	require.Equal(t, 200, res.StatusCode)
	require.Contains(t, page, "<nav")
}

// The console's own reading fills no log.
func TestConsoleIsNotLogged(t *testing.T) {
	t.Parallel()
	e := launch(t)
	e.do("GET", e.control+"/_emulator/people", "", map[string]string{"Sec-Fetch-Site": "same-origin"})
	e.do("POST", e.control+"/_emulator/reset", "", map[string]string{"Sec-Fetch-Site": "same-origin"})
	e.steer("GET", "health", "")
	e.stop()
	require.NoError(t, <-e.finished)
	require.NotContains(t, e.log.String(), "/_emulator/people")
	require.Contains(t, e.log.String(), "/_emulator/reset")
	require.Contains(t, e.log.String(), "/_emulator/health")
	require.Contains(t, e.log.String(), "msg=console url="+e.addr+"/")
}
