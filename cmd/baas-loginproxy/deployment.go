package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session/redisstore"
)

// How long to wait for Redis at the start, and for each health check.
const (
	startPingTimeout  = 5 * time.Second
	healthPingTimeout = time.Second
)

// deployment returns the login server on a real backend, with its sessions in Redis.
func deployment(ctx context.Context, c config, log *slog.Logger) (_ *site, err error) {
	options, err := redisOptions(c.redis)
	if err != nil {
		return nil, err
	}
	rdb := redis.NewClient(options)
	defer func() {
		if err != nil {
			err = errors.Join(err, rdb.Close())
		}
	}()
	store, err := redisstore.New(rdb)
	if err != nil {
		return nil, err
	}
	opts := []baas.Option{baas.WithSessionStore(store), baas.WithTimeout(backendTimeout), baas.WithLogger(log)}
	if c.backend != "" {
		opts = append(opts, baas.WithHost(c.backend))
	}
	client, err := baas.New(c.clientID, opts...)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", health(rdb))
	if err := handle(mux, client, log, loginproxy.WithRateLimiter(limiter(rdb))); err != nil {
		return nil, err
	}
	if err := ping(ctx, rdb, startPingTimeout); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	return &site{Handler: mux, close: func() {
		client.CloseIdleConnections()
		_ = rdb.Close() // no request is under way any more
	}}, nil
}

// redisOptions reads the flag. Its errors do not quote the flag, because a URL may hold
// a password.
func redisOptions(addr string) (*redis.Options, error) {
	options := &redis.Options{Addr: addr}
	if strings.Contains(addr, "://") {
		var err error
		if options, err = redis.ParseURL(addr); err != nil {
			return nil, errors.New("-redis is neither host:port nor a redis://, rediss:// or unix:// URL")
		}
	}
	if name := os.Getenv("REDIS_USERNAME"); name != "" {
		options.Username = name
	}
	if password := os.Getenv("REDIS_PASSWORD"); password != "" {
		options.Password = password
	}
	options.ContextTimeoutEnabled = true // redisstore requires it
	return options, nil
}

func ping(ctx context.Context, rdb *redis.Client, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return rdb.Ping(ctx).Err()
}

// health tells a balancer whether this replica can serve requests.
func health(rdb *redis.Client) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if ping(r.Context(), rdb, healthPingTimeout) != nil {
			http.Error(w, "no redis", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n")) // an error means that the balancer has hung up
	})
}
