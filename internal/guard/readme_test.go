package guard_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func readme(t *testing.T) string { return page(t, "README.md") }

func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(absolute(t, path))
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// fenced returns the text of every code block in that language.
func fenced(text, language string) []string {
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

func TestReadmeCommands(t *testing.T) {
	commands := fenced(readme(t), "sh")
	require.Len(t, commands, 1)
	require.Equal(t, "go run ./examples/quickstart\ngo test ./...\n", commands[0])
	require.FileExists(t, "examples/quickstart/main.go")
}

// Every file that the README links to exists.
func TestReadmeLinks(t *testing.T) {
	links := regexp.MustCompile(`\]\(([^):#]+)\)`).FindAllStringSubmatch(readme(t), -1)
	require.NotEmpty(t, links)
	var missing []string
	for _, link := range links {
		if _, err := os.Stat(link[1]); err != nil {
			missing = append(missing, link[1])
		}
	}
	requireNone(t, missing, "files that the README links to and that do not exist")
}

// Every Go snippet of the README and of the page of the Open API is formatted and
// builds. Each one is a package that exists only in the build's overlay.
func TestReadmeSnippets(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go tool")
	}
	snippets := slices.Concat(fenced(readme(t), "go"), fenced(page(t, openAPIPage), "go"))
	require.NotEmpty(t, snippets)
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	dir := t.TempDir()
	overlay := map[string]string{}
	args := []string{"build", "-overlay", filepath.Join(dir, "overlay.json")}
	for i, snippet := range snippets {
		formatted, err := format.Source([]byte(snippet))
		require.NoError(t, err, snippet)
		require.Equal(t, string(formatted), snippet)

		name := "snippet" + strconv.Itoa(i)
		file := filepath.Join(dir, name+".go")
		require.NoError(t, os.WriteFile(file, []byte(program(t, snippet)), 0o600))
		overlay[filepath.Join(root, "internal", "readme", name, "snippet.go")] = file
		args = append(args, "./internal/readme/"+name)
	}
	text, err := json.Marshal(map[string]any{"Replace": overlay})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), text, 0o600))

	build := exec.CommandContext(t.Context(), goTool, args...)
	build.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
}

// snippetPackages are the packages that snippets may use.
var snippetPackages = []string{
	"context", "encoding/json", "errors", "log", "net/http", "testing", "time",
	"github.com/hydrogen-go/baas", "github.com/hydrogen-go/baas/admin", "github.com/hydrogen-go/baas/auth", "github.com/hydrogen-go/baas/baastest",
	"github.com/hydrogen-go/baas/herror", "github.com/hydrogen-go/baas/loginproxy", "github.com/hydrogen-go/baas/platform",
	"github.com/hydrogen-go/baas/session", "github.com/hydrogen-go/baas/session/redisstore", "github.com/hydrogen-go/baas/user",
	"github.com/redis/go-redis/v9",
}

// snippetVars are the variables that the text of the pages introduces.
const snippetVars = `
var (
	ctx             context.Context
	client          *baas.Client
	a               *auth.Auth
	visitorKey      string
	code, freshCode string
	data            *platform.AuthData
	credentials     auth.Credentials
	clientID        string
	clientSecret    string
	addr            string
	mux             *http.ServeMux
	api             http.Handler
)
`

// program returns a source file with the snippet. Statements become the body of a
// function.
func program(t *testing.T, snippet string) string {
	t.Helper()
	body := snippetVars + snippet
	if !strings.HasPrefix(snippet, "func ") {
		body = snippetVars + "func _() {\n" + snippet + "}\n"
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+body, parser.SkipObjectResolution)
	require.NoError(t, err, snippet)
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				used[x.Name] = true
			}
		}
		return true
	})
	head := "package p\n"
	for _, path := range snippetPackages {
		name := path[strings.LastIndex(path, "/")+1:]
		if name == "v9" {
			name = "redis"
		}
		if used[name] {
			head += fmt.Sprintf("import %q\n", path)
		}
	}
	return head + body
}

// Every Go name in the README exists, and the README names every call that exists.
func TestReadmeNamesTheAPI(t *testing.T) {
	api := map[string]*exported{}
	for _, dir := range apiPackages(t) {
		e := exportedOf(t, dir)
		api[e.name] = e
	}
	variables := map[string]map[string]bool{
		"client": api["baas"].methodsOf("Client"),
		"a":      api["auth"].methodsOf("Auth"),
		"u":      api["user"].methodsOf("CurrentUser"),
		"me":     api["user"].methodsOf("Me"),
	}
	for name, e := range api {
		if variables[name] == nil {
			variables[name] = e.names
		}
	}

	named := map[string]bool{}
	var unknown, missing []string
	for _, cell := range goCells(readme(t)) {
		for _, m := range regexp.MustCompile(`\b([a-z]+)\.([A-Z]\w*)`).FindAllStringSubmatch(cell, -1) {
			if slices.Contains([]string{"context", "errors", "json", "http"}, m[1]) {
				continue // the standard library's
			}
			if !variables[m[1]][m[2]] {
				unknown = append(unknown, m[0])
			}
			named[m[0]] = true
		}
	}

	for variable, calls := range map[string]map[string]bool{"a": api["auth"].calls["Auth"], "me": api["user"].calls["Me"]} {
		require.NotEmpty(t, calls)
		for call := range calls {
			if call != "Session" && !named[variable+"."+call] && !named[strings.Replace(variable, "me", "u", 1)+"."+call] { // the vendor's documentation has no Session; the README's text has it
				missing = append(missing, variable+"."+call)
			}
		}
	}
	requireNone(t, unknown, "names in the README that do not exist")
	requireNone(t, missing, "calls that the README does not name")
}

