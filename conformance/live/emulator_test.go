package live_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// m is a JSON object.
type m = map[string]any

const clientID = "live-client"

// emulatorSource is the program's source.
const emulatorSource = "../../cmd/baas-emulator"

// buildEmulator builds cmd/baas-emulator, once for all tests, and returns the
// program's path.
func buildEmulator(t *testing.T) string {
	t.Helper()
	_, err := os.ReadDir(emulatorSource) // so that go test does not use a cached result after the source has changed
	require.NoError(t, err)
	program, err := compile()
	require.NoError(t, err)
	return program
}

var compile = sync.OnceValues(func() (string, error) {
	dir, err := shared()
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "baas-emulator")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxWait)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, emulatorSource).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return program, nil
})

// emulator is a running baas-emulator.
type emulator struct{ url string }

// startEmulator runs the program on a free port, and stops it with the test.
func startEmulator(t *testing.T, program string) *emulator {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), maxWait)
	cmd := exec.CommandContext(ctx, program, "-addr", "127.0.0.1:0", "-client-id", clientID)
	var log bytes.Buffer
	cmd.Stderr = &log
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		defer cancel()
		stop(cmd)
		if err := cmd.Wait(); err != nil && runtime.GOOS != "windows" {
			t.Errorf("the emulator did not stop cleanly: %v", err)
		}
		if t.Failed() {
			t.Logf("log of the emulator:\n%s", &log)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err, "the emulator printed nothing")
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	require.True(t, ok, "the emulator printed %q", line)
	return &emulator{address}
}

// stop asks a program to end.
func stop(cmd *exec.Cmd) {
	if cmd.Process.Signal(os.Interrupt) != nil {
		_ = cmd.Process.Kill() // no such signal here
	}
}

// control returns the base URL of the control API.
func (e *emulator) control() string { return e.url + baastest.ControlPath }

// ask makes a request to the control API and stores the response in out.
func (e *emulator) ask(t *testing.T, method, path string, body, out any) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, e.control()+path, bytes.NewReader(text))
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	response, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, "%s %s: %s", method, path, response)
	require.NoError(t, json.Unmarshal(response, out))
}

// exchange is a request in the emulator's journal.
type exchange struct {
	Method string      `json:"method"`
	Path   string      `json:"path"`
	Query  string      `json:"query"`
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
}

// journal returns the requests since the last takeJournal.
func (e *emulator) journal(t *testing.T) []exchange {
	t.Helper()
	var out []exchange
	e.ask(t, http.MethodGet, "journal", nil, &out)
	return out
}

// takeJournal returns the requests since its last call. No request may be under way.
func (e *emulator) takeJournal(t *testing.T) []exchange {
	t.Helper()
	out := e.journal(t)
	e.ask(t, http.MethodDelete, "journal", nil, new(m))
	return out
}

// person is somebody with WeChat on their phone.
type person struct {
	on     *emulator
	openid string
}

// newPerson creates the person with this openid, who also has a unionid.
func (e *emulator) newPerson(t *testing.T, openid string) *person {
	t.Helper()
	p := &person{e, openid}
	e.ask(t, http.MethodPut, p.path(""), m{"unionid": unionID(openid)}, new(m))
	return p
}

func unionID(openid string) string { return "union-of-" + openid }

func (p *person) path(action string) string {
	return strings.TrimSuffix("people/wechat/"+url.PathEscape(p.openid)+"/"+action, "/")
}

// login is wx.login(). It returns a login code.
func (p *person) login(t *testing.T) string {
	t.Helper()
	var out struct {
		Code string `json:"code"`
	}
	p.on.ask(t, http.MethodPost, p.path("login"), m{}, &out)
	require.NotEmpty(t, out.Code)
	return out.Code
}

// act makes the person do something on the phone. It returns the event, or the result
// of wx.getUserProfile().
func (p *person) act(t *testing.T, action string, body m) json.RawMessage {
	t.Helper()
	var out json.RawMessage
	p.on.ask(t, http.MethodPost, p.path(action), body, &out)
	return out
}
