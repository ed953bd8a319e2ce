package loginproxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
)

// These tests compare the tables in the package documentation with the code.

// tables returns the preformatted blocks of a section of the package documentation,
// as lines.
func tables(t testing.TB, section string) [][]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	require.NoError(t, err)
	_, text, ok := strings.Cut(file.Doc.Text(), "\n# "+section+"\n")
	require.True(t, ok, "doc.go has no section %q", section)
	text, _, _ = strings.Cut(text, "\n# ")
	var blocks [][]string
	for block := range strings.SplitSeq(text, "\n\n") {
		if strings.HasPrefix(strings.TrimPrefix(block, "\n"), "\t") {
			blocks = append(blocks, strings.Split(strings.ReplaceAll(strings.Trim(block, "\n"), "\t", ""), "\n"))
		}
	}
	return blocks
}

// documentedRoute is a line of the table of routes.
type documentedRoute struct {
	method, path string
	fields       []string   // all of them
	needed       [][]string // of each group, one is needed
}

var (
	routeLine = regexp.MustCompile(`^(GET|POST) +(\S+) *(.*)$`)
	fieldText = regexp.MustCompile(`^(\w+(?:/\w+)*)( \(needed\))?$`)
)

func documentedRoutes(t testing.TB) map[string]documentedRoute {
	t.Helper()
	blocks := tables(t, "Routes")
	require.NotEmpty(t, blocks)
	found := map[string]documentedRoute{}
	for _, line := range blocks[0] {
		parts := routeLine.FindStringSubmatch(line)
		require.NotNil(t, parts, "doc.go: not a route: %q", line)
		r := documentedRoute{method: parts[1], path: parts[2]}
		for text := range strings.SplitSeq(parts[3], ", ") {
			if text == "" {
				continue
			}
			field := fieldText.FindStringSubmatch(text)
			require.NotNil(t, field, "doc.go: not a field: %q in %q", text, line)
			names := strings.Split(field[1], "/")
			r.fields = append(r.fields, names...)
			if field[2] != "" {
				r.needed = append(r.needed, names)
			}
		}
		found[r.path] = r
	}
	return found
}

// routesInCode returns the routes by the path that the documentation has for them.
func routesInCode() map[string]route {
	all := maps.Clone(routes)
	for prefix, rt := range platformRoutes {
		all[prefix+"/{platform}"] = rt
	}
	return all
}

func TestDocumentedRoutes(t *testing.T) {
	documented, inCode := documentedRoutes(t), routesInCode()
	for path, rt := range inCode {
		doc, ok := documented[path]
		if !ok {
			t.Errorf("doc.go: the table of routes has no line for %s %s", rt.method, path)
			continue
		}
		if doc.method != rt.method {
			t.Errorf("doc.go: the method of %s is %s, the route has %s", path, doc.method, rt.method)
		}
		fields := fieldsOf(t, rt, doc.fields)
		if rt.newInput != nil && !slices.Equal(doc.fields, rt.newInput().fields()) {
			t.Errorf("doc.go: %s %s has the fields %v, the code %v", rt.method, path, doc.fields, rt.newInput().fields())
		}
		for _, name := range fields {
			if !slices.Contains(doc.fields, name) {
				t.Errorf("doc.go: %s %s lacks the field %s", rt.method, path, name)
			}
		}
		for _, name := range doc.fields {
			if !slices.Contains(fields, name) {
				t.Errorf("doc.go: %s %s names the field %s, which the route refuses", rt.method, path, name)
			}
		}
	}
	for path, doc := range documented {
		if _, ok := inCode[path]; !ok {
			t.Errorf("doc.go: there is no route %s %s", doc.method, path)
		}
	}
}

// fieldsOf returns the fields that the route's input takes, of the documented ones and
// of all that any input takes.
func fieldsOf(t *testing.T, rt route, documented []string) []string {
	t.Helper()
	var fields []string
	if rt.newInput == nil {
		return nil
	}
	names := append(namesInSetMethods(t), documented...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		for _, value := range []string{`"text"`, `"overwrite"`, `"kuaishou"`, `7`, `true`, `{"detail":{}}`} {
			if rt.newInput().set(name, gjson.Parse(value)) {
				fields = append(fields, name)
				break
			}
		}
	}
	return fields
}

