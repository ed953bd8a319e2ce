package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	goldmarkast "github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extensionast "github.com/yuin/goldmark/extension/ast"
	goldmarkparser "github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	"go.yaml.in/yaml/v3"

	"github.com/hydrogen-go/baas/internal/chromium"
)

var update = flag.Bool("update", false, "update docs/emulator.md and the page of the console")

const (
	docsPage  = "../../docs/emulator.md"
	docsHTML  = "../../baastest/console/docs.html"
	doublesGo = "../../baastest"
)

// The tables and the files in docs/emulator.md are those of the code, and the page that
// the console shows is docs/emulator.md. Update both with go test ./cmd/baas-emulator -run
// TestDocs -update.
func TestDocs(t *testing.T) {
	page := readText(t, docsPage)
	written := writeBlocks(t, page)
	rendered := render(t, written)
	if *update {
		require.NoError(t, os.WriteFile(docsPage, []byte(written), 0o644))
		require.NoError(t, os.WriteFile(docsHTML, []byte(rendered), 0o644))
		return
	}
	require.Equal(t, written, page, "run the test with -update")
	require.Equal(t, rendered, readText(t, docsHTML), "run the test with -update")
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// block is a part of the page that the test writes.
var block = regexp.MustCompile(`(?ms)^<!-- (\S+)(?: (\S+))? -->\n(.*?)^<!-- end -->\n`)

func writeBlocks(t *testing.T, page string) string {
	t.Helper()
	source := parseDouble(t)
	require.Greater(t, len(block.FindAllString(page, -1)), 10)
	return block.ReplaceAllStringFunc(page, func(old string) string {
		parts := block.FindStringSubmatch(old)
		kind, name := parts[1], parts[2]
		var content string
		switch kind {
		case "file":
			content = fence(t, name)
		case "struct":
			content = source.members(t, name)
		case "routes":
			content = source.routes(t)
		case "platforms":
			content = platformTable(t)
		case "flags":
			content = flagTables()
		default:
			t.Fatalf("unknown block %q", kind)
		}
		head, _, _ := strings.Cut(old, "\n")
		return head + "\n\n" + content + "\n<!-- end -->\n"
	})
}

// fence is a file as a code block.
func fence(t *testing.T, name string) string {
	t.Helper()
	languages := map[string]string{".json": "json", ".py": "python", ".mjs": "js", ".yml": "yaml"}
	language, ok := languages[path.Ext(name)]
	require.True(t, ok, name)
	return "```" + language + "\n" + readText(t, filepath.Join(filepath.Dir(docsPage), name)) + "```\n"
}

// double is the source of package baastest.
type double struct {
	structs map[string]*ast.StructType
	control string // the documentation of Control
}

func parseDouble(t *testing.T) double {
	t.Helper()
	d := double{structs: make(map[string]*ast.StructType)}
	names, err := filepath.Glob(filepath.Join(doublesGo, "*.go"))
	require.NoError(t, err)
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if s, ok := n.Type.(*ast.StructType); ok {
					d.structs[n.Name.Name] = s
				}
			case *ast.FuncDecl:
				if n.Name.Name == "Control" && n.Recv == nil {
					d.control = n.Doc.Text()
				}
			}
			return true
		})
	}
	return d
}

// members is the table of the members of a struct, with the comments of its fields.
func (d double) members(t *testing.T, name string) string {
	t.Helper()
	require.Contains(t, d.structs, name)
	rows := [][]string{{"member", "type", "meaning"}}
	for _, f := range d.structs[name].Fields.List {
		require.Len(t, f.Names, 1, "%s: one field a line", name)
		tag, err := strconv.Unquote(f.Tag.Value)
		require.NoError(t, err)
		member, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		comment := strings.TrimSpace(f.Doc.Text())
		require.NotEmpty(t, comment, "%s.%s has no comment", name, f.Names[0])
		rows = append(rows, []string{"`" + member + "`", jsonType(t, f.Type), meaning(f.Names[0].Name, comment)})
	}
	return table(rows)
}

