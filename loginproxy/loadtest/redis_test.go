package loadtest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas/internal/redistest"
)

// server is the Redis of a test: a redis-server process, or miniredis if redis-server
// is not installed. miniredis cannot close the connections of its clients.
type server struct {
	options redis.Options
	admin   *redis.Client // nil on miniredis
	mini    *miniredis.Miniredis
}

// outside reports whether Redis is another process.
func (s *server) outside() bool { return s.admin != nil }

func startRedis(t *testing.T) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil && os.Getenv("CI") != "true" {
		mini := miniredis.RunT(t)
		return &server{mini: mini, options: redis.Options{Addr: mini.Addr()}}
	}
	s := &server{options: redis.Options{Addr: redistest.Start(t).Addr()}}
	s.admin = s.client(1)
	t.Cleanup(func() { _ = s.admin.Close() })
	return s
}

// client returns a client with so many connections.
func (s *server) client(size int) *redis.Client {
	o := s.options
	o.PoolSize, o.ContextTimeoutEnabled = size, true
	return redis.NewClient(&o)
}

// kill closes all connections except the test's own, in any state.
func (s *server) kill(ctx context.Context) error {
	if s.admin == nil {
		return nil
	}
	return s.admin.Do(ctx, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err()
}

// connections counts the connections of clients, ever opened and open now.
func (s *server) connections(ctx context.Context) (total, open int, err error) {
	if s.admin == nil {
		return s.mini.TotalConnectionCount(), s.mini.CurrentConnectionCount(), nil
	}
	info, err := s.admin.Info(ctx, "stats", "clients").Result()
	if err != nil {
		return 0, 0, err
	}
	if total, err = infoField(info, "total_connections_received"); err != nil {
		return 0, 0, err
	}
	open, err = infoField(info, "connected_clients")
	return total - 1, open - 1, err
}

func infoField(info, name string) (int, error) {
	_, rest, ok := strings.Cut(info, name+":")
	if !ok {
		return 0, fmt.Errorf("redis does not report %s", name)
	}
	value, _, _ := strings.Cut(rest, "\r")
	return strconv.Atoi(value)
}
