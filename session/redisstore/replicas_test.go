package redisstore_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
)

// deployment is a backend, a Redis and two replicas of a server.
type deployment struct {
	*baastest.Server
	mini     *miniredis.Miniredis
	gate     *gate // delays responses to the first replica
	one, two *baas.Client
}

func deploy(t *testing.T, sealing ...[]byte) *deployment {
	t.Helper()
	d := &deployment{Server: baastest.NewServer(t), mini: miniredis.RunT(t)}
	d.gate = &gate{arrived: make(chan struct{}), release: make(chan struct{})}
	d.one = d.replica(t, sealing, baas.WithHTTPClient(&http.Client{Transport: d.gate}))
	d.two = d.replica(t, sealing)
	return d
}

func (d *deployment) replica(t *testing.T, sealing [][]byte, opts ...baas.Option) *baas.Client {
	t.Helper()
	var store session.Store = newStore(t, clientOf(t, options(d.mini.Addr())), redisstore.WithClock(d.Clock().Now))
	if len(sealing) > 0 {
		sealed, err := session.NewSealed(store, sealing...)
		require.NoError(t, err)
		store = sealed
	}
	return d.Client(append(opts, baas.WithSessionStore(store))...)
}

// gate delays the response to the first request for a path, once it is armed.
type gate struct {
	mu               sync.Mutex
	part             string
	arrived, release chan struct{}
}

func (g *gate) arm(part string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.part = part
}

func (g *gate) holds(path string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.part == "" || !strings.Contains(path, g.part) {
		return false
	}
	g.part = ""
	return true
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	held := g.holds(r.URL.Path)
	res, err := http.DefaultTransport.RoundTrip(r)
	if held {
		close(g.arrived)
		<-g.release
	}
	return res, err
}

// held runs call on the first replica, and runs meanwhile while the response is
// delayed.
func (d *deployment) held(t *testing.T, path string, call func() error, meanwhile func()) error {
	t.Helper()
	d.gate.arm(path)
	result := make(chan error, 1)
	go func() { result <- call() }()
	<-d.gate.arrived
	func() {
		defer close(d.gate.release)
		meanwhile()
	}()
	return <-result
}

func login(ctx context.Context, a *auth.Auth, phone *baastest.Phone) (int64, error) {
	u, err := a.LoginWithKs(ctx, nil, auth.Code(phone.Login()))
	if err != nil {
		return 0, err
	}
	return u.ID(), nil
}

func TestReplicasShareSessions(t *testing.T) {
	keys := [][]byte{bytes.Repeat([]byte{1}, session.SealingKeySize)}
	for name, sealing := range map[string][][]byte{"plain": nil, "sealed": keys} {
		t.Run(name, func(t *testing.T) {
			d, ctx := deploy(t, sealing...), t.Context()
			one, two := d.one.Auth("visitor"), d.two.Auth("visitor")
			id, err := login(ctx, one, d.Kuaishou("openid-1"))
			require.NoError(t, err)

			u, err := two.CurrentUser(ctx)
			require.NoError(t, err)
			require.Equal(t, id, u.ID())
			_, err = d.two.Auth("somebody else").CurrentUser(ctx)
			require.ErrorIs(t, err, herror.SessionMissing)

			require.NoError(t, one.Logout(ctx))
			_, err = two.CurrentUser(ctx)
			require.ErrorIs(t, err, herror.SessionMissing)
			require.Zero(t, d.TokensAlive(id))
			require.NoError(t, two.Logout(ctx), "again")

			again, err := login(ctx, two, d.Kuaishou("openid-1"))
			require.NoError(t, err)
			require.Equal(t, id, again)
			_, err = one.CurrentUser(ctx)
			require.NoError(t, err)
		})
	}
}

func TestALate401OfOneReplicaLeavesTheSessionOfAnother(t *testing.T) {
	d, ctx := deploy(t), t.Context()
	one, two, phone := d.one.Auth("visitor"), d.two.Auth("visitor"), d.Kuaishou("openid-1")
	id, err := login(ctx, one, phone)
	require.NoError(t, err)
	d.RevokeTokens(id)

	err = d.held(t, "/user/info/", func() error {
		_, err := one.CurrentUser(ctx)
		return err
	}, func() {
		_, err := login(ctx, two, phone)
		require.NoError(t, err)
	})
	require.ErrorIs(t, err, herror.SessionMissing)
	for _, a := range []*auth.Auth{one, two} {
		u, err := a.CurrentUser(ctx)
		require.NoError(t, err, "the new session is still valid")
		require.Equal(t, id, u.ID())
	}
}

func TestALogoutOnOneReplicaIsNotUndoneByASlowLoginOnAnother(t *testing.T) {
	d, ctx := deploy(t), t.Context()
	one, two := d.one.Auth("visitor"), d.two.Auth("visitor")
	err := d.held(t, "/silent-login/", func() error {
		_, err := login(ctx, one, d.Kuaishou("openid-1"))
		return err
	}, func() { require.NoError(t, two.Logout(ctx)) })
	require.ErrorIs(t, err, herror.SessionMissing)
	for _, a := range []*auth.Auth{one, two} {
		_, err = a.CurrentUser(ctx)
		require.ErrorIs(t, err, herror.SessionMissing)
	}
}

func TestManyUsersOnTwoReplicas(t *testing.T) {
	d := deploy(t)
	var all sync.WaitGroup
	for n := range 16 {
		all.Go(func() {
			if err := d.visit(n); err != nil {
				t.Errorf("visitor %d: %v", n, err)
			}
		})
	}
	all.Wait()
}

// visit logs a user in on one replica, reads it on both at once and logs it out on the other.
func (d *deployment) visit(n int) error {
	ctx, name := context.Background(), fmt.Sprint("visitor-", n)
	one, two := d.one.Auth(name), d.two.Auth(name)
	if n%2 == 1 {
		one, two = two, one
	}
	for range 3 {
		id, err := login(ctx, one, d.Kuaishou(name))
		if err != nil {
			return err
		}
		var reads sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			reads.Go(func() {
				u, err := []*auth.Auth{one, two}[i%2].CurrentUser(ctx)
				if err == nil && (u.ID() != id || u.OpenID() != name) {
					err = fmt.Errorf("got user %d, want %d", u.ID(), id)
				}
				errs[i] = err
			})
		}
		reads.Wait()
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		if err := two.Logout(ctx); err != nil {
			return err
		}
		if _, err := one.CurrentUser(ctx); herror.CodeOf(err) != herror.SessionMissing {
			return fmt.Errorf("after the logout: %w", err)
		}
	}
	return nil
}

func TestRedisDownIsAnErrorAndNoLogout(t *testing.T) {
	d, ctx := deploy(t), t.Context()
	one, phone := d.one.Auth("visitor"), d.Kuaishou("openid-1")
	id, err := login(ctx, one, phone)
	require.NoError(t, err)

	d.mini.Close()
	d.ResetJournal()
	_, err = one.CurrentUser(ctx)
	require.ErrorIs(t, err, herror.StoreFailed)
	_, err = login(ctx, d.two.Auth("visitor"), phone)
	require.ErrorIs(t, err, herror.StoreFailed)
	require.Empty(t, d.Requests(), "no code is spent")

	require.NoError(t, d.mini.Restart())
	u, err := d.two.Auth("visitor").CurrentUser(ctx)
	require.NoError(t, err)
	require.Equal(t, id, u.ID())
}
