//go:build unix

package loginproxy_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/loginproxy"
)

// The benchmark sets a login through the proxy beside a proxy written by hand with
// net/http and encoding/json on a tuned transport, in the same run: rounds of both
// take turns, and the median of the rounds' ratios is reported. The backend runs in
// a process of its own; the handlers are called as a server would call them.
// Nothing is asserted.
//
//	go test -run '^$' -bench . -benchtime 1x ./loginproxy

// backendVar makes the test binary a backend: its value is the delay of an answer.
const backendVar = "BAAS_BENCH_PROXY_BACKEND"

func TestMain(m *testing.M) {
	if delay, ok := os.LookupEnv(backendVar); ok {
		serveBench(delay)
		return
	}
	os.Exit(m.Run())
}

const benchClientID = "995140f59511a222c937"

const benchUser = `{"id":61736923,"openid":"ofo380BgVHDSf3gz0QK1DYPGnLxx","unionid":"","avatar":"https://img.example.com/larry.png",` +
	`"nickname":"Larry","gender":1,"city":"Huizhou","province":"Guangdong","country":"China","language":"zh_CN","is_authorized":true,` +
	`"created_at":1557474865,"created_by":61736923,"updated_at":1558691521,"_anonymous":false,"_username":null,"_email":null,` +
	`"_email_verified":false,"_phone":"15000000000","_phone_verified":true,"_provider":{"kuaishou":{"openid":"ofo380BgVHDSf3gz0QK1DYPGnLxx",` +
	`"nickname":"Larry","avatar":"https://img.example.com/larry.png","gender":1,"city":"Huizhou","province":"Guangdong","country":"China"}},` +
	`"level":12,"tags":["a","b","c"],"address":{"street":"1 Example Road","zip":"516000"},"bio":"plain text of some length to fill the answer"}`

// serveBench answers every login until its standard input ends.
func serveBench(delay string) {
	wait, _ := time.ParseDuration(delay)
	login := []byte(`{"token":"v4pdxqwi45962eucg4q6yc91qq6hoxn1","expires_in":2592000,"user_info":` + benchUser + `}`)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if wait > 0 {
			time.Sleep(wait)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(login)
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("http://" + l.Addr().String())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = srv.Close()
	}()
	_ = srv.Serve(l)
}

// startBackend runs the backend in a process of its own until the benchmark ends.
func startBackend(b *testing.B, delay time.Duration) string {
	b.Helper()
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), backendVar+"="+delay.String())
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// byHand is the hand-written proxy: what a careful programmer does in a day. It
// keeps tokens in a map and answers with the user's fields that the phone needs.
type byHand struct {
	base string
	hc   *http.Client

	mu     sync.Mutex
	tokens map[string]handSession
}

type handSession struct {
	token   string
	userID  int64
	expires time.Time
}

type handUser struct {
	ID           int64          `json:"id"`
	OpenID       string         `json:"openid"`
	UnionID      string         `json:"unionid"`
	Avatar       string         `json:"avatar"`
	Nickname     string         `json:"nickname"`
	Gender       int            `json:"gender"`
	City         string         `json:"city"`
	Province     string         `json:"province"`
	Country      string         `json:"country"`
	Language     string         `json:"language"`
	IsAuthorized bool           `json:"is_authorized"`
	CreatedAt    int64          `json:"created_at"`
	UpdatedAt    int64          `json:"updated_at"`
	Phone        string         `json:"_phone"`
	Provider     map[string]any `json:"_provider"`
}

func newByHand(base string) *byHand {
	return &byHand{base: base, tokens: make(map[string]handSession), hc: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 512, MaxConnsPerHost: 512, IdleConnTimeout: 90 * time.Second},
	}}
}