// meaning is the comment of a field without the field's name in front.
func meaning(field, comment string) string {
	comment = strings.Join(strings.Fields(comment), " ")
	for _, verb := range []string{" is ", " are ", " "} {
		if rest, ok := strings.CutPrefix(comment, field+verb); ok {
			comment = strings.ToUpper(rest[:1]) + rest[1:]
			break
		}
	}
	return plain(comment)
}

// plain is a comment without the brackets around names, and with what is quoted as code.
func plain(comment string) string {
	comment = regexp.MustCompile(`\[\*?([\w.]+)\]`).ReplaceAllString(comment, "$1")
	return regexp.MustCompile(`"[^"]*"`).ReplaceAllString(comment, "`$0`")
}

// jsonType says what a field is in JSON.
func jsonType(t *testing.T, e ast.Expr) string {
	t.Helper()
	switch e := e.(type) {
	case *ast.StarExpr:
		return jsonType(t, e.X)
	case *ast.ArrayType:
		if of := jsonType(t, e.Elt); of != "object" {
			return "list of " + of + "s"
		}
		return "list of objects"
	case *ast.MapType:
		return "object"
	case *ast.SelectorExpr: // time.Time
		return "time, as `\"2024-05-06T07:08:09Z\"`"
	case *ast.Ident:
		if known, ok := map[string]string{"string": "text", "int": "number", "int64": "number", "bool": "boolean", "controlDuration": "duration"}[e.Name]; ok {
			return known
		}
		return "object"
	}
	t.Fatalf("unknown type %T", e)
	return ""
}

// routes is the table of the control API, from the documentation of Control.
func (d double) routes(t *testing.T) string {
	t.Helper()
	rows := [][]string{{"request", "body", "response"}}
	for _, m := range regexp.MustCompile(`(?m)^\t(GET|PUT|POST|DELETE) +(\S+) +(?:(.*\S) )?→ (.+)$`).FindAllStringSubmatch(d.control, -1) {
		rows = append(rows, []string{"`" + m[1] + " " + m[2] + "`", cell(m[3]), cell(m[4])})
	}
	require.Greater(t, len(rows), 30)
	return table(rows)
}

// cell is a part of a row with its JSON as code.
func cell(s string) string {
	for name, list := range map[string]string{"User": "users", "Group": "groups", "SuperGroup": "super_groups"} {
		s = strings.ReplaceAll(s, "a ["+name+"]", "one of [`"+list+"`](#the-seed-file)")
	}
	s = regexp.MustCompile(`\[(\w+\.\w+)\]`).ReplaceAllString(s, "$1")
	s = regexp.MustCompile(`\[?\{[^}]*\}\]?`).ReplaceAllString(s, "`$0`")
	return regexp.MustCompile(`\?\w+=\w+`).ReplaceAllString(s, "`$0`")
}

func platformTable(t *testing.T) string {
	t.Helper()
	e := launch(t)
	rows := [][]string{{"platform", "aliases"}}
	for _, p := range e.list("platforms") {
		var aliases []string
		for _, alias := range p["aliases"].([]any) {
			aliases = append(aliases, fmt.Sprintf("`%s`", alias))
		}
		rows = append(rows, []string{fmt.Sprintf("`%s`", p["name"]), strings.Join(aliases, ", ")})
	}
	return table(rows)
}

func flagTables() string {
	flags, groups := new(config).flagSet()
	var out []string
	for _, group := range groups {
		rows := [][]string{{"flag", "meaning"}}
		for _, name := range group.names {
			f := flags.Lookup(name)
			value, usage := flag.UnquoteUsage(f)
			rows = append(rows, []string{"`" + strings.TrimSpace("-"+name+" "+value) + "`", code(usage + defaultOf(f))})
		}
		out = append(out, group.title+":\n\n"+table(rows))
	}
	return strings.Join(out, "\n")
}

