package baas_test

import (
	"bytes"
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/internal/testkit/variant"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// newDouble returns a backend without a listener, and a client of it.
func newDouble(t *testing.T, opts ...baas.Option) (*baastest.Backend, *baas.Client) {
	t.Helper()
	b, err := baastest.New(variant.Option())
	require.NoError(t, err)
	t.Cleanup(b.Close)
	client, err := b.Client(opts...)
	require.NoError(t, err)
	return b, client
}

func requireCode(t *testing.T, code herror.Code, err error) *herror.HError {
	t.Helper()
	var h *herror.HError
	require.ErrorAs(t, err, &h)
	require.Equal(t, code, h.Code)
	return h
}

// The documented sequence of an app on several platforms: each platform's login
// finds no account, the user enters the one there is, or makes it, and links; from
// then on that platform finds it. In the end all of them are one account.
func TestOneAccountOnAllPlatforms(t *testing.T) {
	ctx := context.Background()
	credentials := auth.Credentials{Username: "ann", Password: "secret-1"}
	for first := range testkit.Platforms {
		t.Run("starting on "+testkit.Platforms[first].Name(), func(t *testing.T) {
			b, client := newDouble(t)
			var account int64
			for i := range testkit.Platforms {
				on := testkit.Platforms[(first+i)%len(testkit.Platforms)]
				phone, err := b.Phone(on.Name(), "openid-"+on.Name())
				require.NoError(t, err)
				a := client.Auth("visitor on " + on.Name())
				_, err = on.Login(a, ctx, nil, auth.Code(phone.Login()), auth.CreateUser(false))
				requireCode(t, herror.NotFound, err)

				enter := a.Login
				if i == 0 {
					enter = a.Register
				}
				u, err := enter(ctx, credentials)
				require.NoError(t, err)
				if i == 0 {
					account = u.ID()
				}
				require.Equal(t, account, u.ID())
				code := phone.Login()
				linked, err := on.Link(&u.Me, ctx, phone.AllowUserInfo(), auth.Code(code))
				require.NoError(t, err)
				require.Equal(t, account, linked.UserID)
				require.NoError(t, a.Logout(ctx))

				u, err = on.Login(a, ctx, nil, auth.Code(phone.Login()), auth.CreateUser(false))
				require.NoError(t, err)
				require.Equal(t, account, u.ID())
			}
			stored, _ := b.User(account)
			require.Len(t, stored.Identities, len(testkit.Platforms))
		})
	}
}

// A phone of one platform whose account is linked to another one logs in there.
func TestLinkingFromAPlatformLogin(t *testing.T) {
	ctx := context.Background()
	for i, from := range testkit.Platforms {
		to := testkit.Platforms[(i+1)%len(testkit.Platforms)]
		t.Run(from.Name()+" to "+to.Name(), func(t *testing.T) {
			b, client := newDouble(t)
			here, err := b.Phone(from.Name(), "here")
			require.NoError(t, err)
			there, err := b.Phone(to.Name(), "there")
			require.NoError(t, err)
			a := client.Auth("visitor")
			u, err := from.Login(a, ctx, nil, auth.Code(here.Login()))
			require.NoError(t, err)
			_, err = to.Link(&u.Me, ctx, nil, auth.Code(there.Login()))
			require.NoError(t, err)
			s, err := a.Session(ctx)
			require.NoError(t, err)
			require.Equal(t, from.Name(), s.Platform, "the session stays that of the login")
			same, err := to.Login(client.Auth("other"), ctx, nil, auth.Code(there.Login()))
			require.NoError(t, err)
			require.Equal(t, u.ID(), same.ID())
		})
	}
}

// What is done under one visitor key is not seen under another one, and is seen by
// every client that shares the store.
func TestReplicasShareSessionsByTheStore(t *testing.T) {
	ctx := context.Background()
	store := testkit.Memory(t)
	b, one := newDouble(t, baas.WithSessionStore(store))
	other, err := b.Client(baas.WithSessionStore(store))
	require.NoError(t, err)
	u, err := one.Auth("ann").LoginWithKs(ctx, nil, auth.Code(b.Kuaishou("openid-1").Login()))
	require.NoError(t, err)

	same, err := other.Auth("ann").CurrentUser(ctx)
	require.NoError(t, err)
	require.Equal(t, u.ID(), same.ID())
	_, err = other.Auth("bob").CurrentUser(ctx)
	requireCode(t, herror.SessionMissing, err)
	require.NoError(t, other.Auth("ann").Logout(ctx))
	_, err = one.Auth("ann").CurrentUser(ctx)
	requireCode(t, herror.SessionMissing, err)
}

// Two apps on one store do not see each other's sessions, whatever key a visitor has:
// not staging and production, and not two environments of one app.
func TestSessionsAreBoundToTheApp(t *testing.T) {
	ctx := context.Background()
	store := testkit.Memory(t)
	b, production := newDouble(t, baas.WithSessionStore(store))
	_, err := production.Auth("ann").LoginWithKs(ctx, nil, auth.Code(b.Kuaishou("openid-1").Login()))
	require.NoError(t, err)
	via := baas.WithHTTPClient(&http.Client{Transport: b.Transport()})
	for name, other := range map[string]struct {
		clientID string
		opts     []baas.Option
	}{
		"another client id":   {"staging", nil},
		"another environment": {b.ClientID(), []baas.Option{baas.WithEnv("test")}},
		"another host":        {b.ClientID(), []baas.Option{baas.WithHost("https://staging.example.com")}},
	} {
		client, err := baas.New(other.clientID, append(other.opts, via, baas.WithSessionStore(store))...)
		require.NoError(t, err)
		b.ResetJournal()
		_, err = client.Auth("ann").CurrentUser(ctx)
		requireCode(t, herror.SessionMissing, err)
		require.NoError(t, client.Auth("ann").Logout(ctx))
		require.Zero(t, b.CountRequests("* /hserve/*"), name)
		require.NotEqual(t, production.SessionKey("ann"), client.SessionKey("ann"))
	}
	_, err = production.Auth("ann").CurrentUser(ctx)
	require.NoError(t, err)
}

// A session that has expired makes the code source log in anew; without one it is 604.
func TestAutomaticLoginAfterExpiry(t *testing.T) {
	ctx := context.Background()
	var b *baastest.Backend
	minted := 0
	b, client := newDouble(t, baas.WithCodeSource(platform.WeChat{}, func(_ context.Context, key string) (string, error) {
		minted++
		return b.WeChat("openid of " + key).Login(), nil
	}))
	a := client.Auth("ann")
	u, err := a.CurrentUser(ctx)
	require.NoError(t, err)
	require.Equal(t, "openid of ann", u.OpenID())
	require.Equal(t, 1, minted)
	b.Clock().Advance(baastest.DefaultTokenLife - 29*time.Second)
	again, err := a.CurrentUser(ctx)
	require.NoError(t, err)
	require.Equal(t, u.ID(), again.ID())
	require.Equal(t, 2, minted)
	require.Equal(t, 2, b.CountRequests("POST /hserve/v2.5/idp/wechat/silent-login/"))

	require.NoError(t, a.Logout(ctx))
	_, err = a.UpdatePhoneNumber(ctx, b.WeChat("openid of ann").AllowPhoneNumberOld("13800138000"))
	requireCode(t, herror.SessionMissing, err)
	require.Equal(t, 2, minted, "no new code is minted: the data would not open under it")
}

// The options of the code source are those of every automatic login.
func TestAutomaticLoginKeepsItsOptions(t *testing.T) {
	ctx := context.Background()
	var b *baastest.Backend
	b, client := newDouble(t, baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) {
		return b.Kuaishou("openid-1").Login(), nil
	}, auth.CreateUser(false)))
	_, err := client.Auth("ann").CurrentUser(ctx)
	requireCode(t, herror.NotFound, err)
	_, err = client.Request(ctx, "ann", auth.Request{Path: "/hserve/v2.2/server/time/"})
	requireCode(t, herror.NotFound, err)
}

