//go:build unix

package baas_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/session"
)

// The benchmarks set the SDK beside hand-written net/http and encoding/json on a
// tuned transport, the floor, in the same run: rounds of both take turns, and the
// median of the rounds' ratios is reported. The backend runs in a process of its
// own, so that the CPU time counted is the client's alone. Nothing is asserted.
//
//	go test -run '^$' -bench . -benchtime 1x .

// backendVar makes the test binary a backend: its value is the delay of an answer
// in milliseconds.
const backendVar = "BAAS_BENCH_BACKEND"

func TestMain(m *testing.M) {
	if delay, ok := os.LookupEnv(backendVar); ok {
		serveBench(delay)
		return
	}
	os.Exit(m.Run())
}

const benchUser = `{"id":61736923,"openid":"ofo380BgVHDSf3gz0QK1DYPGnLxx","unionid":"","avatar":"https://img.example.com/larry.png",` +
	`"nickname":"Larry","gender":1,"city":"Huizhou","province":"Guangdong","country":"China","language":"zh_CN","is_authorized":true,` +
	`"created_at":1557474865,"created_by":61736923,"updated_at":1558691521,"_anonymous":false,"_username":null,"_email":null,` +
	`"_email_verified":false,"_phone":"15000000000","_phone_verified":true,"_provider":{"kuaishou":{"openid":"ofo380BgVHDSf3gz0QK1DYPGnLxx",` +
	`"nickname":"Larry","avatar":"https://img.example.com/larry.png","gender":1,"city":"Huizhou","province":"Guangdong","country":"China"}},` +
	`"level":12,"tags":["a","b","c"],"address":{"street":"1 Example Road","zip":"516000"},"bio":"plain text of some length to fill the answer"}`

// serveBench answers every login and read, and says on /conns how many
// connections were opened. It ends when its standard input does.
func serveBench(delay string) {
	ms, _ := strconv.Atoi(delay)
	login := []byte(`{"token":"v4pdxqwi45962eucg4q6yc91qq6hoxn1","expires_in":2592000,"user_info":` + benchUser + `}`)
	var conns atomic.Int64
	srv := &http.Server{
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				conns.Add(1)
			}
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/conns" {
				_, _ = fmt.Fprint(w, conns.Load())
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			if ms > 0 {
				time.Sleep(time.Duration(ms) * time.Millisecond)
			}
			w.Header().Set("Content-Type", "application/json")
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, benchUser)
				return
			}
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write(login)
		}),
	}
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
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", backendVar, delay.Milliseconds()))
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

// floor is the hand-written client: what a careful programmer does in an afternoon.
type floor struct {
	base string
	hc   *http.Client
}

func newFloor(base string) *floor {
	return &floor{base, &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 512,
			MaxConnsPerHost:     512,
			IdleConnTimeout:     90 * time.Second,
		},
	}}
}

type floorUser struct {
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

func (f *floor) do(ctx context.Context, method, path, token string, body, into any) error {
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, f.base+path, payload)
	if err != nil {
		return err
	}
	req.Header.Set("X-Hydrogen-Client-ID", "995140f59511a222c937")
	req.Header.Set("X-Hydrogen-Client-Version", "v0.1.0")
	req.Header.Set("X-Hydrogen-Client-Platform", "KUAISHOU")
	req.Header.Set("X-Hydrogen-Client-SDK-Type", "file")
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Hydrogen-r1 "+token)
	}
	res, err := f.hc.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode/100 != 2 {
		return errors.New(res.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, into)
}

func (f *floor) login(ctx context.Context, code string) error {
	var answer struct {
		Token     string    `json:"token"`
		ExpiresIn int64     `json:"expires_in"`
		User      floorUser `json:"user_info"`
	}
	body := struct {
		CreateUser bool   `json:"create_user"`
		Code       string `json:"code"`
	}{true, code}
	if err := f.do(ctx, http.MethodPost, "/hserve/v2.5/idp/kuaishou/silent-login/", "", body, &answer); err != nil {
		return err
	}
	if answer.Token == "" || answer.User.OpenID == "" {
		return errors.New("no token")
	}
	return nil
}

func (f *floor) read(ctx context.Context, token string) error {
	var u floorUser
	if err := f.do(ctx, http.MethodGet, "/hserve/v2.5/user/info/61736923/", token, nil, &u); err != nil {
		return err
	}
	if u.OpenID == "" {
		return errors.New("no user")
	}
	return nil
}

// work is one operation; i tells the operations of a round apart.
type work func(ctx context.Context, i int) error

func newBenchClient(b *testing.B, base string) *baas.Client {
	client, err := baas.New("995140f59511a222c937", baas.WithHost(base))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.CloseIdleConnections)
	return client
}

func BenchmarkLogin(b *testing.B) {
	compare(b, func(b *testing.B, base string) (ours, theirs work) {
		client, f := newBenchClient(b, base), newFloor(base)
		var users atomic.Int64 // each login is of a new one, as on a login server
		ours = func(ctx context.Context, _ int) error {
			u, err := client.Auth("user-"+strconv.FormatInt(users.Add(1), 10)).LoginWithKs(ctx, nil, auth.Code("ks071Jwd000ACg4L1A1Z300nzYGz1Jw"))
			if err == nil && u.OpenID() == "" {
				err = errors.New("no user")
			}
			return err
		}
		theirs = func(ctx context.Context, _ int) error { return f.login(ctx, "ks071Jwd000ACg4L1A1Z300nzYGz1Jw") }
		return ours, theirs
	})
}

