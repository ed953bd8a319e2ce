package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/internal/oneline"
	"github.com/hydrogen-go/baas/session"
)

// check tries what the settings name and prints the result, and whether all is well. It
// makes all that the server is made of. The error is one of the settings.
func (c config) check(ctx context.Context, environ []string, out io.Writer, log *slog.Logger) (ok bool, err error) {
	o, err := c.observe(environ, log)
	if err != nil {
		return false, err
	}
	defer o.close(log, false)
	var asked lastAsked
	d, err := c.deploy(o, log, baas.WithTransportWrapper(asked.watch))
	if err != nil {
		return false, err
	}
	defer d.close()
	warning, err := c.web.checkCertificate(log)
	if err != nil {
		return false, err
	}
	fmt.Fprintln(out, "settings: ok")
	if warning != "" {
		fmt.Fprintf(out, "settings: warning: %s\n", warning)
	}

	ok = c.checkRedis(ctx, d.rdb, out)
	if !c.mode.checkBackend {
		return ok, nil
	}
	// Resume, so that no session is read: a Redis that fails is not a failure of the backend.
	if _, err := d.client.Resume(session.Session{}).GetServerDate(ctx); err != nil {
		fmt.Fprintf(out, "backend: %s: %s\n", asked.host(), withCause(err))
		return false, nil
	}
	fmt.Fprintln(out, "backend: ok, it told its time")
	return ok, nil
}

// checkRedis writes to Redis, and prints and returns whether that succeeded.
func (c config) checkRedis(ctx context.Context, rdb redis.UniversalClient, out io.Writer) bool {
	ctx, cancel := context.WithTimeout(ctx, c.backend.timeout)
	defer cancel()
	if err := c.redis.probe(rdb)(ctx); err != nil {
		fmt.Fprintf(out, "redis: a write failed: %v\n", err)
		return false
	}
	fmt.Fprintln(out, "redis: ok, a write succeeded")
	if policy, err := evicts(ctx, rdb); err == nil && policy != "" {
		fmt.Fprintf(out, "redis: warning: maxmemory-policy is %s and may evict sessions; set it to noeviction\n", policy)
	}
	return true
}

// checkCertificate returns an error if the certificate of -addr cannot be used, and a
// warning if it will expire soon.
func (w webConfig) checkCertificate(log *slog.Logger) (warning string, err error) {
	cert, err := w.certificate(log)
	if cert == nil || err != nil {
		return "", err
	}
	text, expired := expiry(cert.expires(), time.Now())
	if expired {
		return "", fmt.Errorf("%s: %s", names("tls-cert-file"), text)
	}
	return text, nil
}

// lastAsked remembers where the last request went. It is safe for concurrent use.
type lastAsked struct{ url atomic.Pointer[url.URL] }

// watch notes the requests that next sends.
func (l *lastAsked) watch(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		l.url.Store(r.URL)
		return next.RoundTrip(r)
	})
}

// host returns the scheme and the host.
func (l *lastAsked) host() string {
	u := l.url.Load()
	if u == nil {
		return "nothing was sent"
	}
	return u.Scheme + "://" + u.Host
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// withCause returns the text of an error of the SDK with that of its cause, which the SDK
// does not show. It is for a request without a secret only.
func withCause(err error) string {
	text, cause := err.Error(), errors.Unwrap(err)
	var where *url.Error
	if errors.As(cause, &where) {
		cause = where.Err // the address is known
	}
	if cause != nil {
		text += ": " + oneline.Of(cause.Error())
	}
	return text
}
