package main

import (
	"bytes"
	"flag"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/redistest"
)

var update = flag.Bool("update", false, "write the settings into docs/production.md")

const productionPage = "docs/production.md"

// The page has the table of the settings as the program has it.
func TestSettingsPage(t *testing.T) {
	const (
		begin = "<!-- settings: written by go test ./cmd/baas-loginproxy -run TestSettingsPage -update -->\n"
		end   = "<!-- end of settings -->\n"
	)
	page := repositoryFile(t, productionPage)
	head, rest, ok := strings.Cut(page, begin)
	require.True(t, ok)
	got, tail, ok := strings.Cut(rest, end)
	require.True(t, ok)
	var want bytes.Buffer
	c := defaults()
	table(&c).WriteMarkdown(&want)
	want.WriteString("\n")
	if *update {
		require.NoError(t, os.WriteFile(filepath.Join(moduleRoot, productionPage), []byte(head+begin+want.String()+end+tail), 0o644))
		return
	}
	require.Equal(t, want.String(), got, "go test ./cmd/baas-loginproxy -run TestSettingsPage -update")
}

// Every flag and every variable that the documents name exists.
func TestDocumentsNameSettings(t *testing.T) {
	t.Parallel()
	c := defaults()
	known := table(&c)
	variables := known.Variables()
	var flags []string
	for _, s := range known.Settings {
		if s.Secret {
			flags = append(flags, "-"+s.Name+"-file")
		} else {
			flags = append(flags, "-"+s.Name)
		}
	}
	for _, s := range known.Settings {
		for _, flag := range regexp.MustCompile(`(?:^|[\s(])(-[a-z][a-z-]+)`).FindAllStringSubmatch(s.Help, -1) {
			require.Contains(t, flags, flag[1], "the help of -%s", s.Name)
		}
	}
	for _, name := range []string{productionPage, "README.md", "compose.yaml", "Dockerfile", "cmd/baas-loginproxy/main.go"} {
		text := repositoryFile(t, name)
		for _, variable := range regexp.MustCompile(`\bBAAS_[A-Z_]+[A-Z]`).FindAllString(text, -1) {
			require.Contains(t, variables, variable, name)
		}
		for _, flag := range regexp.MustCompile("`(-[a-z-]{3,})").FindAllStringSubmatch(text, -1) {
			if name == productionPage {
				require.Contains(t, flags, flag[1], name)
			}
		}
	}
}

// blocks returns the code blocks of a page in that language.
func blocks(text, language string) []string {
	var found []string
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

// notRun are the languages of blocks that cannot be run here, with the reason.
var notRun = map[string]string{
	"console": "needs a Docker engine",
	"text":    "no command: what a user of Redis may do, which TestKindsOfRedis has",
}

// A reader of the page gets a login server, kills its Redis, fills it, rolls the server
// and its keys, and reads in the log what happened.
func TestProductionPage(t *testing.T) {
	t.Parallel()
	redistest.Installed(t)
	for _, program := range []string{"bash", "curl", "redis-cli", "openssl", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			require.NotEqual(t, "true", os.Getenv("CI"), "%s is not installed", program)
			t.Skip(program, " is not installed")
		}
	}
	page := repositoryFile(t, productionPage)
	for _, language := range regexp.MustCompile("(?m)^```([a-z]+)$").FindAllStringSubmatch(page, -1) {
		if language[1] != "sh" {
			require.Contains(t, notRun, language[1])
		}
	}
	require.Contains(t, strings.Join(blocks(page, "text"), ""), acl)
	script := strings.Join(blocks(page, "sh"), "\n")
	for _, port := range []string{"6379", "8080", "8081", "8443", "8899", "9090", "9091"} {
		require.Contains(t, script, port)
		_, free, err := net.SplitHostPort(freeAddr(t))
		require.NoError(t, err)
		script = regexp.MustCompile(`\b`+port+`\b`).ReplaceAllString(script, free)
	}
	home := t.TempDir()
	shell := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-x", "-c", "trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n"+script)
	shell.Dir = moduleRoot
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "BAAS_") && !strings.HasPrefix(entry, "OTEL_") && !strings.HasPrefix(entry, "HOME=") {
			shell.Env = append(shell.Env, entry)
		}
	}
	shell.Env = append(shell.Env, "HOME="+home, "NO_PROXY=*")
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		value, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		require.NoError(t, err)
		shell.Env = append(shell.Env, name+"="+strings.TrimSpace(string(value)))
	}
	out, err := shell.CombinedOutput()
	if err != nil {
		for _, name := range []string{"login.log", "login2.log", "login3.log", "emulator.log", "redis.log"} {
			text, _ := os.ReadFile(filepath.Join(home, "login", name))
			t.Logf("%s:\n%s", name, text)
		}
	}
	require.NoError(t, err, string(out))

	// The metrics that the page names exist.
	metrics, err := os.ReadFile(filepath.Join(home, "login", "metrics.txt"))
	require.NoError(t, err)
	missing := []string{}
	for _, name := range regexp.MustCompile(`\bbaas_loginproxy_[a-z_]+`).FindAllString(page, -1) {
		if name != "baas_loginproxy_certificate_expiry_timestamp_seconds" && !bytes.Contains(metrics, []byte("\n"+name)) {
			missing = append(missing, name)
		}
	}
	require.Empty(t, missing, "metrics that the page names and the server has not shown")
}

// What only a server with a certificate has.
func TestCertificateMetric(t *testing.T) {
	t.Parallel()
	files := newPairFiles(t, newPair(t, "one"))
	p := start(t, nil, "-demo", "-drain-delay", "0s", "-tls-cert-file", files.cert, "-tls-key-file", files.key, "-metrics-addr", "127.0.0.1:0")
	res, text := (&visitor{t: t, url: p.operators}).get("/metrics")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Regexp(t, `(?m)^baas_loginproxy_certificate_expiry_timestamp_seconds \d`, text)
}
