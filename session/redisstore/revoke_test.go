package redisstore_test

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
	"github.com/hydrogen-go/baas/user"
)

// openStore returns a function that opens the same store for several clients.
type openStore func(t *testing.T) func() session.Store

// onEveryStore runs test on both stores, sealed and not.
func onEveryStore(t *testing.T, test func(t *testing.T, open func() session.Store)) {
	t.Helper()
	indexed := func(o func(*testing.T) *redis.Options) openStore {
		return func(t *testing.T) func() session.Store {
			options := o(t)
			return func() session.Store { return newStore(t, clientOf(t, options), redisstore.WithUserIndex()) }
		}
	}
	for name, open := range map[string]openStore{
		"memory": func(t *testing.T) func() session.Store {
			m := testkit.Memory(t)
			return func() session.Store { return m }
		},
		"miniredis": indexed(func(t *testing.T) *redis.Options { return options(miniredis.RunT(t).Addr()) }),
		"redis":     indexed(func(t *testing.T) *redis.Options { return realOptions(t) }),
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
		t.Run(name+" sealed", func(t *testing.T) {
			inner := open(t)
			test(t, func() session.Store {
				sealed, err := session.NewSealed(inner(), bytes.Repeat([]byte{1}, session.SealingKeySize), bytes.Repeat([]byte{2}, session.SealingKeySize))
				require.NoError(t, err)
				return sealed
			})
		})
	}
}

// Two replicas of one app, and one of another app with the same user ids, on one store.
func TestRevokeUserOnEveryStore(t *testing.T) {
	onEveryStore(t, func(t *testing.T, open func() session.Store) {
		ctx := t.Context()
		srv, other := baastest.NewServer(t), baastest.NewServer(t)
		one, two := srv.Client(baas.WithSessionStore(open())), srv.Client(baas.WithSessionStore(open()))
		apart := other.Client(baas.WithSessionStore(open()))

		phone := srv.Kuaishou("openid-1")
		var id int64
		for i, client := range []*baas.Client{one, two, one} {
			var err error
			id, err = login(ctx, client.Auth("visitor-"+string(rune('0'+i))), phone)
			require.NoError(t, err)
		}
		bystander, err := login(ctx, two.Auth("bystander"), srv.Kuaishou("openid-2"))
		require.NoError(t, err)
		_, err = other.AddUser(baastest.User{ID: id, Username: "ann", Password: "secret-1"})
		require.NoError(t, err)
		same, err := apart.Auth("visitor-0").Login(ctx, auth.Credentials{Username: "ann", Password: "secret-1"})
		require.NoError(t, err)
		require.Equal(t, id, same.ID(), "another user with the same id")

		for client, want := range map[*baas.Client]int{one: 3, two: 3, apart: 1} {
			infos, err := client.Sessions(ctx, id)
			require.NoError(t, err)
			require.Len(t, infos, want)
		}
		require.Equal(t, 3, srv.TokensAlive(id))

		srv.Clock().Advance(time.Second)
		revoked, err := two.RevokeUser(ctx, id)
		require.NoError(t, err)
		require.Equal(t, 3, revoked)
		require.Zero(t, srv.TokensAlive(id))
		require.Equal(t, 1, srv.TokensAlive(bystander))
		require.Equal(t, 1, other.TokensAlive(id))
		for i, client := range []*baas.Client{one, two, one} {
			_, err := client.Auth("visitor-" + string(rune('0'+i))).Me(ctx)
			require.ErrorIs(t, err, herror.SessionMissing)
		}
		_, err = two.Auth("bystander").CurrentUser(ctx)
		require.NoError(t, err)
		_, err = apart.Auth("visitor-0").CurrentUser(ctx)
		require.NoError(t, err)

		revoked, err = one.RevokeUser(ctx, id)
		require.NoError(t, err)
		require.Zero(t, revoked)
		srv.Clock().Advance(time.Second)
		_, err = login(ctx, one.Auth("visitor-0"), phone)
		require.NoError(t, err, "a later login is a new session")
		infos, err := two.Sessions(ctx, id)
		require.NoError(t, err)
		require.Len(t, infos, 1)
		require.Equal(t, "kuaishou", infos[0].Platform)
	})
}

