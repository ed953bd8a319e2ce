package live_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os/exec"
	"testing"

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

// vendor is the vendor's WeChat client, in a Node process, on one person's phone.
type vendor struct {
	in  io.Writer
	out *bufio.Reader
}

// newVendor starts the vendor's client on a phone with this version of WeChat's base
// library. It stops it at the end of the test.
func newVendor(t *testing.T, driver string, p *person, baseLibrary string) *vendor {
	t.Helper()
	settings, err := json.Marshal(m{
		"host": p.on.url, "clientID": clientID,
		"control": p.on.control(), "openid": p.openid, "sdkVersion": baseLibrary,
	})
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
	return &vendor{in, bufio.NewReader(out)}
}

func (v *vendor) call(t *testing.T, name string, args ...any) outcome {
	t.Helper()
	if args == nil {
		args = []any{}
	}
	require.NoError(t, json.NewEncoder(v.in).Encode(m{"call": name, "args": args}))
	line, err := v.out.ReadBytes('\n')
	require.NoError(t, err, "no outcome of %s", name)
	var o outcome
	require.NoError(t, json.Unmarshal(line, &o), "%s", line)
	return o
}
