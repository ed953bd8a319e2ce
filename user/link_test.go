package user_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

func TestLink(t *testing.T) {
	for _, on := range testkit.Platforms {
		for name, share := range map[string]func(*baastest.Phone) *platform.AuthData{
			"silent":    func(*baastest.Phone) *platform.AuthData { return nil },
			"user info": (*baastest.Phone).AllowUserInfo,
		} {
			t.Run(on.Name()+" "+name, func(t *testing.T) {
				w := newWorld(t)
				phone, err := w.Phone(on.Name(), "openid-1")
				require.NoError(t, err)
				u := w.member()
				code := phone.Login()
				got, err := on.Link(&u.Me, ctx, share(phone), auth.Code(code))
				require.NoError(t, err)
				want := []any{"User associated.", "openid-1", "", "ok", u.ID(), http.StatusOK}
				if on.Name() == "alipay" {
					want[1], want[2] = "", "openid-1"
				}
				require.Equal(t, want, []any{got.Message, got.OpenID, got.AlipayUserID, got.Status, got.UserID, got.StatusCode})
				r := w.last()
				require.Contains(t, r.Path, "/idp/"+on.Name()+"/user-associat")
				require.Equal(t, on.Client(), r.Header.Get("X-Hydrogen-Client-Platform"))

				account, ok := w.UserOf(phone)
				require.True(t, ok)
				require.Equal(t, u.ID(), account.ID)
				require.Equal(t, name == "user info", account.Authorized)
				again, err := w.visitor().CurrentUser(ctx)
				require.NoError(t, err)
				require.True(t, again.Provider(on.Platform).Exists())
			})
		}
	}
}

func TestLinkSyncsTheProfile(t *testing.T) {
	for mode, want := range map[platform.SyncMode]string{platform.Overwrite: "Barry", platform.SetNX: "Ann", platform.NoSync: "Ann"} {
		w := newWorld(t)
		u := w.member()
		require.NoError(t, u.Set("nickname", "Ann").Update(ctx))
		phone := w.Kuaishou("openid-1").SetProfile(baastest.Profile{NickName: "Barry"})
		code := phone.Login()
		_, err := u.LinkKs(ctx, phone.AllowUserInfo(), auth.Code(code), auth.SyncUserProfile(mode))
		require.NoError(t, err)
		account, _ := w.UserOf(phone)
		require.Equal(t, want, account.Profile.NickName, mode)
	}
}

func TestLinkErrors(t *testing.T) {
	for _, on := range testkit.Platforms {
		t.Run(on.Name(), func(t *testing.T) {
			w := newWorld(t)
			u := w.member()
			for name, opts := range map[string][]platform.LinkOption{
				"no code":    nil,
				"empty code": {auth.Code("")},
				"sync mode":  {auth.Code("code-1"), auth.SyncUserProfile("nonsense")},
			} {
				_, err := on.Link(&u.Me, ctx, nil, opts...)
				require.ErrorIs(t, err, herror.InvalidParameter, name)
			}
			_, err := on.Link(&u.Me, ctx, &platform.AuthData{}, auth.Code("code-1"))
			fails(t, herror.InvalidParameter, err)
			require.Zero(t, w.sent())

			_, err = on.Link(&u.Me, ctx, nil, auth.Code("nobody's"))
			require.EqualError(t, fails(t, herror.BadRequest, err), "400: invalid code")

			phone, err := w.Phone(on.Name(), "openid-1")
			require.NoError(t, err)
			_, err = w.AddUser(baastest.User{Identities: []baastest.Identity{{Platform: on.Name(), OpenID: "openid-1"}}})
			require.NoError(t, err)
			_, err = on.Link(&u.Me, ctx, nil, auth.Code(phone.Login()))
			require.EqualError(t, fails(t, herror.BadRequest, err), "400: already associated")

			require.NoError(t, w.visitor().Logout(ctx))
			w.ResetJournal()
			_, err = on.Link(&u.Me, ctx, nil, auth.Code(phone.Login()))
			fails(t, herror.SessionMissing, err)
			require.Zero(t, w.sent())
		})
	}
}

