package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/hydrogen-go/baas/herror"
)

const (
	maxAttempts = 3
	firstPause  = 100 * time.Millisecond
	longestWait = 30 * time.Second // a longer Retry-After is not worth a caller's time
	farAway     = 1 << 20          // in seconds; keeps a Retry-After from overflowing a duration
)

// mayRetry reports whether a request may be sent again after err.
func mayRetry(method string, err *herror.HError) bool {
	if err.Code == herror.RequestTimeout || err.Code == herror.InvalidResponse {
		return false
	}
	if !err.Sent() {
		return true
	}
	if method != http.MethodGet && method != http.MethodHead {
		return false
	}
	return err.Code == herror.NetworkDisconnected || err.Code == herror.TooManyRequests ||
		err.Code >= 500 && err.Code < 600
}

// backoff returns how long to wait after the attempt-th try: what the backend
// asked for, else twice as long each time, less up to half at random so that
// many callers do not come back at once.
func backoff(attempt int, asked time.Duration) time.Duration {
	if asked > 0 {
		return asked
	}
	pause := firstPause << (attempt - 1)
	return pause - rand.N(pause/2)
}

// pause waits for d and reports whether it is worth trying again: not where ctx
// ends before.
func pause(ctx context.Context, d time.Duration) bool {
	if end, ok := ctx.Deadline(); d > longestWait || ok && time.Until(end) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// retryAfter reads the Retry-After header: seconds, or a date. 0 means none.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(max(seconds, 0), farAway)) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(time.Until(date), 0)
	}
	return 0
}
