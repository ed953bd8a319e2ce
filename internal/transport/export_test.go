package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
)

// Connections is the http.RoundTripper of a client that was given none.
type Connections = connections

// NewConnections returns Connections that trust these certificates.
func NewConnections(maxConns int, roots *x509.CertPool) *Connections {
	c := newConnections(maxConns)
	c.tls.RootCAs = roots
	c.http1.TLSClientConfig = &tls.Config{RootCAs: roots}
	return c
}

// SetDial replaces the function that makes TCP connections.
func (c *connections) SetDial(dial func(context.Context, string, string) (net.Conn, error)) {
	c.dial, c.http1.DialContext = dial, dial
}

// SetProxy sends all requests through a proxy.
func (c *connections) SetProxy(at *url.URL) { c.http1.Proxy = http.ProxyURL(at) }