// namesInSetMethods returns the texts in the set methods of all inputs.
func namesInSetMethods(t *testing.T) (names []string) {
	t.Helper()
	eachFile(t, func(file *ast.File) {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Name.Name != "set" || f.Recv == nil {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					name, err := strconv.Unquote(lit.Value)
					require.NoError(t, err)
					names = append(names, name)
				}
				return true
			})
		}
	})
	require.Contains(t, names, "createUser")
	return names
}

// eachFile parses the package's files but for the tests.
func eachFile(t *testing.T, visit func(*ast.File)) {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		visit(file)
	}
}

// A body with the needed fields only is accepted, and one that lacks a needed field is
// not.
func TestNeededFields(t *testing.T) {
	w := newNeeded(t)
	for path, doc := range documentedRoutes(t) {
		if doc.method != http.MethodPost {
			continue
		}
		t.Run(path, func(t *testing.T) {
			w.t = t
			code := w.codeFor(doc, 0, -1)
			require.NotEqual(t, herror.InvalidParameter, code, "with the fields marked (needed), another one is needed")
			for left, names := range doc.needed {
				require.Equal(t, herror.InvalidParameter, w.codeFor(doc, 0, left), "%s is marked (needed), and is not", names)
				for i := range names {
					require.NotEqual(t, herror.InvalidParameter, w.codeFor(doc, i, -1), "%s is not enough", names[i])
				}
			}
		})
	}
}

type needed struct {
	t       *testing.T
	backend *baastest.Backend
	phone   *baastest.Phone
	proxy   *Proxy
}

func newNeeded(t *testing.T) *needed {
	t.Helper()
	b, err := baastest.New()
	require.NoError(t, err)
	t.Cleanup(b.Close)
	client, err := b.Client()
	require.NoError(t, err)
	p, err := New(client)
	require.NoError(t, err)
	return &needed{t: t, backend: b, phone: b.Kuaishou("openid-1"), proxy: p}
}

// codeFor sends a body with one field of each needed group, the one at the index or
// else the first one, but without the group left out. It returns the code of the
// response, 0 for success.
func (w *needed) codeFor(doc documentedRoute, index, leftOut int) herror.Code {
	w.t.Helper()
	token := w.send("login/kuaishou", "", map[string]any{"code": w.phone.Login()}).Token
	require.NotEmpty(w.t, token)
	samples := map[string]any{
		"code": w.phone.Login(), "data": json.RawMessage(w.phone.AllowPhoneNumberJSON("13800138000")),
		"username": "ann", "email": "ann@example.com", "phone": "13800138000", "password": "correct horse",
	}
	body := map[string]any{}
	for i, names := range doc.needed {
		if i == leftOut {
			continue
		}
		name := names[min(index, len(names)-1)]
		value, ok := samples[name]
		require.True(w.t, ok, "add a sample of the field %s to this test", name)
		body[name] = value
	}
	return w.send(strings.Replace(doc.path, "{platform}", "kuaishou", 1), token, body).Code
}

