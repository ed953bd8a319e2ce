package live_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/nodetest"
)

// maxWait bounds how long a test waits for another program.
const maxWait = nodetest.MaxWait

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
		nodetest.Skip(t, result.missing)
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
	dir, err := shared()
	if err != nil {
		return installation{err: err}
	}
	dir = filepath.Join(dir, "js")
	missing, err := nodetest.Install("js", dir)
	if err != nil || missing != "" {
		return installation{missing: missing, err: err}
	}
	return installation{driver: filepath.Join(dir, "driver.js")}
})
