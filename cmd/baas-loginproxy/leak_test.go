package main

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/internal/redistest"
)

// goroutines returns the stacks of the goroutines that run code of the server or of the
// libraries that it starts.
func goroutines() []string {
	buf := make([]byte, 1<<22)
	buf = buf[:runtime.Stack(buf, true)]
	var stacks []string
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		ours := strings.Contains(stack, "baas-loginproxy.config") || strings.Contains(stack, "baas-loginproxy.(*server)") ||
			strings.Contains(stack, "github.com/redis/go-redis") || strings.Contains(stack, "go.opentelemetry.io")
		if ours {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

// After a graceful stop nothing runs on: no server, no connection to Redis, no sender of
// spans. It is not parallel, because it looks at all goroutines.
func TestLeavesNoGoroutine(t *testing.T) {
	redis, backend := redistest.Start(t), baastest.NewServer(t)
	files := newPairFiles(t, newPair(t, "one"))
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	p := with(t, backend, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1"}, "-redis-url", "redis://"+redis.Addr(), "-metrics-addr", "127.0.0.1:0")
	logsIn(t, p, backend)
	require.NotEmpty(t, goroutines(), "the test sees them")
	res, _ := (&visitor{t: t, url: p.operators}).get("/metrics")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, exitOK, p.stop(), p.log)
	require.Equal(t, exitFailed, begin(t, nil, "-client-id", "c", "-redis-url", "redis://"+redis.Addr(), "-addr", "nowhere.invalid:1",
		"-tls-cert-file", files.cert, "-tls-key-file", files.key).ends())
	var left []string
	require.Eventually(t, func() bool { left = goroutines(); return len(left) == 0 }, 20*time.Second, 20*time.Millisecond,
		"%s", strings.Join(left, "\n\n"))
}
