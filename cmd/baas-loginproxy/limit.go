package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas/loginproxy"
)

// How often one account may be tried, from all addresses together, so that passwords
// and codes cannot be guessed.
const (
	maxTries = 10
	per      = time.Minute
)

// limiter counts in Redis, so that all replicas count together. It counts logins,
// registers and text messages by the account that they name. Logins on a platform name
// none, and their codes cannot be guessed. To count by address too, use
// loginproxy.WithClientAddr to read the address that the balancer puts into a header.
func limiter(rdb *redis.Client) func(context.Context, loginproxy.RateKey) (time.Duration, error) {
	return func(ctx context.Context, k loginproxy.RateKey) (time.Duration, error) {
		if k.Account == "" {
			return 0, nil
		}
		sum := sha256.Sum256([]byte(string(k.Operation) + "\n" + k.Account)) // so that no account is stored in Redis
		key := "loginproxy:tries:" + hex.EncodeToString(sum[:])
		pipe := rdb.TxPipeline()
		pipe.SetNX(ctx, key, 0, per)
		count := pipe.Incr(ctx, key)
		left := pipe.PTTL(ctx, key)
		if _, err := pipe.Exec(ctx); err != nil {
			return 0, fmt.Errorf("redis: %w", err) // the proxy refuses the request
		}
		if count.Val() <= maxTries {
			return 0, nil
		}
		return max(left.Val(), time.Second), nil
	}
}
