package auth_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
)

// User B who arrives with A's cookie is never served as A.
func TestAnExplicitCodeAlwaysWins(t *testing.T) {
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		ann, bob, a := w.person(on.Name(), "openid-a"), w.person(on.Name(), "openid-b"), w.visitor()
		_, err := on.Login(a, ctx, nil, auth.Code(ann.Login()))
		require.NoError(t, err)

		u, err := on.Login(a, ctx, nil, auth.Code(bob.Login()))
		require.NoError(t, err)
		account, _ := w.UserOf(bob)
		require.Equal(t, account.ID, u.ID())
		current, err := a.CurrentUser(ctx)
		require.NoError(t, err)
		require.Equal(t, account.ID, current.ID())
	})
}

// A code that the backend refuses leaves the session, and does not fall back on it.
func TestASpentCodeDoesNotFallBackOnTheSession(t *testing.T) {
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		phone, a := w.person(on.Name(), "openid-1"), w.visitor()
		code := phone.Login()
		u, err := on.Login(a, ctx, nil, auth.Code(code))
		require.NoError(t, err)

		_, err = on.Login(a, ctx, nil, auth.Code(code))
		require.True(t, fails(t, herror.BadRequest, err).Sent())
		current, err := a.CurrentUser(ctx)
		require.NoError(t, err)
		require.Equal(t, u.ID(), current.ID())
	})
}

func TestWithoutACodeALiveSessionIsReused(t *testing.T) {
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		phone, a := w.person(on.Name(), "openid-1"), w.visitor()
		u, err := on.Login(a, ctx, nil, auth.Code(phone.Login()))
		require.NoError(t, err)
		w.ResetJournal()

		again, err := on.Login(a, ctx, nil)
		require.NoError(t, err)
		require.Equal(t, u.ID(), again.ID())
		require.Equal(t, 1, w.sent())
		require.Equal(t, get, w.last().Method, "a read, no login")

		w.Clock().Advance(baastest.DefaultTokenLife)
		_, err = on.Login(a, ctx, nil)
		fails(t, herror.InvalidParameter, err)
	})
}

func TestAnEmptyCodeNeverReusesASession(t *testing.T) {
	eachPlatform(t, func(t *testing.T, w *world, on idp) {
		phone, a := w.person(on.Name(), "openid-1"), w.visitor()
		_, err := on.Login(a, ctx, nil, auth.Code(phone.Login()))
		require.NoError(t, err)
		w.ResetJournal()

		for _, data := range []*platform.AuthData{nil, phone.AllowUserInfo(), phone.RefuseUserInfo()} {
			_, err = on.Login(a, ctx, data, auth.Code(""))
			fails(t, herror.InvalidParameter, err)
		}
		_, err = a.SilentLogin(ctx, auth.Code(""))
		fails(t, herror.InvalidParameter, err)
		require.Zero(t, w.sent())
	})
}

func TestASessionOfAnotherPlatformIsNotReused(t *testing.T) {
	for i, on := range idps {
		other := idps[(i+1)%len(idps)]
		t.Run(on.Name()+" then "+other.Name(), func(t *testing.T) {
			w := newWorld(t)
			a := w.visitor()
			_, err := on.Login(a, ctx, nil, auth.Code(w.person(on.Name(), "openid-1").Login()))
			require.NoError(t, err)
			w.ResetJournal()

			_, err = other.Login(a, ctx, nil)
			fails(t, herror.InvalidParameter, err)
			require.Zero(t, w.sent())
		})
	}
}

func TestTheCodeSourceServesLoginsWithoutACode(t *testing.T) {
	for _, on := range idps {
		t.Run(on.Name(), func(t *testing.T) {
			var w *world
			var asked []string
			source := func(_ context.Context, visitorKey string) (string, error) {
				asked = append(asked, visitorKey)
				return w.person(on.Name(), "openid-1").Login(), nil
			}
			w = newWorld(t, baas.WithCodeSource(on.Platform, source))
			a := w.visitor()

			u, err := on.Login(a, ctx, nil)
			require.NoError(t, err)
			account, _ := w.UserOf(w.person(on.Name(), "openid-1"))
			require.Equal(t, account.ID, u.ID())
			_, err = on.Login(a, ctx, nil)
			require.NoError(t, err)
			require.Equal(t, []string{"visitor"}, asked, "the session is reused")
			_, err = on.Login(a, ctx, nil, auth.Code(""))
			require.NoError(t, err)
			require.Len(t, asked, 2, "an empty code is none, but keeps the session from being reused")

			other := idps[0]
			if on.Name() == other.Name() {
				other = idps[1]
			}
			_, err = other.Login(a, ctx, nil)
			fails(t, herror.InvalidParameter, err)
			require.Len(t, asked, 2, "a code is of one platform only")
		})
	}
}