func (w *needed) send(path, token string, body map[string]any) (got struct {
	Token string
	Code  herror.Code
}) {
	w.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(w.t, err)
	r := httptest.NewRequest(http.MethodPost, "/"+path, bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	rec := httptest.NewRecorder()
	w.proxy.ServeHTTP(rec, r)
	require.NoError(w.t, json.Unmarshal(rec.Body.Bytes(), &got))
	return got
}

var errorLine = regexp.MustCompile(`^(\d+|all others) +(\w+) +(\d+)(?:  .*)?$`)

// documentedErrors returns a table of errors as "code name status".
func documentedErrors(t *testing.T, lines []string) []string {
	t.Helper()
	require.Regexp(t, `^code +error +status$`, lines[0])
	var found []string
	for _, line := range lines[1:] {
		parts := errorLine.FindStringSubmatch(line)
		require.NotNil(t, parts, "doc.go: not an error: %q", line)
		found = append(found, strings.Join(parts[1:4], " "))
	}
	return found
}

// errorTables returns the two tables of the section on errors: the codes, and the
// errors of the proxy itself.
func errorTables(t *testing.T) (codes, own []string) {
	t.Helper()
	var found [][]string
	for _, block := range tables(t, "Errors") {
		if strings.HasPrefix(block[0], "code ") {
			found = append(found, documentedErrors(t, block))
		}
	}
	require.Len(t, found, 2, "doc.go: tables of errors")
	return found[0], found[1]
}

func TestDocumentedErrors(t *testing.T) {
	documented, _ := errorTables(t)
	other := failureOf(herror.FromBackend(http.StatusTeapot, ""))
	inCode := []string{fmt.Sprintf("all others %s %d", other.Name, other.status)}
	for code, name := range names {
		inCode = append(inCode, fmt.Sprintf("%d %s %d", code, name, herror.HTTPStatus(code)))
	}
	requireSameErrors(t, documented, inCode)
}

func TestDocumentedRefusals(t *testing.T) {
	_, documented := errorTables(t)
	var inCode, names []string
	for _, r := range []*refusal{
		errNoRoute, errMediaType, errSlowBody, errTooLarge, errCrossOrigin, wrongMethod(""), tooManyRequests(0),
		errClientID, errEnv, errPlatform, errNotConfigured, errLimiter, errLoginCheck, errInternal,
	} {
		inCode = append(inCode, fmt.Sprintf("%d %s %d", failureOf(r).Code, r.name, r.status))
		names = append(names, r.name)
	}
	for _, name := range namesOfRefusals(t) {
		if !slices.Contains(names, name) {
			t.Errorf("the list in this test lacks the error %s", name)
		}
	}
	requireSameErrors(t, documented, inCode)
}

func requireSameErrors(t *testing.T, documented, inCode []string) {
	t.Helper()
	for _, line := range inCode {
		if !slices.Contains(documented, line) {
			t.Errorf("doc.go: the table of errors lacks the line %q", line)
		}
	}
	for _, line := range documented {
		if !slices.Contains(inCode, line) {
			t.Errorf("doc.go: the table of errors has the line %q, which is not in the code", line)
		}
	}
}

// namesOfRefusals returns the text in every &refusal{…}, which is the name.
func namesOfRefusals(t *testing.T) (names []string) {
	t.Helper()
	nameText := regexp.MustCompile(`^"([a-z_]+)"$`)
	eachFile(t, func(file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			composite, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if kind, ok := composite.Type.(*ast.Ident); !ok || kind.Name != "refusal" {
				return true
			}
			ast.Inspect(composite, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok {
					if name := nameText.FindStringSubmatch(lit.Value); name != nil {
						names = append(names, name[1])
					}
				}
				return true
			})
			return false
		})
	})
	require.NotEmpty(t, names)
	return names
}

// All snippets mount the proxy in one form: the prefix ends without a slash.
func TestSnippetsStripTheSamePrefix(t *testing.T) {
	call := regexp.MustCompile(`http\.StripPrefix\("([^"]*)"`)
	for _, path := range []string{"doc.go", "example_test.go", "../README.md", "../docs/mounting.md"} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		calls := call.FindAllStringSubmatch(string(text), -1)
		require.NotEmpty(t, calls, path)
		for _, c := range calls {
			require.Regexp(t, `^(/\w+)+$`, c[1], path)
		}
	}
}

// The documentation has every reason of a 605, and every class with a line of its own.
func TestDocumentedReasonsAndClasses(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	require.NoError(t, err)
	text := file.Doc.Text()
	for _, value := range constantsOf(t, "reason") {
		if value != string(queryGiven) { // of Proxy.Backend, whose responses have no reason
			require.Contains(t, text, value)
		}
	}
	var classes []string
	for _, block := range tables(t, "Hooks and metrics") {
		require.Regexp(t, `^class `, block[0])
		for _, line := range block[1:] {
			class, _, _ := strings.Cut(line, " ")
			classes = append(classes, class)
		}
	}
	require.ElementsMatch(t, constantsOf(t, "Class"), classes)
}

// constantsOf returns the values of the constants of that type.
func constantsOf(t *testing.T, kind string) (values []string) {
	t.Helper()
	eachFile(t, func(file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if name, ok := spec.Type.(*ast.Ident); ok && name.Name == kind && len(spec.Values) == 1 {
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				require.NoError(t, err)
				values = append(values, value)
			}
			return true
		})
	})
	require.NotEmpty(t, values)
	return values
}
