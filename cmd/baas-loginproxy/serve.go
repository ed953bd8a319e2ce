package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// shutdownTimeout limits the requests under way after the signal to stop.
const shutdownTimeout = 20 * time.Second

// listen opens the address. The demo's must be a loopback address.
func listen(ctx context.Context, c config) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.addr)
	if err != nil {
		return nil, err
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); c.demo() && (!ok || !tcp.IP.IsLoopback()) {
		return nil, errors.Join(fmt.Errorf("%s is not a loopback address: the demo gives login codes to every client", c.addr), l.Close())
	}
	return l, nil
}

// serve serves s on listener until ctx ends.
func serve(ctx context.Context, listener net.Listener, s *site, log *slog.Logger) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second, // a login, and then the end of the replaced session
		IdleTimeout:       2 * time.Minute,  // longer than a balancer's, so that the balancer closes the connection
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping")
	if s.interrupt != nil {
		s.interrupt()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	<-failed // wait for the goroutine
	return err
}
