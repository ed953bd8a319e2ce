package redistest

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// PrimaryName is the name under which Sentinels know their primary.
const PrimaryName = "sessions"

// Watched is a primary with one replica, watched by three Sentinels.
type Watched struct {
	Primary, Replica *Server
	Sentinels        []*Server
}

// StartWatched starts a primary, a replica and three Sentinels, and waits until every
// Sentinel knows all of them. The Sentinels hold a primary for down when it has not
// replied for so long.
func StartWatched(tb testing.TB, downAfter time.Duration) *Watched {
	tb.Helper()
	ctx := tb.Context()
	w := &Watched{Primary: Start(tb, "--repl-diskless-sync-delay", "0")}
	w.Replica = Start(tb, "--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1 "+strconv.Itoa(w.Primary.port))
	require(tb, "the replica is not connected", func() bool { return w.Replicates(ctx) })
	for range 3 {
		w.Sentinels = append(w.Sentinels, startSentinel(tb, w.Primary, downAfter))
	}
	require(tb, "the Sentinels do not know each other", func() bool {
		for _, s := range w.Sentinels {
			text, err := s.Do(ctx, "INFO", "sentinel")
			if err != nil || !strings.Contains(text, "slaves=1,sentinels=3") {
				return false
			}
		}
		return true
	})
	return w
}

// Replicates reports whether the replica is connected to its primary.
func (w *Watched) Replicates(ctx context.Context) bool {
	text, err := w.Replica.Do(ctx, "INFO", "replication")
	return err == nil && strings.Contains(text, "master_link_status:up")
}

// Promoted reports whether all Sentinels take the replica for the primary.
func (w *Watched) Promoted(ctx context.Context) bool {
	_, port, _ := net.SplitHostPort(w.Replica.Addr())
	for _, s := range w.Sentinels {
		text, err := s.Do(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", PrimaryName)
		if err != nil || !strings.Contains(text, port) {
			return false
		}
	}
	return true
}

// SentinelAddrs returns the addresses of the Sentinels.
func (w *Watched) SentinelAddrs() []string {
	var addrs []string
	for _, s := range w.Sentinels {
		addrs = append(addrs, s.Addr())
	}
	return addrs
}

func startSentinel(tb testing.TB, primary *Server, downAfter time.Duration) *Server {
	tb.Helper()
	s := &Server{config: fmt.Sprintf("sentinel monitor %[1]s 127.0.0.1 %[2]d 2\nsentinel down-after-milliseconds %[1]s %[3]d\n"+
		"sentinel failover-timeout %[1]s 10000\n", PrimaryName, primary.port, downAfter.Milliseconds())}
	s.start(tb)
	return s
}
