package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
)

// errSecondSignal is the error of a server that had to end at once.
var errSecondSignal = errors.New("a second signal: requests under way were cut")

// site is what to serve.
type site struct {
	// handler is served on -addr.
	handler http.Handler
	// operators is served on -metrics-addr.
	operators http.Handler
	ready     *readiness
	// interrupt, unless nil, cancels what requests under way may wait for.
	interrupt func()
	// close releases the resources, after the last request.
	close func()
}

// serve serves until a signal, then stops gracefully, or at once after a second one.
func (c config) serve(signals <-chan os.Signal, log *slog.Logger) (err error) {
	s, err := c.site(log)
	if err != nil {
		return err
	}
	defer s.close()
	servers, err := c.listen(s, log)
	if err != nil {
		return err
	}
	failed := make(chan error, len(servers))
	for _, srv := range servers {
		go func() { failed <- srv.serve() }()
		log.Info("listening", "url", srv.url(), "for", srv.purpose)
	}
	running := len(servers)
	defer func() {
		for _, srv := range servers {
			_ = srv.Close()
		}
		for range running {
			<-failed // wait for the goroutines
		}
	}()
	s.ready.check(context.Background()) // so that a store that fails is in the log from the start
	select {
	case err := <-failed:
		running--
		return err
	case <-signals:
	}
	return c.stop.stop(s, servers, signals, log)
}

// site returns the handlers of the mode.
func (c config) site(log *slog.Logger) (*site, error) {
	if c.mode.demo {
		return demo(c, log)
	}
	return deployment(c, log)
}

// stop drains and shuts down.
func (c stopConfig) stop(s *site, servers []*server, signals <-chan os.Signal, log *slog.Logger) error {
	log.Info("draining: /readyz is 503", "for", c.drainDelay)
	s.ready.drain()
	delay := time.NewTimer(c.drainDelay)
	defer delay.Stop()
	select {
	case <-delay.C:
	case <-signals:
		return errSecondSignal
	}
	log.Info("stopping: requests under way may finish", "within", c.timeout)
	if s.interrupt != nil {
		s.interrupt()
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	stopped := make(chan error, 1)
	go func() {
		var errs []error
		for _, srv := range servers {
			errs = append(errs, srv.Shutdown(ctx))
		}
		stopped <- errors.Join(errs...)
	}()
	select {
	case err := <-stopped:
		if err != nil {
			return fmt.Errorf("requests under way were cut: %w", err)
		}
		log.Info("stopped")
		return nil
	case <-signals:
		cancel()
		<-stopped
		return errSecondSignal
	}
}

// server is an HTTP server with its open listener.
type server struct {
	http.Server
	listener net.Listener
	purpose  string
	tls      bool
}

// listen opens the addresses: all of them or none.
func (c config) listen(s *site, log *slog.Logger) (servers []*server, err error) {
	defer func() {
		if err != nil {
			for _, srv := range servers {
				_ = srv.listener.Close()
			}
		}
	}()
	config, err := c.web.tls(log)
	if err != nil {
		return nil, err
	}
	l, err := listenOn(c.web.addr, c.mode.demo)
	if err != nil {
		return nil, err
	}
	servers = append(servers, newServer(l, s.handler, "phones", config, log))
	if c.web.metricsAddr == "" {
		return servers, nil
	}
	if l, err = listenOn(c.web.metricsAddr, false); err != nil {
		return servers, err
	}
	return append(servers, newServer(l, s.operators, "operators", nil, log)), nil
}

func (w webConfig) tls(log *slog.Logger) (*tls.Config, error) {
	if w.certFile == "" {
		return nil, nil
	}
	cert, err := loadCertificate(w.certFile, w.keyFile, log)
	if err != nil {
		return nil, fmt.Errorf("-tls-cert-file: %w", err)
	}
	return cert.serverTLS(), nil
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

func newServer(l net.Listener, handler http.Handler, purpose string, config *tls.Config, log *slog.Logger) *server {
	return &server{
		Server: http.Server{
			Handler:           handler,
			TLSConfig:         config,
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       10 * time.Second,
			WriteTimeout:      30 * time.Second, // a login, and then the end of the replaced session
			IdleTimeout:       2 * time.Minute,  // longer than a balancer's, so that the balancer closes the connection
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
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
