package loadtest_test

import (
	"fmt"
	"maps"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// operation is a kind of request to a proxy.
type operation int

const (
	opLogin operation = iota
	opMe
	opLink
	opLogout
	operations
)

var operationNames = [operations]string{"login", "me", "link", "logout"}

// meter measures the requests of the phones.
type meter struct {
	latency [operations]histogram
	succeed [operations]atomic.Int64
	failed  atomic.Int64 // for a reason outside the phone

	mu       sync.Mutex
	failures map[string]int // responses that are errors
}

// measurement is the start of a measurement.
type measurement struct {
	time time.Time
	cpu  time.Duration
}

func (m *meter) start() measurement { return measurement{time.Now(), cpu()} }

func (m *meter) note(op operation, d time.Duration, a response) {
	m.latency[op].add(d)
	if a.ok() {
		m.succeed[op].Add(1)
		return
	}
	if a.retryable() {
		m.failed.Add(1)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failures == nil {
		m.failures = make(map[string]int)
	}
	m.failures[fmt.Sprint(operationNames[op], " ", a.status, " ", a.Error)]++
}

// counts returns how many requests have got a response, and how many of them failed.
func (m *meter) counts() (all, failed int64) {
	for op := range operations {
		all += m.latency[op].count()
	}
	return all, m.failed.Load()
}

func (m *meter) report(t *testing.T, since measurement) {
	t.Helper()
	took, used := time.Since(since.time), cpu()-since.cpu
	for op := range operations {
		h := &m.latency[op]
		ok := m.succeed[op].Load()
		t.Logf("%-6s  %8d asked, %8d succeeded, %7.0f/s, p50 %v, p99 %v", operationNames[op], h.count(), ok,
			float64(ok)/took.Seconds(), h.quantile(0.5), h.quantile(0.99))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(m.failures)) {
		t.Logf("%8d × %s", m.failures[name], name)
	}
	t.Logf("took %v, CPU of phones, proxies and backend together %v", took.Round(time.Millisecond), used.Round(time.Millisecond))
}

// histogram counts durations in microseconds, with a precision of an eighth.
type histogram [64 * 8]atomic.Int64

func (h *histogram) add(d time.Duration) {
	us := uint64(max(d.Microseconds(), 0))
	exp := max(bits.Len64(us)-4, 0)
	h[exp*8+int(us>>exp)].Add(1)
}

func (h *histogram) count() (n int64) {
	for i := range h {
		n += h[i].Load()
	}
	return n
}

func (h *histogram) quantile(q float64) time.Duration {
	rank := int64(q * float64(h.count()))
	for i := range h {
		if rank -= h[i].Load(); rank < 0 {
			return time.Duration(lowest(i)) * time.Microsecond
		}
	}
	return 0
}

// lowest returns the lowest number of microseconds that the i-th count is about.
func lowest(i int) int64 {
	if i < 16 {
		return int64(i)
	}
	return int64(i%8+8) << (i/8 - 1)
}

// heap returns the size of the heap after garbage collection, in bytes.
func heap() uint64 {
	var m runtime.MemStats
	for range 3 { // a sync.Pool is emptied in the second collection only
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func megabytes(n uint64) float64 { return float64(n) / (1 << 20) }
