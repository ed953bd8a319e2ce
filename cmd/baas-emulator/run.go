package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/internal/selfcheck"
)

// grace is how long requests under way may take after the signal to stop.
const grace = 5 * time.Second

// run serves until ctx ends or serving fails.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c, err := parse(args, stdout)
	if err != nil {
		return err
	}
	switch {
	case c.version:
		_, err := fmt.Fprintln(stdout, version())
		return err
	case c.healthcheck:
		addr := c.controlAddr
		if addr == "" {
			addr = c.addr
		}
		return selfcheck.Ask(ctx, addr, false, baastest.ControlPath+"health")
	}
	listeners, err := listen(ctx, c)
	if err != nil {
		return err
	}
	newToken := c.controlToken == "" && !isLoopback(listeners[len(listeners)-1])
	if newToken {
		c.controlToken = rand.Text()
	}
	b, err := newBackend(c)
	if err != nil {
		for _, l := range listeners {
			l.Close()
		}
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	servers := newServers(listeners, b, log)
	for _, s := range servers {
		fmt.Fprintf(stdout, "%s http://%s\n", s.announce, s.listener.Addr())
	}
	if newToken {
		fmt.Fprintf(stdout, "control token %s\n", c.controlToken)
	}
	log.Info("console", "url", fmt.Sprintf("http://%s/", listeners[len(listeners)-1].Addr()))
	return serve(ctx, servers, b)
}

// newBackend returns the backend of the command line, with its seed.
func newBackend(c config) (*baastest.Backend, error) {
	opts := append(c.backend, baastest.WithControlHosts(c.allowedHosts()...))
	if c.controlToken != "" {
		opts = append(opts, baastest.WithControlToken(c.controlToken))
	}
	b, err := baastest.New(opts...)
	if err != nil {
		return nil, err
	}
	return b, loadSeed(b, c.seed)
}

// allowedHosts are the hosts of control requests: those of -control-host and of the
// addresses. The host of an address is empty where it means every address.
func (c config) allowedHosts() []string {
	hosts := c.controlHosts
	for _, addr := range []string{c.addr, c.controlAddr} {
		if addr == "" {
			continue
		}
		host, _, _ := net.SplitHostPort(addr) // it was listened on
		if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
			hosts = append(hosts, "0.0.0.0", "::") // as they are printed
			continue
		}
		hosts = append(hosts, host)
	}
	return hosts
}

func loadSeed(b *baastest.Backend, name string) error {
	if name == "" {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	err = b.LoadSeed(f)
	var wrong *baastest.SeedError
	if errors.As(err, &wrong) {
		where := fmt.Sprintf("%s:%d:%d: ", name, wrong.Line, wrong.Column) // as editors and terminals find it
		if wrong.Path != "" {
			where += wrong.Path + ": "
		}
		return fmt.Errorf("%s%w", where, wrong.Err)
	}
	return err
}

// listen opens the listener of the backend and, if it is another one, that of the
// control API: both or none.
func listen(ctx context.Context, c config) ([]net.Listener, error) {
	addrs := []string{c.addr}
	if c.controlAddr != "" {
		addrs = append(addrs, c.controlAddr)
	}
	var listening net.ListenConfig
	var listeners []net.Listener
	for _, addr := range addrs {
		l, err := listening.Listen(ctx, "tcp", addr)
		if err == nil {
			listeners = append(listeners, l)
			if !c.allowNonLoopback && !isLoopback(l) {
				err = fmt.Errorf("%s is not a loopback address; -allow-non-loopback serves it all the same", addr)
			}
		}
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
			return nil, err
		}
	}
	return listeners, nil
}

func isLoopback(l net.Listener) bool {
	addr, ok := l.Addr().(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}

// server is an HTTP server with its open listener.
type server struct {
	http.Server
	listener net.Listener
	announce string // what to print before the address
}

// newServers returns the server of the backend and, on a second listener, that of the
// control API.
func newServers(listeners []net.Listener, b *baastest.Backend, log *slog.Logger) []*server {
	control := baastest.Control(b)
	if len(listeners) == 1 {
		return []*server{newServer(listeners[0], "listening on", logged(withControl(b, control), log))}
	}
	return []*server{
		newServer(listeners[0], "listening on", logged(b, log)),
		newServer(listeners[1], "control on", logged(withConsole(control), log)),
	}
}

func newServer(l net.Listener, announce string, handler http.Handler) *server {
	return &server{
		Server:   http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
		listener: l,
		announce: announce,
	}
}

// withConsole leads a browser at / to the console.
func withConsole(next http.Handler) http.Handler {
	toConsole := http.RedirectHandler(baastest.ControlPath+"ui/", http.StatusSeeOther)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && r.Method == http.MethodGet {
			toConsole.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// withControl serves the control API beside the backend. A ServeMux would clean the
// backend's paths.
func withControl(backend, control http.Handler) http.Handler {
	return withConsole(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, baastest.ControlPath) {
			control.ServeHTTP(w, r)
			return
		}
		backend.ServeHTTP(w, r)
	}))
}

// serve serves until ctx ends or a server fails, then stops all of them.
func serve(ctx context.Context, servers []*server, b *baastest.Backend) error {
	failed := make(chan error, len(servers))
	for _, s := range servers {
		go func() { failed <- s.Serve(s.listener) }()
	}
	var errs []error
	running := len(servers)
	select {
	case <-ctx.Done():
	case err := <-failed:
		errs = append(errs, err)
		running--
	}
	b.Close() // injected delays would outlast the grace
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	for _, s := range servers {
		if err := s.Shutdown(stopping); err != nil {
			errs = append(errs, err, s.Close())
		}
	}
	for range running {
		if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
