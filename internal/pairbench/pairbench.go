//go:build unix

// Package pairbench compares two implementations in one benchmark: ours, and a
// baseline that is written by hand. Rounds of the two alternate, so that both run
// under the same load of the machine, and the medians of the rounds' ratios are
// reported. The backend is a separate process, so the CPU time is only that of the
// client. Nothing is asserted.
package pairbench

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Work is one operation.
type Work func(context.Context) error

// Setup returns both implementations, for the backend with this address.
type Setup func(b *testing.B, backend string) (ours, theirs Work)

// Peer is another implementation of the same operation, which runs in the same rounds.
type Peer struct {
	Name  string
	Setup func(b *testing.B, backend string) Work
}

// Case is one load.
type Case struct {
	Callers int           // at once
	Ops     int           // of each implementation in a round
	Delay   time.Duration // before the backend responds
	TLS     Protocol      // what the backend speaks; without it, HTTP/1.1 without TLS
	Parts   int           // of an operation, if what it uses is reported per part
}

// Compare runs both implementations with 1, 64, 512 and 4096 callers on a backend
// without a delay, and with 512 callers on one with a delay of 20 ms. Baseline is the
// name of the hand-written one in the reported metrics.
func Compare(b *testing.B, baseline string, setup Setup, peers ...Peer) {
	for _, c := range []Case{
		{Callers: 1, Ops: 3000}, {Callers: 64, Ops: 12000}, {Callers: 512, Ops: 16000}, {Callers: 4096, Ops: 16000},
		{Callers: 512, Ops: 16000, Delay: 20 * time.Millisecond},
	} {
		b.Run("callers="+strconv.Itoa(c.Callers)+"/delay="+c.Delay.String(), func(b *testing.B) { CompareOn(b, baseline, c, setup, peers...) })
	}
}

// CompareOn is Compare for one load, in the benchmark b itself.
func CompareOn(b *testing.B, baseline string, c Case, setup Setup, peers ...Peer) {
	backend := start(b, c)
	ours, theirs := setup(b, backend)
	others := make([]other, len(peers))
	for i, p := range peers {
		others[i] = other{name: p.Name, work: p.Setup(b, backend)}
	}
	for b.Loop() {
		report(b, baseline, backend, c, ours, theirs, others)
	}
}

// other is a peer at work.
type other struct {
	name           string
	work           Work
	cpu, rate, p99 []float64 // over the baseline's, of each round
	last           usage
}

