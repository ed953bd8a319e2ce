package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// server is an HTTP server with its open listener.
type server struct {
	http.Server
	listener net.Listener
	purpose  string
	tls      bool
}

// listen opens the addresses: all of them or none.
func (c config) listen(s *site, o *observation, log *slog.Logger) (servers []*server, err error) {
	defer func() {
		if err != nil {
			for _, srv := range servers {
				_ = srv.listener.Close()
			}
		}
	}()
	cert, err := c.web.certificate(log)
	if err != nil {
		return nil, settingsError{err}
	}
	var config *tls.Config
	if cert != nil {
		config = cert.serverTLS()
		cert.logExpiry()
		o.gauge("certificate_expiry_timestamp_seconds", "When the certificate of -addr expires, in Unix seconds.",
			func() float64 { return float64(cert.expires().Unix()) })
	}
	timeouts := c.backend.timeouts()
	l, err := listenOn(c.web.addr, c.mode.demo)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", names("addr"), err)
	}
	servers = append(servers, newServer(l, s.phones, "phones", config, timeouts, log))
	if c.web.metricsAddr == "" {
		return servers, nil
	}
	if l, err = listenOn(c.web.metricsAddr, false); err != nil {
		return servers, fmt.Errorf("%s: %w", names("metrics-addr"), err)
	}
	return append(servers, newServer(l, s.operators, "operators", nil, timeouts, log)), nil
}

// certificate returns the certificate of -addr; nil if there is none.
func (w webConfig) certificate(log *slog.Logger) (*certificate, error) {
	if w.certFile == "" {
		return nil, nil
	}
	cert, err := loadCertificate(w.certFile, w.keyFile, log)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", names("tls-cert-file"), err)
	}
	return cert, nil
}

// listenOn opens an address.
func listenOn(addr string, loopbackOnly bool) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); loopbackOnly && (!ok || !tcp.IP.IsLoopback()) {
		return nil, errors.Join(fmt.Errorf("%s is not a loopback address: the demo gives login codes to every client", addr), l.Close())
	}
	return l, nil
}

// timeouts bound the parts of a request.
type timeouts struct{ read, write time.Duration }

// timeouts leave the proxy the time for its own response to a slow body and to a slow
// backend. A login may be followed by the end of the replaced session.
func (b backendConfig) timeouts() timeouts {
	return timeouts{read: b.timeout + 5*time.Second, write: 2*b.timeout + 10*time.Second}
}

func newServer(l net.Listener, handler http.Handler, purpose string, config *tls.Config, t timeouts, log *slog.Logger) *server {
	return &server{
		Server: http.Server{
			Handler:           handler,
			TLSConfig:         config,
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       t.read,
			WriteTimeout:      t.write,
			IdleTimeout:       2 * time.Minute, // longer than a balancer's, so that the balancer closes the connection
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          newHTTPLog(log),
		},
		listener: l,
		purpose:  purpose,
		tls:      config != nil,
	}
}

func (s *server) serve() error {
	if s.tls {
		return s.ServeTLS(s.listener, "", "")
	}
	return s.Serve(s.listener)
}

func (s *server) url() string {
	scheme := "http://"
	if s.tls {
		scheme = "https://"
	}
	return scheme + s.listener.Addr().String()
}
