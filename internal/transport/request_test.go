package transport_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/transport"
)

func TestHeadersAreExact(t *testing.T) {
	constant := http.Header{
		"Accept":                     {"application/json"},
		"Accept-Encoding":            {"gzip"},
		"Content-Type":               {"application/json"},
		"User-Agent":                 {"hydrogen-go-baas/1.2.3"},
		"X-Hydrogen-Client-Id":       {"client-1"},
		"X-Hydrogen-Client-Version":  {"v1.2.3"},
		"X-Hydrogen-Client-Sdk-Type": {"file"},
	}
	with := func(more ...string) http.Header {
		h := constant.Clone()
		for i := 0; i < len(more); i += 2 {
			h.Set(more[i], more[i+1])
		}
		return h
	}
	tests := []struct {
		name string
		env  string
		req  transport.Request
		want http.Header
	}{
		{
			name: "a read without a token",
			req:  transport.Request{Method: "GET", Platform: "WEB"},
			want: with("X-Hydrogen-Client-Platform", "WEB"),
		}, {
			name: "a login",
			req:  transport.Request{Method: "POST", Platform: "KUAISHOU", Body: `{}`},
			want: with("X-Hydrogen-Client-Platform", "KUAISHOU", "Content-Length", "2"),
		}, {
			name: "with a token",
			req:  transport.Request{Method: "PUT", Platform: "WECHAT", Token: "token-1", Body: `{}`},
			want: with("X-Hydrogen-Client-Platform", "WECHAT", "Content-Length", "2", "Authorization", "Hydrogen-r1 token-1"),
		}, {
			name: "with an environment",
			env:  "env-1",
			req:  transport.Request{Method: "GET", Platform: "WEB"},
			want: with("X-Hydrogen-Client-Platform", "WEB", "X-Hydrogen-Env-Id", "env-1"),
		}, {
			name: "a caller's header replaces none of ours",
			req: transport.Request{Method: "GET", Platform: "WEB", Token: "token-1", Header: http.Header{
				"X-Trace":              {"trace-1"},
				"Authorization":        {"Basic stolen"},
				"X-Hydrogen-Client-Id": {"client-2"},
				"Content-Type":         {"text/plain"},
			}},
			want: with("X-Hydrogen-Client-Platform", "WEB", "X-Trace", "trace-1", "Authorization", "Hydrogen-r1 token-1"),
		}, {
			name: "in another client's name",
			req:  transport.Request{Method: "GET", Platform: "WEB", Version: "v3.23.3"},
			want: with("X-Hydrogen-Client-Platform", "WEB", "X-Hydrogen-Client-Version", "v3.23.3"),
		}, {
			name: "a delete without a body",
			req:  transport.Request{Method: "DELETE", Platform: "WEB"},
			want: with("X-Hydrogen-Client-Platform", "WEB"),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got http.Header
			srv := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Clone() })
			cfg := config(srv.URL)
			cfg.Env = tt.env
			tr := transport.New(cfg)
			defer tr.CloseIdleConnections()
			for range 2 { // the second time with the cached header
				req := tt.req
				req.Path = "/hserve/"
				_, err := tr.Do(t.Context(), &req)
				require.NoError(t, err)
				require.Equal(t, tt.want, got)
			}
		})
	}
}

// The Open API has another token, and knows nothing of a client of end users.
func TestHeadersOfTheOpenAPIAreExact(t *testing.T) {
	constant := http.Header{
		"Accept":          {"application/json"},
		"Accept-Encoding": {"gzip"},
		"Content-Type":    {"application/json"},
		"User-Agent":      {"hydrogen-go-baas/1.2.3"},
	}
	for _, token := range []string{"", "token-1"} {
		var got http.Header
		srv := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Clone() })
		cfg := config(srv.URL)
		cfg.OpenAPI = true
		tr := transport.New(cfg)
		defer tr.CloseIdleConnections()
		want := constant.Clone()
		if token != "" {
			want.Set("Authorization", "Bearer "+token)
		}
		for range 2 { // the second time with the cached header
			_, err := tr.Do(t.Context(), &transport.Request{Method: "GET", Path: "/oserve/", Token: token})
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
}

func TestMethodPathAndBodyArriveAsGiven(t *testing.T) {
	for _, tt := range []struct{ method, path, body string }{
		{"GET", "/hserve/v2.5/user/info/1/", ""},
		{"GET", "/hserve/v1/table/?where=%7B%22a%22%3A1%7D&order_by=-id&order_by=name", ""},
		{"GET", "/hserve/a%2Fb/%E4%B8%AD/{id}/", ""},
		{"POST", "/hserve/v2.0/session/destroy/", "{}"},
		{"PUT", "/hserve/v2.5/user/info/", `{"age":30}`},
		{"PATCH", "/hserve/", `{"a":"é"}`},
		{"DELETE", "/hserve/", `{"ids":[1,2]}`},
		{"DELETE", "/hserve/", ""},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			var method, body string
			var at *url.URL
			srv := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				method, at, body = r.Method, r.URL, string(b)
			})
			req := &transport.Request{Method: tt.method, Path: tt.path, Platform: "WEB"}
			if tt.body != "" {
				req.Body = tt.body
			}
			_, err := own(t, srv.URL).Do(t.Context(), req)
			require.NoError(t, err)
			want, err := url.Parse(tt.path)
			require.NoError(t, err)
			require.Equal(t, tt.method, method)
			require.Equal(t, want.EscapedPath(), at.EscapedPath())
			require.Equal(t, want.RawQuery, at.RawQuery)
			require.Equal(t, tt.body, body)
		})
	}
}

