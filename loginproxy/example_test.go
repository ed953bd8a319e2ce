package loginproxy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
)

// A mini-program posts the code of login(), gets a session id, and sends it with later
// requests.
func Example() {
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client() // in production: baas.New("your-client-id", …)
	if err != nil {
		log.Fatal(err)
	}
	proxy, err := loginproxy.New(client)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/auth/", http.StripPrefix("/auth/", proxy))

	phone := backend.Kuaishou("openid-1")
	in := exampleCall(mux, http.MethodPost, "/auth/login/ks", "", `{"code":"`+phone.Login()+`"}`)
	fmt.Println(in.Status, in.User.OpenID, len(in.Token))

	fmt.Println(exampleCall(mux, http.MethodGet, "/auth/me", in.Token, "").User.ID == in.User.ID)
	exampleCall(mux, http.MethodPost, "/auth/logout", in.Token, "")
	out := exampleCall(mux, http.MethodGet, "/auth/me", in.Token, "")
	fmt.Println(out.Status, out.Code, out.Error)
	// Output:
	// 200 openid-1 43
	// true
	// 401 604 session_missing
}

// The program's own routes get the visitor from the context.
func ExampleProxy_Middleware() {
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	proxy, err := loginproxy.New(client)
	if err != nil {
		log.Fatal(err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := loginproxy.FromContext(r.Context())
		u, err := v.User(r.Context()) // reads the user once per request; the ids cost no request
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintf(w, `{"user":{"id":%d,"openid":%q}}`, v.UserID(), u.OpenID())
	})
	mux := http.NewServeMux()
	mux.Handle("/auth/", http.StripPrefix("/auth/", proxy))
	mux.Handle("/hello", proxy.Middleware(hello))

	fmt.Println(exampleCall(mux, http.MethodGet, "/hello", "", "").Status)
	in := exampleCall(mux, http.MethodPost, "/auth/login/tt", "", `{"code":"`+backend.ByteDance("openid-1").Login()+`"}`)
	fmt.Println(exampleCall(mux, http.MethodGet, "/hello", in.Token, "").User.OpenID)
	// Output:
	// 401
	// openid-1
}

// A log line per request. A counter or a histogram is as short.
func ExampleWithObserver() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	observer := loginproxy.WithObserver(func(ctx context.Context, e loginproxy.Event) {
		logger.LogAttrs(ctx, slog.LevelInfo, "login proxy", slog.String("op", string(e.Operation)),
			slog.String("platform", e.Platform), slog.Int("status", e.Status), slog.Int("code", int(e.Code)))
		// requests.WithLabelValues(string(e.Operation), e.Platform, strconv.Itoa(e.Status)).Observe(e.Duration.Seconds())
	})

	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	proxy, err := loginproxy.New(client, observer)
	if err != nil {
		log.Fatal(err)
	}
	exampleCall(proxy, http.MethodPost, "/login/wx", "", `{"code":"spent"}`)
	// Output:
	// level=INFO msg="login proxy" op=login platform=wechat status=400 code=400
}

// One text message a minute to each phone number, whoever asks.
func ExampleWithRateLimiter() {
	last := map[string]time.Time{} // on several replicas: in their shared store, and locked
	limiter := loginproxy.WithRateLimiter(func(_ context.Context, k loginproxy.RateKey) (time.Duration, error) {
		if k.Operation != loginproxy.OpSMS {
			return 0, nil
		}
		wait := time.Minute - time.Since(last[k.Account])
		if wait <= 0 {
			last[k.Account] = time.Now()
		}
		return wait, nil
	})

	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	proxy, err := loginproxy.New(client, limiter)
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		a := exampleCall(proxy, http.MethodPost, "/sms", "", `{"phone":"13800138000"}`)
		fmt.Println(a.Status)
	}
	// Output:
	// 200
	// 429
}

// The vendor's own client works through the proxy: BaaS.init(clientID, {host}) with
// the address of this server.
func ExampleProxy_Backend() {
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	proxy, err := loginproxy.New(client)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/hserve/", proxy.Backend())
	mux.Handle("/auth/", http.StripPrefix("/auth/", proxy)) // beside it, if wanted

	// What the vendor's client sends for auth.loginWithKs():
	r := httptest.NewRequest(http.MethodPost, "/hserve/v2.5/idp/kuaishou/silent-login/",
		strings.NewReader(`{"create_user":true,"code":"`+backend.Kuaishou("openid-1").Login()+`"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Hydrogen-Client-ID", backend.ClientID())
	r.Header.Set("X-Hydrogen-Client-Platform", "KUAISHOU")
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, r)
	var response struct{ Token string }
	if err := json.Unmarshal(rec.Body.Bytes(), &response); err != nil {
		log.Fatal(err)
	}

	// What the client takes for the token is a session id.
	fmt.Println(rec.Code, exampleCall(mux, http.MethodGet, "/auth/me", response.Token, "").User.ID)
	// Output:
	// 201 61736923
}

// exampleResponse is what a phone reads of a response.
type exampleResponse struct {
	Status int    `json:"-"`
	Token  string `json:"token"`
	User   struct {
		ID     int64  `json:"id"`
		OpenID string `json:"openid"`
	} `json:"user"`
	Code  int    `json:"code"`
	Error string `json:"error"`
}

// exampleCall is a phone's request.
func exampleCall(h http.Handler, method, path, token, body string) exampleResponse {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	a := exampleResponse{Status: rec.Code}
	text, err := io.ReadAll(rec.Body)
	if err != nil || json.Unmarshal(text, &a) != nil {
		log.Fatal("no JSON")
	}
	return a
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