// Every Go name in the page of the Open API exists, and it names every condition, every
// change and every option of a query.
func TestOpenAPIPageNamesTheAPI(t *testing.T) {
	adminAPI, userAPI := exportedOf(t, "admin"), exportedOf(t, "user")
	known := map[string]map[string]bool{
		"admin": adminAPI.names, "user": userAPI.names, "c": adminAPI.methodsOf("Client"),
	}
	var unknown, missing []string
	for _, cell := range goCells(page(t, openAPIPage)) {
		for _, m := range regexp.MustCompile(`\b(admin|user|c)\.([A-Z]\w*)`).FindAllStringSubmatch(cell, -1) {
			if !known[m[1]][m[2]] {
				unknown = append(unknown, m[0])
			}
		}
	}
	words := regexp.MustCompile(`\w+`).FindAllString(page(t, openAPIPage), -1)
	for name := range userAPI.methodsOf("FieldName") {
		if !slices.Contains(words, name) {
			missing = append(missing, name)
		}
	}
	for _, name := range []string{"Set", "IncrementBy", "Append", "UAppend", "Remove", "Unset", "ByOpenID", "ByUnionID", "ByPhone", "ByProvider"} {
		if !slices.Contains(words, name) {
			missing = append(missing, name)
		}
	}
	requireNone(t, unknown, "names in "+openAPIPage+" that do not exist")
	requireNone(t, missing, "names that "+openAPIPage+" lacks")
}

const openAPIPage = "docs/open-api.md"

// The table of errors has every code of package herror, with its number.
func TestReadmeErrorCodes(t *testing.T) {
	rows := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| (\\d+) \\| `herror\\.(\\w+)` \\|").FindAllStringSubmatch(readme(t), -1) {
		rows[m[2]] = m[1]
	}
	codes := exportedOf(t, "herror").codes
	require.NotEmpty(t, codes)
	require.Equal(t, codes, rows)
}

// goCells returns the code in the text and in the tables, without their first column.
func goCells(text string) []string {
	var cells []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "|") {
			_, line, _ = strings.Cut(strings.TrimPrefix(line, "|"), "|")
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(line, -1) {
			cells = append(cells, m[1])
		}
	}
	return cells
}

// exported is what a package exports.
type exported struct {
	name    string
	names   map[string]bool            // of the package
	methods map[string]map[string]bool // by type
	calls   map[string]map[string]bool // the methods whose first argument is a context, by type
	embeds  map[string][]string
	codes   map[string]string // constants of type Code
}

// methodsOf returns the methods of a type, including those of the types it embeds.
func (e *exported) methodsOf(typeName string) map[string]bool {
	all := map[string]bool{}
	for _, name := range append([]string{typeName}, e.embeds[typeName]...) {
		for method := range e.methods[name] {
			all[method] = true
		}
	}
	return all
}

func exportedOf(t *testing.T, dir string) *exported {
	t.Helper()
	p := parsePackage(t, dir)
	e := &exported{
		name: p.name, names: map[string]bool{}, methods: map[string]map[string]bool{}, calls: map[string]map[string]bool{},
		embeds: map[string][]string{}, codes: map[string]string{},
	}
	p.functions(e.addFunc)
	p.types(e.addType)
	p.values(e.addValues)
	return e
}

func (e *exported) addFunc(d *ast.FuncDecl) {
	name := d.Name.Name
	switch {
	case !ast.IsExported(name):
	case d.Recv == nil:
		e.names[name] = true
	default:
		receiver := baseName(d.Recv.List[0].Type)
		add(e.methods, receiver, name)
		if params := d.Type.Params.List; len(params) > 0 {
			if s, ok := params[0].Type.(*ast.SelectorExpr); ok && s.Sel.Name == "Context" {
				add(e.calls, receiver, name)
			}
		}
	}
}

func (e *exported) addType(spec *ast.TypeSpec) {
	e.names[spec.Name.Name] = spec.Name.IsExported()
	fields, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range fields.Fields.List {
		if name := baseName(field.Type); name != "" && len(field.Names) == 0 {
			e.embeds[spec.Name.Name] = append(e.embeds[spec.Name.Name], name)
		}
	}
}

func (e *exported) addValues(spec *ast.ValueSpec) {
	for i, name := range spec.Names {
		e.names[name.Name] = name.IsExported()
		if spec.Type != nil && baseName(spec.Type) == "Code" && i < len(spec.Values) {
			if number, ok := spec.Values[i].(*ast.BasicLit); ok {
				e.codes[name.Name] = number.Value
			}
		}
	}
}

func add(m map[string]map[string]bool, key, name string) {
	if m[key] == nil {
		m[key] = map[string]bool{}
	}
	m[key][name] = true
}

// The checks run the README's command for the tests.
func TestReadmeTestCommandIsChecked(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(".ci", "run"))
	if err != nil {
		t.Skip("no checks beside this copy")
	}
	require.True(t, slices.ContainsFunc(strings.Split(string(script), "\n"), func(line string) bool {
		return strings.Contains(line, "go test ./...")
	}))
}
