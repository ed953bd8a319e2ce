package auth_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

const password = "secret-1"

func TestRegisterAndLogin(t *testing.T) {
	tests := map[string]struct {
		credentials auth.Credentials
		kind, name  string // the one that is sent
	}{
		"username": {auth.Credentials{Username: "Ann"}, "username", "Ann"},
		"email":    {auth.Credentials{Email: "ann@example.com"}, "email", "ann@example.com"},
		"phone":    {auth.Credentials{Phone: number}, "phone", number},
		"an email wins over a username": {
			auth.Credentials{Username: "Ann", Email: "ann@example.com"}, "email", "ann@example.com",
		},
		"a phone wins over all": {
			auth.Credentials{Username: "Ann", Email: "ann@example.com", Phone: number}, "phone", number,
		},
		"a phone wins over a username": {
			auth.Credentials{Username: "Ann", Phone: number}, "phone", number,
		},
	}
	for name, tt := range tests {
		test := func(t *testing.T, pin func(*baastest.Responses), reads int) {
			w := newWorldWith(t, pin)
			tt.credentials.Password = password
			a := w.visitor()
			made, err := a.Register(ctx, tt.credentials)
			require.NoError(t, err)
			require.Equal(t, tt.name, map[string]string{
				"username": made.Username(), "email": made.Email(), "phone": made.Phone(),
			}[tt.kind])

			require.Equal(t, "/hserve/v2.1/register/"+tt.kind+"/", paths(w)[0])
			require.Len(t, paths(w)[1:], reads)
			require.JSONEq(t, `{"`+tt.kind+`":"`+tt.name+`","password":"`+password+`"}`, string(w.Requests()[0].Body))

			w.ResetJournal()
			u, err := w.client.Auth("other").Login(ctx, tt.credentials)
			require.NoError(t, err)
			require.Equal(t, made.ID(), u.ID())
			require.Equal(t, "/hserve/v2.1/login/"+tt.kind+"/", paths(w)[0])

			_, err = w.client.Auth("third").Register(ctx, tt.credentials)
			fails(t, herror.BadRequest, err)
			tt.credentials.Password = "wrong"
			_, err = w.client.Auth("third").Login(ctx, tt.credentials)
			require.EqualError(t, fails(t, herror.BadRequest, err), "400: Invalid username/email or password.")
			_, err = w.client.Auth("third").CurrentUser(ctx)
			fails(t, herror.SessionMissing, err)
		}
		// Pinned because the user is only read where the response does not have it.
		t.Run(name, func(t *testing.T) { test(t, wholeAccountLogin, 0) })
		t.Run(name+", short response", func(t *testing.T) { test(t, shortAccountLogin, 1) })
	}
}

func paths(w *world) []string {
	var all []string
	for _, r := range w.Requests() {
		all = append(all, r.Path)
	}
	return all
}

func TestUsernamesAndEmailsIgnoreCase(t *testing.T) {
	w := newWorld(t)
	_, err := w.visitor().Register(ctx, auth.Credentials{Username: "Ann", Password: password})
	require.NoError(t, err)
	_, err = w.visitor().Login(ctx, auth.Credentials{Username: "aNN", Password: password})
	require.NoError(t, err)
	u, err := w.visitor().Register(ctx, auth.Credentials{Email: "Ann@Example.com", Password: password})
	require.NoError(t, err)
	require.Equal(t, "ann@example.com", u.Email())
}

func TestBadCredentials(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	for name, c := range map[string]auth.Credentials{
		"nothing":                {},
		"no name":                {Password: password},
		"no password":            {Username: "ann"},
		"over-long username":     {Username: strings.Repeat("a", 257), Password: password},
		"over-long password":     {Username: "ann", Password: strings.Repeat("a", 1025)},
		"not UTF-8":              {Email: "ann\xff@example.com", Password: password},
		"password not UTF-8":     {Email: "ann@example.com", Password: "\xff"},
		"control characters":     {Phone: "138\n00", Password: password},
		"bad winner, good other": {Username: "ann", Phone: "\x00", Password: password},
	} {
		_, err := a.Login(ctx, c)
		require.ErrorIs(t, err, herror.InvalidParameter, name)
		_, err = a.Register(ctx, c)
		require.ErrorIs(t, err, herror.InvalidParameter, name)
	}
	require.Zero(t, w.sent())
}

func TestCredentialsUnmarshalAndNeverShowThePassword(t *testing.T) {
	var c auth.Credentials
	require.NoError(t, json.Unmarshal([]byte(`{"email":"ann@example.com","password":"secret-1"}`), &c))
	require.Equal(t, auth.Credentials{Email: "ann@example.com", Password: "secret-1"}, c)
	text, err := json.Marshal(c)
	require.NoError(t, err)
	require.JSONEq(t, `{"email":"ann@example.com"}`, string(text))
}

