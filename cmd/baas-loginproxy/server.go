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

	"github.com/hydrogen-go/baas"
)

// errSecondSignal is the error of a server that had to end at once.
var errSecondSignal = errors.New("a second signal: requests under way were cut")

// site is what to serve.
type site struct {
	// mux has the routes of the mode, and gets those of health.
	mux   *http.ServeMux
	ready *readiness
	// interrupt, unless nil, cancels what requests under way may wait for.
	interrupt func()
	// inspect logs what is wrong around the server. It is called once, after the start.
	inspect func(context.Context)
	// close releases the resources, after the last request.
	close func()

	// phones is served on -addr, operators on -metrics-addr.
	phones, operators http.Handler
}

// site returns the handlers of the mode.
func (c config) site(o *observation, log *slog.Logger) (*site, error) {
	mode := deployment
	if c.mode.demo {
		mode = demo
	}
	s, err := mode(c, o, log)
	if err != nil {
		return nil, err
	}
	operators := http.NewServeMux()
	operators.Handle("GET /metrics", o.metrics.Handler())
	for _, mux := range []*http.ServeMux{s.mux, operators} {
		mux.HandleFunc("GET /livez", live)
		mux.Handle("GET /readyz", s.ready)
	}
	o.gauge("ready", "1 while sessions can be written and the server does not drain, as /readyz.", s.ready.value)
	s.phones, s.operators = o.around(c.web.browsers(s.mux)), operators
	return s, nil
}

// serve serves until a signal, then stops gracefully, or at once after a second one.
func (c config) serve(environ []string, signals <-chan os.Signal, log *slog.Logger) error {
	log.Info("starting", "version", baas.Version, "sessions", c.keeps(), "sealed", len(c.sessions.sealingKeys) > 0)
	o, err := c.observe(environ, log)
	if err != nil {
		return err
	}
	defer o.close(log)
	s, err := c.site(o, log)
	if err != nil {
		return err
	}
	defer s.close()
	servers, err := c.listen(s, o, log)
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
	s.inspect(context.Background())
	select {
	case err := <-failed:
		running--
		return err
	case <-signals:
	}
	return c.stop.stop(s, servers, signals, log)
}

// keeps says where sessions are kept.
func (c config) keeps() string {
	switch {
	case c.mode.demo:
		return "memory"
	case c.redis.clusterAddrs != nil:
		return "redis cluster"
	case c.redis.sentinelAddrs != nil:
		return "redis with sentinels"
	}
	return "redis"
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
		return nil, err
	}
	var config *tls.Config
	if cert != nil {
		config = cert.serverTLS()
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
