package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/testkit"
)

// emulator is one that runs.
type emulator struct {
	t        *testing.T
	addr     string         // of the backend
	control  string         // of the control API
	token    string         // for the control API, as printed
	lines    *bufio.Scanner // of stdout, after those above
	stop     context.CancelFunc
	finished chan error
	log      *testkit.Log
}

// launch runs the emulator until the test ends.
func launch(t *testing.T, args ...string) *emulator {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	e := &emulator{t: t, stop: stop, finished: make(chan error, 1), log: new(testkit.Log)}
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
	if slices.Contains(args, "-allow-non-loopback") && !slices.Contains(args, "-control-addr") {
		require.True(t, lines.Scan())
		e.token = strings.TrimPrefix(lines.Text(), "control token ")
	}
	e.lines = lines
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
	req.Host = header["Host"] // empty for that of the URL
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

func TestFlagsOfTheBackend(t *testing.T) {
	e := launch(t, "-client-id", "my-app", "-field-permission", "_username=all", "-field-permission", "avatar=invisible",
		"-login-off", "email", "-token-life", "90s", "-journal", "1")
	status, out := e.ask("POST", "v2.0/register/email/", `{"email":"ann@example.com","password":"p"}`)
	require.Equal(t, 405, status)
	require.Equal(t, "Please enable email login first.", out["error_msg"])

	e.steer("POST", "users", `{"id":9,"username":"ann"}`)
	_, out = e.ask("POST", "v2.0/login/anonymous/", "{}")
	require.EqualValues(t, 90, out["expires_in"])
	status, out = e.do("GET", e.addr+"/hserve/v2.5/user/info/9/", "", map[string]string{
		"X-Hydrogen-Client-ID": "my-app", "Authorization": fmt.Sprintf("Hydrogen-r1 %s", out["token"]),
	})
	require.Equal(t, 200, status)
	require.Equal(t, "ann", out["_username"])
	require.NotContains(t, out, "avatar")
}

// A server with a cookie jar uses the Open API on the address of the backend.
func TestOpenAPIOfTheEmulator(t *testing.T) {
	seed := filepath.Join(t.TempDir(), "seed.json")
	require.NoError(t, os.WriteFile(seed, []byte(`{"users":[{"id":7}],"groups":[{"id":5,"name":"Editors","members":[7]}]}`), 0o600))
	e := launch(t, "-client-id", "my-app", "-client-secret", "my-secret", "-openapi-token-life", "90s", "-seed", seed)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	const keys = `{"client_id":"my-app","client_secret":"my-secret"`
	res, err := (&http.Client{Jar: jar}).Post(e.addr+"/api/oauth2/hydrogen/openapi/authorize/", "application/json", strings.NewReader(keys+"}"))
	require.NoError(t, err)
	defer res.Body.Close()
	var grant struct{ Code string }
	require.NoError(t, json.NewDecoder(res.Body).Decode(&grant))
	status, token := e.do("POST", e.addr+"/api/oauth2/access_token/", keys+`,"grant_type":"authorization_code","code":"`+grant.Code+`"}`, nil)
	require.Equal(t, 200, status, token)
	require.EqualValues(t, 90, token["expires_in"])
	status, group := e.do("GET", e.addr+"/oserve/v1/user-group/5/", "", map[string]string{"Authorization": fmt.Sprint("Bearer ", token["access_token"])})
	require.Equal(t, 200, status)
	require.EqualValues(t, 1, group["members"])

	e.stop()
	require.NoError(t, <-e.finished)
	require.Contains(t, e.log.String(), "path=/api/oauth2/access_token/ status=200")
	for _, secret := range []any{"my-secret", grant.Code, token["access_token"], token["refresh_token"]} {
		require.NotContains(t, e.log.String(), secret)
	}
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
	status, _ = e.do("GET", e.control+"/", "", nil)
	require.Equal(t, 200, status, "it leads to the console")
	status, _ = e.do("GET", e.addr+"/", "", nil)
	require.Equal(t, 404, status, "there is no console")
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
	taken := launch(t).addr
	for name, tt := range map[string]struct {
		args []string
		want string // in the error
	}{
		"unknown flag":              {[]string{"-nope"}, "-nope"},
		"an argument":               {[]string{"extra"}, "extra"},
		"no client id":              {[]string{"-client-id", ""}, "client id is empty"},
		"tokens of no life":         {[]string{"-token-life", "0s"}, "token life"},
		"life of no duration":       {[]string{"-token-life", "long"}, "-token-life"},
		"no client secret":          {[]string{"-client-secret", ""}, "client secret is empty"},
		"Open API tokens of 0s":     {[]string{"-openapi-token-life", "0s"}, "token life"},
		"a negative journal":        {[]string{"-journal", "-1"}, "journal limit"},
		"a journal of no number":    {[]string{"-journal", "many"}, "-journal"},
		"responses of no JSON":      {[]string{"-responses", "short"}, "-responses"},
		"unknown responses":         {[]string{"-responses", `{"short":true}`}, "short"},
		"unknown form":              {[]string{"-responses", `{"unset":"nil"}`}, "unset"},
		"unknown zone":              {[]string{"-time-zone", "Nowhere/Land"}, "-time-zone"},
		"no such seed":              {[]string{"-seed", "no/such/file.json"}, "file.json"},
		"an empty seed":             {[]string{"-seed", empty}, "empty.json:1:1: the text is empty"},
		"permission for none":       {[]string{"-field-permission", "phone"}, "-field-permission"},
		"unknown permission":        {[]string{"-field-permission", "phone=me"}, "-field-permission"},
		"permission on the id":      {[]string{"-field-permission", "id=all"}, "permission"},
		"unknown login":             {[]string{"-login-off", "sms"}, "kind of login"},
		"an empty token":            {[]string{"-control-token", ""}, "-control-token"},
		"a token of two words":      {[]string{"-control-token", "a b"}, "control token"},
		"a host with a port":        {[]string{"-control-host", "emulator:80"}, "control host"},
		"an empty host":             {[]string{"-control-host", ""}, "control host is empty"},
		"everybody's address":       {[]string{"-addr", "0.0.0.0:0"}, "-allow-non-loopback"},
		"everybody's control":       {[]string{"-control-addr", ":0"}, "-allow-non-loopback"},
		"no address":                {[]string{"-addr", "127.0.0.1"}, "missing port"},
		"the same port, both times": {[]string{"-addr", strings.TrimPrefix(taken, "http://")}, "bind"},
	} {
		var stderr bytes.Buffer
		err := run(t.Context(), append([]string{"-addr", "127.0.0.1:0"}, tt.args...), io.Discard, &stderr)
		require.ErrorContains(t, err, tt.want, name)
		require.NotErrorIs(t, err, flag.ErrHelp)
		require.Empty(t, stderr.String(), "%s: the error is printed once, by main", name)
	}
}

// The error of a seed is clickable in a terminal, and proposes what was meant.
func TestSeedErrorHasThePlace(t *testing.T) {
	t.Parallel()
	seed := filepath.Join(t.TempDir(), "seed.json")
	require.NoError(t, os.WriteFile(seed, []byte("{\n  \"people\": [{\"platform\": \"kuaishu\", \"openid\": \"o\"}]\n}"), 0o600))
	err := run(t.Context(), []string{"-addr", "127.0.0.1:0", "-seed", seed}, io.Discard, io.Discard)
	require.ErrorContains(t, err, seed+`:2:27: people[0].platform: platform "kuaishu" is not one of alipay, `)
	require.ErrorContains(t, err, "did you mean kuaishou?")
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	for _, help := range []string{"-h", "-help", "--help"} {
		stdout.Reset()
		require.ErrorIs(t, run(t.Context(), []string{help}, &stdout, &stderr), flag.ErrHelp)
		require.Contains(t, stdout.String(), "Examples:\n")
	}
	require.Empty(t, stderr.String(), "help that was asked for can be piped")
	for _, text := range []string{
		"-seed file\n", "Open API", "-client-secret secret\n", "/_emulator/ui/docs.html", "The console: open http://127.0.0.1:8899/",
		"(default 30d)", "(default 365d)", "(default 127.0.0.1:8899)", `{"advance":"7d"}`,
	} {
		require.Contains(t, stdout.String(), text)
	}
	for line := range strings.Lines(stdout.String()) {
		require.LessOrEqual(t, len([]rune(line)), helpWidth+1, line)
	}
	// Every flag is in one group.
	flags, groups := new(config).flagSet()
	var grouped []string
	for _, group := range groups {
		grouped = append(grouped, group.names...)
	}
	slices.Sort(grouped)
	var defined []string
	flags.VisitAll(func(f *flag.Flag) { defined = append(defined, f.Name) })
	require.Equal(t, defined, grouped)
}

func TestVersion(t *testing.T) {
	t.Parallel()
	var stdout bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-version"}, &stdout, io.Discard))
	require.Regexp(t, `^baas-emulator \S.* \(go1\.\S+, \w+/\w+\)\n$`, stdout.String())
}

func TestLivesInDays(t *testing.T) {
	t.Parallel()
	e := launch(t, "-client-id", "my-app", "-token-life", "1d12h")
	_, out := e.ask("POST", "v2.0/login/anonymous/", "{}")
	require.EqualValues(t, 36*60*60, out["expires_in"])
}

// Others can reach the address, so the control API requires a token, which is printed.
func TestNonLoopbackOnRequest(t *testing.T) {
	e := launch(t, "-client-id", "my-app", "-addr", "0.0.0.0:0", "-allow-non-loopback", "-control-host", "emulator", "-control-host", "test.example")
	_, port, err := net.SplitHostPort(strings.TrimPrefix(e.addr, "http://"))
	require.NoError(t, err)
	require.Regexp(t, `^[A-Z2-7]{26}$`, e.token)
	for _, host := range []string{"127.0.0.1", "0.0.0.0", "[::]", "emulator", "test.example"} {
		bearer := map[string]string{"Authorization": "Bearer " + e.token, "Host": host + ":" + port}
		status, out := e.do("POST", "http://127.0.0.1:"+port+"/_emulator/reset", "", bearer)
		require.Equal(t, 200, status, "%s: %v", host, out)
		delete(bearer, "Authorization")
		status, _ = e.do("POST", "http://127.0.0.1:"+port+"/_emulator/reset", "", bearer)
		require.Equal(t, 401, status, host)
	}
	bearer := map[string]string{"Authorization": "Bearer " + e.token, "Host": "attacker.example:" + port}
	status, _ := e.do("POST", "http://127.0.0.1:"+port+"/_emulator/reset", "", bearer)
	require.Equal(t, 403, status)
	status, _ = e.ask("GET", "v2.2/server/time/", "")
	require.Equal(t, 200, status, "the backend itself has no such rules")
	e.stop()
	require.NoError(t, <-e.finished)
	require.NotContains(t, e.log.String(), e.token)
}

func TestTokenPerStart(t *testing.T) {
	one := launch(t, "-addr", ":0", "-allow-non-loopback")
	require.NotEqual(t, one.token, launch(t, "-addr", ":0", "-allow-non-loopback").token)
}

// Only the address of the control API counts: scripts on loopback need no token.
func TestNonLoopbackBackendWithLoopbackControl(t *testing.T) {
	e := launch(t, "-addr", ":0", "-allow-non-loopback", "-control-addr", "127.0.0.1:0")
	e.steer("POST", "reset", "")
	e.stop()
	require.False(t, e.lines.Scan(), "no token is printed: %s", e.lines.Text())
	require.NoError(t, <-e.finished)
}

func TestControlTokenOfTheFlag(t *testing.T) {
	e := launch(t, "-client-id", "my-app", "-control-token", "secret-1")
	url := e.control + "/_emulator/users"
	status, _ := e.do("GET", url, "", nil)
	require.Equal(t, 401, status)
	status, _ = e.do("GET", url, "", map[string]string{"Authorization": "Bearer secret-1"})
	require.Equal(t, 200, status)
	e.steer("GET", "health", "")
}

func TestControlOfAnotherSite(t *testing.T) {
	e := launch(t)
	status, out := e.do("GET", e.control+"/_emulator/journal", "", map[string]string{"Host": "attacker.example"})
	require.Equal(t, 403, status)
	require.Contains(t, out["error"], "-control-host")
	status, _ = e.do("GET", e.control+"/_emulator/journal", "", map[string]string{"Origin": "https://attacker.example"})
	require.Equal(t, 403, status)
}

func TestHealthcheck(t *testing.T) {
	for name, args := range map[string][]string{"one address": nil, "two": {"-control-addr", "127.0.0.1:0"}} {
		t.Run(name, func(t *testing.T) {
			e := launch(t, args...)
			check := []string{"-healthcheck", "-addr", strings.TrimPrefix(e.addr, "http://")}
			if args != nil {
				check = append(check, "-control-addr", strings.TrimPrefix(e.control, "http://"))
			}
			require.NoError(t, run(t.Context(), check, io.Discard, io.Discard))
			e.stop()
			require.NoError(t, <-e.finished)
			require.Error(t, run(t.Context(), check, io.Discard, io.Discard))
		})
	}
}
