// Command backend is a login server for a Kuaishou mini-program, to copy and change:
// the phone posts its code and data, the server keeps the backend's token and gives
// the phone an opaque session cookie.
//
//	go run ./examples/backend -client-id ID
//	go run ./examples/backend -demo
//
// With -demo a double of the backend runs inside the process, and curl takes the place
// of the phones:
//
//	curl -X POST localhost:8080/_emulator/people/kuaishou/ann/login
//	curl -i localhost:8080/login -d '{"code": "…"}'
//	curl localhost:8080/me -H 'Cookie: __Host-session=…'
//
// A mini-program does not keep cookies by itself: it stores the Set-Cookie of the
// login response and sends it back as Cookie. Sessions are kept in this process;
// several replicas need a shared session.Store.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hydrogen-go/baas"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := run(ctx, os.Args[1:], log); err != nil {
		log.Error("backend", "err", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. Then it waits for the requests under way.
func run(ctx context.Context, args []string, log *slog.Logger) error {
	flags := flag.NewFlagSet("backend", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "address to listen on; put TLS in front of it")
	clientID := flags.String("client-id", "", "client id of the mini-program's backend")
	host := flags.String("host", "", "address of the backend (default https://{client-id}.myminapp.com)")
	demo := flags.Bool("demo", false, "use a double of the backend; anybody can get a code from it, so it needs a loopback address")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}

	var h http.Handler
	var err error
	if *demo {
		h, err = demoHandler(log)
	} else {
		h, err = liveHandler(*clientID, *host, log)
	}
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	if tcp, ok := listener.Addr().(*net.TCPAddr); *demo && (!ok || !tcp.IP.IsLoopback()) {
		return errors.Join(fmt.Errorf("%s is not a loopback address, and anybody can get a code from the demo", *addr), listener.Close())
	}
	log.Info("listening", "url", "http://"+listener.Addr().String(), "demo", *demo)
	return serve(ctx, listener, h)
}

// liveHandler returns the login server on a real backend.
func liveHandler(clientID, host string, log *slog.Logger) (http.Handler, error) {
	opts := []baas.Option{baas.WithTimeout(10 * time.Second), baas.WithLogger(log)}
	if host != "" {
		opts = append(opts, baas.WithHost(host))
	}
	client, err := baas.New(clientID, opts...)
	if err != nil {
		return nil, err
	}
	return handler(client, log), nil
}

// serve serves on listener until ctx ends.
func serve(ctx context.Context, listener net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second, // for a login and the logout of the previous session
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}
