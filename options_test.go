package baas

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

func codes(context.Context, string) (string, error) { return "code-1", nil }

func TestNewErrors(t *testing.T) {
	ks := platform.Kuaishou{}
	tests := map[string]struct {
		clientID string
		opts     []Option
		code     herror.Code
	}{
		"no client id":                {"", nil, herror.Uninitialized},
		"no client id, bad option":    {"", []Option{WithHost("")}, herror.Uninitialized},
		"client id with a slash":      {"a/b", nil, herror.InvalidParameter},
		"client id with a dot":        {"evil.example.com", nil, herror.InvalidParameter},
		"client id with a line break": {"a\r\nb", nil, herror.InvalidParameter},
		"client id over-long":         {strings.Repeat("a", 257), nil, herror.InvalidParameter},
		"env empty":                   {"id", []Option{WithEnv("")}, herror.InvalidParameter},
		"env with a space":            {"id", []Option{WithEnv("a b")}, herror.InvalidParameter},
		"nil HTTP client":             {"id", []Option{WithHTTPClient(nil)}, herror.InvalidParameter},
		"no connections":              {"id", []Option{WithMaxConnsPerHost(0)}, herror.InvalidParameter},
		"timeout zero":                {"id", []Option{WithTimeout(0)}, herror.InvalidParameter},
		"timeout negative":            {"id", []Option{WithTimeout(-1)}, herror.InvalidParameter},
		"timeout too long":            {"id", []Option{WithTimeout(session.Grace)}, herror.InvalidParameter},
		"nil logger":                  {"id", []Option{WithLogger(nil)}, herror.InvalidParameter},
		"nil store":                   {"id", []Option{WithSessionStore(nil)}, herror.InvalidParameter},
		"nil transport wrapper":       {"id", []Option{WithTransportWrapper(nil)}, herror.InvalidParameter},
		"nil code source":             {"id", []Option{WithCodeSource(ks, nil)}, herror.InvalidParameter},
		"code source of no platform":  {"id", []Option{WithCodeSource(nil, codes)}, herror.InvalidParameter},
		"code source with a code":     {"id", []Option{WithCodeSource(ks, codes, auth.Code("c"))}, herror.InvalidParameter},
		"code source, alien option":   {"id", []Option{WithCodeSource(ks, codes, auth.AppName("douyin"))}, herror.InvalidParameter},
		"nil clock":                   {"id", []Option{WithClock(nil)}, herror.InvalidParameter},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			client, err := New(tt.clientID, tt.opts...)
			require.Nil(t, client)
			require.Equal(t, tt.code, herror.CodeOf(err))
		})
	}
}

func TestHosts(t *testing.T) {
	good := map[string]string{ // what is given, and what requests go to
		"https://api.example.com":       "https://api.example.com",
		"https://api.example.com/":      "https://api.example.com",
		"https://api.example.com//":     "https://api.example.com",
		"https://api.example.com:8443":  "https://api.example.com:8443",
		"https://api.example.com/base/": "https://api.example.com/base",
		"https://[2001:db8::1]":         "https://[2001:db8::1]",
		"http://localhost:8080":         "http://localhost:8080",
		"http://127.0.0.1:8080":         "http://127.0.0.1:8080",
		"http://127.8.9.1":              "http://127.8.9.1",
		"http://[::1]:8080":             "http://[::1]:8080",
	}
	for host, want := range good {
		client, err := New("id", WithHost(host))
		require.NoError(t, err, host)
		require.Equal(t, want, client.host)
		require.Equal(t, "baas client of "+want, client.String())
	}
	bad := []string{
		"", "/", "api.example.com", "//api.example.com", "https:", "https://", "https:///path", "https://:443",
		"https:api.example.com", "mailto:a@example.com", "ftp://api.example.com", "https://exa mple.com",
		"https://user@api.example.com", "https://user:secret@api.example.com",
		"https://api.example.com?", "https://api.example.com?x=1", "https://api.example.com/#", "https://api.example.com/#x",
		"http://api.example.com", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://localhost.example.com",
		"https://api.example.com\r\n", "https://%zz", "https://api.example.com:", "https://api.example.com:0",
		"https://api.example.com:65536", "https://api.example.com:http", "https://api.example.com/a/../b", "https://api.example.com/./a",
		"https://api.example.com/a//b", "https://api.example.com/..",
	}
	for _, host := range bad {
		_, err := New("id", WithHost(host))
		require.Equal(t, herror.InvalidParameter, herror.CodeOf(err), host)
		require.NotContains(t, err.Error(), "secret")
	}
	for _, opts := range [][]Option{
		{WithHost("http://api.example.com"), WithInsecureHTTP()},
		{WithInsecureHTTP(), WithHost("http://api.example.com")},
	} {
		_, err := New("id", opts...)
		require.NoError(t, err)
	}
	client, err := New("id")
	require.NoError(t, err)
	require.Equal(t, "https://id.myminapp.com", client.host)
}

