// Command baas-loginproxy is a login server for mini-programs: they send their logins to it,
// and it sends them to the backend. The backend's tokens never leave the server.
//
//	go run ./cmd/baas-loginproxy
//
// runs a demo on http://127.0.0.1:8080: a double of the backend, the proxy, and a page
// that plays the phones of three platforms. It listens on a loopback address only,
// because the double gives login codes to every client.
//
//	baas-loginproxy -addr :8080 -redis redis.internal:6379 -client-id ID
//
// runs the server itself, with its sessions in Redis, so that any number of replicas
// serve the same users. Put a balancer with TLS in front of it. It serves
//
//	/auth/…    the JSON routes of package loginproxy, for your own client
//	/hserve/…  the backend's paths, for the vendor's client: set its host to this server
//	/healthz   200 while Redis replies, else 503
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
		log.Error("baas-loginproxy", "err", err)
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