// Who the answer only names is read; a failure of that does not undo the login.
func TestLoginWhoseReadFails(t *testing.T) {
	w := newWorldWith(t, shortAccountLogin) // because a response with the user needs no read
	a := w.visitor()
	_, err := a.Register(ctx, auth.Credentials{Username: "ann", Password: password})
	require.NoError(t, err)
	require.NoError(t, a.Logout(ctx))
	for code, fault := range map[herror.Code]baastest.Fault{
		herror.Forbidden:           {Status: 403, Times: 1},
		herror.NetworkDisconnected: {Cut: baastest.CutDial, Times: 3},
	} {
		w.Fail("GET /hserve/**", fault)
		_, err = a.Login(ctx, auth.Credentials{Username: "ann", Password: password})
		require.True(t, fails(t, code, err).Sent(), "the login was")
		_, err = a.CurrentUser(ctx)
		require.NoError(t, err)
	}
}

// The user that is read after the login tells what the login's answer did not.
func TestLoginThatOnlyNamesTheUser(t *testing.T) {
	const answer = `{"user_id":7,"token":"t-1"%s}`
	tests := map[string]struct {
		login func(*auth.Auth) (*user.CurrentUser, error)
		life  string
		read  string
		want  session.Session
	}{
		"an account, life unknown": {accountLogin, "", `{"id":7}`, session.Session{}},
		"an account":               {accountLogin, `,"expires_in":60`, `{"id":7}`, session.Session{UserID: 7}},
		"turns out anonymous":      {accountLogin, `,"expires_in":60`, `{"id":7,"_anonymous":true}`, session.Session{UserID: 7, Anonymous: true}},
		"anonymous":                {anonymousLogin, `,"expires_in":60`, `{"id":7}`, session.Session{UserID: 7, Anonymous: true}},
		"turns out an account":     {anonymousLogin, `,"expires_in":60`, `{"id":7,"_anonymous":false}`, session.Session{UserID: 7}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Fail("POST /hserve/**", baastest.Fault{Status: 201, Body: fmt.Sprintf(answer, tt.life)})
			w.Fail("GET /hserve/**", baastest.Fault{Status: 200, Body: tt.read})
			a := w.visitor()
			u, err := tt.login(a)
			require.NoError(t, err)
			require.EqualValues(t, 7, u.ID())
			require.Equal(t, "Hydrogen-r1 t-1", w.last().Header.Get("Authorization"))
			s, err := a.Session(ctx)
			require.NoError(t, err)
			require.Equal(t, tt.want, session.Session{UserID: s.UserID, Anonymous: s.Anonymous})
			require.Equal(t, tt.want.Anonymous, u.Anonymous())
		})
	}
}

// Whatever the backend or something before it mixes up, nobody is served as another.
func TestAnAnswerAboutAnotherUserIsNone(t *testing.T) {
	w := newWorldWith(t, shortAccountLogin) // because a response with the user needs no read
	a := w.visitor()
	_, err := a.Register(ctx, auth.Credentials{Username: "ann", Password: password})
	require.NoError(t, err)
	for name, id := range map[string]string{"another": "1", "none": "null"} {
		remove := w.Fail("GET /hserve/**", baastest.Fault{Status: 200, Body: `{"id":` + id + `,"nickname":"Bob"}`})
		_, err = a.CurrentUser(ctx)
		require.ErrorIs(t, err, herror.InvalidResponse, name)
		_, err = accountLogin(w.client.Auth("other"))
		require.ErrorIs(t, err, herror.InvalidResponse, name)
		remove()
	}
}

func accountLogin(a *auth.Auth) (*user.CurrentUser, error) {
	return a.Login(ctx, auth.Credentials{Username: "ann", Password: password})
}

func anonymousLogin(a *auth.Auth) (*user.CurrentUser, error) { return a.AnonymousLogin(ctx) }

func TestSessionsExpire(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	_, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
	require.NoError(t, err)
	w.ResetJournal()

	w.Clock().Advance(baastest.DefaultTokenLife - 30*time.Second - 1)
	_, err = a.CurrentUser(ctx)
	require.NoError(t, err)
	w.Clock().Advance(1)
	_, err = a.CurrentUser(ctx)
	require.EqualError(t, fails(t, herror.SessionMissing, err), "604: session missing")
	require.Equal(t, 1, w.sent())
	s, err := a.Session(ctx)
	require.NoError(t, err)
	require.Equal(t, session.Session{}, s)
	require.NoError(t, a.Logout(ctx))
	require.Equal(t, 1, w.sent(), "an expired token goes nowhere")
}

func TestATokenTheBackendForgotEndsTheSession(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	u, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
	require.NoError(t, err)
	w.RevokeTokens(u.ID())
	_, err = a.CurrentUser(ctx)
	h := fails(t, herror.SessionMissing, err)
	require.ErrorIs(t, err, herror.NotAuthenticated)
	require.True(t, h.Sent())
	w.ResetJournal()
	_, err = a.CurrentUser(ctx)
	fails(t, herror.SessionMissing, err)
	require.Zero(t, w.sent(), "the session is gone")
}

