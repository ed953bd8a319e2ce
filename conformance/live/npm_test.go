package live_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
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

// shared is a folder for what all tests use. It is removed after the last one.
var shared = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "baas-live-") })

func TestMain(tests *testing.M) {
	code := tests.Run()
	if dir, err := shared(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// installMinapp installs the vendor's client and our driver, once for all tests. It
// returns the driver's path.
func installMinapp(t *testing.T) string {
	t.Helper()
	result := install()
	require.NoError(t, result.err)
	if result.missing != "" {
		skip(t, result.missing)
	}
	return result.driver
}

// installation is the driver's path, or what is missing for it.
type installation struct {
	driver, missing string
	err             error
}

// install installs the vendor's client, as pinned in js/package-lock.json.
var install = sync.OnceValue(func() installation {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return installation{missing: tool + " is missing: the vendor's client was not run"}
		}
	}
	dir, err := shared()
	if err != nil {
		return installation{err: err}
	}
	dir = filepath.Join(dir, "js")
	if err := os.CopyFS(dir, os.DirFS("js")); err != nil {
		return installation{err: err}
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxWait)
	defer cancel()
	args := []string{"ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"}
	if !inCI() {
		args = append(args, "--fetch-retries=0") // skip quickly when offline
	}
	npm := exec.CommandContext(ctx, "npm", args...)
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		return installation{missing: "npm cannot install the vendor's client (offline?): " + err.Error() + "\n" + string(out)}
	}
	return installation{driver: filepath.Join(dir, "driver.js")}
})
