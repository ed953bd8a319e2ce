package redistest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Ports below the range from which the kernels of Linux, macOS and Windows choose the
// ports of outgoing connections. So no such connection takes the port of a server
// that is to start again.
const minPort, maxPort = 10000, 32000

// freePort returns a port on which nobody listens.
func freePort(tb testing.TB) int {
	tb.Helper()
	for range 1000 {
		port := minPort + rand.IntN(maxPort-minPort)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			tb.Fatal(err)
		}
		return port
	}
	tb.Fatal("no port is free")
	return 0
}
