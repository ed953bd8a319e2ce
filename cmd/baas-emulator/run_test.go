package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// emulator is one that runs.
type emulator struct {
	t        *testing.T
	addr     string // of the backend
	control  string // of the control API
	stop     context.CancelFunc
	finished chan error
	log      *syncBuffer
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// launch runs the emulator until the test ends.
func launch(t *testing.T, args ...string) *emulator {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	e := &emulator{t: t, stop: stop, finished: make(chan error, 1), log: new(syncBuffer)}
	go func() {
		err := run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), stdout, e.log)
		stdout.CloseWithError(io.EOF)
		e.finished <- err
	}()
	t.Cleanup(func() {
		stop()
		_, _ = io.Copy(io.Discard, out)
	})
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan(), "no first line")
	addr, ok := strings.CutPrefix(lines.Text(), "listening on ")
	require.True(t, ok, lines.Text())
	e.addr, e.control = addr, addr
	for _, arg := range args {
		if arg == "-control-addr" {
			require.True(t, lines.Scan())
			e.control = strings.TrimPrefix(lines.Text(), "control on ")
		}
	}
	return e
}

func (e *emulator) do(method, url, body string, header map[string]string) (int, map[string]any) {
	e.t.Helper()
	req, err := http.NewRequestWithContext(e.t.Context(), method, url, strings.NewReader(body))
	require.NoError(e.t, err)
	req.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(e.t, err)
	defer res.Body.Close()
	var out map[string]any
	text, err := io.ReadAll(res.Body)
	require.NoError(e.t, err)
	_ = json.Unmarshal(text, &out) // a list stays nil
	return res.StatusCode, out
}

func (e *emulator) ask(method, path, body string) (int, map[string]any) {
	e.t.Helper()
	return e.do(method, e.addr+"/hserve/"+path, body, map[string]string{
		"X-Hydrogen-Client-ID":       "my-app",
		"X-Hydrogen-Client-Platform": "KUAISHOU",
		"X-Hydrogen-Client-SDK-Type": "file",
	})
}

func (e *emulator) steer(method, path, body string) map[string]any {
	e.t.Helper()
	status, out := e.do(method, e.control+"/_emulator/"+path, body, nil)
	require.Equal(e.t, 200, status, out)
	return out
}

func TestLoginThroughTheEmulator(t *testing.T) {
	seed := filepath.Join(t.TempDir(), "seed.json")
	require.NoError(t, os.WriteFile(seed, []byte(
		`{"users":[{"id":7,"username":"ann","identities":[{"platform":"kuaishou","openid":"o-1"}]}]}`), 0o600))
	e := launch(t, "-client-id", "my-app", "-seed", seed)

	code := e.steer("POST", "people/kuaishou/o-1/login", "")["code"].(string)
	status, response := e.ask("POST", "v2.5/idp/kuaishou/silent-login/", `{"create_user":false,"code":"`+code+`"}`)
	require.Equal(t, 201, status, response)
	require.EqualValues(t, 7, response["user_info"].(map[string]any)["id"])
	status, _ = e.ask("POST", "v2.5//idp/", "")
	require.Equal(t, 404, status, "the path is not cleaned")

	e.stop()
	require.NoError(t, <-e.finished)
	require.Contains(t, e.log.String(), "method=POST path=/hserve/v2.5/idp/kuaishou/silent-login/ status=201 duration=")
	require.NotContains(t, e.log.String(), code)
	require.NotContains(t, e.log.String(), response["token"])
}

