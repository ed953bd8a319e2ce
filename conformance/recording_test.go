package conformance_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// object is a JSON object whose numbers are json.Number.
type object = map[string]any

// recording is one run of the vendor's client. See testdata/wire/README.md.
type recording struct {
	name     string // platform__scenario
	Platform string
	ClockMS  int64 `json:"clock_ms"`
	Init     []json.RawMessage
	Phone    phoneConfig `json:"hostConfig"`
	Calls    []*recordedCall
	// Exchanges are the exchanges that no call waits for. The others are in their calls.
	Exchanges []*exchange
}

type phoneConfig struct {
	SystemInfo struct {
		AppName string
	}
	UserInfoFail object // the error when it is asked for user info; nil if the user agrees
	DenyScopes   object // the same on Alipay
}

// asked returns what the phone returns when it is asked for user info.
func (p phoneConfig) asked(platform string) object {
	switch {
	case p.UserInfoFail != nil:
		return p.UserInfoFail
	case p.DenyScopes != nil:
		return p.DenyScopes
	case platform == "alipay": // the code gives access to the user info
		return object{"authSuccessScopes": []string{"auth_user"}}
	}
	return object{"errMsg": "getUserInfo:ok"}
}

type recordedCall struct {
	Call     string
	Args     []json.RawMessage
	Outcome  outcome
	Requests int
	Storage  object // nil if the call did not change it

	exchanges []*exchange
}

// outcome is the result of a call, the vendor's or ours.
type outcome struct {
	OK    bool   `json:"ok"`
	Value any    `json:"value,omitempty"`
	Error object `json:"error,omitempty"`
}

type exchange struct {
	Request  wireRequest
	Response wireResponse
}

type wireRequest struct {
	Method, Path string
	Headers      map[string]string
	Body         any
}

type wireResponse struct {
	Status      int
	Body        json.RawMessage
	ContentType string
	Raw         string
	Stalled     bool // no response
}

// loadRecordings reads every recording, in the order of the names.
func loadRecordings(t *testing.T) []*recording {
	t.Helper()
	files, err := filepath.Glob("testdata/wire/js/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	recordings := make([]*recording, len(files))
	for i, file := range files {
		recordings[i] = loadRecording(t, file)
	}
	return recordings
}

func loadRecording(t *testing.T, file string) *recording {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	rec := &recording{name: strings.TrimSuffix(filepath.Base(file), ".json")}
	require.NoError(t, decodeNumbers(text, rec), file)
	for _, c := range rec.Calls {
		n := min(c.Requests, len(rec.Exchanges)) // a refused connection is a request without an exchange
		c.exchanges, rec.Exchanges = rec.Exchanges[:n:n], rec.Exchanges[n:]
	}
	return rec
}

// matches reports whether the recording's name matches the pattern.
func (rec *recording) matches(pattern string) bool {
	ok, err := path.Match(pattern, rec.name)
	return ok && err == nil
}

// text returns everything that is compared, as text.
func (rec *recording) text(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, c := range rec.Calls {
		b.WriteString(c.Call + " " + canonical(t, c.Args) + canonical(t, c.Outcome) + canonical(t, c.Storage))
		b.WriteString(c.wanted(t))
	}
	return b.String()
}

// wanted returns the requests that the call makes, as text.
func (c *recordedCall) wanted(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, e := range c.exchanges {
		b.WriteString(e.Request.text(t))
	}
	return b.String()
}

// identityBody returns the body of the call's first request below /idp/, which has
// what the phone returned, or nil if there is no such request.
func (c *recordedCall) identityBody() object {
	for _, e := range c.exchanges {
		if strings.Contains(e.Request.Path, "/idp/") {
			body, _ := e.Request.Body.(object)
			return body
		}
	}
	return nil
}

// text returns the request as text. Headers and the keys of the body are sorted; the
// rest is unchanged.
func (r wireRequest) text(t *testing.T) string {
	t.Helper()
	var headers []string
	for name, value := range r.Headers {
		headers = append(headers, http.CanonicalHeaderKey(name)+": "+value)
	}
	slices.Sort(headers)
	text := r.Method + " " + r.Path + "\n" + strings.Join(headers, "\n") + "\n\n"
	if r.Body != nil {
		text += canonical(t, r.Body) + "\n"
	}
	return text
}

// canonical returns v as JSON with sorted keys, without members that are undefined in
// JavaScript.
func canonical(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	var decoded any
	require.NoError(t, decodeNumbers(text, &decoded))
	text, err = json.MarshalIndent(withoutUndefined(decoded), "", "  ")
	require.NoError(t, err)
	return string(text)
}

func withoutUndefined(v any) any {
	switch v := v.(type) {
	case object:
		for key, member := range v {
			if m, ok := member.(object); ok && m["$undefined"] == true {
				delete(v, key)
			} else {
				v[key] = withoutUndefined(member)
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutUndefined(v[i])
		}
	}
	return v
}

// decodeNumbers is like json.Unmarshal, but decodes numbers as json.Number.
func decodeNumbers(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return io.ErrUnexpectedEOF
	}
	return nil
}
