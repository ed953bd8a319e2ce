package guard_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	differencesPage  = "docs/differences.md"
	differencesTable = "conformance/differences_test.go"
)

// Every test that the page of differences names exists.
func TestDifferencesNameTests(t *testing.T) {
	var names []string
	for _, named := range differenceTests(t) {
		if !strings.HasPrefix(named, "conformance: ") {
			names = append(names, named)
		}
	}
	requireTests(t, differencesPage, names)
}

// Every test that the threat model names exists, and every promise of it has one.
func TestThreatModelNamesTests(t *testing.T) {
	text, err := os.ReadFile(absolute(t, "SECURITY.md"))
	require.NoError(t, err)
	var names []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| promise |") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		require.Len(t, cells, 2, line)
		tests := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1)
		require.NotEmpty(t, tests, "a promise without a test: %s", line)
		for _, test := range tests {
			names = append(names, test[1])
		}
	}
	require.NotEmpty(t, names)
	requireTests(t, "SECURITY.md", names)
}

// requireTests fails the test unless each name, as in "auth.TestX", is that of a test.
func requireTests(t *testing.T, page string, names []string) {
	t.Helper()
	var missing []string
	functions := make(map[string]map[string]bool) // by directory
	for _, name := range names {
		dir, function, ok := cutLast(name, ".")
		require.True(t, ok, "no test: %s", name)
		if dir == "baas" {
			dir = "."
		}
		if functions[dir] == nil {
			functions[dir] = testFunctions(t, dir)
		}
		if !functions[dir][function] {
			missing = append(missing, name)
		}
	}
	requireNone(t, missing, "tests that "+page+" names and that do not exist")
}

// The page of differences has every difference that the conformance test allows, and
// no other text of it.
func TestDifferencesAreThoseOfTheConformanceTest(t *testing.T) {
	allowed := conformanceDifferences(t)
	var unknown, missing []string
	listed := make(map[string]bool)
	for _, named := range differenceTests(t) {
		if text, ok := strings.CutPrefix(named, "conformance: "); ok {
			listed[text] = true
			if !allowed[text] {
				unknown = append(unknown, text)
			}
		}
	}
	for text := range allowed {
		if !listed[text] {
			missing = append(missing, text)
		}
	}
	requireNone(t, unknown, "texts in "+differencesPage+" that are not in "+differencesTable)
	requireNone(t, missing, "texts of "+differencesTable+" that are not in "+differencesPage)
}

// differenceTests returns what the last column of the page names. Each row has all
// columns, and at least one test.
func differenceTests(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(absolute(t, differencesPage))
	require.NoError(t, err)
	span := regexp.MustCompile("`([^`]+)`")
	var all []string
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\r\n", "\n")) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| call or option |") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		require.Len(t, cells, 5, line)
		for _, cell := range cells {
			require.NotEmpty(t, strings.TrimSpace(cell), line)
		}
		tests := span.FindAllStringSubmatch(cells[4], -1)
		require.NotEmpty(t, tests, "a row without a test: %s", line)
		for _, test := range tests {
			all = append(all, test[1])
		}
	}
	require.NotEmpty(t, all)
	return all
}

// testFunctions returns the names of the tests in a directory.
func testFunctions(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(absolute(t, dir), "*_test.go"))
	require.NoError(t, err)
	names := make(map[string]bool)
	for _, path := range files {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = true
		}
	}
	return names
}

// conformanceDifferences returns the texts of the field differs in the conformance
// test's list.
func conformanceDifferences(t *testing.T) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), absolute(t, differencesTable), nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	texts := make(map[string]bool)
	ast.Inspect(file, func(n ast.Node) bool {
		pair, ok := n.(*ast.KeyValueExpr)
		if !ok || baseName(pair.Key) != "differs" {
			return true
		}
		literal, ok := pair.Value.(*ast.BasicLit)
		require.True(t, ok, "differs is not a literal text")
		text, err := strconv.Unquote(literal.Value)
		require.NoError(t, err)
		require.False(t, texts[text], "twice: %s", text)
		texts[text] = true
		return true
	})
	require.NotEmpty(t, texts)
	return texts
}

// absolute returns the absolute path of a file. The go command reuses a cached result
// unless a file changed that the test opened; it does not find files opened by a path
// that is relative to the directory that TestMain enters.
func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	return path
}

// cutLast cuts s at the last separator.
func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}