// A script can wait until the program serves, and ask whether a fault did anything.
func TestScripts(t *testing.T) {
	e := launch(t, "-client-id", "my-app", "-time-zone", "UTC", "-responses", `{"short_account_login":true}`)
	require.Equal(t, map[string]any{"status": "ok"}, e.steer("GET", "health", ""))
	e.steer("POST", "clock", `{"set":"2024-05-06T07:08:09Z"}`)
	_, time := e.ask("GET", "v2.2/server/time/", "")
	require.Regexp(t, `^2024-05-06T07:08:..\.\d{6}\+00:00$`, time["time"])
	_, user := e.ask("POST", "v2.1/register/username/", `{"username":"ann","password":"p"}`)
	require.Len(t, user, 3)

	fault := e.steer("POST", "faults", `{"route":"GET /hserve/v2.2/server/time/","status":503,"no_body":true,"times":1}`)
	path := fmt.Sprintf("faults/%v", fault["id"])
	require.EqualValues(t, 0, e.steer("GET", path, "")["hits"])
	status, body := e.ask("GET", "v2.2/server/time/", "")
	require.Equal(t, 503, status)
	require.Nil(t, body)
	require.EqualValues(t, 1, e.steer("GET", path, "")["hits"])
}

func TestControlOnItsOwnAddress(t *testing.T) {
	e := launch(t, "-client-id", "my-app", "-control-addr", "127.0.0.1:0")
	require.NotEqual(t, e.addr, e.control)
	e.steer("POST", "faults", `{"status":503}`)
	status, _ := e.ask("GET", "v2.2/server/time/", "")
	require.Equal(t, 503, status)
	e.steer("POST", "reset", "")
	status, _ = e.do("POST", e.addr+"/_emulator/reset", "", nil)
	require.Equal(t, 404, status)
	e.stop()
	require.NoError(t, <-e.finished)
}

func TestStopEndsInjectedDelays(t *testing.T) {
	e := launch(t, "-client-id", "my-app")
	e.steer("POST", "faults", `{"delay":"1h"}`)
	arrived := make(chan struct{})
	gone := make(chan error, 1)
	go func() {
		body := io.MultiReader(strings.NewReader("{}"), onRead(func() { close(arrived) }))
		req, err := http.NewRequestWithContext(t.Context(), "POST", e.addr+"/hserve/v2.0/login/anonymous/", body)
		if err == nil {
			var res *http.Response
			if res, err = http.DefaultClient.Do(req); err == nil {
				res.Body.Close()
			}
		}
		gone <- err
	}()
	<-arrived
	e.stop()
	require.NoError(t, <-e.finished)
	require.Error(t, <-gone)
}

// onRead is an empty body that says when it is read.
type onRead func()

func (f onRead) Read([]byte) (int, error) { f(); return 0, io.EOF }

func TestBadCommandLines(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.json")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for name, args := range map[string][]string{
		"unknown flag":              {"-nope"},
		"an argument":               {"extra"},
		"no client id":              {"-client-id", ""},
		"tokens of no life":         {"-token-life", "0s"},
		"a negative journal":        {"-journal", "-1"},
		"responses of no JSON":      {"-responses", "short"},
		"unknown responses":         {"-responses", `{"short":true}`},
		"unknown form":              {"-responses", `{"unset":"nil"}`},
		"unknown zone":              {"-time-zone", "Nowhere/Land"},
		"no such seed":              {"-seed", "no/such/file.json"},
		"an empty seed":             {"-seed", empty},
		"everybody's address":       {"-addr", "0.0.0.0:0"},
		"everybody's control":       {"-addr", "127.0.0.1:0", "-control-addr", ":0"},
		"no address":                {"-addr", "127.0.0.1"},
		"the same port, both times": nil,
	} {
		if args == nil {
			e := launch(t)
			args = []string{"-addr", strings.TrimPrefix(e.addr, "http://")}
		}
		var stderr bytes.Buffer
		err := run(t.Context(), args, io.Discard, &stderr)
		require.Error(t, err, name)
		require.NotErrorIs(t, err, flag.ErrHelp)
		require.Empty(t, stderr.String(), "%s: the error is printed once, by main", name)
	}
	var stderr bytes.Buffer
	require.ErrorIs(t, run(t.Context(), []string{"-h"}, io.Discard, &stderr), flag.ErrHelp)
	require.Contains(t, stderr.String(), "-seed")
}

func TestNonLoopbackOnRequest(t *testing.T) {
	e := launch(t, "-addr", "0.0.0.0:0", "-allow-non-loopback")
	e.stop()
	require.NoError(t, <-e.finished)
}