// code marks the JSON and the paths of a usage.
func code(usage string) string {
	return regexp.MustCompile(`\{[^}]*\}|/_emulator/\w*|/oserve/| -[a-z][\w-]+`).ReplaceAllStringFunc(usage, func(s string) string {
		word := strings.TrimLeft(s, " ")
		return s[:len(s)-len(word)] + "`" + word + "`"
	})
}

func table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		for _, c := range row {
			b.WriteString("| " + strings.ReplaceAll(c, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return strings.ReplaceAll(b.String(), "|  |", "| |")
}

const pageStart = `<!doctype html>
<html lang="en" data-ready="true">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>The emulator</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="style.css">
</head>
<body>
<header><p><a href="./">Console</a></p></header>
<main class="page">
`

// render is the page in HTML, as the console shows it.
func render(t *testing.T, page string) string {
	t.Helper()
	markers := regexp.MustCompile(`(?m)^<!-- .* -->\n`)
	md := goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Linkify),
		goldmark.WithParserOptions(goldmarkparser.WithAutoHeadingID(), goldmarkparser.WithASTTransformers(util.Prioritized(publicLinks{}, 1))),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(scrolledTable{}, 1))),
	)
	var b bytes.Buffer
	b.WriteString(pageStart)
	require.NoError(t, md.Convert([]byte(markers.ReplaceAllString(page, "")), &b))
	b.WriteString("</main>\n</body>\n</html>\n")
	require.NotContains(t, b.String(), "raw HTML omitted")
	return b.String()
}

// publicLinks has links to other files lead to the repository.
type publicLinks struct{}

func (publicLinks) Transform(document *goldmarkast.Document, _ text.Reader, _ goldmarkparser.Context) {
	_ = goldmarkast.Walk(document, func(n goldmarkast.Node, entering bool) (goldmarkast.WalkStatus, error) {
		if link, ok := n.(*goldmarkast.Link); ok && entering && strings.HasPrefix(string(link.Destination), "../") {
			link.Destination = []byte("https://github.com/hydrogen-go/baas/blob/main/" + strings.TrimPrefix(string(link.Destination), "../"))
		}
		return goldmarkast.WalkContinue, nil
	})
}

// scrolledTable lets a wide table scroll.
type scrolledTable struct{}

func (scrolledTable) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(extensionast.KindTable, func(w util.BufWriter, _ []byte, _ goldmarkast.Node, entering bool) (goldmarkast.WalkStatus, error) {
		if entering {
			_, _ = w.WriteString("<div class=\"scroll\" tabindex=\"0\">\n<table>\n")
		} else {
			_, _ = w.WriteString("</table>\n</div>\n")
		}
		return goldmarkast.WalkContinue, nil
	})
}

// fenced are the code blocks of the page in a language.
func fenced(page, language string) []string {
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// The shell commands of the page work.
func TestDocsShell(t *testing.T) {
	for _, program := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(program + " is missing")
			}
			t.Skip(program + " is missing")
		}
	}
	e := launch(t, "-seed", "../../examples/emulator/seed.json")
	blocks := fenced(readText(t, docsPage), "sh")
	for i, want := range []string{`"nickname":"Ann"`, "getUserInfo:fail auth deny", `"/hserve/v2.5/idp/kuaishou/silent-login/"`} {
		script := strings.ReplaceAll(blocks[i], "http://127.0.0.1:8899", e.addr)
		require.NotEqual(t, script, blocks[i])
		run := exec.CommandContext(t.Context(), "sh", "-eu", "-c", script)
		run.Env = append(os.Environ(), "NO_PROXY=*")
		out, err := run.CombinedOutput()
		require.NoError(t, err, "%s\n%s", script, out)
		require.Contains(t, string(out), want)
	}
	require.Len(t, blocks, 3)
}

