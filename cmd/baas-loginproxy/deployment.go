package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/ratelimit"
	"github.com/hydrogen-go/baas/session"
)

// deployment returns the login server on a real backend, with its sessions in Redis. It
// sends nothing yet: a server that starts before its Redis becomes ready when Redis is
// there.
func deployment(c config, o *observation, log *slog.Logger) (*site, error) {
	d, err := c.deploy(o, log)
	if err != nil {
		return nil, err
	}
	return &site{
		mux:     d.mux,
		ready:   newReadiness(c.redis.probe(d.rdb), log),
		inspect: func(ctx context.Context) { warnOfEviction(ctx, d.rdb, log) },
		close:   d.close, // no request is under way any more
	}, nil
}

// deployed is what a deployment is made of.
type deployed struct {
	mux    *http.ServeMux
	rdb    redis.UniversalClient
	client *baas.Client
}

func (d deployed) close() {
	d.client.CloseIdleConnections()
	_ = d.rdb.Close()
}

// deploy makes it. It reads the files that the settings name. more are options of the
// client of the backend.
func (c config) deploy(o *observation, log *slog.Logger, more ...baas.Option) (_ *deployed, err error) {
	rdb, err := c.redis.connect(log)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = rdb.Close()
		}
	}()
	store, err := c.store(rdb)
	if err != nil {
		return nil, err
	}
	client, err := c.backend.client(o.metrics.Store(store), log, append(o.clientOptions(), more...)...)
	if err != nil {
		return nil, err
	}
	limiter, err := ratelimit.NewRedis(rdb, c.redis.prefix+limitKeys, c.limits.rules, o.limiterOptions(c.limits)...)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	if err := c.mount(mux, client, limiter, o); err != nil {
		return nil, err
	}
	return &deployed{mux, rdb, client}, nil
}

// client returns the client of the backend.
func (b backendConfig) client(store session.Store, log *slog.Logger, more ...baas.Option) (*baas.Client, error) {
	options := append(more,
		baas.WithSessionStore(store), baas.WithTimeout(b.timeout), baas.WithMaxConnsPerHost(b.maxConns), baas.WithLogger(log))
	if b.host != "" {
		options = append(options, baas.WithHost(b.host))
	}
	if b.insecureHTTP {
		options = append(options, baas.WithInsecureHTTP())
	}
	if b.env != "" {
		options = append(options, baas.WithEnv(b.env))
	}
	return baas.New(b.clientID, options...)
}

// warnOfEviction logs if Redis may evict sessions. A Redis that does not tell is no
// problem: some services do not allow the command.
func warnOfEviction(ctx context.Context, rdb redis.UniversalClient, log *slog.Logger) {
	if policy, err := evicts(ctx, rdb); err == nil && policy != "" {
		log.Warn("Redis may evict sessions: set its maxmemory-policy to noeviction", "policy", policy)
	}
}
