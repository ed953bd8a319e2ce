//go:build unix

// Package pairbench runs two ways of doing the same thing in one benchmark, ours
// and one written by hand, against a backend in a process of its own: rounds of both
// take turns, and the medians of the rounds' ratios are reported. The CPU time
// counted is thus the client's alone. Nothing is asserted.
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

// Compare runs both at 1, 64 and 512 callers on an instant backend, and at 512 on
// one that takes 20 ms. Setup makes both for the backend at an address. Floor is
// what the reported ratios call the other one.
func Compare(b *testing.B, floor string, setup func(b *testing.B, backend string) (ours, theirs Work)) {
	for _, c := range []struct {
		callers, ops int
		delay        time.Duration
	}{{1, 3000, 0}, {64, 12000, 0}, {512, 16000, 0}, {512, 16000, 20 * time.Millisecond}} {
		b.Run("callers="+strconv.Itoa(c.callers)+"/delay="+c.delay.String(), func(b *testing.B) {
			backend := start(b, c.delay)
			ours, theirs := setup(b, backend)
			for b.Loop() {
				report(b, floor, backend, c.callers, c.ops, ours, theirs)
			}
		})
	}
}

func report(b *testing.B, floor, backend string, callers, ops int, ours, theirs Work) {
	rounds := 7 // of each; one more before them warms up
	if testing.Short() {
		rounds, ops = 1, ops/20
	}
	run(b, callers, ops/4, theirs)
	run(b, callers, ops/4, ours)
	var cpu, allocs, bytes, rate []float64
	var a, f usage
	for range rounds {
		before := connections(b, backend)
		f = run(b, callers, ops, theirs)
		between := connections(b, backend)
		a = run(b, callers, ops, ours)
		f.conns, a.conns = between-before, connections(b, backend)-between
		cpu = append(cpu, a.cpu/f.cpu)
		allocs = append(allocs, a.allocs/f.allocs)
		bytes = append(bytes, a.bytes/f.bytes)
		rate = append(rate, a.rate/f.rate)
	}
	b.ReportMetric(median(cpu), "cpu/"+floor)
	b.ReportMetric(median(allocs), "allocs/"+floor)
	b.ReportMetric(median(bytes), "bytes/"+floor)
	b.ReportMetric(median(rate), "throughput/"+floor)
	b.ReportMetric(a.allocs, "allocs")
	b.ReportMetric(f.allocs, floor+"-allocs")
	b.ReportMetric(a.cpu/1e3, "cpu-µs")
	b.ReportMetric(f.cpu/1e3, floor+"-cpu-µs")
	b.ReportMetric(float64(a.conns), "conns-opened")
	b.ReportMetric(float64(f.conns), floor+"-conns-opened")
	b.ReportMetric(0, "ns/op")
}

// usage is what one round took, per operation but for the rate and connections.
type usage struct {
	cpu, allocs, bytes float64
	rate               float64 // operations a second
	conns              int
}

func run(b *testing.B, callers, ops int, w Work) usage {
	var (
		before, after runtime.MemStats
		done          atomic.Int64
		failed        atomic.Pointer[error]
		wg            sync.WaitGroup
	)
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, began := cpuTime(), time.Now()
	for range callers {
		wg.Go(func() {
			for done.Add(1) <= int64(ops) {
				if err := w(b.Context()); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	spent := cpuTime() - cpu
	runtime.ReadMemStats(&after)
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	n := float64(ops)
	return usage{
		cpu:    float64(spent.Nanoseconds()) / n,
		allocs: float64(after.Mallocs-before.Mallocs) / n,
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,
		rate:   n / took.Seconds(),
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func connections(b *testing.B, backend string) int {
	res, err := http.Get(backend + connsPath)
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

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