func report(b *testing.B, baseline, backend string, c Case, ours, theirs Work, others []other) {
	rounds := 7 // of each, after one shorter round to warm up
	callers, ops, parts := c.Callers, c.Ops, float64(max(1, c.Parts))
	if testing.Short() {
		rounds, ops = 1, max(1, ops/20)
	}
	run(b, callers, max(1, ops/4), theirs)
	run(b, callers, max(1, ops/4), ours)
	for i := range others {
		run(b, callers, max(1, ops/4), others[i].work)
	}
	var cpu, allocs, bytes, rate, p99, share []float64
	var own, base usage
	for range rounds {
		before := connections(b, backend)
		base = run(b, callers, ops, theirs)
		between, idle := connections(b, backend), number(b, backend+cpuPath)
		own = run(b, callers, ops, ours)
		busy := float64(number(b, backend+cpuPath) - idle)
		base.conns, own.conns = between-before, connections(b, backend)-between
		share = append(share, busy/(busy+own.cpu*float64(ops)))
		for i := range others {
			o := &others[i]
			before := connections(b, backend)
			u := run(b, callers, ops, o.work)
			u.conns = connections(b, backend) - before
			o.cpu, o.rate = append(o.cpu, u.cpu/base.cpu), append(o.rate, u.rate/base.rate)
			o.p99, o.last = append(o.p99, float64(u.p99)/float64(base.p99)), u
		}
		cpu = append(cpu, own.cpu/base.cpu)
		allocs = append(allocs, own.allocs/base.allocs)
		bytes = append(bytes, own.bytes/base.bytes)
		rate = append(rate, own.rate/base.rate)
		p99 = append(p99, float64(own.p99)/float64(base.p99))
	}
	b.ReportMetric(median(cpu), "cpu/"+baseline)
	b.ReportMetric(median(allocs), "allocs/"+baseline)
	b.ReportMetric(median(bytes), "bytes/"+baseline)
	b.ReportMetric(median(rate), "throughput/"+baseline)
	b.ReportMetric(median(p99), "p99/"+baseline)
	b.ReportMetric(own.allocs/parts, "allocs")
	b.ReportMetric(base.allocs/parts, baseline+"-allocs")
	b.ReportMetric(own.cpu/1e3/parts, "cpu-µs")
	b.ReportMetric(base.cpu/1e3/parts, baseline+"-cpu-µs")
	b.ReportMetric(milliseconds(own.p50), "p50-ms")
	b.ReportMetric(milliseconds(base.p50), baseline+"-p50-ms")
	b.ReportMetric(milliseconds(own.p99), "p99-ms")
	b.ReportMetric(milliseconds(base.p99), baseline+"-p99-ms")
	b.ReportMetric(float64(own.conns), "conns-opened")
	b.ReportMetric(float64(base.conns), baseline+"-conns-opened")
	b.ReportMetric(median(share), "backend-share")
	for _, o := range others {
		b.ReportMetric(median(o.cpu), o.name+"-cpu/"+baseline)
		b.ReportMetric(median(o.rate), o.name+"-throughput/"+baseline)
		b.ReportMetric(median(o.p99), o.name+"-p99/"+baseline)
		b.ReportMetric(o.last.allocs/parts, o.name+"-allocs")
		b.ReportMetric(float64(o.last.conns), o.name+"-conns-opened")
	}
	b.ReportMetric(0, "ns/op")
}

// usage is what one round used. CPU time, in nanoseconds, allocations and bytes are
// per operation.
type usage struct {
	cpu, allocs, bytes float64
	rate               float64 // operations a second
	p50, p99           time.Duration
	conns              int
}

func run(b *testing.B, callers, ops int, w Work) usage {
	var (
		before, after runtime.MemStats
		done          atomic.Int64
		failed        atomic.Pointer[error]
		wg            sync.WaitGroup
		took          = make([]time.Duration, ops) // of each operation
	)
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, began := cpuTime(), time.Now()
	for range callers {
		wg.Go(func() {
			for n := done.Add(1); n <= int64(ops); n = done.Add(1) {
				from := time.Now()
				if err := w(b.Context()); err != nil {
					failed.Store(&err)
					return
				}
				took[n-1] = time.Since(from)
			}
		})
	}
	wg.Wait()
	all := time.Since(began)
	spent := cpuTime() - cpu
	runtime.ReadMemStats(&after)
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	slices.Sort(took)
	n := float64(ops)
	return usage{
		cpu:    float64(spent.Nanoseconds()) / n,
		allocs: float64(after.Mallocs-before.Mallocs) / n,
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,
		rate:   n / all.Seconds(),
		p50:    took[ops/2],
		p99:    took[ops*99/100],
	}
}

// ForEach calls f with the numbers from 0 to n-1, 256 at a time, to prepare what a
// benchmark needs. An error fails the benchmark.
func ForEach(b *testing.B, n int, f func(i int) error) {
	var (
		wg     sync.WaitGroup
		next   atomic.Int64
		failed atomic.Pointer[error]
	)
	for range 256 {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && failed.Load() == nil; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// control makes the requests of the benchmark itself.
var control = &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true}}

func connections(b *testing.B, backend string) int { return number(b, backend+connsPath) }

// number reads a number of the backend.
func number(b *testing.B, url string) int {
	res, err := control.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