// The error that the page shows is the one that the program has.
func TestDocsSeedError(t *testing.T) {
	t.Parallel()
	seed := filepath.Join(t.TempDir(), "seed.json")
	require.NoError(t, os.WriteFile(seed, []byte("{\n  \"people\": [\n    {\"platform\": \"kuaishu\", \"openid\": \"ks-bob\"}]}"), 0o600))
	err := run(t.Context(), []string{"-addr", "127.0.0.1:0", "-seed", seed}, &bytes.Buffer{}, &bytes.Buffer{})
	require.Error(t, err)
	require.Contains(t, readText(t, docsPage), "\nbaas-emulator: "+strings.TrimPrefix(err.Error(), filepath.Dir(seed)+"/")+"\n")
}

// workflow is what the test reads of a workflow of GitHub Actions.
type workflow struct {
	On   []string
	Jobs map[string]struct {
		RunsOn string `yaml:"runs-on"`
		Steps  []struct {
			Name, Uses, Run string
			With            map[string]string
		}
	}
}

// The workflow of the page is one: its jobs install this program and run tests that exist.
func TestDocsWorkflow(t *testing.T) {
	t.Parallel()
	blocks := fenced(readText(t, docsPage), "yaml")
	require.Len(t, blocks, 1)
	var w workflow
	decoder := yaml.NewDecoder(strings.NewReader(blocks[0]))
	decoder.KnownFields(false)
	require.NoError(t, decoder.Decode(&w))
	require.Equal(t, []string{"push", "pull_request"}, w.On)
	require.Len(t, w.Jobs, 2)
	for name, job := range w.Jobs {
		require.Equal(t, "ubuntu-latest", job.RunsOn, name)
		var script strings.Builder
		for _, step := range job.Steps {
			require.True(t, (step.Uses == "") != (step.Run == ""), "%s: a step uses or runs", name)
			if step.Uses != "" {
				require.Regexp(t, `^actions/(checkout|setup-go|setup-node|setup-python)@v\d+$`, step.Uses)
			}
			script.WriteString(step.Run + "\n")
		}
		require.Contains(t, script.String(), "go install github.com/hydrogen-go/baas/cmd/baas-emulator@")
		tests := regexp.MustCompile(`(?m)^(?:pytest|node --test) (examples/\S+)$`).FindStringSubmatch(script.String())
		require.NotNil(t, tests, script.String())
		_, err := os.Stat(filepath.Join("../..", tests[1]))
		require.NoError(t, err)
		if sh, err := exec.LookPath("sh"); err == nil {
			out, err := exec.CommandContext(t.Context(), sh, "-n", "-c", script.String()).CombinedOutput()
			require.NoError(t, err, string(out))
		}
	}
}

// Links of the page lead somewhere, also in the console.
func TestDocsLinks(t *testing.T) {
	t.Parallel()
	page := readText(t, docsPage)
	html := readText(t, docsHTML)
	for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(page, -1) {
		if anchor, ok := strings.CutPrefix(m[1], "#"); ok {
			require.Contains(t, html, fmt.Sprintf("id=%q", anchor))
			continue
		}
		_, err := os.Stat(filepath.Join(filepath.Dir(docsPage), m[1]))
		require.NoError(t, err)
	}
	for _, m := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		require.Regexp(t, `^(#.+|\./|icon\.svg|style\.css|https://github\.com/hydrogen-go/.+|http://127\.0\.0\.1:8899/)$`, m[1])
	}
}

// The page fits a phone, light and dark.
func TestDocsLook(t *testing.T) {
	tab := chromium.Open(t)
	e := launch(t)
	for _, look := range looks {
		tab.Goto(e.addr+"/_emulator/ui/docs.html", look)
		tab.RequireFits()
		tab.RequireContrast()
		if dir := os.Getenv("SCREENSHOTS"); dir != "" {
			for _, part := range []string{"start-it", "the-control-api", "tests-in-python", "flags"} {
				tab.Eval(fmt.Sprintf(`document.getElementById(%q).scrollIntoView()`, part), nil)
				tab.Screenshot(filepath.Join(dir, fmt.Sprintf("docs-%d-dark=%t-%s.png", look.Width, look.Dark, part)), false)
			}
		}
	}
	tab.RequireNoProblem()
}
