//go:build unix

package pairbench

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Protocol is what a backend speaks over TLS.
type Protocol string

// The protocols over TLS.
const (
	HTTP1 Protocol = "h1"
	HTTP2 Protocol = "h2"
)

func (p Protocol) scheme() string {
	if p == "" {
		return "http"
	}
	return "https"
}

// serve serves until the server is closed.
func (p Protocol) serve(srv *http.Server, l net.Listener) {
	if p == "" {
		_ = srv.Serve(l)
		return
	}
	srv.Protocols = new(http.Protocols)
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetHTTP2(p == HTTP2)
	dir := filepath.Dir(os.Getenv(rootsVar))
	_ = srv.ServeTLS(l, filepath.Join(dir, certFile), filepath.Join(dir, keyFile))
}

const (
	// rootsVar names the file with the certificates that crypto/x509 trusts, so that the
	// SDK's own transport can be measured as it is.
	rootsVar = "SSL_CERT_FILE"
	certFile = "cert.pem"
	keyFile  = "key.pem"
)

// withCertificate runs the tests in a process that trusts the backends.
func withCertificate(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pairbench")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := writeCertificate(dir); err != nil {
		panic(err)
	}
	if err := os.Setenv(rootsVar, filepath.Join(dir, certFile)); err != nil {
		panic(err)
	}
	return m.Run()
}

func writeCertificate(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, certFile), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, keyFile), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
}
