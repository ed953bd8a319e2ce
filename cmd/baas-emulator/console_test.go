package main

import (
	"encoding/json"
	"fmt"
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

// looks are how the console is looked at.
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
				e.requireNoSecret(tab)
				if dir := os.Getenv("SCREENSHOTS"); dir != "" {
					tab.Screenshot(filepath.Join(dir, fmt.Sprintf("%d-%s-%s.png", look.Width, look.Language, section)))
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
	var has bool
	tab.Eval(fmt.Sprintf(`document.querySelector(%q) !== null`, button), &has)
	if has {
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
