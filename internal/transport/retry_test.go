package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/transport"
)

// step is one response of the backend, or an error.
type step struct {
	status int
	after  string // Retry-After
	err    error
	took   time.Duration
}

// script responds with the steps in order, and repeats the last one. Like a real
// transport, it reads the body first.
func script(steps ...step) *httpmock.MockTransport {
	mock := httpmock.NewMockTransport()
	n := 0
	mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		s := steps[min(n, len(steps)-1)]
		n++
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		time.Sleep(s.took)
		if s.err != nil {
			return nil, s.err
		}
		res := httpmock.NewStringResponse(s.status, `{}`)
		if s.after != "" {
			res.Header = http.Header{"Retry-After": {s.after}}
		}
		return res, nil
	})
	return mock
}

func TestRetries(t *testing.T) {
	reset := errors.New("connection reset")
	tests := []struct {
		name     string
		method   string
		steps    []step
		code     herror.Code // 0: success
		attempts int
	}{
		{"a read succeeds", "GET", []step{{status: 200}}, 0, 1},
		{"a read after a broken connection", "GET", []step{{err: reset}, {status: 200}}, 0, 2},
		{"a read after two", "GET", []step{{err: reset}, {err: reset}, {status: 200}}, 0, 3},
		{"a read gives up after three", "GET", []step{{err: reset}}, herror.NetworkDisconnected, 3},
		{"a HEAD is a read", "HEAD", []step{{status: 503}, {status: 200}}, 0, 2},
		{"a read after 429", "GET", []step{{status: 429}, {status: 200}}, 0, 2},
		{"a read after 500", "GET", []step{{status: 500}, {status: 200}}, 0, 2},
		{"a read after 502 and 503", "GET", []step{{status: 502}, {status: 503}, {status: 200}}, 0, 3},
		{"a read with 503 each time", "GET", []step{{status: 503}}, 503, 3},
		{"a read of 400", "GET", []step{{status: 400}}, 400, 1},
		{"a read of 401", "GET", []step{{status: 401}}, 401, 1},
		{"a read of 404", "GET", []step{{status: 404}}, 404, 1},
		{"a read that is redirected", "GET", []step{{status: 302}}, 302, 1},
		{"a post after a broken connection", "POST", []step{{err: reset}}, herror.NetworkDisconnected, 1},
		{"a post after 429", "POST", []step{{status: 429}}, 429, 1},
		{"a post after 503", "POST", []step{{status: 503}}, 503, 1},
		{"a put after 503", "PUT", []step{{status: 503}}, 503, 1},
		{"a patch after 503", "PATCH", []step{{status: 503}}, 503, 1},
		{"a delete after 503", "DELETE", []step{{status: 503}}, 503, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mock := script(tt.steps...)
				req := &transport.Request{Method: tt.method, Path: "/", Platform: "WEB"}
				if tt.method != "GET" && tt.method != "HEAD" {
					req.Body = "{}"
				}
				res, err := on(mock).Do(t.Context(), req)
				require.Equal(t, tt.code, herror.CodeOf(err))
				require.Equal(t, tt.attempts, mock.GetTotalCallCount())
				if tt.code == 0 {
					require.Equal(t, 200, res.Status)
				} else {
					require.Nil(t, res)
				}
			})
		})
	}
}

// After a 429 that says how long to wait, nothing has been done: it is safe to send
// the request again.
func TestRetriesAfterThrottling(t *testing.T) {
	for name, tt := range map[string]struct {
		steps    []step
		after    bool
		code     herror.Code
		attempts int
		waits    time.Duration
	}{
		"asked for":              {[]step{{status: 429, after: "3"}, {status: 200}}, true, 0, 2, 3 * time.Second},
		"each time":              {[]step{{status: 429, after: "1"}}, true, 429, 3, 2 * time.Second},
		"not asked for":          {[]step{{status: 429, after: "3"}}, false, 429, 1, 0},
		"without Retry-After":    {[]step{{status: 429}}, true, 429, 1, 0},
		"another status":         {[]step{{status: 503, after: "3"}}, true, 503, 1, 0},
		"longer than a call may": {[]step{{status: 429, after: "60"}}, true, 429, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mock, began := script(tt.steps...), time.Now()
				_, err := on(mock).Do(t.Context(), &transport.Request{Method: "PUT", Path: "/", Body: "{}", AfterThrottling: tt.after})
				require.Equal(t, tt.code, herror.CodeOf(err))
				require.Equal(t, tt.attempts, mock.GetTotalCallCount())
				require.Equal(t, tt.waits, time.Since(began))
			})
		})
	}
}