const destroy = "POST /hserve/v2.0/session/destroy/"

// What an operator sees, the newest session first, and only live ones.
func TestSessionsOfAUser(t *testing.T) {
	bubble(t, func(t *testing.T, b *baastest.Backend, client *baas.Client) {
		ctx := t.Context()
		phone := b.Kuaishou("openid-1")
		u, err := client.Auth("phone").LoginWithKs(ctx, nil, auth.Code(phone.Login()))
		require.NoError(t, err)
		first := time.Now()
		require.NoError(t, u.SetAccount(ctx, user.Account{Username: "ann", Password: "secret-1"}))
		time.Sleep(time.Minute)
		second := time.Now()
		_, err = client.Auth("laptop").Login(ctx, auth.Credentials{Username: "ann", Password: "secret-1"})
		require.NoError(t, err)
		_, err = client.Auth("left").Login(ctx, auth.Credentials{Username: "ann", Password: "secret-1"})
		require.NoError(t, err)
		require.NoError(t, client.Auth("left").Logout(ctx))
		_, err = client.Auth("anonymous").AnonymousLogin(ctx)
		require.NoError(t, err)

		infos, err := client.Sessions(ctx, u.ID())
		require.NoError(t, err)
		require.Len(t, infos, 2)
		for i, want := range []baas.SessionInfo{{LoggedInAt: second}, {LoggedInAt: first, Platform: "kuaishou"}} {
			require.True(t, infos[i].ExpiresAt.After(time.Now()))
			want.ExpiresAt = infos[i].ExpiresAt
			want.LoggedInAt = want.LoggedInAt.UTC().Truncate(session.Precision)
			require.Equal(t, want, infos[i])
		}

		time.Sleep(time.Until(infos[0].ExpiresAt))
		infos, err = client.Sessions(ctx, u.ID())
		require.NoError(t, err)
		require.Empty(t, infos, "expired")
		revoked, err := client.RevokeUser(ctx, u.ID())
		require.NoError(t, err)
		require.Zero(t, revoked)
	})
}

