package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// probeTimeout limits a write to the store.
	probeTimeout = time.Second
	// probeInterval is how long the result of a write is used, so that nobody makes the
	// server write more often by asking.
	probeInterval = time.Second
	// probeLife is how long Redis keeps what a probe wrote.
	probeLife = 10 * time.Second
)

// The responses of /readyz.
const (
	ready       = "ready"
	storeFailed = "store_failed" // sessions cannot be written
	storeFull   = "store_full"   // the same, because Redis is at its maxmemory
	draining    = "draining"     // the server is about to stop
)

// readiness tells whether the server can serve a login. It is safe for concurrent use.
type readiness struct {
	// write writes to the session store.
	write func(context.Context) error
	log   *slog.Logger

	stopping atomic.Bool

	mu     sync.Mutex
	probed time.Time
	state  string
}

func newReadiness(write func(context.Context) error, log *slog.Logger) *readiness {
	return &readiness{write: write, log: log, state: ready}
}

// drain makes the server unready from now on.
func (r *readiness) drain() { r.stopping.Store(true) }

// check returns ready, or why the server is not.
func (r *readiness) check(ctx context.Context) string {
	if r.stopping.Load() {
		return draining
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.probed.IsZero() && time.Since(r.probed) < probeInterval {
		return r.state
	}
	// The result is for all callers, so one who hangs up does not make it fail.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
	defer cancel()
	err := r.write(ctx)
	r.set(err)
	r.probed = time.Now()
	return r.state
}

// value is 1 or 0, for a metric.
func (r *readiness) value() float64 {
	if r.check(context.Background()) == ready {
		return 1
	}
	return 0
}

// set notes the result of a write. A change is logged.
func (r *readiness) set(err error) {
	state := ready
	switch {
	case err != nil && isFull(err):
		state = storeFull
	case err != nil:
		state = storeFailed
	}
	if state == r.state {
		return
	}
	r.state = state
	if err != nil {
		r.log.Error("not ready: sessions cannot be written", "reason", state, "err", err)
		return
	}
	r.log.Info("ready: sessions can be written again")
}

// ServeHTTP serves /readyz.
func (r *readiness) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	state := r.check(req.Context())
	status := http.StatusOK
	if state != ready {
		status = http.StatusServiceUnavailable
	}
	respond(w, status, state)
}

// live serves /livez: the process serves.
func live(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusOK, "alive") }

func respond(w http.ResponseWriter, status int, word string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(word + "\n")) // an error means that the balancer has hung up
}

// probeScript does what a login needs: a script that asks for the time and writes. So a
// user of Redis who may not run scripts makes the server unready too.
var probeScript = redis.NewScript(`
redis.call('TIME')
redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
return 1
`)

// probe returns a function that writes a key of its own to Redis, as a login would. Each
// write is to another key, so all nodes of a cluster are tried in turn.
func (r redisConfig) probe(client redis.UniversalClient) func(context.Context) error {
	return func(ctx context.Context) error {
		began := time.Now()
		err := probeScript.Run(ctx, client, []string{r.prefix + probeKeys + rand.Text()}, probeLife.Milliseconds()).Err()
		return r.explain(err, time.Since(began))
	}
}

// explain says what did not respond, which an error of a timeout does not, and what a
// wrong port looks like.
func (r redisConfig) explain(err error, took time.Duration) error {
	var timeout net.Error
	var record tls.RecordHeaderError
	question := ""
	if r.tls || strings.HasPrefix(r.url, "rediss:") {
		question = "; is it a TLS port?"
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		//lint:ignore ST1005 Redis is a name.
		return fmt.Errorf("Redis did not respond within %v%s: %w", took.Round(100*time.Millisecond), question, err)
	case errors.As(err, &record), question != "" && errors.Is(err, io.EOF):
		return fmt.Errorf("no TLS connection to Redis%s: %w", question, err)
	}
	return err
}