// Each option, alone, changes its own field and no other.
func TestEachOptionChangesItsOwnFieldOnly(t *testing.T) {
	tests := map[string]struct {
		opt    Option
		fields []string
	}{
		"WithHost":            {WithHost("https://api.example.com"), []string{"Host"}},
		"WithInsecureHTTP":    {WithInsecureHTTP(), []string{"InsecureHTTP"}},
		"WithEnv":             {WithEnv("test"), []string{"Env"}},
		"WithHTTPClient":      {WithHTTPClient(new(http.Client)), []string{"HTTPClient"}},
		"WithMaxConnsPerHost": {WithMaxConnsPerHost(7), []string{"MaxConns"}},
		"WithTransportWrapper": {
			WithTransportWrapper(func(next http.RoundTripper) http.RoundTripper { return next }),
			[]string{"wrap"},
		},
		"WithTimeout":      {WithTimeout(time.Second), []string{"Timeout"}},
		"WithLogger":       {WithLogger(slog.New(slog.DiscardHandler)), []string{"Logger"}},
		"WithSessionStore": {WithSessionStore(testkit.Memory(t)), []string{"store"}},
		"WithCodeSource": {
			WithCodeSource(platform.Kuaishou{}, codes, auth.CreateUser(false)),
			[]string{"source", "sourceOptions", "sourcePlatform"},
		},
		"WithClock": {WithClock(time.Now), []string{"Now"}},
	}
	fields := slices.DeleteFunc(reflect.VisibleFields(reflect.TypeFor[config]()), func(f reflect.StructField) bool { return f.Anonymous })
	covered := make(map[string]bool)
	for name, tt := range tests {
		var cfg config
		require.NoError(t, tt.opt(&cfg), name)
		var changed []string
		for _, field := range fields {
			if !reflect.ValueOf(cfg).FieldByIndex(field.Index).IsZero() {
				changed = append(changed, field.Name)
			}
		}
		require.ElementsMatch(t, tt.fields, changed, name)
		for _, field := range changed {
			covered[field] = true
		}
	}
	require.Len(t, covered, len(fields), "a field that no option sets")
}

func TestNilOptionsChangeNothing(t *testing.T) {
	client, err := New("id", nil, WithEnv("test"), nil)
	require.NoError(t, err)
	require.Equal(t, "https://id.myminapp.com", client.host)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Wrappers see each request, with its URL and its header. The last one is outermost, and
// one that returns nil is left out. Idle connections are closed below them.
func TestTransportWrappers(t *testing.T) {
	closed := make(chan struct{}, 1)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"traced":"`+r.Header.Get("Traceparent")+`"}`)
	}))
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	srv.Start()
	defer srv.Close()
	var seen []string
	wrapper := func(name string) Option {
		return WithTransportWrapper(func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				seen = append(seen, name+" "+r.Method+" "+r.URL.String()+" "+r.Header.Get("X-Hydrogen-Client-ID"))
				r = r.Clone(r.Context())
				r.Header.Set("Traceparent", "by-"+name)
				return next.RoundTrip(r)
			})
		})
	}
	client, err := New("client-1", WithHost(srv.URL), wrapper("inner"),
		WithTransportWrapper(func(http.RoundTripper) http.RoundTripper { return nil }), wrapper("outer"))
	require.NoError(t, err)
	res, err := client.Request(context.Background(), "visitor", auth.Request{Path: "/a?b=c"})
	require.NoError(t, err)
	require.JSONEq(t, `{"traced":"by-inner"}`, string(res.Body))
	require.Equal(t, []string{"outer GET " + srv.URL + "/a?b=c client-1", "inner GET " + srv.URL + "/a?b=c client-1"}, seen)
	client.CloseIdleConnections()
	<-closed
}

// The caller's HTTP client is copied, and its cookie jar and redirects stay its own.
func TestTheHTTPClientIsCopied(t *testing.T) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	var cookies []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookies = append(cookies, r.Header.Get("Cookie"))
		http.SetCookie(w, &http.Cookie{Name: "user", Value: "ann"})
		_, _ = io.WriteString(w, "{}")
	}))
	defer srv.Close()
	own := srv.Client()
	own.Jar = jar
	client, err := New("id", WithHost(srv.URL), WithHTTPClient(own))
	require.NoError(t, err)
	transport := own.Transport
	own.Transport = nil
	for range 2 {
		_, err = client.Request(context.Background(), "visitor", auth.Request{Path: "/"})
		require.NoError(t, err)
	}
	own.Transport = transport
	require.Equal(t, []string{"", ""}, cookies)
	require.Same(t, jar, own.Jar)
	require.Nil(t, own.CheckRedirect)
}

// A redirect would carry tokens and codes away: it is an error, and never followed.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		srv := httptest.NewServer(http.RedirectHandler(other.URL, status))
		own := srv.Client()
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return nil } // would follow
		client, err := New("id", WithHost(srv.URL), WithHTTPClient(own))
		require.NoError(t, err)
		_, err = client.Auth("visitor").LoginWithKs(context.Background(), nil, auth.Code("code-1"))
		require.Equal(t, herror.Code(status), herror.CodeOf(err))
		srv.Close()
	}
	require.Zero(t, elsewhere)
}

func TestEnvAndClientIDAreSent(t *testing.T) {
	var got http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		_, _ = io.WriteString(w, "{}")
	}))
	defer srv.Close()
	for _, env := range []string{"", "test-env"} {
		opts := []Option{WithHost(srv.URL + "/"), WithHTTPClient(srv.Client())}
		if env != "" {
			opts = append(opts, WithEnv(env))
		}
		client, err := New("client-1", opts...)
		require.NoError(t, err)
		_, err = client.Request(context.Background(), "visitor", auth.Request{Path: "/"})
		require.NoError(t, err)
		require.Equal(t, "client-1", got.Get("X-Hydrogen-Client-ID"))
		require.Equal(t, Version, got.Get("X-Hydrogen-Client-Version"))
		require.Equal(t, "file", got.Get("X-Hydrogen-Client-SDK-Type"))
		require.Equal(t, env, got.Get("X-Hydrogen-Env-ID"))
	}
}
