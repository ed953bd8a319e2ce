package baastest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

const anonymousPath = "/hserve/v2.0/login/anonymous/"

// forms are the two ways to reach a backend.
func forms(t *testing.T, test func(t *testing.T, b *baastest.Backend, c *client)) {
	t.Run("round tripper", func(t *testing.T) {
		b := newBackend()
		test(t, b, newClient(t, b, ""))
	})
	t.Run("server", func(t *testing.T) {
		s := baastest.NewServer(t, baastest.WithClock(baastest.NewClock(start)))
		tr := &http.Transport{}
		t.Cleanup(tr.CloseIdleConnections)
		c := newClient(t, s.Backend, "")
		c.rt, c.host = tr, s.URL()
		test(t, s.Backend, c)
	})
}

func TestInjectedStatus(t *testing.T) {
	forms(t, func(t *testing.T, b *baastest.Backend, c *client) {
		id := c.register("Ann")
		b.Fail("GET /hserve/v2.5/user/info/*/", baastest.Fault{Times: 1, Status: 401})
		path := "v2.5/user/info/61736923/"
		c.refused(401, "injected fault", c.get(path))
		c.ok(200, c.get(path))

		remove := b.Fail("/hserve/v2.5/**", baastest.Fault{Status: 502, Body: "<html>bad</html>", ContentType: "text/html"})
		for range 3 {
			r := c.get(path)
			require.Equal(t, 502, r.status)
			require.Equal(t, "<html>bad</html>", r.raw)
			require.Equal(t, "text/html", r.header.Get("Content-Type"))
		}
		c.ok(200, c.get("v2.2/server/time/"))
		remove()
		c.ok(200, c.get(path))

		b.Fail("", baastest.Fault{Status: 204, Times: 1})
		require.Equal(t, 204, c.get(path).status)
		b.Fail("", baastest.Fault{Status: 502, NoBody: true, Times: 1})
		r := c.get(path)
		require.Equal(t, 502, r.status)
		require.Empty(t, r.raw)

		// An unknown path can be given a response.
		b.Fail("GET /own/", baastest.Fault{Status: 200, Body: `{"own":true}`})
		require.Equal(t, m{"own": true}, c.get("/own/").body)
		b.ClearFaults()
		c.refused(404, "", c.get("/own/"))

		// Acting all the same: the token is gone, the response says otherwise.
		b.Fail("", baastest.Fault{Status: 500, Act: true, Times: 1})
		c.refused(500, "", c.post("v2.0/session/destroy/", m{}))
		require.Zero(t, b.TokensAlive(id))
	})
}

func TestEveryNth(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, "")
	b.Fail("POST "+anonymousPath, baastest.Fault{Every: 3, Times: 2, Status: 503})
	var statuses []int
	for range 9 {
		statuses = append(statuses, c.post(anonymousPath, m{}).status)
	}
	require.Equal(t, []int{201, 201, 503, 201, 201, 503, 201, 201, 201}, statuses)
}

func TestCuts(t *testing.T) {
	tests := []struct {
		cut    baastest.Cut
		acts   bool
		err    error // of the round tripper
		status int   // in the journal
	}{
		{baastest.CutDial, false, syscall.ECONNREFUSED, 0},
		{baastest.CutBeforeRead, false, syscall.ECONNRESET, 0},
		{baastest.CutAfterRead, true, io.EOF, 0},
		{baastest.CutInResponse, true, io.ErrUnexpectedEOF, 201},
	}
	for _, tt := range tests {
		forms(t, func(t *testing.T, b *baastest.Backend, c *client) {
			b.Fail("POST "+anonymousPath, baastest.Fault{Cut: tt.cut, Times: 1})
			r, err := c.try("POST", anonymousPath, m{})
			require.Error(t, err)
			if _, inProcess := c.rt.(*http.Transport); !inProcess {
				require.ErrorIs(t, err, tt.err)
			}
			if tt.cut == baastest.CutInResponse {
				require.Equal(t, 201, r.status)
				require.NotEmpty(t, r.raw)
			}
			_, acted := b.User(61736923)
			require.Equal(t, tt.acts, acted)
			requests := b.Requests()
			require.Len(t, requests, 1)
			require.Equal(t, tt.status, requests[0].Status)
			require.Equal(t, "POST "+anonymousPath, requests[0].Fault)
			require.Equal(t, tt.acts, requests[0].Body != nil, "the body was read")
			c.ok(201, c.post(anonymousPath, m{}))
		})
	}
}

// untouched is a body that fails the test when it is read.
type untouched struct {
	t      *testing.T
	closed bool
}

func (u *untouched) Read([]byte) (int, error) {
	u.t.Error("body was read")
	return 0, io.EOF
}

func (u *untouched) Close() error { u.closed = true; return nil }

func TestCutBeforeReadLeavesTheBody(t *testing.T) {
	b := newBackend()
	b.Fail("", baastest.Fault{Cut: baastest.CutBeforeRead})
	req := newClient(t, b, "").request("POST", anonymousPath, nil)
	body := &untouched{t: t}
	req.Body = body
	_, err := b.Transport().RoundTrip(req)
	require.Error(t, err)
	require.True(t, body.closed)
}

func TestDelays(t *testing.T) {
	for name, tt := range map[string]struct {
		fault baastest.Fault
		acts  bool
	}{
		"before acting":     {baastest.Fault{Delay: time.Hour}, false},
		"before responding": {baastest.Fault{Hold: time.Hour}, true},
		"before a cut":      {baastest.Fault{Delay: time.Hour, Cut: baastest.CutBeforeRead}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, err := baastest.New()
				require.NoError(t, err)
				b.Fail("", tt.fault)
				c := newClient(t, b, "")

				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err = b.Transport().RoundTrip(c.request("POST", anonymousPath, m{}).WithContext(ctx))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, time.Second, time.Since(began))
				_, acted := b.User(61736923)
				require.Equal(t, tt.acts, acted)
				require.Zero(t, b.Requests()[0].Status)

				_, err = c.try("POST", anonymousPath, m{})
				require.Equal(t, time.Hour+time.Second, time.Since(began))
				require.Equal(t, tt.fault.Cut != baastest.CutNever, err != nil)
			})
		})
	}
}

func TestCloseEndsDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := baastest.New()
		require.NoError(t, err)
		b.Fail("", baastest.Fault{Delay: time.Hour})
		c := newClient(t, b, "")
		errs := make(chan error)
		go func() {
			_, err := c.try("POST", anonymousPath, m{})
			errs <- err
		}()
		synctest.Wait()
		b.Close()
		require.ErrorContains(t, <-errs, "closed")
	})
}

func TestServerCloseEndsDelays(t *testing.T) {
	s := baastest.NewServer(t)
	s.Fail("", baastest.Fault{Delay: time.Hour})
	c := newClient(t, s.Backend, "")
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	c.rt, c.host = tr, s.URL()
	arrived := make(chan struct{})
	req := c.request("POST", anonymousPath, nil)
	req.Body = io.NopCloser(io.MultiReader(strings.NewReader("{}"), readerFunc(func() { close(arrived) })))
	errs := make(chan error, 1)
	go func() {
		_, err := c.rt.RoundTrip(req)
		errs <- err
	}()
	<-arrived
	s.Close()
	require.Error(t, <-errs)
}

// readerFunc is an empty body that says when it is read.
type readerFunc func()

func (f readerFunc) Read([]byte) (int, error) { f(); return 0, io.EOF }

func TestContextEndsABlockedBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := baastest.New()
		require.NoError(t, err)
		reader, writer := io.Pipe()
		defer writer.Close()
		ctx, cancel := context.WithCancelCause(t.Context())
		req := newClient(t, b, "").request("POST", anonymousPath, nil).WithContext(ctx)
		req.Body = reader
		errs := make(chan error)
		go func() {
			_, err := b.Transport().RoundTrip(req)
			errs <- err
		}()
		synctest.Wait()
		why := errors.New("the caller left")
		cancel(why)
		require.ErrorIs(t, <-errs, why)
	})
}

func TestContextEndsAResponse(t *testing.T) {
	b := newBackend()
	ctx, cancel := context.WithCancel(t.Context())
	res, err := b.Transport().RoundTrip(newClient(t, b, "").request("POST", anonymousPath, m{}).WithContext(ctx))
	require.NoError(t, err)
	require.Positive(t, res.ContentLength)
	cancel()
	_, err = io.ReadAll(res.Body)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, res.Body.Close())
	_, err = res.Body.Read(make([]byte, 1))
	require.Error(t, err)

	_, err = b.Transport().RoundTrip(newClient(t, b, "").request("POST", anonymousPath, m{}).WithContext(ctx))
	require.ErrorIs(t, err, context.Canceled)
}

func TestHTTPClientOverTheTransport(t *testing.T) {
	b := newBackend()
	client := &http.Client{Transport: b.Transport()}
	res, err := client.Do(newClient(t, b, "").request("POST", anonymousPath, m{}))
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, "201 Created", res.Status)
	require.Equal(t, "application/json", res.Header.Get("Content-Type"))
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.EqualValues(t, len(text), res.ContentLength)
	require.NoError(t, res.Body.Close())
	_, err = res.Body.Read(make([]byte, 1))
	require.ErrorContains(t, err, "closed")
}

func TestRouteThatNothingMatchesPanics(t *testing.T) {
	b, err := baastest.New()
	require.NoError(t, err)
	for _, route := range []string{"kuaishou/silent-login", "POST", "POST kuaishou/"} {
		require.Panics(t, func() { b.Fail(route, baastest.Fault{Status: 500}) }, route)
		require.Panics(t, func() { b.CountRequests(route) }, route)
	}
}

func TestUnusedFaults(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, "")
	require.Empty(t, b.UnusedFaults())
	b.Fail("POST "+anonymousPath, baastest.Fault{Times: 1, Status: 500})
	remove := b.Fail("GET /hserve/mistyped/", baastest.Fault{Status: 500})
	b.Fail("", baastest.Fault{Every: 3, Status: 500})
	c.refused(500, "", c.post(anonymousPath, m{}))
	remove()
	require.Equal(t, []string{"GET /hserve/mistyped/", "**"}, b.UnusedFaults(), "a fault that was removed unused stays unused")
	for range 3 {
		c.post(anonymousPath, m{})
	}
	require.Equal(t, []string{"GET /hserve/mistyped/"}, b.UnusedFaults())
	b.ClearFaults()
	require.Empty(t, b.UnusedFaults())
}

// A fault that hit nothing fails the test if the test asked for it.
func TestStrictFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		opts     []baastest.Option
		hit      bool
		failures []string
	}{
		"hit":         {[]baastest.Option{baastest.WithStrictFaults()}, true, nil},
		"missed":      {[]baastest.Option{baastest.WithStrictFaults()}, false, []string{"baastest: no request was hit by the faults of POST " + anonymousPath}},
		"not checked": {nil, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tb := new(recordingTB)
			s := baastest.NewServer(tb, tt.opts...)
			s.Fail("POST "+anonymousPath, baastest.Fault{Status: 500})
			if tt.hit {
				newClient(t, s.Backend, "").post(anonymousPath, m{})
			}
			for _, cleanup := range tb.cleanups {
				cleanup()
			}
			require.Equal(t, tt.failures, tb.failures)
		})
	}
}
