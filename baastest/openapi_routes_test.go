package baastest

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The documentation of the package has every route of the Open API and no other.
func TestOpenAPIRoutesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	var documented, served []string
	for _, row := range regexp.MustCompile(`(?m)^//\t([A-Z]+) +(/(?:oserve|api)/\S+) `).FindAllStringSubmatch(string(doc), -1) {
		documented = append(documented, row[1]+" "+row[2])
	}
	for path, methods := range routes {
		for method := range methods {
			isOpen := strings.HasPrefix(path, openPrefix) || strings.HasPrefix(path, "/api/")
			if isOpen && path != confirmPath && path != redirectPath { // where a client is redirected to
				served = append(served, method+" "+strings.Replace(path, "{}", "{id}", 1))
			}
		}
	}
	slices.Sort(documented)
	slices.Sort(served)
	require.Len(t, documented, 22)
	require.Equal(t, documented, served)
}