func BenchmarkAuthorisedRead(b *testing.B) {
	compare(b, func(b *testing.B, base string) (ours, theirs work) {
		client, f := newBenchClient(b, base), newFloor(base)
		const users = 512
		for i := range users {
			if _, err := client.Auth("user-"+strconv.Itoa(i)).LoginWithKs(b.Context(), nil, auth.Code("c")); err != nil {
				b.Fatal(err)
			}
		}
		ours = func(ctx context.Context, i int) error {
			u, err := client.Auth("user-" + strconv.Itoa(i%users)).CurrentUser(ctx)
			if err == nil && u.OpenID() == "" {
				err = errors.New("no user")
			}
			return err
		}
		theirs = func(ctx context.Context, _ int) error { return f.read(ctx, "v4pdxqwi45962eucg4q6yc91qq6hoxn1") }
		return ours, theirs
	})
}

// compare runs both at 1, 64 and 512 callers on an instant backend, and at 512
// on one that takes 20 ms.
func compare(b *testing.B, setup func(b *testing.B, base string) (ours, theirs work)) {
	for _, c := range []struct {
		callers, ops int
		delay        time.Duration
	}{{1, 3000, 0}, {64, 12000, 0}, {512, 16000, 0}, {512, 16000, 20 * time.Millisecond}} {
		b.Run(fmt.Sprintf("callers=%d/delay=%s", c.callers, c.delay), func(b *testing.B) {
			base := startBackend(b, c.delay)
			ours, theirs := setup(b, base)
			for b.Loop() {
				reportRatios(b, base, c.callers, c.ops, ours, theirs)
			}
		})
	}
}

func reportRatios(b *testing.B, base string, callers, ops int, ours, theirs work) {
	rounds := 7 // of each; one more before them warms up
	if testing.Short() {
		rounds, ops = 1, ops/20
	}
	run(b, callers, ops/4, theirs)
	run(b, callers, ops/4, ours)
	var cpu, allocs, bytes, rate []float64
	var a, f usage
	for range rounds {
		before := connections(b, base)
		f = run(b, callers, ops, theirs)
		between := connections(b, base)
		a = run(b, callers, ops, ours)
		f.conns, a.conns = between-before, connections(b, base)-between
		cpu = append(cpu, a.cpu/f.cpu)
		allocs = append(allocs, a.allocs/f.allocs)
		bytes = append(bytes, a.bytes/f.bytes)
		rate = append(rate, a.rate/f.rate)
	}
	b.ReportMetric(median(cpu), "cpu/floor")
	b.ReportMetric(median(allocs), "allocs/floor")
	b.ReportMetric(median(bytes), "bytes/floor")
	b.ReportMetric(median(rate), "throughput/floor")
	b.ReportMetric(a.allocs, "allocs")
	b.ReportMetric(f.allocs, "floor-allocs")
	b.ReportMetric(a.cpu/1e3, "cpu-µs")
	b.ReportMetric(f.cpu/1e3, "floor-cpu-µs")
	b.ReportMetric(float64(a.conns), "conns-opened")
	b.ReportMetric(float64(f.conns), "floor-conns-opened")
	b.ReportMetric(0, "ns/op")
}

// usage is what one round took, per operation but for the rate and connections.
type usage struct {
	cpu, allocs, bytes float64
	rate               float64 // operations a second
	conns              int
}

func run(b *testing.B, callers, ops int, w work) usage {
	var (
		before, after runtime.MemStats
		next          atomic.Int64
		failed        atomic.Pointer[error]
		wg            sync.WaitGroup
	)
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, start := cpuTime(), time.Now()
	for range callers {
		wg.Go(func() {
			for {
				i := int(next.Add(1))
				if i > ops {
					return
				}
				if err := w(b.Context(), i); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
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

func connections(b *testing.B, base string) int {
	res, err := http.Get(base + "/conns")
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

// BenchmarkMillionSessions reports what a session costs in memory, in bytes of heap.
func BenchmarkMillionSessions(b *testing.B) {
	n := 1_000_000
	if testing.Short() {
		n /= 20
	}
	info := []byte(`{"nickName":"Larry","avatarUrl":"https://img.example.com/larry.png","gender":1,"city":"Huizhou","province":"Guangdong","country":"China","language":"zh_CN"}`)
	for _, c := range []struct {
		name string
		info []byte
	}{{"bare", nil}, {"with-user-info", info}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				store := session.NewMemory(session.MaxSessions(2 * n))
				for i := range n {
					s := session.Session{
						Token:      session.NewSecret(fmt.Sprintf("v4pdxqwi45962eucg4q6yc%010d", i)),
						UserID:     91464885772601 + int64(i),
						OpenID:     "ofo380BgVHDSf3gz0QK1DYPGnLxx",
						Platform:   "kuaishou",
						UserInfo:   c.info,
						LoggedInAt: time.Now(),
						ExpiresAt:  time.Now().Add(30 * 24 * time.Hour),
					}
					if ok, err := store.Swap(b.Context(), session.KeyOf(strconv.Itoa(i)), 0, s); !ok || err != nil {
						b.Fatal(ok, err)
					}
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "bytes/session")
				b.ReportMetric(0, "ns/op")
				runtime.KeepAlive(store)
			}
		})
	}
}
