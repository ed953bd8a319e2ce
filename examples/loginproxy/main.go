// Command loginproxy is a login server for mini-programs: they talk to it, it talks
// to the backend, and the backend's tokens never leave it.
//
//	go run ./examples/loginproxy
//
// runs a demo on http://127.0.0.1:8080: a double of the backend, the proxy, and a
// page that plays the phones of three platforms. Nobody else can reach it, for the
// double gives login codes to whoever asks.
//
//	loginproxy -addr :8080 -redis redis.internal:6379 -client-id ID
//
// is the server itself, with its sessions in Redis, so that any number of replicas
// serve the same users. Put a balancer that speaks TLS in front of it. It serves
//
//	/auth/…    the JSON routes of package loginproxy, for code of your own
//	/hserve/…  the backend's paths, for the vendor's client: set its host to this server
//	/healthz   200 while Redis answers, else 503
//
// The environment variables REDIS_USERNAME and REDIS_PASSWORD log in to Redis.
// SIGINT and SIGTERM let requests under way finish.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := run(ctx, os.Args[1:], log); err != nil {
		log.Error("loginproxy", "err", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, then lets the requests under way finish.
func run(ctx context.Context, args []string, log *slog.Logger) error {
	c, err := parse(args)
	if err != nil || c.help {
		return err
	}
	site, err := c.site(ctx, log)
	if err != nil {
		return err
	}
	defer site.close()
	listener, err := listen(ctx, c)
	if err != nil {
		return err
	}
	log.Info("listening", "url", "http://"+listener.Addr().String(), "demo", c.demo())
	return serve(ctx, listener, site, log)
}
