package transport_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/transport"
)

func TestErrorResponses(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"error_msg", 400, `{"error_msg":"bad password","status":"error"}`, "400: bad password"},
		{"message", 403, `{"message":"not yours"}`, "403: not yours"},
		{"error_msg before message", 400, `{"message":"second","error_msg":"first"}`, "400: first"},
		{"an empty error_msg does not count", 400, `{"error_msg":"","message":"second"}`, "400: second"},
		{"an error_msg that is no string does not count", 400, `{"error_msg":{"a":1},"message":"second"}`, "400: second"},
		{"404 is always not found", 404, `{"error_msg":"no such user as bob"}`, "404: not found"},
		{"404 without a body", 404, ``, "404: not found"},
		{"no text", 402, `{}`, "402: payment required"},
		{"a code without a text", 418, `{}`, "418: unknown error"},
		{"empty", 401, ``, "401: unknown error"},
		{"HTML", 418, `<html>oops</html>`, "418: unknown error"},
		{"an array", 400, `[{"error_msg":"inner"}]`, "400: unknown error"},
		{"a nested text does not count", 400, `{"data":{"error_msg":"inner"}}`, "400: unknown error"},
		{"broken JSON", 400, `{"error_msg":"cut`, "400: unknown error"},
		{"several lines become one", 400, "{\"error_msg\":\"a\\nb\\r\\u0000c\"}", "400: a b  c"},
		{"redirect", 302, ``, "302: unknown error"},
		{"not modified", 304, ``, "304: unknown error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				if tt.status != http.StatusNotModified {
					_, _ = io.WriteString(w, tt.body)
				}
			})
			_, err := own(t, srv.URL).Do(t.Context(), post("/", "{}"))
			h := failed(t, err)
			require.Equal(t, herror.Code(tt.status), h.Code)
			require.Equal(t, tt.want, h.Error())
			require.True(t, h.Sent())
		})
	}
}

