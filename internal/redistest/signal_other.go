//go:build !unix

package redistest

// Pause skips the test: processes cannot be paused.
func (s *Server) Pause() {
	s.tb.Helper()
	s.tb.Skip("processes cannot be paused")
}

// Resume does nothing.
func (*Server) Resume() {}