// A request without a body may have been sent although no body was read.
func TestPostWithoutABodyIsNotSentAgain(t *testing.T) {
	mock := script(step{err: errors.New("connection reset")})
	_, err := on(mock).Do(t.Context(), &transport.Request{Method: "POST", Path: "/"})
	require.True(t, failed(t, err).Sent())
	require.Equal(t, 1, mock.GetTotalCallCount())
}

func TestRetryAfter(t *testing.T) {
	const backoff = -1 // the default backoff
	tests := []struct {
		name     string
		after    func(now time.Time) string
		wait     time.Duration
		attempts int
	}{
		{"seconds", func(time.Time) string { return "3" }, 3 * time.Second, 2},
		{"a date", func(now time.Time) string { return now.Add(4 * time.Second).UTC().Format(http.TimeFormat) }, 4 * time.Second, 2},
		{"a date that has passed", func(now time.Time) string { return now.Add(-time.Hour).UTC().Format(http.TimeFormat) }, backoff, 2},
		{"none", func(time.Time) string { return "" }, backoff, 2},
		{"zero", func(time.Time) string { return "0" }, backoff, 2},
		{"negative", func(time.Time) string { return "-5" }, backoff, 2},
		{"nonsense", func(time.Time) string { return "soon" }, backoff, 2},
		{"beyond the timeout", func(time.Time) string { return "11" }, 0, 1},
		{"an hour", func(time.Time) string { return "3600" }, 0, 1},
		{"more than a duration holds", func(time.Time) string { return "9999999999999" }, 0, 1},
		{"more than an integer holds", func(time.Time) string { return "99999999999999999999999" }, 0, 1},
		{"a far date", func(now time.Time) string { return now.AddDate(300, 0, 0).UTC().Format(http.TimeFormat) }, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now() // a whole second, as bubbles begin
				mock := script(step{status: 429, after: tt.after(began)}, step{status: 200})
				_, err := on(mock).Do(t.Context(), get("/"))
				require.Equal(t, tt.attempts, mock.GetTotalCallCount())
				took := time.Since(began)
				if tt.wait != backoff {
					require.Equal(t, tt.wait, took)
				} else {
					require.GreaterOrEqual(t, took, 50*time.Millisecond)
					require.LessOrEqual(t, took, 100*time.Millisecond)
				}
				if tt.attempts == 1 {
					require.ErrorIs(t, err, herror.TooManyRequests)
				} else {
					require.NoError(t, err)
				}
			})
		})
	}
}

// A Retry-After of more than 30 seconds is not waited for, whatever the timeout.
func TestLongRetryAfterIsNotWaitedFor(t *testing.T) {
	for after, attempts := range map[string]int{"30": 2, "31": 1} {
		synctest.Test(t, func(t *testing.T) {
			mock := script(step{status: 429, after: after}, step{status: 200})
			cfg := config(base)
			cfg.HTTPClient, cfg.Timeout = &http.Client{Transport: mock}, 10*time.Minute
			_, _ = transport.New(cfg).Do(t.Context(), get("/"))
			require.Equal(t, attempts, mock.GetTotalCallCount(), after)
		})
	}
}

func TestBackoffGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := on(script(step{status: 503})).Do(t.Context(), get("/"))
		require.Error(t, err)
		require.GreaterOrEqual(t, time.Since(began), 150*time.Millisecond)
		require.LessOrEqual(t, time.Since(began), 300*time.Millisecond)
	})
}

func TestTimeoutSpansTheRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		mock := script(step{status: 503, took: 4 * time.Second})
		_, err := on(mock).Do(t.Context(), get("/"))
		require.ErrorIs(t, err, herror.RequestTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 10*time.Second, time.Since(began))
		require.Equal(t, 3, mock.GetTotalCallCount())
		time.Sleep(time.Hour) // until the mock's goroutine has ended
	})
}

func TestCancellationEndsThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		mock := script(step{status: 503, after: "5"})
		_, err := on(mock).Do(ctx, get("/"))
		failed(t, err)
		require.Equal(t, time.Second, time.Since(began))
		require.Equal(t, 1, mock.GetTotalCallCount())
	})
}

// If an idle connection is broken, net/http repeats a read without being asked. Each
// repeat counts as an attempt: a backend that drops every request receives three.
func TestRepeatsOfTheTransportCount(t *testing.T) {
	var requests, dropped atomic.Int32
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) == 1 {
			return // the connection stays open
		}
		dropped.Add(1)
		panic(http.ErrAbortHandler)
	})
	tr := own(t, srv.URL)
	_, err := tr.Do(t.Context(), get("/hserve/"))
	require.NoError(t, err)
	_, err = tr.Do(t.Context(), get("/hserve/"))
	require.ErrorIs(t, err, herror.NetworkDisconnected)
	require.EqualValues(t, 3, dropped.Load())
}
