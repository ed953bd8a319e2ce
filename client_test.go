package baas_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit/variant"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

func TestAClientPrintsItsHostOnly(t *testing.T) {
	client, err := baas.New("client-1")
	require.NoError(t, err)
	const want = "baas client of https://client-1.myminapp.com"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.Equal(t, want, fmt.Sprintf(verb, client), verb)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "client", client)
	require.Contains(t, log.String(), want)
}

// New neither sends nor starts anything.
func TestNewStartsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := baas.New("client-1")
		require.NoError(t, err)
	}) // which fails if a goroutine is left
}

// pipeListener is a listener without a network.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.IPAddr{} }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// After all kinds of calls, those that fail and those given up too, nothing is left
// running but idle connections, and CloseIdleConnections ends these. The bubble
// fails if a goroutine outlives it.
func TestNoGoroutineIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		b, err := baastest.New(variant.Option())
		require.NoError(t, err)
		l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		srv := &http.Server{Handler: b, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
		served := make(chan error)
		go func() { served <- srv.Serve(l) }()
		client, err := baas.New(b.ClientID(), baas.WithHost("http://localhost"),
			baas.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: l.dial}}))
		require.NoError(t, err)

		phone, a := b.WeChat("openid-1"), client.Auth("visitor")
		_, err = a.LoginWithWechat(ctx, phone.RefuseUserInfo(), auth.Code(phone.Login()))
		requireCode(t, herror.Unauthorized, err)
		code := phone.Login()
		u, err := a.LoginWithWechat(ctx, phone.AllowUserInfo(), auth.Code(code))
		require.NoError(t, err)
		require.NoError(t, u.Set("age", 30).Update(ctx))
		require.NoError(t, u.SetEmail(ctx, "ann@example.com", user.SendVerificationEmail(true)))
		_, err = a.UpdatePhoneNumber(ctx, phone.AllowPhoneNumber("13800138000"))
		require.NoError(t, err)
		for _, fault := range []baastest.Fault{
			{Cut: baastest.CutAfterRead, Times: 1}, {Cut: baastest.CutInResponse, Times: 1}, {Status: 500, Times: 3}, {Status: 204, Times: 1},
		} {
			b.Fail("GET /hserve/v2.5/**", fault)
			_, _ = a.CurrentUser(ctx)
		}
		b.ClearFaults()
		b.Fail("", baastest.Fault{Delay: 1 << 40, Times: 2})
		gone, cancel := context.WithCancel(ctx)
		ended := make(chan error)
		go func() { _, err := a.CurrentUser(gone); ended <- err }()
		go func() {
			_, err := client.Request(gone, "visitor", auth.Request{Path: "/hserve/v2.2/server/time/"})
			ended <- err
		}()
		synctest.Wait()
		cancel()
		for range 2 {
			require.ErrorIs(t, <-ended, context.Canceled)
		}
		require.NoError(t, a.Logout(ctx))

		client.CloseIdleConnections()
		b.Close()
		require.NoError(t, srv.Shutdown(ctx))
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	})
}

// failingStore is a session store that is down.
type failingStore struct{ err error }

func (s failingStore) Load(context.Context, session.Key) (session.Session, session.Revision, error) {
	return session.Session{}, 0, s.err
}

func (s failingStore) Swap(context.Context, session.Key, session.Revision, session.Session) (bool, error) {
	return false, s.err
}

func TestAStoreThatFails(t *testing.T) {
	ctx := context.Background()
	down := errors.New("store is down")
	b, client := newDouble(t, baas.WithSessionStore(failingStore{down}))
	a := client.Auth("visitor")
	phone := b.Kuaishou("openid-1")
	calls := map[string]func() error{
		"login":  func() error { _, err := a.LoginWithKs(ctx, nil, auth.Code(phone.Login())); return err },
		"reuse":  func() error { _, err := a.LoginWithKs(ctx, nil); return err },
		"read":   func() error { _, err := a.CurrentUser(ctx); return err },
		"raw":    func() error { _, err := a.Request(ctx, auth.Request{Path: "/hserve/"}); return err },
		"logout": func() error { return a.Logout(ctx) },
	}
	for name, call := range calls {
		h := requireCode(t, herror.StoreFailed, call())
		require.ErrorIs(t, h, down, name)
		require.EqualError(t, h, "691: session store failed", name)
		require.False(t, h.Sent(), name)
	}
	require.Empty(t, b.Requests())
}

// readOnlyStore takes nothing.
type readOnlyStore struct{ err error }

func (readOnlyStore) Load(context.Context, session.Key) (session.Session, session.Revision, error) {
	return session.Session{}, 0, nil
}

func (s readOnlyStore) Swap(context.Context, session.Key, session.Revision, session.Session) (bool, error) {
	return false, s.err
}

func TestALoginThatCannotBeStoredSaysThatTheCodeIsSpent(t *testing.T) {
	b, client := newDouble(t, baas.WithSessionStore(readOnlyStore{io.ErrShortWrite}))
	_, err := client.Auth("visitor").LoginWithKs(context.Background(), nil, auth.Code(b.Kuaishou("openid-1").Login()))
	h := requireCode(t, herror.StoreFailed, err)
	require.ErrorIs(t, err, io.ErrShortWrite)
	require.True(t, h.Sent())
	require.Len(t, b.Requests(), 1)
}

// A visitor key has 128 random bits at least and is good as it is.
func TestVisitorKeys(t *testing.T) {
	_, client := newDouble(t)
	seen := map[string]bool{}
	for range 1000 {
		key := baas.NewVisitorKey()
		require.GreaterOrEqual(t, len(key)*5, 128)
		require.False(t, seen[key])
		seen[key] = true
		_, err := client.Auth(key).Session(t.Context())
		require.NoError(t, err)
	}
}
