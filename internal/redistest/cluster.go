package redistest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Slots is the number of slots of a Redis Cluster.
const Slots = 16384

// Cluster is a Redis Cluster of masters.
type Cluster struct{ Masters []*Server }

// StartCluster starts so many masters, each with an equal part of the slots. A node
// is down for the others when it has not replied for nodeTimeout. The arguments are
// those of [Start].
func StartCluster(tb testing.TB, masters int, nodeTimeout time.Duration, args ...string) *Cluster {
	tb.Helper()
	ctx, c := tb.Context(), new(Cluster)
	for n := range masters {
		bus := freePort(tb)
		s := Start(tb, append([]string{"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus),
			"--cluster-node-timeout", strconv.FormatInt(nodeTimeout.Milliseconds(), 10)}, args...)...)
		c.Masters = append(c.Masters, s)
		_, err := s.Do(ctx, "CLUSTER", "ADDSLOTSRANGE", n*Slots/masters, (n+1)*Slots/masters-1)
		if err == nil && n > 0 {
			_, err = c.Masters[0].Do(ctx, "CLUSTER", "MEET", "127.0.0.1", s.port, bus)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	require(tb, "the cluster is not complete", func() bool { return c.OK(ctx) })
	return c
}

// Addrs returns the addresses of the masters.
func (c *Cluster) Addrs() []string {
	var addrs []string
	for _, s := range c.Masters {
		addrs = append(addrs, s.Addr())
	}
	return addrs
}

// OK reports whether all masters know each other and serve all slots.
func (c *Cluster) OK(ctx context.Context) bool {
	for _, s := range c.Masters {
		info, err := s.Do(ctx, "CLUSTER", "INFO")
		if err != nil || !strings.Contains(info, "cluster_state:ok") ||
			!strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d\r", len(c.Masters))) {
			return false
		}
	}
	return true
}

// Migration is a move of slots from one master to another.
type Migration struct {
	c          *Cluster
	from, to   *Server
	ids        [2]string // of both nodes
	start, end int
}

// BeginMigration begins to move the slots from start to end, without end. From then
// on the old master redirects requests for keys that it does not have.
func (c *Cluster) BeginMigration(ctx context.Context, from, to *Server, start, end int) (*Migration, error) {
	m := &Migration{c: c, from: from, to: to, start: start, end: end}
	for i, s := range []*Server{from, to} {
		var err error
		if m.ids[i], err = s.Do(ctx, "CLUSTER", "MYID"); err != nil {
			return nil, err
		}
	}
	if err := m.setSlots(ctx, to, "IMPORTING", m.ids[0]); err != nil {
		return nil, err
	}
	return m, m.setSlots(ctx, from, "MIGRATING", m.ids[1])
}

// Finish moves the keys, one by one, and then the slots. It returns how many keys it
// has moved.
func (m *Migration) Finish(ctx context.Context) (keys int, err error) {
	c := m.from.Client()
	for slot := m.start; slot < m.end; slot++ {
		for {
			names, err := c.ClusterGetKeysInSlot(ctx, slot, 100).Result()
			if err != nil {
				return keys, err
			}
			if len(names) == 0 {
				break
			}
			for _, name := range names {
				if err := c.Migrate(ctx, "127.0.0.1", strconv.Itoa(m.to.port), name, 0, 5*time.Second).Err(); err != nil {
					return keys, err
				}
				keys++
			}
		}
	}
	nodes := []*Server{m.to, m.from} // the new master first, so that no slot is without a master
	for _, s := range m.c.Masters {
		if s != m.to && s != m.from {
			nodes = append(nodes, s)
		}
	}
	for _, s := range nodes {
		if err := m.setSlots(ctx, s, "NODE", m.ids[1]); err != nil {
			return keys, err
		}
	}
	return keys, nil
}

func (m *Migration) setSlots(ctx context.Context, s *Server, state, id string) error {
	_, err := s.Client().Pipelined(ctx, func(p redis.Pipeliner) error {
		for slot := m.start; slot < m.end; slot++ {
			p.Do(ctx, "CLUSTER", "SETSLOT", slot, state, id)
		}
		return nil
	})
	return err
}

// Errors returns how many error replies with that code the server has sent.
func (s *Server) Errors(ctx context.Context, code string) (int, error) {
	info, err := s.Do(ctx, "INFO", "errorstats")
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(info, "errorstat_"+code+":count=")
	if !ok {
		return 0, nil
	}
	count, _, _ := strings.Cut(rest, "\r")
	return strconv.Atoi(count)
}
