package main

import (
	"bufio"
	"bytes"
	"context"
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

// browserTimeout limits the time of a browser test. The longest takes half a minute on two
// cores with nothing else to do.
const browserTimeout = 5 * time.Minute

// tab is a page in a headless Chromium, driven over its DevTools protocol by a pipe.
type tab struct {
	t       *testing.T
	in      io.Writer
	out     *bufio.Reader
	session string
	calls   int
	// problems are the errors that the page wrote to the console or threw, and the
	// browser's own messages about the page, such as violations of its policy.
	problems []string
}

// openTab starts the browser on an empty page. Without a browser the test is skipped,
// unless CI=true.
func openTab(t *testing.T) *tab {
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
	ctx, cancel := context.WithTimeout(context.Background(), browserTimeout)
	profile, err := os.MkdirTemp("", "loginproxy-chromium")
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
	b := &tab{t: t, in: in, out: bufio.NewReader(out)}
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
func (b *tab) attach() {
	var made struct {
		TargetID string `json:"targetId"`
	}
	b.call("Target.createTarget", m{"url": "about:blank"}, &made)
	var attached struct {
		SessionID string `json:"sessionId"`
	}
	b.call("Target.attachToTarget", m{"targetId": made.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.call(domain+".enable", m{}, nil)
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
func (b *tab) call(method string, params, result any) {
	b.t.Helper()
	b.calls++
	request := m{"id": b.calls, "method": method, "params": params}
	if b.session != "" {
		request["sessionId"] = b.session
	}
	text, err := json.Marshal(request)
	require.NoError(b.t, err)
	_, err = b.in.Write(append(text, 0))
	require.NoError(b.t, err)
	for {
		text, err := b.out.ReadBytes(0)
		require.NoError(b.t, err, "%s: the browser has gone", method)
		var got message
		require.NoError(b.t, json.Unmarshal(text[:len(text)-1], &got))
		b.noteProblem(got)
		if got.ID != b.calls {
			continue
		}
		require.Nil(b.t, got.Error, "%s: %+v", method, got.Error)
		if result != nil {
			require.NoError(b.t, json.Unmarshal(got.Result, result))
		}
		return
	}
}

// noteProblem records the problem in an event. A response with an error status is none,
// because the page provokes such responses and shows them.
func (b *tab) noteProblem(got message) {
	var said struct {
		Type  string `json:"type"`
		Entry struct {
			Source string `json:"source"`
			Level  string `json:"level"`
			URL    string `json:"url"`
		} `json:"entry"`
	}
	switch got.Method {
	case "Runtime.exceptionThrown":
	case "Runtime.consoleAPICalled":
		require.NoError(b.t, json.Unmarshal(got.Params, &said))
		if said.Type != "error" && said.Type != "warning" {
			return
		}
	case "Log.entryAdded":
		require.NoError(b.t, json.Unmarshal(got.Params, &said))
		if said.Entry.Source == "network" && strings.Contains(said.Entry.URL, "/auth/") {
			return
		}
	default:
		return
	}
	b.problems = append(b.problems, string(got.Params))
}

// eval evaluates an expression in the page, awaits it if it is a promise, and
// stores the value in what out points to.
func (b *tab) eval(expression string, out any) {
	b.t.Helper()
	var got struct {
		Result    struct{ Value json.RawMessage }
		Exception json.RawMessage `json:"exceptionDetails"`
	}
	b.call("Runtime.evaluate", m{"expression": expression, "awaitPromise": true, "returnByValue": true}, &got)
	require.Nil(b.t, got.Exception, "%s: %s", expression, got.Exception)
	if out != nil {
		require.NoError(b.t, json.Unmarshal(got.Result.Value, out), expression)
	}
}

// until waits until an expression holds in the page.
func (b *tab) until(expression string) {
	b.t.Helper()
	b.when(expression, "true", nil)
}

// when waits until an expression holds in the page. It stores the value that another one
// has at that moment in what out points to.
func (b *tab) when(expression, value string, out any) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`new Promise((done) => {
		const look = () => { if (%s) { done(%s); watch.disconnect(); } };
		const watch = new MutationObserver(look);
		watch.observe(document, { subtree: true, childList: true, attributes: true });
		look();
	})`, expression, value), out)
}

// size is that of a window, in CSS pixels.
type size struct{ Width, Height int }

// open loads the page and waits until it works.
func (b *tab) open(url string, window size) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride",
		m{"width": window.Width, "height": window.Height, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.call("Page.navigate", m{"url": "about:blank"}, nil)
	b.call("Page.navigate", m{"url": url}, nil)
	b.until(`document.documentElement?.dataset.ready === 'true'`)
}

// settle waits until the page has been laid out and its observers have run.
func (b *tab) settle() {
	b.t.Helper()
	b.eval(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`, nil)
}

// announced is what a screen reader gets of an element.
type announced struct {
	Role, Name, Description string
	Disabled                bool
}

// announces returns what a screen reader gets of the element.
func (b *tab) announces(selector string) announced {
	b.t.Helper()
	var found struct {
		Result struct{ ObjectID string }
	}
	b.call("Runtime.evaluate", m{"expression": fmt.Sprintf(`document.querySelector(%q)`, selector)}, &found)
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
	b.call("Accessibility.getPartialAXTree", m{"objectId": found.Result.ObjectID, "fetchRelatives": false}, &tree)
	require.NotEmpty(b.t, tree.Nodes, selector)
	node := tree.Nodes[0]
	a := announced{Role: node.Role.Value, Name: node.Name.Value, Description: node.Description.Value}
	for _, p := range node.Properties {
		a.Disabled = a.Disabled || p.Name == "disabled" && p.Value.Value == true
	}
	return a
}

// click presses the element with the mouse, so it must be visible and on top.
func (b *tab) click(selector string) {
	b.t.Helper()
	var at struct {
		X, Y float64
		Top  bool
	}
	b.eval(fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		e.scrollIntoView({ block: 'center' });
		const r = e.getBoundingClientRect();
		const x = r.x + r.width / 2, y = r.y + r.height / 2;
		return { x, y, top: e.contains(document.elementFromPoint(x, y)) };
	})()`, selector), &at)
	require.True(b.t, at.Top, "something lies over %s", selector)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", m{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
}
