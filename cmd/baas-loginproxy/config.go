package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
)

// config is the command line.
type config struct {
	addr     string
	redis    string
	backend  string
	clientID string
	help     bool
}

func parse(args []string) (config, error) {
	var c config
	flags := flag.NewFlagSet("baas-loginproxy", flag.ContinueOnError)
	flags.SetOutput(os.Stderr)
	flags.StringVar(&c.addr, "addr", "127.0.0.1:8080", "address to listen on; port 0 picks a free one; put TLS in front of it")
	flags.StringVar(&c.redis, "redis", "", "Redis for the sessions, as host:port or as a redis://, rediss:// or unix:// URL")
	flags.StringVar(&c.backend, "backend", "", "address of the backend (default https://{client-id}.myminapp.com)")
	flags.StringVar(&c.clientID, "client-id", "", "client id of the mini-program's backend; without it and -redis, a demo runs")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		c.help = true
		return c, nil
	case err != nil:
		return c, err
	case flags.NArg() > 0:
		return c, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case !c.demo() && (c.clientID == "" || c.redis == ""):
		return c, errors.New("a deployment needs both -client-id and -redis")
	}
	return c, nil
}

// demo reports whether no flag of a deployment was given.
func (c config) demo() bool { return c.redis == "" && c.backend == "" && c.clientID == "" }

// site is the handler to serve.
type site struct {
	http.Handler
	// interrupt, unless nil, cancels what requests under way may wait for.
	interrupt func()
	// close releases the handler's resources, after the last request.
	close func()
}

func (c config) site(ctx context.Context, log *slog.Logger) (*site, error) {
	if c.demo() {
		return demo(log)
	}
	return deployment(ctx, c, log)
}
