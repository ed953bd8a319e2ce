package live_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// maxWait bounds how long a test waits for another program.
const maxWait = 2 * time.Minute

// inCI reports whether a missing program is a failure, instead of a reason to skip.
func inCI() bool { return os.Getenv("CI") == "true" }

// skip ends the test because something is missing: as skipped, or as failed in CI.
func skip(t *testing.T, why string) {
	t.Helper()
	if inCI() {
		t.Fatal(why)
	}
	t.Skip(why)
}

// installMinapp installs the vendor's client, as pinned in js/package-lock.json, and
// our driver in a new folder. It returns the driver's path.
func installMinapp(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			skip(t, tool+" is missing: the vendor's client was not run")
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("js")))

	ctx, cancel := context.WithTimeout(t.Context(), maxWait)
	defer cancel()
	args := []string{"ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"}
	if !inCI() {
		args = append(args, "--fetch-retries=0") // skip quickly when offline
	}
	npm := exec.CommandContext(ctx, "npm", args...)
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		skip(t, "npm cannot install the vendor's client (offline?): "+err.Error()+"\n"+string(out))
	}
	return filepath.Join(dir, "driver.js")
}
