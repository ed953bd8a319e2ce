package baastest_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program that runs a backend does not link package testing, whose flags and
// globals have no place in it.
func TestProgramsDoNotLinkTesting(t *testing.T) {
	for _, program := range []string{"cmd/baas-emulator", "examples/quickstart"} {
		t.Run(program, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "github.com/hydrogen-go/baas/"+program).Output()
			require.NoError(t, err)
			deps := strings.Fields(string(out))
			require.Contains(t, deps, "github.com/hydrogen-go/baas/baastest")
			require.NotContains(t, deps, "testing")
		})
	}
}
