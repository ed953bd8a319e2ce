package baastest

import (
	"net/http"

	"github.com/hydrogen-go/baas"
)

// Client returns a client of this server, with its client id and its clock. Opts
// come after these. A bad option fails the test.
func (s *Server) Client(opts ...baas.Option) *baas.Client {
	s.tb.Helper()
	client, err := baas.New(s.ClientID(), append([]baas.Option{
		baas.WithHost(s.URL()),
		baas.WithClock(s.Clock().Now),
	}, opts...)...)
	if err != nil {
		s.tb.Fatalf("baastest: %v", err)
		return nil
	}
	s.tb.Cleanup(client.CloseIdleConnections)
	return client
}

// Client returns a client of this backend that opens no connection, with its
// client id and its clock. Opts come after these; a bad one is an error with code 605.
func (b *Backend) Client(opts ...baas.Option) (*baas.Client, error) {
	return baas.New(b.ClientID(), append([]baas.Option{
		baas.WithHTTPClient(&http.Client{Transport: b.Transport()}),
		baas.WithClock(b.Clock().Now),
	}, opts...)...)
}
