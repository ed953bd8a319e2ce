package live_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
)

// client is a client of the backend that is called by the documented names, with the
// documented arguments. There are two: the vendor's and ours.
type client interface {
	call(t *testing.T, name string, args ...any) outcome
}

// outcome is the result of a call: an error, or a value.
type outcome struct {
	Value json.RawMessage `json:"value,omitempty"`
	Error *failure        `json:"error,omitempty"`
}

// failure is the documented JSON of an HError.
type failure struct {
	Code    herror.Code `json:"code"`
	Message string      `json:"message"`
	ID      int64       `json:"id,omitempty"`
	OpenID  string      `json:"openid,omitempty"`
	UnionID string      `json:"unionid,omitempty"`
}

// code returns the error's code, or 0 for success.
func (o outcome) code() herror.Code {
	if o.Error == nil {
		return 0
	}
	return o.Error.Code
}

// A build of the vendor's client. The npm package has these two.
type build string

const (
	wechat build = "wechat"
	web    build = "web"
)

// vendor is the vendor's client, in a Node process.
type vendor struct {
	build build
	in    io.Writer
	out   *bufio.Reader
	ahead time.Duration // how far its clock is ahead
}

// newVendor starts the vendor's WeChat client on a phone with this version of WeChat's
// base library. It stops it at the end of the test.
func newVendor(t *testing.T, driver string, p *person, baseLibrary string) *vendor {
	t.Helper()
	return startVendor(t, driver, wechat, m{
		"host": p.on.url, "clientID": clientID,
		"control": p.on.control(), "openid": p.openid, "sdkVersion": baseLibrary,
	})
}

// newWebVendor starts the vendor's web client in a browser. It stops it at the end of
// the test.
func newWebVendor(t *testing.T, driver string, p *person) *vendor {
	t.Helper()
	return startVendor(t, driver, web, m{"host": p.on.url, "clientID": clientID})
}

func startVendor(t *testing.T, driver string, kind build, arguments m) *vendor {
	t.Helper()
	arguments["build"] = kind
	settings, err := json.Marshal(arguments)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), maxWait)
	cmd := exec.CommandContext(ctx, "node", driver, string(settings))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		defer cancel()
		_ = in.Close() // the driver ends when its input ends
		if err := cmd.Wait(); err != nil {
			t.Errorf("the driver of the vendor's client: %v\n%s", err, &stderr)
		}
	})
	return &vendor{build: kind, in: in, out: bufio.NewReader(out)}
}

func (v *vendor) call(t *testing.T, name string, args ...any) outcome {
	t.Helper()
	if args == nil {
		args = []any{}
	}
	return v.ask(t, m{"call": name, "args": args})
}

// advance moves the client's clock.
func (v *vendor) advance(t *testing.T, d time.Duration) {
	t.Helper()
	v.ahead += d
	require.Nil(t, v.ask(t, m{"advance": d.Seconds()}).Error)
}

// now returns the time that the client's clock shows.
func (v *vendor) now() time.Time { return time.Now().Add(v.ahead) }

// surface is what the client has.
type surface struct {
	Functions []string `json:"functions"`
	Called    []string `json:"called"` // so far
}

func (v *vendor) surface(t *testing.T) surface {
	t.Helper()
	var s surface
	require.NoError(t, json.Unmarshal(v.ask(t, m{"surface": true}).Value, &s))
	return s
}

// ask sends the driver a line and returns its response.
func (v *vendor) ask(t *testing.T, line m) outcome {
	t.Helper()
	require.NoError(t, json.NewEncoder(v.in).Encode(line))
	response, err := v.out.ReadBytes('\n')
	require.NoError(t, err, "no outcome of %v", line)
	var o outcome
	require.NoError(t, json.Unmarshal(response, &o), "%s", response)
	return o
}
