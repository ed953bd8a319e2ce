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
	"github.com/hydrogen-go/baas/herror"
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
	mux.Handle("/auth/", http.StripPrefix("/auth", proxy))

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
	mux.Handle("/auth/", http.StripPrefix("/auth", proxy))
	mux.Handle("/hello", proxy.Middleware(hello))

	fmt.Println(exampleCall(mux, http.MethodGet, "/hello", "", "").Status)
	in := exampleCall(mux, http.MethodPost, "/auth/login/tt", "", `{"code":"`+backend.ByteDance("openid-1").Login()+`"}`)
	fmt.Println(exampleCall(mux, http.MethodGet, "/hello", in.Token, "").User.OpenID)
	// Output:
	// 401
	// openid-1
}

// A log line per request, with the cause. A counter or a histogram is as short.
func ExampleWithObserver() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	observer := loginproxy.WithObserver(func(ctx context.Context, e loginproxy.Event) {
		level := slog.LevelInfo
		switch e.Class {
		case loginproxy.ClassStore, loginproxy.ClassBackend, loginproxy.ClassConfig, loginproxy.ClassProgram:
			level = slog.LevelError
		}
		logger.LogAttrs(ctx, level, "login proxy", slog.String("op", string(e.Operation)),
			slog.String("platform", e.Platform), slog.Int("status", e.Status), slog.Int("code", int(e.Code)),
			slog.String("class", string(e.Class)), slog.Any("err", e.Err))
		// requests.WithLabelValues(string(e.Operation), e.Platform, strconv.Itoa(e.Status)).Observe(e.Duration.Seconds())
	})

	backend, err := baastest.New(baastest.WithoutLogins("email"))
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
	exampleCall(proxy, http.MethodPost, "/login/wx", "", `{"code":7}`)
	exampleCall(proxy, http.MethodPost, "/login", "", `{"email":"ann@example.com","password":"correct horse"}`)
	// Output:
	// level=INFO msg="login proxy" op=login platform=wechat status=400 code=400 class=input err="400: invalid code"
	// level=INFO msg="login proxy" op=login platform=wechat status=400 code=605 class=input err="605: incorrect parameter type: the value is of a wrong type or form (field code)"
	// level=ERROR msg="login proxy" op=login platform="" status=503 code=503 class=config err="405: Please enable email login first."
}

// A user whom the program has banned gets no session. The phone is told why.
func ExampleWithLoginCheck() {
	banned := map[int64]bool{61736924: true} // in a real program: a row of its database
	check := loginproxy.WithLoginCheck(func(_ context.Context, v *loginproxy.Visitor) error {
		if banned[v.UserID()] {
			return &loginproxy.Refusal{Status: http.StatusForbidden, Name: "banned"}
		}
		return nil
	})

	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	proxy, err := loginproxy.New(client, check)
	if err != nil {
		log.Fatal(err)
	}
	for _, openID := range []string{"openid-1", "openid-2"} {
		a := exampleCall(proxy, http.MethodPost, "/login/ks", "", `{"code":"`+backend.Kuaishou(openID).Login()+`"}`)
		fmt.Println(a.Status, a.Error, len(a.Token))
	}
	// Output:
	// 200  43
	// 403 banned 0
}

// A role that the program looks up once, at the login, and has at hand in every request.
func ExampleValue() {
	type Role string
	role := loginproxy.Value[Role]{Name: "role"}
	check := loginproxy.WithLoginCheck(func(ctx context.Context, v *loginproxy.Visitor) error {
		return role.Set(ctx, v, "editor") // in a real program: from a row of its database
	})

	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	proxy, err := loginproxy.New(client, check)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/auth/", http.StripPrefix("/auth", proxy))
	mux.Handle("/articles", proxy.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if is, _ := role.Get(loginproxy.FromContext(r.Context())); is != "editor" {
			loginproxy.WriteError(w, r, &loginproxy.Refusal{Status: http.StatusForbidden, Name: "not_an_editor"})
			return
		}
		_, _ = fmt.Fprint(w, `{}`)
	})))
	in := exampleCall(mux, http.MethodPost, "/auth/login/ks", "", `{"code":"`+backend.Kuaishou("openid-1").Login()+`"}`)
	fmt.Println(exampleCall(mux, http.MethodGet, "/articles", in.Token, "").Status)
	// Output:
	// 200
}

// A gRPC interceptor has no http.Request: it takes the session id from the metadata.
func ExampleProxy_Visit() {
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
	in := exampleCall(proxy, http.MethodPost, "/login/ks", "", `{"code":"`+backend.Kuaishou("openid-1").Login()+`"}`)

	ctx := context.Background()
	v, err := proxy.Visit(ctx, in.Token)
	fmt.Println(v.OpenID(), err)
	_, err = proxy.Visit(ctx, "made up")
	fmt.Println(err, herror.HTTPStatus(err))
	// Output:
	// openid-1 <nil>
	// 604: session missing 401
}

// A page that greets whoever is logged in, and serves everybody.
func ExampleProxy_OptionalMiddleware() {
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	proxy, err := loginproxy.New(client, loginproxy.WithUserFields("id"))
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/auth/", http.StripPrefix("/auth", proxy))
	mux.Handle("/hello", proxy.OptionalMiddleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := loginproxy.FromContext(r.Context())
		if v == nil {
			_, _ = fmt.Fprint(w, `{}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"user":{"id":%d}}`, v.UserID())
	})))

	fmt.Println(exampleCall(mux, http.MethodGet, "/hello", "", "").User.ID)
	in := exampleCall(mux, http.MethodPost, "/auth/login/ks", "", `{"code":"`+backend.Kuaishou("openid-1").Login()+`"}`)
	fmt.Println(exampleCall(mux, http.MethodGet, "/hello", in.Token, "").User.ID == in.User.ID)
	// Output:
	// 0
	// true
}

// A route of the program beside the proxy fails as the proxy's routes do.
func ExampleWriteError() {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := herror.New(herror.InvalidParameter, "nickname is empty").WithField("nickname") // as a call of the SDK returns it
		loginproxy.WriteError(w, r, err)
	})
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/profile", nil))
	fmt.Println(rec.Code, rec.Body)
	// Output:
	// 400 {"code":605,"error":"invalid_parameter","reason":"invalid_value","field":"nickname","code_spent":false}
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
	mux.Handle("/auth/", http.StripPrefix("/auth", proxy)) // beside it, if wanted

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