func TestACodeSourceThatFails(t *testing.T) {
	boom := context.DeadlineExceeded // any error
	tests := map[string]struct {
		code  string
		err   error
		cause error
	}{
		"error":      {err: boom, cause: boom},
		"no code":    {},
		"bad code":   {code: "a\x00b"},
		"not UTF-8":  {code: "\xff"},
		"with a nul": {code: "\x00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) {
				return tt.code, tt.err
			}))
			_, err := w.visitor().CurrentUser(ctx)
			require.False(t, fails(t, herror.InvalidParameter, err).Sent())
			if tt.cause != nil {
				require.ErrorIs(t, err, tt.cause)
			}
			require.Zero(t, w.sent())
		})
	}
}

// Encrypted data opens only with the code that came before it: no code is minted for
// it, and nobody is logged in along the way.
func TestNoCodeIsMintedForEncryptedData(t *testing.T) {
	for _, on := range idps {
		t.Run(on.Name(), func(t *testing.T) {
			var w *world
			minted := 0
			w = newWorld(t, baas.WithCodeSource(on.Platform, func(context.Context, string) (string, error) {
				minted++
				return w.person(on.Name(), "openid-1").Login(), nil
			}))
			data := &platform.AuthData{
				UserInfo: json.RawMessage(`{}`), RawData: "{}", Signature: "s", EncryptedData: "e", IV: "i",
				AuthSuccessScopes: []string{"auth_user"},
			}
			_, err := on.Login(w.visitor(), ctx, data)
			h := fails(t, herror.InvalidParameter, err)
			require.Contains(t, h.Message, "no login code: the encrypted data")
			_, err = w.visitor().UpdatePhoneNumber(ctx, &platform.AuthData{EncryptedData: "e", IV: "i"})
			fails(t, herror.SessionMissing, err)
			_, err = w.visitor().UpdateUserInfo(ctx, data)
			fails(t, herror.SessionMissing, err)
			require.Zero(t, minted)
			require.Zero(t, w.sent())

			u, err := on.Login(w.visitor(), ctx, nil)
			require.NoError(t, err)
			_, err = u.LinkOn(ctx, on.Platform, data)
			fails(t, herror.InvalidParameter, err)
			require.Equal(t, 1, minted)

			// After a 401 no code is minted for a resend either.
			w.RevokeTokens(u.ID())
			sent := w.sent()
			_, err = u.LinkOn(ctx, on.Platform, data, auth.Code("c"))
			fails(t, herror.SessionMissing, err)
			require.Equal(t, sent+1, w.sent())
			require.Equal(t, 1, minted)
			_, err = w.visitor().UpdatePhoneNumber(ctx, &platform.AuthData{EncryptedData: "e", IV: "i"})
			require.Contains(t, []herror.Code{herror.SessionMissing, herror.UnsupportedFunction}, herror.CodeOf(err))
			require.Equal(t, 1, minted)
		})
	}
}

func TestAPlatformIsNeeded(t *testing.T) {
	w := newWorld(t)
	_, err := w.visitor().LoginOn(ctx, nil, nil, auth.Code("c"))
	fails(t, herror.InvalidParameter, err)
	require.Zero(t, w.sent())
}

// The response to an automatic login has the user, so the user is not read after it.
func TestCurrentUserAfterAnAutomaticLogin(t *testing.T) {
	for _, on := range idps {
		t.Run(on.Name(), func(t *testing.T) {
			var w *world
			w = newWorld(t, baas.WithCodeSource(on.Platform, func(context.Context, string) (string, error) {
				return w.person(on.Name(), "openid-1").Login(), nil
			}))
			first, err := w.visitor().CurrentUser(ctx)
			require.NoError(t, err)
			require.Equal(t, 1, w.sent(), "the login")
			read, err := w.visitor().CurrentUser(ctx)
			require.NoError(t, err)
			require.Equal(t, 2, w.sent())
			require.Equal(t, []any{read.ID(), read.OpenID(), read.Nickname(), read.SessionExpiresAt()},
				[]any{first.ID(), first.OpenID(), first.Nickname(), first.SessionExpiresAt()})

			w.RevokeTokens(first.ID())
			again, err := w.visitor().CurrentUser(ctx)
			require.NoError(t, err)
			require.Equal(t, first.ID(), again.ID())
			require.Equal(t, 4, w.sent(), "the read that failed, and the login")
			require.NoError(t, again.Set("level", 7).Update(ctx))
			require.EqualValues(t, 7, again.Get("level").Int())
		})
	}
}
