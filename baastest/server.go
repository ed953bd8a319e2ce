package baastest

import (
	"net/http/httptest"
	"testing"
)

// Server is a [Backend] that listens on a loopback port.
type Server struct {
	*Backend
	tb       testing.TB
	listener *httptest.Server
}

// NewServer starts a backend on a free loopback port. It is closed when the test
// and its subtests end.
func NewServer(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	s := &Server{Backend: New(opts...), tb: tb}
	s.listener = httptest.NewServer(s.Backend)
	tb.Cleanup(s.Close)
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
