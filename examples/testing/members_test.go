package members

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/platform"
)

const (
	key         = "visitor-1"
	silentLogin = "POST /hserve/v2.5/idp/kuaishou/silent-login/"
	readUser    = "GET /hserve/v2.5/user/info/*/"
)

// newService returns the service under test, its backend, which runs in this process
// without a port, and a phone.
func newService(t *testing.T) (*Service, *baastest.Backend, *baastest.Phone) {
	t.Helper()
	backend, err := baastest.New()
	require.NoError(t, err)
	t.Cleanup(backend.Close)
	client, err := backend.Client()
	require.NoError(t, err)
	return New(client), backend, backend.Kuaishou("ks-ann").SetProfile(baastest.Profile{NickName: "Ann"})
}

// Nil data is the silent login. The other data is that of a button's event on the
// phone, with real signatures and encryption.
func TestLogin(t *testing.T) {
	for name, tt := range map[string]struct {
		data func(*baastest.Phone) *platform.AuthData
		name string
		err  error
	}{
		"silent":  {data: func(*baastest.Phone) *platform.AuthData { return nil }},
		"agreed":  {data: (*baastest.Phone).AllowUserInfo, name: "Ann"},
		"refused": {data: (*baastest.Phone).RefuseUserInfo, err: ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			service, backend, phone := newService(t)
			code := phone.Login() // on a phone the code comes first, the data second

			_, err := service.Login(t.Context(), key, code, tt.data(phone))
			require.ErrorIs(t, err, tt.err)

			member, err := service.Member(t.Context(), key) // a user who refuses is logged in too
			require.NoError(t, err)
			account, ok := backend.UserOf(phone) // read without a request
			require.True(t, ok)
			require.Equal(t, Member{ID: account.ID, Name: tt.name}, member)
		})
	}
}

// A code is single use, and data decrypts only under the session key of its own code.
func TestLoginWithSpentCodeOrOldData(t *testing.T) {
	service, _, phone := newService(t)
	code := phone.Login()
	data := phone.AllowUserInfo()
	_, err := service.Login(t.Context(), key, code, data)
	require.NoError(t, err)

	_, err = service.Login(t.Context(), key, code, data)
	require.ErrorIs(t, err, ErrNewCode)
	_, err = service.Login(t.Context(), key, phone.Login(), data)
	require.ErrorIs(t, err, ErrNewCode)
	_, err = service.Login(t.Context(), key, "", data)
	require.ErrorIs(t, err, ErrNewCode)
	_, err = service.Login(t.Context(), key, phone.Login(), phone.AllowUserInfo())
	require.NoError(t, err)
}

// Each fault hits one route. In a synctest bubble the SDK's pauses between attempts
// take no time.
func TestLoginFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault    baastest.Fault
		err      error
		requests int
	}{
		"no connection":           {baastest.Fault{Cut: baastest.CutDial}, ErrSameCode, 3},
		"cut before the response": {baastest.Fault{Cut: baastest.CutAfterRead}, ErrNewCode, 1},
		"half a response":         {baastest.Fault{Cut: baastest.CutInResponse}, ErrNewCode, 1},
		"unavailable":             {baastest.Fault{Status: http.StatusServiceUnavailable}, ErrNewCode, 1},
		"an HTML page":            {baastest.Fault{Status: http.StatusOK, Body: "<html>", ContentType: "text/html"}, ErrNewCode, 1},
		"no response in time":     {baastest.Fault{Delay: time.Hour}, ErrNewCode, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service, backend, phone := newService(t)
				backend.Fail(silentLogin, tt.fault)

				code := phone.Login()
				_, err := service.Login(t.Context(), key, code, nil)
				require.ErrorIs(t, err, tt.err)
				require.Equal(t, tt.requests, backend.CountRequests(silentLogin))

				backend.ClearFaults()
				if tt.err == ErrNewCode {
					code = phone.Login()
				}
				_, err = service.Login(t.Context(), key, code, nil)
				require.NoError(t, err)
			})
		})
	}
}

// Two identical logins at the same time are deduplicated. The backend holds its
// response until both have begun.
func TestLoginTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service, backend, phone := newService(t)
		backend.Fail(silentLogin, baastest.Fault{Hold: time.Second})
		code := phone.Login()

		errs := make(chan error)
		for range 2 {
			go func() {
				_, err := service.Login(t.Context(), key, code, nil)
				errs <- err
			}()
		}
		require.NoError(t, <-errs)
		require.NoError(t, <-errs)
		require.Equal(t, 1, backend.CountRequests(silentLogin))
	})
}

// The clock advances by a month. The journal shows that no request was sent with the
// expired token.
func TestMemberAfterAMonth(t *testing.T) {
	service, backend, phone := newService(t)
	_, err := service.Member(t.Context(), key)
	require.ErrorIs(t, err, ErrLoggedOut)

	member, err := service.Login(t.Context(), key, phone.Login(), nil)
	require.NoError(t, err)
	again, err := service.Member(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, member, again)
	require.Equal(t, 1, backend.CountRequests(readUser))

	backend.Clock().Advance(31 * 24 * time.Hour) // longer than a token lives
	_, err = service.Member(t.Context(), key)
	require.ErrorIs(t, err, ErrLoggedOut)
	require.Equal(t, 1, backend.CountRequests(readUser))
}

func TestMemberWhoseTokenWasRevoked(t *testing.T) {
	service, backend, phone := newService(t)
	member, err := service.Login(t.Context(), key, phone.Login(), nil)
	require.NoError(t, err)

	backend.RevokeTokens(member.ID)
	_, err = service.Member(t.Context(), key)
	require.ErrorIs(t, err, ErrLoggedOut)
}

// The data that a user agreed to share goes to the backend as the phone posted it.
func TestLoginSendsWhatThePhonePosted(t *testing.T) {
	service, backend, phone := newService(t)
	code := phone.Login()
	_, err := service.Login(t.Context(), key, code, phone.AllowUserInfo())
	require.NoError(t, err)

	requests := backend.Requests()
	require.Len(t, requests, 1)
	require.Equal(t, "/hserve/v2.5/idp/kuaishou/authenticate/", requests[0].Path)
	require.Contains(t, string(requests[0].Body), code)
}

// With a listener, for tests that need a real connection. Give srv.URL() as the host
// to a program that runs in a process of its own.
func TestOnAListener(t *testing.T) {
	srv := baastest.NewServer(t)
	service := New(srv.Client())

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := service.Login(ctx, key, srv.Kuaishou("ks-ann").Login(), nil)
	require.ErrorIs(t, err, ErrSameCode)
	require.ErrorIs(t, err, context.Canceled)

	_, err = service.Login(t.Context(), key, srv.Kuaishou("ks-ann").Login(), nil)
	require.NoError(t, err)
}
