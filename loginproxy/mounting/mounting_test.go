// Package mounting_test mounts the login server of package loginproxy in the routers that
// Go programs use. Its functions are the snippets of docs/mounting.md.
//
// It is a module of its own, so that no program that imports the SDK gets a router into
// its go.sum.
package mounting_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v3"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/loginproxy"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode) // it prints every route else
	os.Exit(m.Run())
}

// router serves the proxy until the test ends.
type router struct {
	name         string
	right, wrong func(*testing.T, *loginproxy.Proxy) (url string)
}

// routers are the ways to mount the proxy, and the same with one mistake: the prefix is
// not stripped.
var routers = []router{
	{"net/http", served(netHTTP), served(netHTTPWrong)},
	{"chi", served(chiRouter), served(chiWrong)},
	{"gin", served(ginRouter), served(ginWrong)},
	{"echo", served(echoRouter), served(echoWrong)},
	{"Fiber", listening(fiberApp), listening(fiberWrong)},
}

// onEach runs a test on every router.
func onEach(t *testing.T, test func(*testing.T, router)) {
	t.Parallel()
	for _, router := range routers {
		t.Run(router.name, func(t *testing.T) {
			t.Parallel()
			test(t, router)
		})
	}
}

// served serves a handler of net/http until the test ends.
func served(router func(*loginproxy.Proxy) http.Handler) func(*testing.T, *loginproxy.Proxy) string {
	return func(t *testing.T, proxy *loginproxy.Proxy) string {
		srv := httptest.NewServer(router(proxy))
		t.Cleanup(srv.Close)
		return srv.URL
	}
}

// listening serves an app of Fiber, on Fiber's own server, until the test ends.
func listening(router func(*loginproxy.Proxy) *fiber.App) func(*testing.T, *loginproxy.Proxy) string {
	return func(t *testing.T, proxy *loginproxy.Proxy) string {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		app := router(proxy)
		done := make(chan error, 1)
		go func() { done <- app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true}) }()
		t.Cleanup(func() {
			// The server may not serve yet, so Shutdown alone may be too early.
			http.DefaultClient.CloseIdleConnections()
			require.NoError(t, app.Shutdown())
			_ = l.Close()
			<-done
		})
		return "http://" + l.Addr().String()
	}
}

// newProxy returns a proxy on a double of the backend.
func newProxy(t *testing.T, opts ...loginproxy.Option) (*loginproxy.Proxy, *baastest.Backend) {
	t.Helper()
	backend, err := baastest.New()
	require.NoError(t, err)
	t.Cleanup(backend.Close)
	client, err := backend.Client()
	require.NoError(t, err)
	proxy, err := loginproxy.New(client, opts...)
	require.NoError(t, err)
	return proxy, backend
}

// response is what a phone reads.
type response struct {
	Status int         `json:"-"`
	Header http.Header `json:"-"`
	Text   string      `json:"-"`
	Token  string      `json:"token"`
	User   struct {
		ID int64 `json:"id"`
	} `json:"user"`
	UserID int64  `json:"user_id"`
	Code   int    `json:"code"`
	Error  string `json:"error"`
	Hint   string `json:"hint"`
}

// call makes a request. header has names and values in turn.
func call(t *testing.T, method, url, body string, header ...string) response {
	t.Helper()
	r, err := send(t, method, url, body, header...)
	require.NoError(t, err)
	return r
}

// send is call for goroutines of a test.
func send(t *testing.T, method, url, body string, header ...string) (response, error) {
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		return response{}, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return response{}, err
	}
	r := response{Status: res.StatusCode, Header: res.Header, Text: string(text)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		err = json.Unmarshal(text, &r)
	}
	return r, err
}

const bearer = "Authorization"

