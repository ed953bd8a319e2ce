package baastest_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// listener reads the events of a backend.
type listener struct {
	t     *testing.T
	lines *bufio.Scanner
}

func listen(ctx context.Context, t *testing.T, b *baastest.Backend) *listener {
	t.Helper()
	srv := httptest.NewServer(baastest.Control(b))
	t.Cleanup(srv.Close) // it waits for the handler
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+baastest.ControlPath+"events", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { res.Body.Close() })
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
	require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	return &listener{t, bufio.NewScanner(res.Body)}
}

// next returns the data of the next event.
func (l *listener) next() string {
	l.t.Helper()
	var event []string
	for len(event) < 3 && l.lines.Scan() {
		event = append(event, l.lines.Text())
	}
	require.Len(l.t, event, 3, "the events ended")
	require.Equal(l.t, "event: change", event[0])
	require.Empty(l.t, event[2])
	return strings.TrimPrefix(event[1], "data: ")
}

func TestControlEvents(t *testing.T) {
	t.Parallel()
	b, err := baastest.New(baastest.WithJournalLimit(2))
	require.NoError(t, err)
	t.Cleanup(b.Close)
	events := listen(t.Context(), t, b)
	require.Equal(t, `{"first":1,"last":0}`, events.next())
	c := newClient(t, b, "")
	for _, want := range []string{`{"first":1,"last":1}`, `{"first":1,"last":2}`, `{"first":2,"last":3}`} {
		c.get("v2.2/server/time/")
		require.Equal(t, want, events.next())
	}
	control(t, b, 200, "DELETE", "journal", "")
	require.Equal(t, `{"first":4,"last":3}`, events.next())
	control(t, b, 200, "PUT", "people/ks/ann", "{}")
	require.Equal(t, `{"first":4,"last":3}`, events.next(), "a change without a request")
}

// The events end with their client and with the backend. The server's Close, in a
// cleanup, hangs if they do not.
func TestControlEventsEnd(t *testing.T) {
	t.Parallel()
	t.Run("with the client", func(t *testing.T) {
		t.Parallel()
		ctx, leave := context.WithCancel(t.Context())
		events := listen(ctx, t, newBackend())
		events.next()
		leave()
		require.False(t, events.lines.Scan())
	})
	t.Run("with the server", func(t *testing.T) {
		t.Parallel()
		b := newBackend()
		srv := httptest.NewServer(baastest.Control(b))
		for range 2 { // two streams of one server
			res, err := http.Get(srv.URL + baastest.ControlPath + "events")
			require.NoError(t, err)
			t.Cleanup(func() { res.Body.Close() })
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		require.NoError(t, srv.Config.Shutdown(ctx), "it waits for the streams")
		require.NoError(t, srv.Config.Shutdown(ctx))
	})
	t.Run("with the backend", func(t *testing.T) {
		t.Parallel()
		b := newBackend()
		events := listen(t.Context(), t, b)
		events.next()
		b.Close()
		require.False(t, events.lines.Scan())
		require.NoError(t, events.lines.Err(), "it ends well")
	})
}

// Many changes at once are few events, and no goroutine is left.
func TestControlEventsAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := baastest.New()
		require.NoError(t, err)
		ctx, leave := context.WithCancel(t.Context())
		w := httptest.NewRecorder()
		done := make(chan struct{})
		go func() {
			defer close(done)
			r := httptest.NewRequestWithContext(ctx, "GET", "http://localhost"+baastest.ControlPath+"events", nil)
			baastest.Control(b).ServeHTTP(w, r)
		}()
		synctest.Wait()
		c := newClient(t, b, "")
		for range 50 {
			c.get("v2.2/server/time/")
		}
		time.Sleep(time.Second)
		leave()
		<-done
		require.Equal(t, 2, strings.Count(w.Body.String(), "event: change"))
		require.Contains(t, w.Body.String(), `{"first":1,"last":50}`)
	})
}

// A server that buffers its responses cannot send events.
func TestControlEventsNeedAFlusher(t *testing.T) {
	t.Parallel()
	w := struct{ http.ResponseWriter }{httptest.NewRecorder()}
	r := httptest.NewRequest("GET", "http://localhost"+baastest.ControlPath+"events", nil)
	baastest.Control(newBackend()).ServeHTTP(w, r) // and returns
}
