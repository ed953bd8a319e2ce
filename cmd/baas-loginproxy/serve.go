package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/hydrogen-go/baas"
)

// repeatWindow is how long after the first signal others count as the same one: a program
// that starts the server may pass a signal on that the server has also got itself.
const repeatWindow = time.Second

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
	// The health of the server is outside of what logs, counts and traces requests: it is
	// asked for all the time.
	phones, operators := http.NewServeMux(), http.NewServeMux()
	phones.Handle("/", o.around(c.web.browsers(s.mux)))
	operators.Handle("GET /metrics", o.metrics.Handler())
	for _, mux := range []*http.ServeMux{phones, operators} {
		mux.HandleFunc("GET /livez", live)
		mux.Handle("GET /readyz", s.ready)
	}
	o.gauge("ready", "1 while sessions can be written and the server does not drain, as /readyz.", s.ready.value)
	s.phones, s.operators = phones, operators
	return s, nil
}

// serve serves until a signal, then stops gracefully, or at once after a second one.
func (c config) serve(environ []string, signals <-chan os.Signal, log *slog.Logger) (err error) {
	log.Info("starting", "version", baas.Version, "sessions", c.keeps(), "sealed", len(c.sessions.sealingKeys) > 0)
	o, err := c.observe(environ, log)
	if err != nil {
		return settingsError{err}
	}
	defer func() { o.close(log, errors.Is(err, errSecondSignal)) }()
	s, err := c.site(o, log)
	if err != nil {
		return settingsError{err}
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
	inspecting, cancel := context.WithTimeout(context.Background(), probeTimeout)
	s.inspect(inspecting)
	cancel()
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

// wait returns what done sends, and true; or false after a second signal, one that comes
// after [repeatWindow].
func wait[T any](done <-chan T, signals <-chan os.Signal, first time.Time) (result T, ok bool) {
	for {
		select {
		case result = <-done:
			return result, true
		case <-signals:
			if time.Since(first) >= repeatWindow {
				return result, false
			}
		}
	}
}

// stop drains and shuts down.
func (c stopConfig) stop(s *site, servers []*server, signals <-chan os.Signal, log *slog.Logger) error {
	first := time.Now()
	s.ready.drain()
	log.Info("draining: /readyz is 503", "for", c.drainDelay)
	delay := time.NewTimer(c.drainDelay)
	defer delay.Stop()
	if _, ok := wait(delay.C, signals, first); !ok {
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
	err, ok := wait(stopped, signals, first)
	switch {
	case !ok:
		cancel()
		<-stopped
		return errSecondSignal
	case err != nil:
		return fmt.Errorf("requests under way were cut: %w", err)
	}
	log.Info("stopped")
	return nil
}