func TestLogin(t *testing.T) {
	onEach(t, func(t *testing.T, router router) {
		for _, prefix := range []string{"/auth/", "/v1/auth/"} {
			proxy, backend := newProxy(t)
			url := router.right(t, proxy) + prefix

			r := call(t, "GET", url+"me", "")
			require.Equal(t, 401, r.Status)
			require.Equal(t, "session_missing", r.Error)

			r = call(t, "POST", url+"login/kuaishou", `{"code":"`+backend.Kuaishou("ks-1").Login()+`"}`)
			require.Equal(t, 200, r.Status, r.Text)
			require.Equal(t, "application/json", r.Header.Get("Content-Type"))
			require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
			id, session := r.User.ID, "Bearer "+r.Token
			require.NotZero(t, id)

			require.Equal(t, id, call(t, "GET", url+"me", "", bearer, session).User.ID)
			r = call(t, "POST", url+"link/wechat", `{"code":"`+backend.WeChat("wx-1").Login()+`"}`, bearer, session)
			require.Equal(t, id, r.UserID, r.Text)

			require.Equal(t, 200, call(t, "POST", url+"logout", "", bearer, session).Status)
			require.Equal(t, 401, call(t, "GET", url+"me", "", bearer, session).Status)
		}
	})
}

// The vendor's client logs in on the backend's paths.
func TestBackendPaths(t *testing.T) {
	onEach(t, func(t *testing.T, router router) {
		proxy, backend := newProxy(t)
		url := router.right(t, proxy)
		r := call(t, "POST", url+"/hserve/v2.5/idp/kuaishou/silent-login/",
			`{"create_user":true,"code":"`+backend.Kuaishou("ks-1").Login()+`"}`,
			"X-Hydrogen-Client-ID", backend.ClientID(), "X-Hydrogen-Client-Platform", "KUAISHOU")
		require.Equal(t, 201, r.Status, r.Text)
		require.Equal(t, 200, call(t, "GET", url+"/auth/me", "", bearer, "Bearer "+r.Token).Status)
	})
}

func TestErrors(t *testing.T) {
	onEach(t, func(t *testing.T, router router) {
		proxy, _ := newProxy(t)
		url := router.right(t, proxy) + "/auth/"

		r := call(t, "GET", url+"nothing", "")
		require.Equal(t, 404, r.Status)
		require.Equal(t, "no_route", r.Error)
		require.Empty(t, r.Hint)
		r = call(t, "GET", url+"logout", "")
		require.Equal(t, 405, r.Status)
		require.Equal(t, "POST", r.Header.Get("Allow"))
		r = call(t, "POST", url+"login/kuaishou", `{"code":"`+strings.Repeat("x", loginproxy.DefaultMaxBody)+`"}`)
		require.Equal(t, 413, r.Status)
		require.Equal(t, "body_too_large", r.Error)
		r = call(t, "POST", url+"login/kuaishou", `{"code":"spent"}`)
		require.Equal(t, 400, r.Status)
		require.Equal(t, "bad_request", r.Error)
	})
}

// Where the prefix is not stripped, the response says so.
func TestPrefixIsNotStripped(t *testing.T) {
	onEach(t, func(t *testing.T, router router) {
		proxy, _ := newProxy(t)
		url := router.wrong(t, proxy) + "/auth/"
		for _, path := range []string{"me", "login/kuaishou", "login/sms", "logout"} {
			r := call(t, "POST", url+path, `{}`)
			require.Equal(t, 404, r.Status)
			require.Equal(t, "no_route", r.Error)
			require.Contains(t, r.Hint, "http.StripPrefix", path)
		}
	})
}

func TestMiddleware(t *testing.T) {
	onEach(t, func(t *testing.T, router router) {
		proxy, backend := newProxy(t)
		url := router.right(t, proxy)
		r := call(t, "POST", url+"/auth/login/kuaishou", `{"code":"`+backend.Kuaishou("ks-1").Login()+`"}`)
		me, session, token := fmt.Sprintf("user %d", r.User.ID), "Bearer "+r.Token, r.Token

		for _, stranger := range []string{"", "Bearer " + strings.Repeat("x", 43)} {
			r = call(t, "GET", url+"/hello", "", bearer, stranger)
			require.Equal(t, 401, r.Status)
			require.Equal(t, "session_missing", r.Error, "and nothing of the handler: %s", r.Text)
			require.Equal(t, "user 0", call(t, "GET", url+"/welcome", "", bearer, stranger).Text)
		}
		r = call(t, "GET", url+"/visit", "")
		require.Equal(t, 401, r.Status)
		require.Equal(t, "session_missing", r.Error)
		require.Equal(t, 604, r.Code)

		require.Equal(t, me, call(t, "GET", url+"/hello", "", bearer, session).Text)
		require.Equal(t, me, call(t, "GET", url+"/welcome", "", bearer, session).Text)
		require.Equal(t, me, call(t, "GET", url+"/visit", "", "X-Session", token).Text)

		require.Equal(t, 200, call(t, "POST", url+"/auth/logout", "", bearer, session).Status)
		require.Equal(t, 401, call(t, "GET", url+"/hello", "", bearer, session).Status)
		require.Equal(t, "user 0", call(t, "GET", url+"/welcome", "", bearer, session).Text)
		require.Equal(t, 401, call(t, "GET", url+"/visit", "", "X-Session", token).Status)
	})
}

