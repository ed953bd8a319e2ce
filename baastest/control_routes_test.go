package baastest

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The documentation of Control has every path of the control API and no other.
func TestControlRoutesAreDocumented(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("control.go")
	require.NoError(t, err)
	var documented, served []string
	for _, row := range regexp.MustCompile(`(?m)^//\t(GET|PUT|POST|DELETE) +(\S+) .*→ .+$`).FindAllStringSubmatch(string(source), -1) {
		documented = append(documented, row[1]+" "+row[2])
	}
	b, err := New()
	require.NoError(t, err)
	for _, route := range (control{b: b}).routes() {
		served = append(served, route.method+" "+route.path)
	}
	served = slices.DeleteFunc(served, func(r string) bool { return r == "POST people/{platform}/{openid}/{action}" }) // refuses
	served = append(served, "GET ui/", "GET ui/docs.html")
	slices.Sort(documented)
	slices.Sort(served)
	require.Equal(t, documented, served)
}
