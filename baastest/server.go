package baastest

import (
	"net/http/httptest"
	"strings"
)

// TB is the part of [testing.TB] that a [Server] needs. A *testing.T, a *testing.B
// and a *testing.F are a TB. It is declared here so that programs that use this
// package do not link package testing.
//
// [testing.TB]: https://pkg.go.dev/testing#TB
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Server is a [Backend] that listens on a loopback port.
type Server struct {
	*Backend
	tb       TB
	listener *httptest.Server
}

// NewServer starts a backend on a free loopback port. It is closed when the test
// and its subtests end. A bad option fails the test.
func NewServer(tb TB, opts ...Option) *Server {
	tb.Helper()
	b, err := New(opts...)
	if err != nil {
		tb.Fatalf("baastest: %v", err)
		return nil // a TB of the caller's own may return from Fatalf
	}
	s := &Server{Backend: b, tb: tb, listener: httptest.NewServer(b)}
	tb.Cleanup(func() {
		s.Close()
		if unused := b.UnusedFaults(); b.strictFaults && len(unused) > 0 {
			tb.Fatalf("baastest: no request was hit by the faults of %s", strings.Join(unused, ", "))
		}
	})
	return s
}

// URL returns the server's address, without a trailing slash: the host to
// configure in the code under test.
func (s *Server) URL() string { return s.listener.URL }

// Close stops the server, ends injected delays and waits for requests under way.
// Calling it again does nothing.
func (s *Server) Close() {
	s.Backend.Close()
	s.listener.Close()
}
