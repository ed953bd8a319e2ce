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

// grace is how long requests under way may take after the signal to stop.
const grace = 20 * time.Second

// listen opens the address; the demo's only if nobody else can reach it.
func listen(ctx context.Context, c config) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.addr)
	if err != nil {
		return nil, err
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); c.demo() && (!ok || !tcp.IP.IsLoopback()) {
		return nil, errors.Join(fmt.Errorf("%s is not a loopback address: the demo gives login codes to whoever asks", c.addr), l.Close())
	}
	return l, nil
}

// serve serves s on listener until ctx ends.
func serve(ctx context.Context, listener net.Listener, s *site, log *slog.Logger) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second, // a login, and the end of the session before it
		IdleTimeout:       2 * time.Minute,  // longer than a balancer's, so that it hangs up and not we
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
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	<-failed // the goroutine is done
	return err
}
