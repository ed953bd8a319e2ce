package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/testkit"
)

var silent = slog.New(slog.DiscardHandler)

// m is a JSON object.
type m = map[string]any

// visitor is a phone: it knows the server's URL and its session id.
type visitor struct {
	t       *testing.T
	url     string
	session string
	// forwardedFor, unless empty, is what a balancer says.
	forwardedFor string
}

// do makes a request and returns the status and the body. It keeps a new session id.
func (v *visitor) do(method, path string, body any) (int, m) {
	v.t.Helper()
	var text []byte
	if body != nil {
		var err error
		text, err = json.Marshal(body)
		require.NoError(v.t, err)
	}
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.url+path, bytes.NewReader(text))
	require.NoError(v.t, err)
	req.Header.Set("Content-Type", "application/json")
	if v.forwardedFor != "" {
		req.Header.Set("X-Forwarded-For", v.forwardedFor)
	}
	if v.session != "" {
		req.Header.Set("Authorization", "Bearer "+v.session)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(v.t, err)
	defer res.Body.Close()
	response, err := io.ReadAll(res.Body)
	require.NoError(v.t, err)
	var out m
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") && bytes.HasPrefix(response, []byte("{")) {
		require.NoError(v.t, json.Unmarshal(response, &out))
	}
	if token, ok := out["token"].(string); ok {
		v.session = token
	}
	return res.StatusCode, out
}

// get returns a response and its body.
func (v *visitor) get(path string) (*http.Response, string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.url+path, nil)
	require.NoError(v.t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(v.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(v.t, err)
	return res, string(text)
}

// serveSite serves s until the test ends.
func serveSite(t *testing.T, s *site) *visitor {
	t.Helper()
	srv := httptest.NewServer(s.phones)
	t.Cleanup(func() {
		if s.interrupt != nil {
			s.interrupt()
		}
		srv.Close()
		s.close()
	})
	return &visitor{t: t, url: srv.URL}
}

// process is the program in this process, with signals of its own.
type process struct {
	t       *testing.T
	signals chan os.Signal
	exit    chan int
	log     *testkit.Log
	// The addresses as the log has them.
	url, operators string
}

// start runs the program until the test ends, and waits until it listens. -addr is a
// free port.
func start(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	p := begin(t, environ, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	p.url = p.listening("phones")
	if strings.Contains(strings.Join(args, " "), "-metrics-addr") {
		p.operators = p.listening("operators")
	}
	return p
}

// begin runs the program until the test ends.
func begin(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, signals: make(chan os.Signal, 2), exit: make(chan int, 1), log: new(testkit.Log)}
	go func() {
		p.exit <- program{args: args, environ: environ, stdout: p.log, stderr: p.log, signals: p.signals}.run()
	}()
	t.Cleanup(func() { p.forced() })
	return p
}

// listening waits for a line of the log.
func (p *process) listening(purpose string) string {
	p.t.Helper()
	line := regexp.MustCompile(`msg=listening url=(\S+) for=` + purpose)
	for {
		if found := line.FindStringSubmatch(p.log.String()); found != nil {
			return found[1]
		}
		select {
		case code := <-p.exit:
			p.exit <- code
			p.t.Fatalf("exit code %d: %s", code, p.log)
		case <-time.After(time.Millisecond):
		}
	}
}

// ends waits for the exit code.
func (p *process) ends() int {
	code := <-p.exit
	p.exit <- code
	return code
}

// stop sends the signal and waits for the exit code.
func (p *process) stop() int {
	p.signals <- os.Interrupt
	return p.ends()
}

// forced sends signals until the program ends, and returns the exit code.
func (p *process) forced() int {
	for {
		select {
		case code := <-p.exit:
			p.exit <- code
			return code
		case <-time.After(20 * time.Millisecond):
		}
		select {
		case p.signals <- os.Interrupt:
		default:
		}
	}
}

// logs waits until the log has the text.
func (p *process) logs(text string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return strings.Contains(p.log.String(), text) }, 20*time.Second, time.Millisecond, "%s", text)
}

func (p *process) visitor() *visitor { return &visitor{t: p.t, url: p.url} }

// freeAddr is an address on which nobody listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}
