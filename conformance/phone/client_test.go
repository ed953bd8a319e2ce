package phone_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/nodetest"
)

// The description of the routes is valid OpenAPI 3.1, and the client in TypeScript that
// is generated from it logs a user in.
func TestTypeScriptClient(t *testing.T) {
	t.Parallel()
	node := nodetest.Node(t)
	dir := filepath.Join(t.TempDir(), "client")
	missing, err := nodetest.Install("client", dir)
	require.NoError(t, err)
	if missing != "" {
		nodetest.Skip(t, missing)
	}
	s := startServer(t)
	res, err := http.Get(s.url + "/auth/openapi.json")
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "openapi.json"), text, 0o600))

	for _, step := range [][]string{
		{"lint.mjs", "openapi.json"},
		{"node_modules/openapi-typescript/bin/cli.js", "openapi.json", "--output", "schema.d.ts"},
		{"node_modules/typescript/bin/tsc", "--project", "."},
		{"out/login.js"},
	} {
		cmd := exec.CommandContext(t.Context(), node, step...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "BASE="+s.url)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s", step, out)
		if step[0] == "out/login.js" {
			require.Regexp(t, `^logged in \d+\n$`, string(out))
		}
	}
}
