package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
)

// What follows the prefix of the keys. With the default prefix, those of sessions and
// limits are the defaults of their packages.
const (
	sessionKeys = "session:"
	limitKeys   = "limit:"
	probeKeys   = "ready:"
)

// connect returns a client of Redis. It sends nothing.
func (r redisConfig) connect(log *slog.Logger) (redis.UniversalClient, error) {
	options := &redis.UniversalOptions{
		Addrs:                 append(append([]string{}, r.clusterAddrs...), r.sentinelAddrs...),
		IsClusterMode:         r.clusterAddrs != nil,
		MasterName:            r.sentinelPrimary,
		SentinelUsername:      r.sentinelUsername,
		SentinelPassword:      r.sentinelPassword,
		Username:              r.username,
		Password:              r.password,
		DB:                    r.db,
		PoolSize:              r.poolSize,
		DialTimeout:           r.timeout,
		DialerRetries:         1, // a command is tried four times anyway, and a failure is to be known soon
		ReadTimeout:           r.timeout,
		WriteTimeout:          r.timeout,
		ContextTimeoutEnabled: true, // redisstore requires it
	}
	if r.tls {
		options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if r.url != "" {
		if err := r.fromURL(options); err != nil {
			return nil, err
		}
	}
	if options.TLSConfig != nil {
		if err := r.setTLS(options.TLSConfig, log); err != nil {
			return nil, err
		}
	}
	return redis.NewUniversalClient(options), nil
}

// fromURL sets what the URL says. Settings of their own win over it.
func (r redisConfig) fromURL(options *redis.UniversalOptions) error {
	u, err := parseRedisURL(r.url)
	if err != nil {
		return err
	}
	options.Addrs, options.DB, options.TLSConfig = []string{u.Addr}, u.DB, u.TLSConfig
	if options.Username == "" {
		options.Username = u.Username
	}
	if options.Password == "" {
		options.Password = u.Password
	}
	return nil
}

// setTLS reads the files.
func (r redisConfig) setTLS(config *tls.Config, log *slog.Logger) error {
	if r.serverName != "" {
		config.ServerName = r.serverName
	}
	if r.caFile != "" {
		text, err := os.ReadFile(r.caFile)
		if err != nil {
			return fmt.Errorf("%s: %w", names("redis-tls-ca-file"), err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return fmt.Errorf("%s: %s has no certificate in PEM", names("redis-tls-ca-file"), r.caFile)
		}
	}
	if r.certFile == "" {
		return nil
	}
	own, err := loadCertificate(r.certFile, r.keyFile, log)
	if err != nil {
		return fmt.Errorf("%s: %w", names("redis-tls-cert-file"), err)
	}
	own.logExpiry()
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own.current(), nil }
	return nil
}

// store returns the session store in Redis, sealed if there are keys.
func (c config) store(client redis.UniversalClient) (session.Store, error) {
	options := []redisstore.Option{redisstore.WithPrefix(c.redis.prefix + sessionKeys)}
	if c.sessions.userIndex {
		options = append(options, redisstore.WithUserIndex())
	}
	store, err := redisstore.New(client, options...)
	if err != nil || len(c.sessions.sealingKeys) == 0 {
		return store, err
	}
	sealed, err := session.NewSealed(store, c.sessions.sealingKeys...)
	if err != nil {
		return nil, err
	}
	if c.sessions.acceptUnsealed {
		sealed = sealed.AcceptUnsealed()
	}
	return sealed, nil
}

// evicts returns the eviction policy of Redis if it may evict sessions; otherwise it
// is empty. Redis must have maxmemory-policy noeviction.
func evicts(ctx context.Context, client redis.UniversalClient) (string, error) {
	info, err := client.Info(ctx, "memory").Result()
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(info, "maxmemory_policy:")
	policy, _, _ := strings.Cut(rest, "\r")
	if policy == "noeviction" {
		return "", nil
	}
	return policy, nil
}

// redisLog sends what the Redis client logs by itself to the program's log. Its level is
// debug: the program logs each failure itself, and the client repeats it for every try.
type redisLog struct{ log *slog.Logger }

// Printf implements the client's interface.
func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l.log.DebugContext(ctx, "redis client", "text", fmt.Sprintf(format, v...))
}

// isFull reports whether Redis refused a write because it is at its maxmemory. Before
// Redis 7, an error in a script has the reply in the middle of its text.
func isFull(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply) && (strings.HasPrefix(reply.Error(), "OOM ") || strings.Contains(reply.Error(), "-OOM "))
}