func TestAnAnonymousSession(t *testing.T) {
	_, client := newDouble(t)
	u, err := client.Auth("visitor").AnonymousLogin(t.Context())
	require.NoError(t, err)
	infos, err := client.Sessions(t.Context(), u.ID())
	require.NoError(t, err)
	require.Len(t, infos, 1)
	require.True(t, infos[0].Anonymous)
}

func TestSessionsRefuseBadIDs(t *testing.T) {
	b, client := newDouble(t, baas.WithSessionStore(failingStore{http.ErrServerClosed}))
	for _, id := range []int64{0, -1} {
		_, err := client.Sessions(t.Context(), id)
		requireCode(t, herror.InvalidParameter, err)
		revoked, err := client.RevokeUser(t.Context(), id)
		requireCode(t, herror.InvalidParameter, err)
		require.Zero(t, revoked)
	}
	require.Empty(t, b.Requests())
}

// A login of a user is under way while the user's sessions are revoked: it fails, on
// every visitor key, and one that is sent later does not.
func TestRevokeUserDuringALogin(t *testing.T) {
	for name, store := range map[string]func() session.Store{
		"memory": func() session.Store { return testkit.Memory(t) },
		"sealed": func() session.Store {
			sealed, err := session.NewSealed(testkit.Memory(t), bytes.Repeat([]byte{1}, session.SealingKeySize))
			require.NoError(t, err)
			return sealed
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, b *baastest.Backend, client *baas.Client) {
				ctx, phone := t.Context(), b.Kuaishou("openid-1")
				u, err := client.Auth("a").LoginWithKs(ctx, nil, auth.Code(phone.Login()))
				require.NoError(t, err)
				b.Fail(ksLogin, baastest.Fault{Hold: 10 * time.Second})
				var waiting []<-chan got
				for _, key := range []string{"a", "b"} {
					code := phone.Login()
					waiting = append(waiting, begin(func() (*user.CurrentUser, error) {
						return client.Auth(key).LoginWithKs(context.Background(), nil, auth.Code(code))
					}))
				}
				time.Sleep(time.Second)
				revoked, err := client.RevokeUser(ctx, u.ID())
				require.NoError(t, err)
				require.Equal(t, 1, revoked)
				later := begin(func() (*user.CurrentUser, error) {
					return client.Auth("c").LoginWithKs(context.Background(), nil, auth.Code(phone.Login()))
				})
				for _, done := range waiting {
					h := requireCode(t, herror.SessionMissing, (<-done).err)
					require.True(t, h.Sent())
				}
				require.NoError(t, (<-later).err)
				infos, err := client.Sessions(ctx, u.ID())
				require.NoError(t, err)
				require.Len(t, infos, 1)
			}, baas.WithSessionStore(store()))
		})
	}
}

