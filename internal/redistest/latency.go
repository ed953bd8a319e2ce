package redistest

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// Dialer returns a function for redis.Options that makes connections on which a reply
// takes longer by latency, as over a network.
func Dialer(latency time.Duration) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil || latency == 0 {
			return c, err
		}
		return &slowConn{Conn: c, latency: latency}, nil
	}
}

// slowConn is a connection whose first read after a write takes longer.
type slowConn struct {
	net.Conn
	latency time.Duration
	asked   atomic.Bool
}

func (c *slowConn) Write(p []byte) (int, error) {
	c.asked.Store(true)
	return c.Conn.Write(p)
}

func (c *slowConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.asked.Swap(false) {
		time.Sleep(c.latency)
	}
	return n, err
}
