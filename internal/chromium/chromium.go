// Package chromium drives a page in a headless Chromium for tests, over the DevTools
// protocol by a pipe.
package chromium

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// timeout limits the time of a test with a browser. The longest takes half a minute on two
// cores with nothing else to do.
const timeout = 5 * time.Minute

// patience limits the time that Until and When wait.
const patience = time.Minute

// params are the parameters of a method of the protocol.
type params = map[string]any

// Tab is a page in a browser of its own. It is for one goroutine.
type Tab struct {
	// T is the test that fails. A subtest sets its own.
	T testing.TB
	// Expected says whether a response with an error status is one that the page
	// provokes, by its URL. The default expects none.
	Expected func(url string) bool

	in       io.Writer
	out      *bufio.Reader
	session  string
	calls    int
	problems []string
}

// Open starts a browser, which ends with the test. Without one the test is skipped,
// unless CI=true.
func Open(t testing.TB) *Tab {
	t.Helper()
	program, err := exec.LookPath("chromium")
	switch {
	case runtime.GOOS == "windows":
		t.Skip("the pipe to the browser needs descriptors that Windows does not pass on")
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal("chromium is missing")
	case err != nil:
		t.Skip("chromium is missing: the page was not tried")
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	profile, err := os.MkdirTemp("", "baas-chromium")
	require.NoError(t, err)
	cmd := exec.CommandContext(ctx, program,
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--no-proxy-server", "--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	var log bytes.Buffer
	cmd.Stderr = &log
	cmd.WaitDelay = 5 * time.Second // its children may hold stderr open
	theirIn, in, err := os.Pipe()
	require.NoError(t, err)
	out, theirOut, err := os.Pipe()
	require.NoError(t, err)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // descriptors 3 and 4
	require.NoError(t, cmd.Start())
	require.NoError(t, theirIn.Close())
	require.NoError(t, theirOut.Close())
	b := &Tab{T: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		defer cancel()
		_ = in.Close() // the browser ends with its pipe
		_, _ = io.Copy(io.Discard, b.out)
		_ = out.Close()
		_ = cmd.Wait()
		_ = os.RemoveAll(profile) // best effort: the browser may still write a file
		if t.Failed() {
			t.Logf("the browser said:\n%s", &log)
		}
	})
	b.attach()
	return b
}

// attach opens a page and subscribes to its events.
func (b *Tab) attach() {
	var made struct {
		TargetID string `json:"targetId"`
	}
	b.call("Target.createTarget", params{"url": "about:blank"}, &made)
	var attached struct {
		SessionID string `json:"sessionId"`
	}
	b.call("Target.attachToTarget", params{"targetId": made.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.call(domain+".enable", params{}, nil)
	}
}

// message is one from the browser: the response to a call, or an event.
type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// call calls a method of the DevTools protocol and waits for its result.
func (b *Tab) call(method string, in params, result any) {
	b.T.Helper()
	b.calls++
	request := params{"id": b.calls, "method": method, "params": in}
	if b.session != "" {
		request["sessionId"] = b.session
	}
	text, err := json.Marshal(request)
	require.NoError(b.T, err)
	_, err = b.in.Write(append(text, 0))
	require.NoError(b.T, err)
	for {
		text, err := b.out.ReadBytes(0)
		require.NoError(b.T, err, "%s: the browser has gone", method)
		var got message
		require.NoError(b.T, json.Unmarshal(text[:len(text)-1], &got))
		b.noteProblem(got)
		if got.ID != b.calls {
			continue
		}
		require.Nil(b.T, got.Error, "%s: %+v", method, got.Error)
		if result != nil {
			require.NoError(b.T, json.Unmarshal(got.Result, result))
		}
		return
	}
}

// noteProblem records the problem in an event.
func (b *Tab) noteProblem(got message) {
	var said struct {
		Type  string `json:"type"`
		Entry struct {
			Source string `json:"source"`
			URL    string `json:"url"`
		} `json:"entry"`
	}
	switch got.Method {
	case "Runtime.exceptionThrown":
	case "Runtime.consoleAPICalled":
		require.NoError(b.T, json.Unmarshal(got.Params, &said))
		if said.Type != "error" && said.Type != "warning" {
			return
		}
	case "Log.entryAdded":
		require.NoError(b.T, json.Unmarshal(got.Params, &said))
		if said.Entry.Source == "network" && b.Expected != nil && b.Expected(said.Entry.URL) {
			return
		}
	default:
		return
	}
	b.problems = append(b.problems, string(got.Params))
}

// RequireNoProblem fails if a script threw, the console has an error or a warning, or a
// response was an unexpected error. Violations of a content security policy are among them.
func (b *Tab) RequireNoProblem() {
	b.T.Helper()
	require.Empty(b.T, b.problems)
}

// Eval evaluates an expression in the page, awaits it if it is a promise, and stores the
// value in what out points to, unless that is nil.
func (b *Tab) Eval(expression string, out any) {
	b.T.Helper()
	var got struct {
		Result    struct{ Value json.RawMessage }
		Exception json.RawMessage `json:"exceptionDetails"`
	}
	b.call("Runtime.evaluate", params{"expression": expression, "awaitPromise": true, "returnByValue": true}, &got)
	require.Nil(b.T, got.Exception, "%s: %s", expression, got.Exception)
	if out != nil {
		require.NoError(b.T, json.Unmarshal(got.Result.Value, out), expression)
	}
}

// Text returns the text of the element, as it is shown.
func (b *Tab) Text(selector string) string {
	b.T.Helper()
	var text string
	b.Eval(fmt.Sprintf(`document.querySelector(%q).innerText`, selector), &text)
	return text
}

// Until waits until an expression holds in the page.
func (b *Tab) Until(expression string) {
	b.T.Helper()
	b.When(expression, "true", nil)
}

// When waits until an expression holds in the page. It stores the value that another one
// has at that moment in what out points to, unless that is nil.
func (b *Tab) When(expression, value string, out any) {
	b.T.Helper()
	var got struct {
		Held  bool
		Value json.RawMessage
	}
	b.Eval(fmt.Sprintf(`new Promise((done) => {
		const look = () => {
			if (!(%s)) return;
			watch.disconnect();
			clearTimeout(late);
			done({ held: true, value: %s });
		};
		const watch = new MutationObserver(look);
		const late = setTimeout(() => { watch.disconnect(); done({ held: false }); }, %d);
		watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
		look();
	})`, expression, value, patience.Milliseconds()), &got)
	if !got.Held {
		require.Fail(b.T, "it does not come true", "%s\n%s", expression, b.Text("body"))
	}
	if out != nil {
		require.NoError(b.T, json.Unmarshal(got.Value, out), value)
	}
}

// Settle waits until the page has been laid out and its observers have run.
func (b *Tab) Settle() {
	b.T.Helper()
	b.Eval(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`, nil)
}

// Look is how a page is looked at.
type Look struct {
	Width, Height int // of the window, in CSS pixels
	Dark          bool
	Language      string // as "zh-CN"; empty for the browser's own
}

// Goto loads a page and waits until all of it is there and its html element has
// data-ready="true".
func (b *Tab) Goto(url string, look Look) {
	b.T.Helper()
	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	b.call("Emulation.setDeviceMetricsOverride",
		params{"width": look.Width, "height": look.Height, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.call("Emulation.setEmulatedMedia", params{"features": []params{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.call("Emulation.setUserAgentOverride", params{"userAgent": "chromium of a test", "acceptLanguage": look.Language}, nil)
	b.call("Page.navigate", params{"url": "about:blank"}, nil)
	b.call("Page.navigate", params{"url": url}, nil)
	b.Until(`document.documentElement?.dataset.ready === 'true'`)
	b.Eval(`new Promise((done) => {
		if (document.readyState === 'complete') done();
		else addEventListener('load', done, { once: true });
	})`, nil) // its styles too
}

// Announced is what a screen reader gets of an element.
type Announced struct {
	Role, Name, Description string
	Disabled                bool
}

// Announced returns what a screen reader gets of the element.
func (b *Tab) Announced(selector string) Announced {
	b.T.Helper()
	var found struct {
		Result struct{ ObjectID string }
	}
	b.call("Runtime.evaluate", params{"expression": fmt.Sprintf(`document.querySelector(%q)`, selector)}, &found)
	type text struct{ Value string }
	var tree struct {
		Nodes []struct {
			Role, Name, Description text
			Properties              []struct {
				Name  string
				Value struct{ Value any }
			}
		}
	}
	b.call("Accessibility.getPartialAXTree", params{"objectId": found.Result.ObjectID, "fetchRelatives": false}, &tree)
	require.NotEmpty(b.T, tree.Nodes, selector)
	node := tree.Nodes[0]
	a := Announced{Role: node.Role.Value, Name: node.Name.Value, Description: node.Description.Value}
	for _, p := range node.Properties {
		a.Disabled = a.Disabled || p.Name == "disabled" && p.Value.Value == true
	}
	return a
}

// Click presses the element with the mouse, so it must be visible and on top.
func (b *Tab) Click(selector string) {
	b.T.Helper()
	var at struct {
		X, Y float64
		Top  bool
	}
	b.Eval(fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		if (!e) return { top: false };
		e.scrollIntoView({ block: 'center' });
		const r = e.getBoundingClientRect();
		const x = r.x + r.width / 2, y = r.y + r.height / 2;
		return { x, y, top: e.contains(document.elementFromPoint(x, y)) };
	})()`, selector), &at)
	require.True(b.T, at.Top, "something lies over %s, or it is not there", selector)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", params{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
}

// keys are those that Press knows, with their codes.
var keys = map[string]params{
	"Enter": {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
	"Tab":   {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
}

// Press presses a key, "Enter" or "Tab".
func (b *Tab) Press(key string) {
	b.T.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		event := params{"type": kind}
		for name, value := range keys[key] {
			event[name] = value
		}
		b.call("Input.dispatchKeyEvent", event, nil)
	}
}

// Type focuses the element and types a text.
func (b *Tab) Type(selector, text string) {
	b.T.Helper()
	b.Eval(fmt.Sprintf(`document.querySelector(%q).focus()`, selector), nil)
	b.call("Input.insertText", params{"text": text}, nil)
}

// Screenshot writes a picture of the window, or of the whole page, to a PNG file.
func (b *Tab) Screenshot(name string, whole bool) {
	b.T.Helper()
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", params{"format": "png", "captureBeyondViewport": whole}, &shot)
	picture, err := base64.StdEncoding.DecodeString(shot.Data)
	require.NoError(b.T, err)
	require.NoError(b.T, os.WriteFile(name, picture, 0o600))
}

// RequireContrast checks that every text that is shown has a contrast of at least 4.5 to
// what is behind it (WCAG 2.2, level AA). It returns how many texts it has checked.
func (b *Tab) RequireContrast() int {
	b.T.Helper()
	var got struct {
		Texts int
		Faint []string
	}
	b.Eval(`(() => {
		const parse = (color) => { // a browser computes rgb(), or color(srgb …) with parts of 1
			const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
			return color.startsWith('color') ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
		};
		const light = ([r, g, b]) => {
			const [x, y, z] = [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
			return 0.2126 * x + 0.7152 * y + 0.0722 * z;
		};
		const behind = (e) => {
			for (; e; e = e.parentElement) {
				const color = parse(getComputedStyle(e).backgroundColor);
				if (color[3] === 1) return color;
			}
			return matchMedia('(prefers-color-scheme: dark)').matches ? [0, 0, 0] : [255, 255, 255];
		};
		let texts = 0;
		const faint = [...document.querySelectorAll('body *')].flatMap((e) => {
			const text = [...e.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => n.data.trim()).join('');
			if (!text || !e.checkVisibility({ visibilityProperty: true })) return [];
			texts++;
			const [x, y] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((a, b) => b - a);
			const ratio = (x + 0.05) / (y + 0.05);
			return ratio < 4.5 ? [ratio.toFixed(1) + ' ' + e.tagName + ' ' + text.slice(0, 40)] : [];
		});
		return { texts, faint };
	})()`, &got)
	require.Empty(b.T, got.Faint)
	return got.Texts
}

// RequireFits checks that the page is not wider than the window, that everything to press
// or fill in has a name, and that no two of them lie over each other.
func (b *Tab) RequireFits() {
	b.T.Helper()
	var got struct {
		Content, Window int
		Nameless        []string
		Over            []string
	}
	b.Eval(`(() => {
		const shown = [...document.querySelectorAll('a, button, input, select, summary')].filter((e) => e.checkVisibility() && e.offsetParent);
		const name = (e) => e.getAttribute('aria-label') ?? (e.labels?.length ? e.labels[0].innerText : e.innerText);
		const box = (e) => e.getBoundingClientRect();
		const meets = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
		const over = [];
		for (const [i, a] of shown.entries()) {
			for (const b of shown.slice(i + 1)) if (!a.contains(b) && meets(box(a), box(b))) over.push(name(a) + ' / ' + name(b));
		}
		return {
			content: document.documentElement.scrollWidth, window: innerWidth, over,
			nameless: shown.filter((e) => !name(e)?.trim()).map((e) => e.outerHTML),
		};
	})()`, &got)
	require.LessOrEqual(b.T, got.Content, got.Window, "the page is wider than the window")
	require.Empty(b.T, got.Nameless)
	require.Empty(b.T, got.Over, strings.Join(got.Over, "\n"))
}