// The sessions are deleted, whatever the backend does with their tokens.
func TestRevokeUserWhenTheBackendFails(t *testing.T) {
	for name, tt := range map[string]struct {
		fault baastest.Fault
		code  herror.Code
	}{
		"it does not know the token": {baastest.Fault{Status: http.StatusUnauthorized}, 0},
		"it fails":                   {baastest.Fault{Status: http.StatusServiceUnavailable}, 503},
		"it is not there":            {baastest.Fault{Cut: baastest.CutDial}, herror.NetworkDisconnected},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, b *baastest.Backend, client *baas.Client) {
				ctx, id := t.Context(), int64(0)
				for _, key := range []string{"a", "b", "c"} {
					u, err := client.Auth(key).LoginWithKs(ctx, nil, auth.Code(b.Kuaishou("openid-1").Login()))
					require.NoError(t, err)
					id = u.ID()
				}
				b.Fail(destroy, tt.fault)
				revoked, err := client.RevokeUser(ctx, id)
				require.Equal(t, 3, revoked)
				require.Equal(t, tt.code, herror.CodeOf(err))
				infos, err := client.Sessions(ctx, id)
				require.NoError(t, err)
				require.Empty(t, infos)
			})
		})
	}
}

// A client with a code source logs the user in again: that is a login sent later.
func TestRevokeUserWithACodeSource(t *testing.T) {
	b, err := baastest.New()
	require.NoError(t, err)
	t.Cleanup(b.Close)
	phone := b.Kuaishou("openid-1")
	client, err := b.Client(baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) { return phone.Login(), nil }))
	require.NoError(t, err)
	u, err := client.Auth("visitor").CurrentUser(t.Context())
	require.NoError(t, err)
	revoked, err := client.RevokeUser(t.Context(), u.ID())
	require.NoError(t, err)
	require.Equal(t, 1, revoked)
	_, err = client.Auth("visitor").CurrentUser(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, b.TokensAlive(u.ID()))
}

// A session of Resume is in no store.
func TestRevokeUserLeavesResumedSessions(t *testing.T) {
	b, client := newDouble(t)
	u, err := client.Auth("visitor").LoginWithKs(t.Context(), nil, auth.Code(b.Kuaishou("openid-1").Login()))
	require.NoError(t, err)
	s, err := client.Auth("visitor").Session(t.Context())
	require.NoError(t, err)
	resumed := client.Resume(s)
	b.Fail(destroy, baastest.Fault{Status: http.StatusServiceUnavailable})
	_, err = client.RevokeUser(t.Context(), u.ID())
	requireCode(t, 503, err)
	_, err = resumed.CurrentUser(t.Context())
	require.NoError(t, err)
	me, err := resumed.Me(t.Context())
	require.NoError(t, err)
	b.ResetJournal()
	err = me.UpdatePassword(t.Context(), "", "secret-2", user.RevokeOtherSessions())
	requireCode(t, herror.UnsupportedFunction, err)
	require.Empty(t, b.Requests(), "nothing is changed")
}
