//go:build unix

package pairbench

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// User is the user in the backend's responses.
const User = `{"id":61736923,"openid":"ofo380BgVHDSf3gz0QK1DYPGnLxx","unionid":"","avatar":"https://img.example.com/larry.png",` +
	`"nickname":"Larry","gender":1,"city":"Huizhou","province":"Guangdong","country":"China","language":"zh_CN","is_authorized":true,` +
	`"created_at":1557474865,"created_by":61736923,"updated_at":1558691521,"_anonymous":false,"_username":null,"_email":null,` +
	`"_email_verified":false,"_phone":"15000000000","_phone_verified":true,"_provider":{"kuaishou":{"openid":"ofo380BgVHDSf3gz0QK1DYPGnLxx",` +
	`"nickname":"Larry","avatar":"https://img.example.com/larry.png","gender":1,"city":"Huizhou","province":"Guangdong","country":"China"}},` +
	`"level":12,"tags":["a","b","c"],"address":{"street":"1 Example Road","zip":"516000"},"bio":"plain text of some length to fill the answer"}`

const (
	loginResponse = `{"token":"v4pdxqwi45962eucg4q6yc91qq6hoxn1","expires_in":2592000,"user_info":` + User + `}`

	// backendVar makes a test binary run as the backend. Its value is the delay of a
	// response. With tlsVar, it speaks that protocol over TLS.
	backendVar = "BAAS_BENCH_BACKEND"
	tlsVar     = "BAAS_BENCH_TLS"
	connsPath  = "/conns"
	cpuPath    = "/cpu"
)

// Main is for TestMain of a package that uses Compare. It runs the tests, or the
// backend if the test binary was started as one.
func Main(m *testing.M) {
	if delay, ok := os.LookupEnv(backendVar); ok {
		serve(delay, Protocol(os.Getenv(tlsVar)))
		return
	}
	os.Exit(withCertificate(m))
}

// serve responds to every GET with the user, to everything else with a login, at
// connsPath with the number of connections so far, at cpuPath with its own CPU time in
// nanoseconds, and to the Open API as openAPI says.
// It returns at the end of its standard input.
func serve(delay string, p Protocol) {
	wait, err := time.ParseDuration(delay)
	if err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var conns, tokens atomic.Int64
	srv := &http.Server{
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				conns.Add(1)
			}
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == connsPath {
				_, _ = fmt.Fprint(w, conns.Load())
				return
			}
			if r.URL.Path == cpuPath {
				_, _ = fmt.Fprint(w, cpuTime().Nanoseconds())
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			time.Sleep(wait)
			w.Header().Set("Content-Type", "application/json")
			if openAPI(w, r, &tokens) {
				return
			}
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, User)
				return
			}
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, loginResponse)
		}),
	}
	fmt.Println(p.scheme() + "://" + l.Addr().String())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = srv.Close()
	}()
	p.serve(srv, l)
}

// start runs the backend in another process until the benchmark ends, and returns its
// address.
func start(b *testing.B, c Case) string {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), backendVar+"="+c.Delay.String(), tlsVar+"="+string(c.TLS))
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