func TestCookiesAreNeverSentBack(t *testing.T) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	for name, hc := range map[string]*http.Client{
		"own client":                   nil,
		"a caller's client":            {Transport: new(http.Transport)},
		"a caller's client with a jar": {Transport: new(http.Transport), Jar: jar},
	} {
		t.Run(name, func(t *testing.T) {
			var cookies []string
			srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
				cookies = append(cookies, r.Header.Get("Cookie"))
				http.SetCookie(w, &http.Cookie{Name: "sessionid", Value: "user-a", Path: "/"})
			})
			if hc != nil && hc.Jar != nil {
				at, err := url.Parse(srv.URL)
				require.NoError(t, err)
				hc.Jar.SetCookies(at, []*http.Cookie{{Name: "planted", Value: "1", Path: "/"}})
			}
			cfg := config(srv.URL)
			cfg.HTTPClient = hc
			tr := transport.New(cfg)
			defer tr.CloseIdleConnections()
			for range 2 {
				_, err := tr.Do(t.Context(), get("/"))
				require.NoError(t, err)
			}
			require.Equal(t, []string{"", ""}, cookies)
		})
	}
}

func TestCallersClientIsNotModified(t *testing.T) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	rt := roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
	})
	for name, hc := range map[string]*http.Client{
		"with everything": {Transport: rt, Jar: jar, Timeout: time.Minute},
		"empty":           {},
	} {
		t.Run(name, func(t *testing.T) {
			before := *hc
			cfg := config(base)
			cfg.HTTPClient = hc
			tr := transport.New(cfg)
			if hc.Transport != nil {
				_, err := tr.Do(t.Context(), get("/"))
				require.NoError(t, err)
			}
			require.Equal(t, before.Jar, hc.Jar)
			require.Equal(t, before.Timeout, hc.Timeout)
			require.Nil(t, hc.CheckRedirect)
			require.Equal(t, before.Transport == nil, hc.Transport == nil)
		})
	}
}

// A client without a transport uses the default one, as in net/http.
func TestCallersClientWithoutATransport(t *testing.T) {
	standard := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = standard })
	asked := 0
	http.DefaultTransport = roundTrip(func(*http.Request) (*http.Response, error) {
		asked++
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})
	_, err := on(nil).Do(t.Context(), get("/"))
	require.NoError(t, err)
	require.Equal(t, 1, asked)
}

// A RoundTripper may not write into a request's header, but some do.
func TestRoundTripperThatWritesHeadersDisturbsNoOther(t *testing.T) {
	var mu sync.Mutex
	seen := make(map[string]int)
	tr := on(roundTrip(func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		seen[r.Header.Get("X-Written")+r.Header.Get("Accept")]++
		mu.Unlock()
		r.Header.Set("X-Written", "before")
		r.Header.Add("Accept", "text/html")
		r.Header.Del("X-Hydrogen-Client-Id")
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
	}))
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { _, _ = tr.Do(t.Context(), get("/")) })
	}
	all.Wait()
	require.Equal(t, map[string]int{"application/json": 50}, seen)
}

func TestOwnTransportUnderManyCallers(t *testing.T) {
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Hydrogen-Client-Platform")+" "+r.Header.Get("Authorization"))
	})
	tr := own(t, srv.URL)
	var all sync.WaitGroup
	for _, token := range []string{"", "a", "b", "c"} {
		for _, platform := range []string{"WEB", "KUAISHOU", "WECHAT"} {
			all.Go(func() {
				want := platform + " "
				if token != "" {
					want += "Hydrogen-r1 " + token
				}
				for range 20 {
					res, err := tr.Do(t.Context(), &transport.Request{Method: "GET", Path: "/", Platform: platform, Token: token})
					if err != nil || res.Body != want {
						t.Errorf("got %v, %v, want %q", res, err, want)
						return
					}
				}
			})
		}
	}
	all.Wait()
}

func TestReserved(t *testing.T) {
	for name, want := range map[string]bool{
		"Authorization": true, "authorization": true, "content-type": true, "Cookie": true, "host": true, "accept": true,
		"x-hydrogen-client-id": true, "X-Hydrogen-Anything": true, "User-Agent": true,
		"connection": true, "Expect": true, "keep-alive": true, "TE": true, "trailer": true, "Transfer-Encoding": true, "upgrade": true,
		"Proxy-Authorization": true, "proxy-connection": true,
		"X-Trace": false, "Accept-Language": false,
	} {
		require.Equal(t, want, transport.Reserved(name), name)
	}
}