func (h *byHand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Code       string `json:"code"`
		CreateUser *bool  `json:"createUser"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 128<<10)).Decode(&in); err != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	var out struct {
		Token     string   `json:"token"`
		ExpiresIn int64    `json:"expires_in"`
		User      handUser `json:"user_info"`
	}
	if err := h.login(r.Context(), in.Code, in.CreateUser == nil || *in.CreateUser, &out); err != nil {
		http.Error(w, "bad gateway", http.StatusBadGateway)
		return
	}
	id := rand.Text()
	expires := time.Now().Add(time.Duration(out.ExpiresIn) * time.Second)
	h.mu.Lock()
	h.tokens[id] = handSession{out.Token, out.User.ID, expires}
	h.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(struct {
		Token     string   `json:"token"`
		ExpiresAt int64    `json:"expires_at"`
		User      handUser `json:"user"`
	}{id, expires.Unix(), out.User})
}

func (h *byHand) login(ctx context.Context, code string, createUser bool, into any) error {
	body, err := json.Marshal(struct {
		CreateUser bool   `json:"create_user"`
		Code       string `json:"code"`
	}{createUser, code})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.base+"/hserve/v2.5/idp/kuaishou/silent-login/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Hydrogen-Client-ID", benchClientID)
	req.Header.Set("X-Hydrogen-Client-Version", "v0.1.0")
	req.Header.Set("X-Hydrogen-Client-Platform", "KUAISHOU")
	req.Header.Set("X-Hydrogen-Client-SDK-Type", "file")
	req.Header.Set("Content-Type", "application/json")
	res, err := h.hc.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusCreated {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, into)
}

// sink is the ResponseWriter of a server that sends nothing.
type sink struct {
	header http.Header
	status int
	length int
}

func (s *sink) Header() http.Header { return s.header }

func (s *sink) WriteHeader(status int) { s.status = status }

func (s *sink) Write(p []byte) (int, error) {
	s.length += len(p)
	return len(p), nil
}

// login has a handler answer a phone's login.
func login(ctx context.Context, h http.Handler, path string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(`{"code":"ks071Jwd000ACg4L1A1Z300nzYGz1Jw","createUser":true}`))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	w := &sink{header: make(http.Header)}
	h.ServeHTTP(w, r)
	if w.status/100 != 2 && w.status != 0 || w.length < 200 {
		return fmt.Errorf("status %d, %d bytes", w.status, w.length)
	}
	return nil
}

func BenchmarkProxyLogin(b *testing.B) {
	for _, c := range []struct {
		callers, ops int
		delay        time.Duration
	}{{1, 3000, 0}, {64, 12000, 0}, {512, 16000, 0}, {512, 16000, 20 * time.Millisecond}} {
		b.Run(fmt.Sprintf("callers=%d/delay=%s", c.callers, c.delay), func(b *testing.B) {
			base := startBackend(b, c.delay)
			client, err := baas.New(benchClientID, baas.WithHost(base))
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(client.CloseIdleConnections)
			proxy, err := loginproxy.New(client)
			if err != nil {
				b.Fatal(err)
			}
			hand := newByHand(base)
			b.Cleanup(hand.hc.CloseIdleConnections)
			for b.Loop() {
				reportRatios(b, c.callers, c.ops, proxy, hand)
			}
		})
	}
}

func reportRatios(b *testing.B, callers, ops int, ours, theirs http.Handler) {
	b.Helper()
	rounds := 7 // of each; one more before them warms up
	if testing.Short() {
		rounds, ops = 1, ops/20
	}
	run(b, callers, ops/4, theirs)
	run(b, callers, ops/4, ours)
	var cpu, allocs, size, rate []float64
	var a, f usage
	for range rounds {
		f = run(b, callers, ops, theirs)
		a = run(b, callers, ops, ours)
		cpu = append(cpu, a.cpu/f.cpu)
		allocs = append(allocs, a.allocs/f.allocs)
		size = append(size, a.bytes/f.bytes)
		rate = append(rate, a.rate/f.rate)
	}
	b.ReportMetric(median(cpu), "cpu/hand")
	b.ReportMetric(median(allocs), "allocs/hand")
	b.ReportMetric(median(size), "bytes/hand")
	b.ReportMetric(median(rate), "throughput/hand")
	b.ReportMetric(a.allocs, "allocs")
	b.ReportMetric(f.allocs, "hand-allocs")
	b.ReportMetric(a.cpu/1e3, "cpu-µs")
	b.ReportMetric(f.cpu/1e3, "hand-cpu-µs")
	b.ReportMetric(0, "ns/op")
}

// usage is what one round took, per login but for the rate.
type usage struct {
	cpu, allocs, bytes float64
	rate               float64 // logins a second
}

func run(b *testing.B, callers, ops int, h http.Handler) usage {
	b.Helper()
	var (
		before, after runtime.MemStats
		next          atomic.Int64
		failed        atomic.Pointer[error]
		wg            sync.WaitGroup
	)
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, began := cpuTime(), time.Now()
	for range callers {
		wg.Go(func() {
			for int(next.Add(1)) <= ops {
				if err := login(b.Context(), h, "/login/ks"); err != nil {
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

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
