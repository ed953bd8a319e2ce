package redisstore_test

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
)

// options returns the options of a client that does not retry.
func options(addr string) *redis.Options {
	return &redis.Options{Addr: addr, ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1}
}

func clientOf(tb testing.TB, o *redis.Options) *redis.Client {
	tb.Helper()
	client := redis.NewClient(o)
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

func newStore(tb testing.TB, client redis.UniversalClient, opts ...redisstore.Option) *redisstore.Store {
	tb.Helper()
	store, err := redisstore.New(client, opts...)
	require.NoError(tb, err)
	return store
}

// miniStore returns a store on a new miniredis.
func miniStore(tb testing.TB, opts ...redisstore.Option) (*redisstore.Store, *miniredis.Miniredis) {
	tb.Helper()
	mini := miniredis.RunT(tb)
	return newStore(tb, clientOf(tb, options(mini.Addr())), opts...), mini
}

// follow is a hook that sets the time of miniredis to the store's before every command.
type follow struct {
	mini  *miniredis.Miniredis
	clock func() time.Time

	mu sync.Mutex
	at time.Time
}

func (f *follow) DialHook(next redis.DialHook) redis.DialHook { return next }

func (f *follow) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (f *follow) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		f.mu.Lock()
		now := f.clock()
		f.mini.FastForward(now.Sub(f.at))
		f.at = now
		f.mu.Unlock()
		return next(ctx, cmd)
	}
}

// realRedis starts a redis-server on its own socket and returns the address. If none
// is installed, the test is skipped, or fails in CI.
func realRedis(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "redis") // TempDir may be too long for the path of a socket
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "socket")
	startRedis(tb, "--port", "0", "--unixsocket", socket, "--dir", dir)
	return socket
}

// realCluster is realRedis for a Redis Cluster with one master, on a port.
func realCluster(tb testing.TB) string {
	tb.Helper()
	addr, bus := freeAddr(tb), freeAddr(tb)
	_, port, _ := net.SplitHostPort(addr)
	_, busPort, _ := net.SplitHostPort(bus)
	startRedis(tb, "--bind", "127.0.0.1", "--port", port, "--dir", tb.TempDir(),
		"--cluster-enabled", "yes", "--cluster-port", busPort, "--cluster-announce-ip", "127.0.0.1")
	client := clientOf(tb, options(addr))
	require.NoError(tb, client.ClusterAddSlotsRange(context.Background(), 0, 16383).Err())
	require.Eventually(tb, func() bool {
		info, err := client.ClusterInfo(context.Background()).Result()
		return err == nil && strings.Contains(info, "cluster_state:ok")
	}, time.Minute, 10*time.Millisecond)
	return addr
}

func freeAddr(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	require.NoError(tb, l.Close())
	return l.Addr().String()
}

// startRedis starts a redis-server and waits until it accepts connections.
func startRedis(tb testing.TB, args ...string) {
	tb.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatal("redis-server is not installed")
		}
		tb.Skip("redis-server is not installed")
	}
	server := exec.Command(path, append(args, "--save", "", "--appendonly", "no", "--daemonize", "no")...)
	out, err := server.StdoutPipe()
	require.NoError(tb, err)
	require.NoError(tb, server.Start())
	tb.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	output := bufio.NewScanner(out)
	var lines []string
	for output.Scan() {
		lines = append(lines, output.Text())
		if strings.Contains(output.Text(), "eady to accept connections") {
			return
		}
	}
	tb.Fatalf("redis-server did not start: %s", strings.Join(lines, "\n"))
}

func realOptions(tb testing.TB) *redis.Options {
	tb.Helper()
	o := options(realRedis(tb))
	o.Network = "unix"
	return o
}

func living(token string, d time.Duration) session.Session {
	return session.Session{Token: session.NewSecret(token), UserID: 1, ExpiresAt: time.Now().Add(d)}
}

func load(tb testing.TB, store session.Store, key session.Key) (session.Session, session.Revision) {
	tb.Helper()
	s, rev, err := store.Load(context.Background(), key)
	require.NoError(tb, err)
	return s, rev
}

// put stores next under key and returns the new revision.
func put(tb testing.TB, store session.Store, key session.Key, next session.Session) session.Revision {
	tb.Helper()
	_, old := load(tb, store, key)
	done, err := store.Swap(context.Background(), key, old, next)
	require.NoError(tb, err)
	require.True(tb, done)
	_, rev := load(tb, store, key)
	return rev
}
