package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/testkit"
)

// pair is a certificate that signs itself, in PEM.
type pair struct{ cert, key []byte }

func newPair(t *testing.T, name string) pair {
	t.Helper()
	return newPairUntil(t, name, time.Now().Add(time.Hour))
}

// newPairUntil is a pair that expires then.
func newPairUntil(t *testing.T, name string, end time.Time) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name, "localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: end,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
}

// pairFiles are two files.
type pairFiles struct{ cert, key string }

func newPairFiles(t *testing.T, p pair) pairFiles {
	t.Helper()
	dir := t.TempDir()
	f := pairFiles{filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")}
	f.write(t, p)
	return f
}

func (f pairFiles) write(t *testing.T, p pair) {
	t.Helper()
	require.NoError(t, os.WriteFile(f.cert, p.cert, 0o600))
	require.NoError(t, os.WriteFile(f.key, p.key, 0o600))
}

// Whatever the files become, a server has a certificate: the last good one.
func TestCertificateReload(t *testing.T) {
	t.Parallel()
	log := new(testkit.Log)
	one, two := newPair(t, "one"), newPair(t, "two")
	files := newPairFiles(t, one)
	c, err := loadCertificate(files.cert, files.key, slog.New(slog.NewTextHandler(log, nil)))
	require.NoError(t, err)
	now := time.Now()
	c.now = func() time.Time { return now }
	name := func() string {
		now = now.Add(certificateInterval)
		return c.current().Leaf.Subject.CommonName
	}
	require.Equal(t, "one", name())
	require.Empty(t, log.String())

	// The files are replaced one after the other.
	require.NoError(t, os.WriteFile(files.cert, two.cert, 0o600))
	require.Equal(t, "one", name())
	require.Contains(t, log.String(), "certificate not reloaded")
	length := len(log.String())
	require.Equal(t, "one", name())
	require.Len(t, log.String(), length, "a problem is logged once")
	require.NoError(t, os.WriteFile(files.key, two.key, 0o600))
	require.Equal(t, "two", name())
	require.Contains(t, log.String(), `msg="certificate reloaded"`)

	for what, broken := range map[string]func() error{
		"no PEM":  func() error { return os.WriteFile(files.cert, []byte("nonsense"), 0o600) },
		"empty":   func() error { return os.WriteFile(files.key, nil, 0o600) },
		"no file": func() error { return os.Remove(files.cert) },
	} {
		require.NoError(t, broken())
		require.Equal(t, "two", name(), what)
	}
	// The files that were in use come back.
	files.write(t, two)
	require.Equal(t, "two", name())
	files.write(t, one)
	require.Equal(t, "two", c.current().Leaf.Subject.CommonName, "the files are read once a second")
	require.Equal(t, "one", name())
}

// A server with a certificate that has expired serves, because a new file is read without
// a restart, and says so.
func TestExpiredCertificate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 8, 12, 0, 0, 0, time.UTC)
	for end, want := range map[time.Time]string{
		now:                       "the certificate expired on 2026-05-08 12:00 UTC",
		now.Add(expiresSoon - 1):  "the certificate expires on 2026-05-15 11:59 UTC",
		now.Add(expiresSoon):      "",
		now.Add(90 * expiresSoon): "",
	} {
		text, expired := expiry(end, now)
		require.Equal(t, want, text)
		require.Equal(t, end.Equal(now), expired)
	}
	soon, old := newPairFiles(t, newPair(t, "soon")), newPairFiles(t, newPairUntil(t, "old", time.Now().Add(-time.Minute)))
	p := start(t, nil, "-demo", "-tls-cert-file", old.cert, "-tls-key-file", old.key)
	require.Contains(t, p.log.String(), `level=ERROR msg="the certificate expired on `)
	p = start(t, nil, "-demo", "-tls-cert-file", soon.cert, "-tls-key-file", soon.key)
	require.Contains(t, p.log.String(), `level=WARN msg="the certificate expires on `)
}

func TestCertificateNotLoaded(t *testing.T) {
	t.Parallel()
	one, two := newPair(t, "one"), newPair(t, "two")
	for name, p := range map[string]pair{"no PEM": {}, "not a pair": {one.cert, two.key}} {
		files := newPairFiles(t, p)
		_, err := loadCertificate(files.cert, files.key, silent)
		require.Error(t, err, name)
	}
}

// The server's own TLS: a new certificate is served without a restart, and the health
// check does not mind its name.
func TestServesTLS(t *testing.T) {
	t.Parallel()
	one, two := newPair(t, "one"), newPair(t, "two")
	files := newPairFiles(t, one)
	p := start(t, nil, "-demo", "-drain-delay", "0s", "-tls-cert-file", files.cert, "-tls-key-file", files.key)
	require.Regexp(t, "^https://", p.url)
	get := func(trusted pair) error {
		roots := x509.NewCertPool()
		require.True(t, roots.AppendCertsFromPEM(trusted.cert))
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true, ForceAttemptHTTP2: true}}
		res, err := client.Get(p.url + "/livez")
		if err == nil {
			require.Equal(t, 2, res.ProtoMajor)
			err = res.Body.Close()
		}
		return err
	}
	require.NoError(t, get(one))
	require.Error(t, get(two))
	check := begin(t, nil, "-healthcheck", "-addr", p.url[len("https://"):], "-tls-cert-file", files.cert, "-tls-key-file", files.key)
	require.Equal(t, exitOK, check.ends(), check.log)

	files.write(t, two)
	require.Eventually(t, func() bool { return get(two) == nil }, 20*time.Second, 50*time.Millisecond)
	require.Error(t, get(one))
	require.Equal(t, exitOK, p.stop())
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "-demo", "-drain-delay", "0s")
	_, port, err := net.SplitHostPort(p.url[len("http://"):])
	require.NoError(t, err)
	for addr, want := range map[string]int{
		"127.0.0.1:" + port: exitOK, "0.0.0.0:" + port: exitOK, ":" + port: exitOK, "localhost:" + port: exitOK,
		"127.0.0.1:0": exitFailed,
	} {
		check := begin(t, []string{"BAAS_ADDR=" + addr}, "-healthcheck")
		require.Equal(t, want, check.ends(), "%s: %s", addr, check.log)
	}
	require.Equal(t, exitOK, p.stop())
	check := begin(t, []string{"BAAS_ADDR=127.0.0.1:" + port}, "-healthcheck")
	require.Equal(t, exitFailed, check.ends())
}
