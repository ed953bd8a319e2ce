package testkit

import (
	"testing"

	"github.com/hydrogen-go/baas/session"
)

// Memory returns an empty session store, or fails the test.
func Memory(tb testing.TB, opts ...session.MemoryOption) *session.Memory {
	tb.Helper()
	m, err := session.NewMemory(opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}
