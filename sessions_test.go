package baas_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

const destroy = "POST /hserve/v2.0/session/destroy/"

func ExampleClient_RevokeUser() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	var id int64
	for _, visitorKey := range []string{"phone", "tablet"} {
		u, err := client.Auth(visitorKey).LoginWithKs(ctx, nil, auth.Code(backend.Kuaishou("openid-1").Login()))
		if err != nil {
			log.Fatal(err)
		}
		id = u.ID()
	}

	infos, err := client.Sessions(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	revoked, err := client.RevokeUser(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Auth("phone").Me(ctx)
	fmt.Println(len(infos), "sessions,", revoked, "revoked;", err)
	// Output: 2 sessions, 2 revoked; 604: session missing
}

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
