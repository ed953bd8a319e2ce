package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"
)

// What prevents the start is one line of the log or of standard error, and an exit code.
func TestDoesNotStart(t *testing.T) {
	t.Parallel()
	redis := "redis://" + miniredis.RunT(t).Addr()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"nothing":            {nil, exitInvalid, "-client-id (BAAS_CLIENT_ID): it is missing; -demo runs a demo"},
		"demo for everybody": {[]string{"-demo", "-addr", "0.0.0.0:0"}, exitFailed, "not a loopback address"},
		"demo, no host":      {[]string{"-demo", "-addr", ":0"}, exitFailed, "not a loopback address"},
		"address in use":     {[]string{"-client-id", "c", "-redis-url", redis, "-addr", taken.Addr().String()}, exitFailed, "-addr (BAAS_ADDR): listen"},
		"metrics in use": {[]string{"-client-id", "c", "-redis-url", redis, "-addr", "127.0.0.1:0", "-metrics-addr", taken.Addr().String()},
			exitFailed, "-metrics-addr (BAAS_METRICS_ADDR): listen"},
		"no certificate": {[]string{"-client-id", "c", "-redis-url", redis, "-tls-cert-file", "/nowhere/tls.crt", "-tls-key-file", "/nowhere/tls.key"},
			exitInvalid, "baas-loginproxy: the settings are wrong\n-tls-cert-file (BAAS_TLS_CERT_FILE): open /nowhere/tls.crt"},
		"bad client id": {[]string{"-client-id", "c!", "-redis-url", redis}, exitInvalid, "-client-id (BAAS_CLIENT_ID): "},
		"bad backend":   {[]string{"-client-id", "c", "-redis-url", redis, "-backend", "ftp://backend.example"}, exitInvalid, "-backend (BAAS_BACKEND): "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := begin(t, nil, test.args...)
			require.Equal(t, test.code, p.ends(), p.log)
			require.Contains(t, p.log.String(), test.want)
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	p := begin(t, nil, "-h")
	require.Equal(t, exitOK, p.ends())
	c := defaults()
	for _, name := range table(&c).Variables() {
		require.Contains(t, p.log.String(), name)
	}
	p = begin(t, nil, "-version")
	require.Equal(t, exitOK, p.ends())
	require.Contains(t, p.log.String(), "baas-loginproxy v")
	require.Contains(t, p.log.String(), "go go1.")
}

// request is a request whose body the server waits for.
type request struct {
	body      io.WriteCloser
	responded chan error
}

// beginRequest returns when the server has begun to read the body.
func beginRequest(t *testing.T, url string) request {
	t.Helper()
	underWay := make(chan struct{})
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(underWay) }})
	body, write := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/auth/login/kuaishou", body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Expect", "100-continue") // the server sends 100 when it reads the body
	r := request{write, make(chan error, 1)}
	transport := &http.Transport{ExpectContinueTimeout: time.Minute}
	t.Cleanup(transport.CloseIdleConnections)
	go func() {
		res, err := (&http.Client{Transport: transport}).Do(req)
		if err == nil {
			err = res.Body.Close()
			if res.StatusCode != http.StatusBadRequest {
				err = errors.New(res.Status)
			}
		}
		r.responded <- err
	}()
	<-underWay
	return r
}

func (r request) finish(t *testing.T) error {
	t.Helper()
	_, err := io.WriteString(r.body, `{"code": "nobody's"}`)
	require.NoError(t, err)
	require.NoError(t, r.body.Close())
	return <-r.responded
}

// A request that is under way when the server is told to stop gets its response.
func TestStopsGracefully(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "-demo", "-drain-delay", "0s")
	r := beginRequest(t, p.url)
	p.signals <- os.Interrupt
	refused(t, strings.TrimPrefix(p.url, "http://"))
	require.NoError(t, r.finish(t))
	require.Equal(t, exitOK, p.ends(), p.log)
}

// refused waits until no server listens at addr.
func refused(t *testing.T, addr string) {
	t.Helper()
	for t.Context().Err() == nil {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		require.NoError(t, conn.Close())
	}
}

// While it drains, the server is not ready and serves every request. The second signal
// ends it.
func TestDrains(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "-demo", "-drain-delay", "1h", "-metrics-addr", "127.0.0.1:0")
	v := p.visitor()
	requireReady(t, p, http.StatusOK, ready)
	p.signals <- os.Interrupt
	p.logs("draining: /readyz is 503")
	requireReady(t, p, http.StatusServiceUnavailable, draining)
	status, _ := v.do("POST", "/auth/login/kuaishou", m{"code": v.code("kuaishou")})
	require.Equal(t, http.StatusOK, status)
	res, _ := v.get("/livez")
	require.Equal(t, http.StatusOK, res.StatusCode)
	p.signals <- os.Interrupt // a repetition of the first one
	res, _ = v.get("/livez")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, exitFailed, p.forced())
	require.Contains(t, p.log.String(), errSecondSignal.Error())
}

// requireReady asks both addresses.
func requireReady(t *testing.T, p *process, status int, word string) {
	t.Helper()
	for _, url := range []string{p.url, p.operators} {
		if url == "" {
			continue
		}
		res, text := (&visitor{t: t, url: url}).get("/readyz")
		require.Equal(t, status, res.StatusCode)
		require.Equal(t, word+"\n", text)
	}
}

// A second signal does not wait for requests under way.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "-demo", "-drain-delay", "0s", "-stop-timeout", "1h")
	r := beginRequest(t, p.url)
	p.signals <- os.Interrupt
	refused(t, strings.TrimPrefix(p.url, "http://"))
	require.Equal(t, exitFailed, p.forced())
	require.NoError(t, r.body.Close())
	require.Error(t, <-r.responded)
}

// A signal that is passed on by whoever started the server is not a second one.
func TestRepeatedSignal(t *testing.T) {
	t.Parallel()
	signals, done := make(chan os.Signal, 1), make(chan int, 1)
	signals <- os.Interrupt
	_, ok := wait(done, signals, time.Now().Add(-repeatWindow))
	require.False(t, ok)
	signals <- os.Interrupt
	go func() {
		for len(signals) > 0 { // until the signal is taken
			runtime.Gosched()
		}
		done <- 7
	}()
	got, ok := wait(done, signals, time.Now().Add(time.Hour))
	require.True(t, ok)
	require.Equal(t, 7, got)
}

// Requests that do not end in time are cut, and the exit code says so.
func TestStopTimeout(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "-demo", "-drain-delay", "0s", "-stop-timeout", "1ms")
	r := beginRequest(t, p.url)
	require.Equal(t, exitFailed, p.stop())
	require.Contains(t, p.log.String(), context.DeadlineExceeded.Error())
	require.NoError(t, r.body.Close())
	require.Error(t, <-r.responded)
}
