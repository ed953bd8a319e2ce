package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/baastest"
)

// grace is how long requests under way may take after the signal to stop.
const grace = 5 * time.Second

// config is the command line.
type config struct {
	addr, controlAddr string
	clientID, seed    string
	responses         baastest.Responses
	zone              *time.Location
	tokenLife         time.Duration
	journal           int
	allowNonLoopback  bool
}

func parse(args []string, stderr io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("baas-emulator", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is the caller's to print
	flags.StringVar(&c.addr, "addr", "127.0.0.1:8899", "address to serve the backend on; port 0 picks a free one")
	flags.StringVar(&c.controlAddr, "control-addr", "", "address to serve the control API on (default: "+baastest.ControlPath+" on -addr)")
	flags.StringVar(&c.clientID, "client-id", baastest.DefaultClientID, "client id that requests must carry")
	flags.StringVar(&c.seed, "seed", "", "JSON file of users and people to start with")
	flags.Func("responses", "JSON object of baastest.Responses: what to respond where the evidence contradicts itself", func(text string) error {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.DisallowUnknownFields()
		return decoder.Decode(&c.responses)
	})
	flags.Func("time-zone", "zone of the server time, as Asia/Shanghai (default UTC+8)", func(name string) (err error) {
		c.zone, err = time.LoadLocation(name)
		return err
	})
	flags.DurationVar(&c.tokenLife, "token-life", baastest.DefaultTokenLife, "how long tokens live")
	flags.IntVar(&c.journal, "journal", baastest.DefaultJournalLimit, "how many requests the journal keeps; 0 for none")
	flags.BoolVar(&c.allowNonLoopback, "allow-non-loopback", false, "serve addresses that others can reach: anybody there can log in as anybody")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stderr)
		flags.Usage()
		return c, err
	case err != nil:
		return c, err
	case flags.NArg() > 0:
		return c, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return c, nil
}

// run serves until ctx ends or serving fails.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c, err := parse(args, stderr)
	if err != nil {
		return err
	}
	opts := []baastest.Option{
		baastest.WithClientID(c.clientID),
		baastest.WithTokenLife(c.tokenLife),
		baastest.WithJournalLimit(c.journal),
		baastest.WithResponses(c.responses),
	}
	if c.zone != nil {
		opts = append(opts, baastest.WithTimeZone(c.zone))
	}
	b, err := baastest.New(opts...)
	if err != nil {
		return err
	}
	if err := loadSeed(b, c.seed); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	servers, err := listen(ctx, c, b, log)
	if err != nil {
		return err
	}
	for _, s := range servers {
		fmt.Fprintf(stdout, "%s http://%s\n", s.announce, s.listener.Addr())
	}
	return serve(ctx, servers, b)
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
	return b.LoadSeed(f)
}

// server is an HTTP server with its open listener.
type server struct {
	http.Server
	listener net.Listener
	announce string // what to print before the address
}

// listen opens every listener or none.
func listen(ctx context.Context, c config, b *baastest.Backend, log *slog.Logger) ([]*server, error) {
	control := baastest.Control(b)
	var handler http.Handler = b
	if c.controlAddr == "" {
		handler = withControl(b, control)
	}
	main, err := newServer(ctx, c, c.addr, logged(handler, log))
	if err != nil {
		return nil, err
	}
	main.announce = "listening on"
	if c.controlAddr == "" {
		return []*server{main}, nil
	}
	second, err := newServer(ctx, c, c.controlAddr, logged(control, log))
	if err != nil {
		main.listener.Close()
		return nil, err
	}
	second.announce = "control on"
	return []*server{main, second}, nil
}

// withControl serves the control API beside the backend. A ServeMux would clean the
// backend's paths.
func withControl(backend, control http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, baastest.ControlPath) {
			control.ServeHTTP(w, r)
			return
		}
		backend.ServeHTTP(w, r)
	})
}

func newServer(ctx context.Context, c config, addr string, handler http.Handler) (*server, error) {
	var listening net.ListenConfig
	l, err := listening.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); !c.allowNonLoopback && (!ok || !tcp.IP.IsLoopback()) {
		l.Close()
		return nil, fmt.Errorf("%s is not a loopback address; -allow-non-loopback serves it all the same", addr)
	}
	return &server{
		Server:   http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
		listener: l,
	}, nil
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