// A login under way on one replica while another one revokes.
func TestRevokeUserDuringALoginOnEveryStore(t *testing.T) {
	onEveryStore(t, func(t *testing.T, open func() session.Store) {
		ctx := t.Context()
		d := &deployment{Server: baastest.NewServer(t), gate: &gate{arrived: make(chan struct{}), release: make(chan struct{})}}
		d.one = d.Client(baas.WithSessionStore(open()), baas.WithHTTPClient(&http.Client{Transport: d.gate}))
		d.two = d.Client(baas.WithSessionStore(open()))
		id, err := login(ctx, d.two.Auth("tablet"), d.Kuaishou("openid-1"))
		require.NoError(t, err)
		err = d.held(t, "/silent-login/", func() error {
			_, err := login(ctx, d.one.Auth("phone"), d.Kuaishou("openid-1"))
			return err
		}, func() {
			d.Clock().Advance(time.Second)
			revoked, err := d.two.RevokeUser(ctx, id)
			require.NoError(t, err)
			require.Equal(t, 1, revoked)
		})
		require.ErrorIs(t, err, herror.SessionMissing)
		require.ErrorContains(t, err, "revoked")
		infos, err := d.two.Sessions(ctx, id)
		require.NoError(t, err)
		require.Empty(t, infos)
	})
}

// Many logins of one user on two replicas while a third one revokes: those that were
// sent before do not survive.
func TestNoLoginOutlastsRevokeUser(t *testing.T) {
	onEveryStore(t, func(t *testing.T, open func() session.Store) {
		ctx := t.Context()
		srv := baastest.NewServer(t)
		clients := []*baas.Client{srv.Client(baas.WithSessionStore(open())), srv.Client(baas.WithSessionStore(open()))}
		id, err := login(ctx, clients[0].Auth("first"), srv.Kuaishou("openid-1"))
		require.NoError(t, err)
		var all sync.WaitGroup
		stop := make(chan struct{})
		for i := range 8 {
			all.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					_, err := login(context.Background(), clients[i%2].Auth(baas.NewVisitorKey()), srv.Kuaishou("openid-1"))
					if code := herror.CodeOf(err); code != 0 && code != herror.SessionMissing {
						t.Errorf("login: %v", err)
					}
				}
			})
		}
		var before time.Time
		for range 5 {
			srv.Clock().Advance(time.Second)
			before = srv.Clock().Now()
			_, err := clients[1].RevokeUser(ctx, id)
			require.NoError(t, err)
		}
		close(stop)
		all.Wait()
		infos, err := clients[0].Sessions(ctx, id)
		require.NoError(t, err)
		for _, info := range infos {
			require.False(t, info.LoggedInAt.Before(before.Truncate(session.Precision)), "a login from before the last revocation")
		}
	})
}

func TestUpdatePasswordRevokesOnEveryStore(t *testing.T) {
	onEveryStore(t, func(t *testing.T, open func() session.Store) {
		ctx := t.Context()
		srv := baastest.NewServer(t)
		client := srv.Client(baas.WithSessionStore(open()))
		u, err := client.Auth("laptop").Register(ctx, auth.Credentials{Username: "ann", Password: "secret-1"})
		require.NoError(t, err)
		_, err = client.Auth("stolen").Login(ctx, auth.Credentials{Username: "ann", Password: "secret-1"})
		require.NoError(t, err)
		require.NoError(t, u.UpdatePassword(ctx, "secret-1", "secret-2", user.RevokeOtherSessions()))
		_, err = client.Auth("stolen").Me(ctx)
		require.ErrorIs(t, err, herror.SessionMissing)
		_, err = client.Auth("laptop").CurrentUser(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, srv.TokensAlive(u.ID()))
	})
}

// Without the index, the error names the option.
func TestRevokeUserWithoutAnIndex(t *testing.T) {
	d, ctx := deploy(t), t.Context()
	id, err := login(ctx, d.one.Auth("visitor"), d.Kuaishou("openid-1"))
	require.NoError(t, err)
	_, err = d.one.RevokeUser(ctx, id)
	require.ErrorIs(t, err, herror.UnsupportedFunction)
	require.ErrorContains(t, err, "WithUserIndex")
	require.Equal(t, 1, d.TokensAlive(id))
}
