// Package guard_test has the tests of the whole module: its exported API changes only
// on purpose, it shows no secret, and the README is correct.
package guard_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// All paths in these tests are relative to the module's root.
func TestMain(m *testing.M) {
	if err := enterModule(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// enterModule changes the working directory to the module's root.
func enterModule() error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return os.Chdir(dir)
		}
		up := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || up == dir {
			return fmt.Errorf("no go.mod above the tests: %w", err)
		}
		dir = up
	}
}

// requireNone fails with the names, if there are any.
func requireNone(t *testing.T, names []string, what string) {
	t.Helper()
	if len(names) > 0 {
		slices.Sort(names)
		t.Fatalf("%s: %s", what, strings.Join(slices.Compact(names), ", "))
	}
}
