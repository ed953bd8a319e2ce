// Package redistest starts redis-server processes for tests: a single server, a Redis
// Cluster, or a primary with Sentinels. All of them listen on 127.0.0.1, keep their
// files in the test's temporary directory and are killed at the end of the test.
package redistest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Installed returns the path of redis-server. If it is not installed, the test is
// skipped, or fails in CI.
func Installed(tb testing.TB) string {
	tb.Helper()
	path, err := exec.LookPath("redis-server")
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		tb.Fatal("redis-server is not installed")
	}
	tb.Skip("redis-server is not installed")
	return ""
}

// Server is a redis-server process that can be killed and started again. Its methods
// must not be called concurrently, except Addr and Client.
type Server struct {
	tb     testing.TB
	binary string
	dir    string
	port   int
	args   []string // without the port
	config string   // of a Sentinel, without the port
	cmd    *exec.Cmd
	output *output
}

// What redis-server prints when it accepts connections.
const (
	readyLine         = "eady to accept connections"
	sentinelReadyLine = "+monitor"
)

// Start starts a redis-server with these arguments beside its own. Without arguments
// nothing is persistent.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	s := &Server{args: append([]string{"--save", "", "--appendonly", "no"}, args...)}
	s.start(tb)
	return s
}

// start starts the process for the first time.
func (s *Server) start(tb testing.TB) {
	tb.Helper()
	s.tb, s.binary, s.dir = tb, Installed(tb), tb.TempDir()
	tb.Cleanup(s.Kill)
	var err error
	for range 10 { // a port that is free now may be in use later
		s.port = freePort(tb)
		if err = s.run(); err == nil {
			return
		}
	}
	tb.Fatal(err)
}

// Restart starts the server again after Kill, on the same port. The arguments come
// after the earlier ones.
func (s *Server) Restart(args ...string) {
	s.tb.Helper()
	s.args = append(s.args, args...)
	var err error
	if !Eventually(func() bool { err = s.run(); return err == nil }) {
		s.tb.Fatal(err)
	}
}

func (s *Server) run() error {
	args, ready := append([]string{"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.dir}, s.args...), readyLine
	if s.config != "" {
		file := filepath.Join(s.dir, "sentinel.conf")
		args, ready = []string{file, "--sentinel"}, sentinelReadyLine
		if err := os.WriteFile(file, fmt.Appendf(nil, "port %d\nbind 127.0.0.1\ndir %q\n%s", s.port, s.dir, s.config), 0o600); err != nil {
			return err
		}
	}
	s.cmd = exec.Command(s.binary, args...)
	endWithTest(s.cmd)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.output = newOutput(out, ready)
	if <-s.output.started {
		return nil
	}
	s.Kill()
	return fmt.Errorf("redis-server did not start: %s", s.output.last)
}

// Kill ends the process with SIGKILL and waits until it has ended. The server keeps
// its files.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.output.ended
	_ = s.cmd.Wait()
	s.cmd = nil
}

// Forget removes all files of the server, after Kill.
func (s *Server) Forget() {
	s.tb.Helper()
	entries, err := os.ReadDir(s.dir)
	for _, e := range entries {
		if err == nil {
			err = os.RemoveAll(filepath.Join(s.dir, e.Name()))
		}
	}
	if err != nil {
		s.tb.Fatal(err)
	}
}

// Addr is the server's address.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Client returns a client with one connection, for commands of the test itself. It
// does not retry.
func (s *Server) Client() *redis.Client {
	s.tb.Helper()
	c := redis.NewClient(&redis.Options{Addr: s.Addr(), PoolSize: 1, ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1})
	s.tb.Cleanup(func() { _ = c.Close() })
	return c
}

// Do sends a command on a connection of its own and returns the reply as text.
func (s *Server) Do(ctx context.Context, args ...any) (string, error) {
	c := redis.NewClient(&redis.Options{Addr: s.Addr(), PoolSize: 1, ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1})
	defer func() { _ = c.Close() }()
	reply, err := c.Do(ctx, args...).Result()
	return fmt.Sprint(reply), err
}

// Version is the version of the server.
func (s *Server) Version(ctx context.Context) string {
	info, err := s.Do(ctx, "INFO", "server")
	if err != nil {
		return err.Error()
	}
	_, rest, _ := strings.Cut(info, "redis_version:")
	version, _, _ := strings.Cut(rest, "\r")
	return version
}

// Eventually polls a condition of another process, for up to 20 seconds.
func Eventually(done func() bool) bool {
	const interval = 20 * time.Millisecond
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(interval) {
		if done() {
			return true
		}
	}
	return done()
}

func require(tb testing.TB, text string, done func() bool) {
	tb.Helper()
	if !Eventually(done) {
		tb.Fatal(text)
	}
}

// output reads what a process prints.
type output struct {
	started chan bool // gets whether the process is ready, once
	ended   chan struct{}
	last    string // the last line; valid when the process has ended
}

func newOutput(r io.Reader, ready string) *output {
	o := &output{started: make(chan bool, 1), ended: make(chan struct{})}
	go o.read(r, ready)
	return o
}

func (o *output) read(r io.Reader, ready string) {
	defer close(o.ended)
	waiting := true
	for lines := bufio.NewScanner(r); lines.Scan(); {
		o.last = lines.Text()
		if waiting && strings.Contains(o.last, ready) {
			waiting = false
			o.started <- true
		}
	}
	if waiting {
		o.started <- false
	}
}
