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
	maxAttempts   = 3
	firstPause    = 100 * time.Millisecond
	maxPause      = 30 * time.Second // a request with a longer Retry-After is not retried
	maxRetryAfter = 1 << 20          // in seconds; prevents the overflow of a time.Duration
)

// mayRetry reports whether the request may be sent again after err.
func mayRetry(r *Request, err *herror.HError, retryAfter time.Duration) bool {
	if err.Code == herror.RequestTimeout || err.Code == herror.InvalidResponse {
		return false
	}
	if !err.Sent() {
		return true
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return r.AfterThrottling && err.Code == herror.TooManyRequests && retryAfter > 0
	}
	return err.Code == herror.NetworkDisconnected || err.Code == herror.TooManyRequests ||
		err.Code >= 500 && err.Code < 600
}

// backoff returns how long to wait after an attempt: retryAfter, if the backend asks
// for it, or else exponential backoff. Up to half of that is subtracted at random, so
// that many callers do not retry at the same time.
func backoff(attempt int, retryAfter time.Duration) time.Duration {
	if retryAfter > 0 {
		return retryAfter
	}
	pause := firstPause << (attempt - 1)
	return pause - rand.N(pause/2)
}

// pause waits for d and reports whether to retry. If d is too long, or if ctx would
// end before, it does not wait.
func pause(ctx context.Context, d time.Duration) bool {
	if end, ok := ctx.Deadline(); d > maxPause || ok && time.Until(end) <= d {
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

// retryAfter returns the Retry-After header, which has seconds or a date, or 0 if there
// is none.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(max(seconds, 0), maxRetryAfter)) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(time.Until(date), 0)
	}
	return 0
}