func TestAPhoneNumberCannotLink(t *testing.T) {
	for _, on := range testkit.Platforms {
		w := newWorld(t)
		u := w.member()
		_, err := on.Link(&u.Me, ctx, &platform.AuthData{EncryptedData: "ZW5j", IV: "aXY="}, auth.Code("code-1"))
		fails(t, herror.UnsupportedFunction, err)
		require.Zero(t, w.sent(), on.Name())
	}
}

// A cancelled Alipay authorization links without user info.
func TestAlipayLinksSilentlyWhoCancels(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	phone := w.Alipay("user-1")
	_, err := u.LinkAlipay(ctx, phone.RefuseUserInfo(), auth.Code(phone.Login()))
	require.NoError(t, err)
	account, _ := w.UserOf(phone)
	require.False(t, account.Authorized)
}

func TestTheCodeSourceServesLinks(t *testing.T) {
	var w *world
	minted := 0
	w = newWorld(t, baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) {
		minted++
		return w.Kuaishou("openid-1").Login(), nil
	}))
	u := w.member()
	_, err := u.LinkKs(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, 1, minted)
	_, err = u.LinkTt(ctx, nil)
	fails(t, herror.InvalidParameter, err)

	require.NoError(t, w.visitor().Logout(ctx))
	w.Fail("POST /hserve/**", baastest.Fault{Status: 404})
	_, err = u.LinkKs(ctx, nil)
	fails(t, herror.NotFound, err)
	require.Equal(t, 2, minted, "the login that failed took one; none was made for the link")
}

// A link of who was logged in before is not shared with who is now.
func TestLinksOfTwoUsersAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w *world
		w = newWorld(t, baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) {
			time.Sleep(time.Second)
			return w.Kuaishou("openid-1").Login(), nil
		}))
		ann := w.member()
		bob, err := w.visitor().Register(ctx, auth.Credentials{Username: "bob", Password: "secret-2"})
		require.NoError(t, err)
		failed := make(chan error)
		go func() {
			_, err := ann.LinkKs(ctx, nil)
			failed <- err
		}()
		synctest.Wait()
		got, err := bob.LinkKs(ctx, nil)
		fails(t, herror.SessionMissing, <-failed)
		require.NoError(t, err)
		require.Equal(t, bob.ID(), got.UserID)
	})
}

// A link whose session cannot be noted was made all the same: the code is spent.
func TestLinkWhoseSessionIsNotStored(t *testing.T) {
	store := &failing{Store: testkit.Memory(t, session.WithClock(func() time.Time { return start }))}
	w := newWorld(t, baas.WithSessionStore(store))
	u := w.member()
	store.err = errors.New("store down")
	got, err := u.LinkKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
	require.True(t, fails(t, herror.StoreFailed, err).Sent())
	require.Equal(t, u.ID(), got.UserID)
}

// failing is a store that cannot be written to while it has an error.
type failing struct {
	session.Store
	err error
}

func (f *failing) Swap(ctx context.Context, key session.Key, old session.Revision, next session.Session) (bool, error) {
	if f.err != nil {
		return false, f.err
	}
	return f.Store.Swap(ctx, key, old, next)
}

func TestLinkByUnionIDRefusesAnothersUnionID(t *testing.T) {
	w := newWorld(t)
	_, err := w.AddUser(baastest.User{WeChatUnionID: "union-1"})
	require.NoError(t, err)
	u := w.member()
	phone := w.WeChat("openid-1").SetUnionID("union-1")
	_, err = u.LinkWechat(ctx, nil, auth.Code(phone.Login()), auth.WithUnionID(true))
	fails(t, herror.BadRequest, err)
	got, err := u.LinkWechat(ctx, nil, auth.Code(phone.Login()))
	require.NoError(t, err)
	require.Equal(t, "union-1", got.UnionID)
}

func TestLinkWithAProvidersToken(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	phone, err := w.Phone(baastest.Apple, "apple-1")
	require.NoError(t, err)
	data := platform.OAuthData{Provider: platform.Apple, Token: phone.Login(), Nickname: "Ann"}
	got, err := u.LinkThirdPartyWithAuthData(ctx, data)
	require.NoError(t, err)
	require.Equal(t, u.ID(), got.UserID)
	same, err := w.client.Auth("other").LoginWithThirdPartyAuthData(ctx, platform.OAuthData{Provider: platform.Apple, Token: phone.Login()}, auth.CreateUser(false))
	require.NoError(t, err)
	require.Equal(t, u.ID(), same.ID())
}
