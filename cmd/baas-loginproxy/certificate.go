package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// How often the files of a certificate are read, at most.
const certificateInterval = time.Second

// expiresSoon is how long before its end a certificate is worth a warning.
const expiresSoon = 7 * 24 * time.Hour

// certificate is a certificate in two files, which are read again when they change. It
// is safe for concurrent use.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mu      sync.Mutex
	pair    *tls.Certificate
	read    time.Time // when the files were last read
	cert    []byte    // the texts that were last read, also if they are no pair
	key     []byte
	failing string // the last problem that was logged
}

// loadCertificate reads the files for the first time.
func loadCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log, now: time.Now}
	if _, err := c.reload(); err != nil {
		return nil, err
	}
	return c, nil
}

// current returns the newest certificate that could be read. Files that cannot be read,
// or that do not belong together, leave the certificate as it is: they are logged, and
// read again. So the two files may be replaced one after the other.
func (c *certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now().Sub(c.read) < certificateInterval {
		return c.pair
	}
	changed, err := c.reload()
	switch {
	case err != nil && err.Error() != c.failing:
		c.failing = err.Error()
		c.log.Error("certificate not reloaded, the one before stays in use", "file", c.certFile, "err", err)
	case err == nil && (changed || c.failing != ""):
		c.failing = ""
		c.log.Info("certificate reloaded", "file", c.certFile, "expires", c.pair.Leaf.NotAfter)
		c.warn()
	}
	return c.pair
}

// reload reads the files, and reports whether they have another certificate.
func (c *certificate) reload() (changed bool, err error) {
	c.read = c.now()
	cert, err := os.ReadFile(c.certFile)
	if err != nil {
		return false, err
	}
	key, err := os.ReadFile(c.keyFile)
	if err != nil {
		return false, err
	}
	if c.pair != nil && bytes.Equal(cert, c.cert) && bytes.Equal(key, c.key) {
		return false, nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return false, fmt.Errorf("%s and %s: %w", c.certFile, c.keyFile, err)
	}
	c.pair, c.cert, c.key = &pair, cert, key
	return true, nil
}

// expires is when the certificate in use expires.
func (c *certificate) expires() time.Time { return c.current().Leaf.NotAfter }

// expiry says that the certificate of that end has expired, or will do so soon; text is
// empty if neither.
func expiry(end, now time.Time) (text string, expired bool) {
	date := end.UTC().Format("2006-01-02 15:04 UTC")
	switch left := end.Sub(now); {
	case left <= 0:
		return "the certificate expired on " + date, true
	case left < expiresSoon:
		return "the certificate expires on " + date, false
	}
	return "", false
}

// logExpiry logs if the certificate has expired, or will do so soon.
func (c *certificate) logExpiry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.warn()
}

func (c *certificate) warn() {
	text, expired := expiry(c.pair.Leaf.NotAfter, c.now())
	level := slog.LevelWarn
	if expired {
		level = slog.LevelError
	}
	if text != "" {
		c.log.Log(context.Background(), level, text, "file", c.certFile)
	}
}

// serverTLS is the configuration of a server with this certificate.
func (c *certificate) serverTLS() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(), nil },
	}
}