// A browser has the session in a cookie, and other sites cannot use it.
func TestCookie(t *testing.T) {
	onEach(t, func(t *testing.T, router router) {
		proxy, backend := newProxy(t, loginproxy.WithCookie("__Host-session"))
		url := router.right(t, proxy) + "/auth/"
		r := call(t, "POST", url+"login/kuaishou", `{"code":"`+backend.Kuaishou("ks-1").Login()+`"}`, "Sec-Fetch-Site", "same-origin")
		require.Equal(t, 200, r.Status, r.Text)
		require.Empty(t, r.Token)
		cookie, err := http.ParseSetCookie(r.Header.Get("Set-Cookie"))
		require.NoError(t, err)
		require.True(t, cookie.HttpOnly)
		pair := cookie.Name + "=" + cookie.Value

		require.Equal(t, r.User.ID, call(t, "GET", url+"me", "", "Cookie", pair).User.ID)
		r = call(t, "POST", url+"logout", "{}", "Cookie", pair, "Origin", "https://elsewhere.example")
		require.Equal(t, 403, r.Status)
		require.Equal(t, "cross_origin", r.Error)
		own := strings.TrimSuffix(url, "/auth/")
		require.Equal(t, 200, call(t, "POST", url+"logout", "{}", "Cookie", pair, "Origin", own).Status)
		require.Equal(t, 401, call(t, "GET", url+"me", "", "Cookie", pair).Status)
	})
}

// Many visitors at once: each gets their own user from every request. A router that
// reuses the memory of a request while the proxy still has it would mix them up.
func TestManyVisitors(t *testing.T) {
	const visitors, rounds = 8, 4
	onEach(t, func(t *testing.T, router router) {
		proxy, backend := newProxy(t)
		url := router.right(t, proxy)
		failed := make(chan error, visitors)
		var all sync.WaitGroup
		for i := range visitors {
			all.Go(func() {
				failed <- visitOften(t, url, backend.Kuaishou(fmt.Sprintf("ks-%d", i)), rounds)
			})
		}
		all.Wait()
		for range visitors {
			require.NoError(t, <-failed)
		}
	})
}

// visitOften has one person log in, read and log out.
func visitOften(t *testing.T, url string, phone *baastest.Phone, rounds int) error {
	for range rounds {
		in, err := send(t, "POST", url+"/auth/login/ks", `{"code":"`+phone.Login()+`"}`)
		if err != nil {
			return err
		}
		session := "Bearer " + in.Token
		for _, path := range []string{"/hello", "/welcome"} {
			r, err := send(t, "GET", url+path, "", bearer, session)
			if err != nil {
				return err
			}
			if want := fmt.Sprintf("user %d", in.User.ID); r.Text != want {
				return fmt.Errorf("%s of %s: %s", path, want, r.Text)
			}
		}
		me, err := send(t, "GET", url+"/auth/me", "", bearer, session)
		if err != nil {
			return err
		}
		if me.User.ID != in.User.ID {
			return fmt.Errorf("me of %d: %s", in.User.ID, me.Text)
		}
		if _, err := send(t, "POST", url+"/auth/logout", "", bearer, session); err != nil {
			return err
		}
		gone, err := send(t, "GET", url+"/auth/me", "", bearer, session)
		if err != nil {
			return err
		}
		if gone.Status != http.StatusUnauthorized {
			return fmt.Errorf("after the logout of %d: %s", in.User.ID, gone.Text)
		}
	}
	return nil
}
