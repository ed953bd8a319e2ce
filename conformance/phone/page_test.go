package phone_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/nodetest"
	"github.com/hydrogen-go/baas/platform"
)

const phonePage = "../../docs/phone.md"

// code is a block of JavaScript on the page. Its first line names its file, and the
// platform, if it is the file of one. markup is a block of a platform's markup.
var (
	code   = regexp.MustCompile("(?ms)^```js\n// ([a-z]+\\.js): ([^\n]+)\n(.*?)^```$")
	markup = regexp.MustCompile("(?ms)^```html\n<!-- ([^\n]+) -->\n(.*?)^```$")
)

// titles are the headings of the platforms on the page.
var titles = map[string]platform.Platform{
	"Kuaishou": platform.Kuaishou{}, "ByteDance": platform.ByteDance{}, "WeChat": platform.WeChat{},
	"QQ": platform.QQ{}, "Baidu": platform.Baidu{}, "Alipay": platform.Alipay{}, "JD": platform.JD{},
}

// The JavaScript of the page logs users in on every platform.
func TestSnippets(t *testing.T) {
	t.Parallel()
	node := nodetest.Node(t)
	dir := t.TempDir()
	writeSnippets(t, dir)
	s := startServer(t)

	cmd := exec.CommandContext(t.Context(), node, "--test", "--test-reporter=tap", "js/snippets.test.js")
	cmd.Env = append(os.Environ(), "BASE="+s.url, "SNIPPETS="+dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Regexp(t, `(?m)^# pass [1-9]\d+$`, string(out), "no test has run")
	for _, p := range platform.All() {
		require.Contains(t, string(out), " - "+p.Name()+": ", "no test has run")
	}
}

// The commands for a login by hand log in. The path and the address are those of the demo.
func TestLoginByHand(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			nodetest.Skip(t, program+" is not installed")
		}
	}
	const demo = "http://127.0.0.1:8080"
	block := regexp.MustCompile("(?s)```sh\n(proof=.*?)```").FindStringSubmatch(page(t))
	require.NotNil(t, block)
	require.Equal(t, 2, strings.Count(block[1], demo))
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", strings.ReplaceAll(block[1], demo, startServer(t).url))
	cmd.Env = append(os.Environ(), "no_proxy=127.0.0.1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Regexp(t, `^\{"code":"[^"]+"\}\n\{"token":"[\w-]{43}",`, string(out))
}

// The table of platforms says what the markup has.
func TestPlatformTable(t *testing.T) {
	text := page(t)
	for _, block := range markup.FindAllStringSubmatch(text, -1) {
		name, markup := block[1], block[2]
		row := regexp.MustCompile(`(?m)^\| ` + name + `\b[^|]*\| \[below\]\(#` + strings.ToLower(name) + `\) \| ([a-z ]+) \| ([a-z ]+) \|$`).FindStringSubmatch(text)
		require.NotNil(t, row, "no row for %s", name)
		require.Equal(t, strings.Contains(markup, "onUserInfo"), row[1] == "yes", "%s: user info", name)
		require.Equal(t, strings.Contains(markup, "onPhoneNumber"), row[2] == "yes", "%s: phone number", name)
		require.Equal(t, strings.Contains(markup, "onPhoneNumber"), strings.Contains(markup, "onBindPhone"), name)
		require.Contains(t, text, "\n### "+name+"\n")
	}
}

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(phonePage)
	require.NoError(t, err)
	return string(text)
}

// writeSnippets writes the files of each platform's mini-program into a folder with the
// platform's name.
func writeSnippets(t *testing.T, dir string) {
	t.Helper()
	text := page(t)
	blocks := code.FindAllStringSubmatch(text, -1)
	require.Equal(t, strings.Count(text, "```js\n"), len(blocks), "a block of JavaScript does not name its file in its first line")
	pages := markup.FindAllStringSubmatch(text, -1)
	require.Equal(t, strings.Count(text, "```html\n"), len(pages), "a block of markup does not name its platform in its first line")
	written := map[string]bool{}
	write := func(p platform.Platform, file, text string) {
		folder := filepath.Join(dir, p.Name())
		require.NoError(t, os.MkdirAll(folder, 0o700))
		path := filepath.Join(folder, file)
		require.False(t, written[path], "the page has %s twice for %s", file, p.Name())
		written[path] = true
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	for _, block := range blocks {
		file, of, text := block[1], block[2], block[3]
		if p, ok := titles[of]; ok {
			write(p, file, text)
			continue
		}
		require.Equal(t, "the same on every platform", of)
		for _, p := range platform.All() {
			write(p, file, text)
		}
	}
	for _, block := range pages {
		require.Contains(t, titles, block[1])
		write(titles[block[1]], "page.html", block[2])
	}
	require.Len(t, written, 4*len(platform.All()), "each platform has host.js, auth.js, page.js and markup")
}