func TestErrorTextIsBounded(t *testing.T) {
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"error_msg":%q}`, strings.Repeat("长", 10_000))
	})
	_, err := own(t, srv.URL).Do(t.Context(), post("/", "{}"))
	require.LessOrEqual(t, len(failed(t, err).Message), 512)
}

// Deeply nested JSON must not overflow the stack.
func TestDeeplyNestedErrorResponse(t *testing.T) {
	body := strings.Repeat("[", transport.MaxResponse)
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, body)
	})
	_, err := own(t, srv.URL).Do(t.Context(), post("/", "{}"))
	require.Equal(t, "400: unknown error", failed(t, err).Error())
}

func TestSecretsRepeatedByTheBackendAreRedacted(t *testing.T) {
	const token = "token-3f9a"
	tests := []struct {
		name    string
		echo    string
		secrets []string
		want    string
	}{
		{"a code", "invalid code: code-77", []string{"code-77"}, "400: invalid code: [redacted]"},
		{"the token", "token token-3f9a expired", nil, "400: token [redacted] expired"},
		{"each occurrence", "code-77 is not code-77", []string{"code-77"}, "400: [redacted] is not [redacted]"},
		{"one that begins another", "not hunter22", []string{"hunter", "hunter22"}, "400: not [redacted]"},
		{"one inside another", "not my-hunter-22", []string{"hunter", "my-hunter-22"}, "400: not [redacted]"},
		{"escaped in the response's JSON", "bad {\"nickName\":\"Larry\"}", []string{`{"nickName":"Larry"}`}, "400: bad [redacted]"},
		{"as JSON within a text", `bad {"rawData":"{\"nickName\":\"Larry\"}"}`, []string{`{"nickName":"Larry"}`}, `400: bad {"rawData":"[redacted]"}`},
		{"as JSON with HTML escapes", `bad \u003cLarry\u003e`, []string{`<Larry>`}, "400: bad [redacted]"},
		{"as in a query", "bad code=a%2Bb%3D%3D", []string{"a+b=="}, "400: bad code=[redacted]"},
		{"an empty one changes nothing", "fine", []string{""}, "400: fine"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = fmt.Fprintf(w, `{"error_msg":%q}`, tt.echo)
			})
			req := post("/", "{}")
			req.Token, req.Secrets = token, tt.secrets
			before := append([]string(nil), tt.secrets...)
			_, err := own(t, srv.URL).Do(t.Context(), req)
			require.Equal(t, tt.want, failed(t, err).Error())
			require.Equal(t, before, tt.secrets, "the request is not changed")
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
			srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", elsewhere.URL)
				w.WriteHeader(status)
			})
			hc := &http.Client{Transport: new(http.Transport), CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
			cfg := config(srv.URL)
			cfg.HTTPClient = hc
			theirs := transport.New(cfg)
			defer theirs.CloseIdleConnections()
			for _, tr := range []*transport.Transport{own(t, srv.URL), theirs} {
				for _, req := range []*transport.Request{get("/"), post("/", "{}")} {
					_, err := tr.Do(t.Context(), req)
					h := failed(t, err)
					require.Equal(t, herror.Code(status), h.Code)
					require.True(t, h.Sent())
				}
			}
		})
	}
}

// Only a request that asks for it gets a redirect as a response, and it is not followed
// either.
func TestRedirectsAreReturnedOnRequest(t *testing.T) {
	for status, code := range map[int]herror.Code{301: 0, 302: 0, 303: 0, 300: 300, 304: 304, 307: 307, 308: 308, 400: 400} {
		srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere/")
			w.WriteHeader(status)
		})
		req := post("/", "{}")
		req.Redirects = true
		res, err := own(t, srv.URL).Do(t.Context(), req)
		require.Equal(t, code, herror.CodeOf(err))
		if code == 0 {
			require.Equal(t, status, res.Status)
			require.Equal(t, "/elsewhere/", res.Header.Get("Location"))
		}
	}
}

// A status that HTTP does not have is no code of the client itself: 603 is not a user
// who refused.
func TestImpossibleStatuses(t *testing.T) {
	for _, status := range []int{0, 99, 101, 199, 600, 603, 604, 691, 999} {
		tr := on(roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		}))
		_, err := tr.Do(t.Context(), &transport.Request{Method: http.MethodPost, Path: "/hserve/", Body: "{}"})
		var h *herror.HError
		require.ErrorAs(t, err, &h)
		require.Equal(t, herror.InvalidResponse, h.Code, status)
		require.True(t, h.Sent())
	}
}

func TestResponsesAreBounded(t *testing.T) {
	zipped := make(map[int][]byte)
	for _, size := range []int{transport.MaxResponse, transport.MaxResponse + 1} {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
		_, _ = w.Write(make([]byte, size))
		_ = w.Close()
		zipped[size] = b.Bytes()
	}
	tests := []struct {
		name  string
		size  int
		write func(w http.ResponseWriter, size int)
	}{
		{"with its length", transport.MaxResponse, func(w http.ResponseWriter, size int) {
			w.Header().Set("Content-Length", fmt.Sprint(size))
			_, _ = w.Write(bytes.Repeat([]byte(" "), size))
		}},
		{"in chunks", transport.MaxResponse, func(w http.ResponseWriter, size int) {
			_, _ = w.Write(bytes.Repeat([]byte(" "), size/2))
			w.(http.Flusher).Flush()
			_, _ = w.Write(bytes.Repeat([]byte(" "), size-size/2))
		}},
		{"zipped", transport.MaxResponse, func(w http.ResponseWriter, size int) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zipped[size])
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			over := 0
			srv := serve(t, func(w http.ResponseWriter, _ *http.Request) { tt.write(w, tt.size+over) })
			tr := own(t, srv.URL)
			res, err := tr.Do(t.Context(), get("/"))
			require.NoError(t, err)
			require.Len(t, res.Body, tt.size)

			over = 1
			_, err = tr.Do(t.Context(), get("/"))
			h := failed(t, err)
			require.Equal(t, "690: invalid response: too large", h.Error())
			require.True(t, h.Sent())
		})
	}
}

func TestZippedResponses(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(z, `{"id":1}`)
	require.NoError(t, z.Close())
	whole := zipped.String()
	for name, tt := range map[string]struct {
		body, want string
		fails      bool
	}{
		"whole":          {body: whole, want: `{"id":1}`},
		"two in a row":   {body: whole + whole, want: `{"id":1}{"id":1}`},
		"empty":          {},
		"cut":            {body: whole[:len(whole)-5], fails: true},
		"half a header":  {body: whole[:5], fails: true},
		"not compressed": {body: `{"id":1,"name":"Ann"}`, fails: true},
	} {
		for _, hc := range []*http.Client{nil, {Transport: new(http.Transport)}} { // ours, and net/http's own
			t.Run(fmt.Sprint(name, hc == nil), func(t *testing.T) {
				srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Encoding", "gzip")
					_ = http.NewResponseController(w).Flush() // so that the length is unknown
					_, _ = io.WriteString(w, tt.body)
				})
				cfg := config(srv.URL)
				cfg.HTTPClient = hc
				tr := transport.New(cfg)
				t.Cleanup(tr.CloseIdleConnections)
				res, err := tr.Do(t.Context(), post("/", "{}"))
				if tt.fails {
					require.Equal(t, herror.NetworkDisconnected, failed(t, err).Code)
					return
				}
				require.NoError(t, err)
				require.Equal(t, tt.want, res.Body)
				require.Empty(t, res.Header.Get("Content-Encoding"))
			})
		}
	}
}

func TestResponsesWithoutContent(t *testing.T) {
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Length", fmt.Sprint(transport.MaxResponse+1)) // the size of the response to a GET
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	for _, method := range []string{"HEAD", "DELETE"} {
		res, err := own(t, srv.URL).Do(t.Context(), &transport.Request{Method: method, Path: "/"})
		require.NoError(t, err, method)
		require.Empty(t, res.Body)
	}
}

func TestTruncatedResponses(t *testing.T) {
	for name, head := range map[string]string{
		"shorter than its length": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"token\":",
		"chunks without an end":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"token\":\r\n",
		"cut in the header":       "HTTP/1.1 200 OK\r\nConte",
		"cut at once":             "",
		"not HTTP":                "SSH-2.0-OpenSSH_9.2\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{accept: respondOnce(head)}
				cfg := config(base)
				cfg.HTTPClient = n.client()
				_, err := transport.New(cfg).Do(t.Context(), post("/", "{}"))
				h := failed(t, err)
				require.Equal(t, "600: network disconnected", h.Error())
				require.True(t, h.Sent())
				require.EqualValues(t, 1, n.dials.Load(), "a request that may have been sent is not sent again")
			})
		})
	}
}

// A switch of protocols must not block the call.
func TestProtocolSwitchIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{accept: func(c net.Conn) {
			respondOnce("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")(c)
			_, _ = io.Copy(io.Discard, c) // stays open until the client closes it
		}}
		cfg := config(base)
		cfg.HTTPClient = n.client()
		_, err := transport.New(cfg).Do(t.Context(), post("/", "{}"))
		require.Equal(t, herror.InvalidResponse, failed(t, err).Code)
	})
}

// respondOnce reads one request and writes raw.
func respondOnce(raw string) func(net.Conn) {
	return func(c net.Conn) {
		readRequest(c)
		_, _ = io.WriteString(c, raw)
	}
}
