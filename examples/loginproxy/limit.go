package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas/loginproxy"
)

// How often one account may be tried, by whomever: passwords and codes are not to
// be guessed here.
const (
	tries = 10
	per   = time.Minute
)

// limiter counts in Redis, so that all replicas count together: logins, registers
// and text messages by the account that they name. Logins on a platform name none,
// and their codes cannot be guessed. To count by address too, tell the proxy with
// loginproxy.WithClientAddr where the balancer puts it.
func limiter(rdb *redis.Client, log *slog.Logger) func(context.Context, loginproxy.RateKey) (bool, time.Duration) {
	return func(ctx context.Context, k loginproxy.RateKey) (bool, time.Duration) {
		if k.Account == "" {
			return true, 0
		}
		sum := sha256.Sum256([]byte(string(k.Operation) + "\n" + k.Account)) // whose it is, Redis need not know
		key := "loginproxy:tries:" + hex.EncodeToString(sum[:])
		pipe := rdb.TxPipeline()
		pipe.SetNX(ctx, key, 0, per)
		count := pipe.Incr(ctx, key)
		left := pipe.PTTL(ctx, key)
		if _, err := pipe.Exec(ctx); err != nil {
			log.WarnContext(ctx, "rate limiter", "err", err)
			return true, 0 // the session store will fail next, and say so
		}
		return count.Val() <= tries, left.Val()
	}
}
