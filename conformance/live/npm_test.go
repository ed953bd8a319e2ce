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

// patience bounds what a test waits for other programs, so that none hangs.
const patience = 2 * time.Minute

// inCI reports whether what is missing is a failure and no reason to skip.
func inCI() bool { return os.Getenv("CI") == "true" }

// skip ends the test for want of something, in CI as a failure.
func skip(t *testing.T, why string) {
	t.Helper()
	if inCI() {
		t.Fatal(why)
	}
	t.Skip(why)
}

// installMinapp installs the vendor's client, as pinned in js/package-lock.json,
// and our driver next to it in a folder of its own. It returns the driver's path.
func installMinapp(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			skip(t, tool+" is missing: the vendor's client was not run")
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("js")))

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	args := []string{"ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"}
	if !inCI() {
		args = append(args, "--fetch-retries=0") // offline is no failure, so find out fast
	}
	npm := exec.CommandContext(ctx, "npm", args...)
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		skip(t, "npm cannot install the vendor's client (offline?): "+err.Error()+"\n"+string(out))
	}
	return filepath.Join(dir, "driver.js")
}
