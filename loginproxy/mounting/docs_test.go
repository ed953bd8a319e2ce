package mounting_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The snippets of docs/mounting.md are the functions that the tests of this package run,
// to the letter, and none of these functions is missing there.
func TestPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/mounting.md")
	require.NoError(t, err)
	page := strings.ReplaceAll(string(text), "\r\n", "\n")
	shown := map[string]string{}
	for _, block := range regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		for name, source := range functions(t, "page.go", "package page\n\n"+block[1]) {
			require.NotContains(t, shown, name, "it is on the page twice")
			shown[name] = source
		}
	}

	run := map[string]string{}
	for _, file := range []string{"nethttp_test.go", "chi_test.go", "gin_test.go", "echo_test.go", "fiber_test.go"} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for name, source := range functions(t, file, strings.ReplaceAll(string(source), "\r\n", "\n")) {
			if !strings.HasSuffix(name, "Wrong") {
				run[name] = source
			}
		}
	}
	require.Equal(t, run, shown)
}

// functions returns the source of every function of a file, with its comment.
func functions(t *testing.T, name, source string) map[string]string {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.ParseComments)
	require.NoError(t, err, source)
	all := map[string]string{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		from := f.Pos()
		if f.Doc != nil {
			from = f.Doc.Pos()
		}
		all[f.Name.Name] = source[set.Position(from).Offset:set.Position(f.End()).Offset]
	}
	require.NotEmpty(t, all, name)
	return all
}
