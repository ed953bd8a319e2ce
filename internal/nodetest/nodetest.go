// Package nodetest has helpers for tests that run programs with Node.js and npm.
package nodetest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// MaxWait bounds how long a test waits for another program.
const MaxWait = 2 * time.Minute

// InCI reports whether a missing program is a failure, instead of a reason to skip.
func InCI() bool { return os.Getenv("CI") == "true" }

// Skip ends the test because something is missing: as skipped, or as failed in CI.
func Skip(tb testing.TB, why string) {
	tb.Helper()
	if InCI() {
		tb.Fatal(why)
	}
	tb.Skip(why)
}

// Node returns the path of node. Without it, the test is skipped.
func Node(tb testing.TB) string {
	tb.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		Skip(tb, "node is missing")
	}
	return node
}

// Install copies the folder from, with its package.json and package-lock.json, to dir
// and installs the packages there. Missing says what is missing for it, if anything is.
func Install(from, dir string) (missing string, err error) {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return tool + " is missing", nil
		}
	}
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), MaxWait)
	defer cancel()
	args := []string{"ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"}
	if !InCI() {
		args = append(args, "--fetch-retries=0") // skip quickly when offline
	}
	npm := exec.CommandContext(ctx, "npm", args...)
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		return fmt.Sprintf("npm cannot install the packages (offline?): %v\n%s", err, out), nil
	}
	return "", nil
}