func TestLogout(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	require.NoError(t, a.Logout(ctx), "nobody is logged in")
	require.Zero(t, w.sent())

	u, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
	require.NoError(t, err)
	require.NoError(t, a.Logout(ctx))
	require.Zero(t, w.TokensAlive(u.ID()))
	require.Equal(t, "/hserve/v2.0/session/destroy/", w.last().Path)
	w.ResetJournal()
	for range 3 {
		require.NoError(t, a.Logout(ctx))
		_, err = a.CurrentUser(ctx)
		fails(t, herror.SessionMissing, err)
	}
	require.Zero(t, w.sent())
	_, err = a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
	require.NoError(t, err, "and in again")
}

func TestALogoutThatFailsInTheBackendLogsOutHere(t *testing.T) {
	for name, tt := range map[string]struct {
		fault baastest.Fault
		code  herror.Code // 0: no error
	}{
		"401":              {baastest.Fault{Status: 401}, 0},
		"500":              {baastest.Fault{Status: 500}, 500},
		"connection broke": {baastest.Fault{Cut: baastest.CutAfterRead}, herror.NetworkDisconnected},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.visitor()
			_, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
			require.NoError(t, err)
			w.Fail(route(post, "v2.0/session/destroy/"), tt.fault)
			err = a.Logout(ctx)
			if tt.code == 0 {
				require.NoError(t, err)
			} else {
				fails(t, tt.code, err)
			}
			_, err = a.CurrentUser(ctx)
			fails(t, herror.SessionMissing, err)
			require.NoError(t, a.Logout(ctx))
		})
	}
}

func TestAnonymousUserWhoRegistersKeepsTheID(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	guest, err := a.AnonymousLogin(ctx)
	require.NoError(t, err)
	require.True(t, guest.Anonymous())
	s, err := a.Session(ctx)
	require.NoError(t, err)
	require.True(t, s.Anonymous)

	u, err := a.Register(ctx, auth.Credentials{Username: "ann", Password: password})
	require.NoError(t, err)
	require.Equal(t, guest.ID(), u.ID())
	require.False(t, u.Anonymous())
	s, err = a.Session(ctx)
	require.NoError(t, err)
	require.False(t, s.Anonymous)
}

func TestResume(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	u, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
	require.NoError(t, err)
	s, err := a.Session(ctx)
	require.NoError(t, err)

	kept, err := s.MarshalBinary()
	require.NoError(t, err)
	var back session.Session
	require.NoError(t, back.UnmarshalBinary(kept))
	resumed := w.client.Resume(back)
	same, err := resumed.CurrentUser(ctx)
	require.NoError(t, err)
	require.Equal(t, u.ID(), same.ID())
	require.NoError(t, resumed.Logout(ctx))
	_, err = resumed.CurrentUser(ctx)
	fails(t, herror.SessionMissing, err)

	nobody := w.client.Resume(session.Session{})
	_, err = nobody.CurrentUser(ctx)
	fails(t, herror.SessionMissing, err)
	_, err = nobody.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-2").Login()))
	require.NoError(t, err)
	fresh, err := nobody.Session(ctx)
	require.NoError(t, err)
	require.Equal(t, "openid-2", fresh.OpenID)
}

func TestABadSessionKeyFailsEveryCall(t *testing.T) {
	w := newWorld(t, baas.WithEnv("test"))
	for name, key := range map[string]string{
		"empty": "", "over-long": strings.Repeat("k", 1025), "not UTF-8": "\xff", "control characters": "a\nb",
	} {
		t.Run(name, func(t *testing.T) {
			a := w.client.Auth(key)
			for call, err := range map[string]error{
				"login":  second(a.LoginWithKs(ctx, nil, auth.Code("code-1"))),
				"silent": second(a.SilentLogin(ctx, auth.Code("code-1"))),
				"user":   second(a.CurrentUser(ctx)),
				"read":   second(a.Session(ctx)),
				"raw":    second(a.Request(ctx, auth.Request{Path: "/hserve/"})),
				"phone":  second(a.UpdatePhoneNumber(ctx, &platform.AuthData{EncryptedData: "e", IV: "i"})),
				"logout": a.Logout(ctx),
			} {
				require.ErrorIs(t, err, herror.InvalidParameter, call)
			}
		})
	}
	require.Zero(t, w.sent())
}

func second[T any](_ T, err error) error { return err }

func TestCallsForNobodyLogNobodyIn(t *testing.T) {
	w := newWorld(t, baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) {
		t.Error("a code is minted")
		return "", nil
	}))
	a := w.visitor()
	require.NoError(t, a.SendSmsCode(t.Context(), "13800138000"))
	message, ok := w.LastSMS("13800138000")
	require.True(t, ok)
	require.NoError(t, a.VerifySmsCode(t.Context(), "13800138000", message.Code))
	require.ErrorIs(t, a.RequestPasswordReset(t.Context(), "nobody@example.com"), herror.NotFound)
	require.Equal(t, 3, w.sent())
}

func TestSignatureIDsAreOverZero(t *testing.T) {
	w := newWorld(t)
	for _, id := range []int64{0, -1} {
		fails(t, herror.InvalidParameter, w.visitor().SendSmsCode(ctx, "13800138000", auth.SignatureID(id)))
	}
	require.Zero(t, w.sent())
}
