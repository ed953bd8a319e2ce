package auth_test

import (
	"context"
	"errors"
	"io"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
)

const (
	silentLogin     = "POST /hserve/v2.5/idp/kuaishou/silent-login/"
	webAuthenticate = "POST /hserve/v2.0/idp/oauth-weibo/authenticate/"
	readUser        = "GET /hserve/v2.5/user/info/*/"
)

// singleUse are logins with something that is good once, by route. Each returns a login
// that can be made again with the same.
var singleUse = map[string]func(*world) func() error{
	silentLogin: func(w *world) func() error {
		code := w.Kuaishou("openid-1").Login()
		return func() error { return second(w.visitor().LoginWithKs(ctx, nil, auth.Code(code))) }
	},
	webAuthenticate: func(w *world) func() error {
		token := w.Weibo("openid-1").Login()
		return func() error { return second(w.visitor().LoginWithThirdParty(ctx, platform.Weibo, token)) }
	},
}

// A request that may have reached the backend is never sent twice, and the error
// says so; one that cannot have is sent again, with the same code or token.
func TestWhetherALoginWasSent(t *testing.T) {
	tests := map[string]struct {
		fault baastest.Fault
		code  herror.Code // 0: the login succeeds in the end
		sent  bool
		tries int
		cause error
	}{
		"cut after read":           {baastest.Fault{Cut: baastest.CutAfterRead}, herror.NetworkDisconnected, true, 1, io.EOF},
		"cut in the answer":        {baastest.Fault{Cut: baastest.CutInResponse}, herror.NetworkDisconnected, true, 1, io.ErrUnexpectedEOF},
		"refused":                  {baastest.Fault{Cut: baastest.CutDial}, herror.NetworkDisconnected, false, 3, syscall.ECONNREFUSED},
		"refused twice":            {baastest.Fault{Cut: baastest.CutDial, Times: 2}, 0, false, 3, nil},
		"cut before read":          {baastest.Fault{Cut: baastest.CutBeforeRead}, herror.NetworkDisconnected, true, 1, syscall.ECONNRESET},
		"500":                      {baastest.Fault{Status: 500}, 500, true, 1, nil},
		"503 after acting":         {baastest.Fault{Status: 503, Act: true}, 503, true, 1, nil},
		"429":                      {baastest.Fault{Status: 429}, herror.TooManyRequests, true, 1, nil},
		"401":                      {baastest.Fault{Status: 401}, herror.NotAuthenticated, true, 1, nil},
		"no answer in time":        {baastest.Fault{Hold: time.Hour}, herror.RequestTimeout, true, 1, context.DeadlineExceeded},
		"HTML with 200":            {baastest.Fault{Status: 200, Body: "<html>", ContentType: "text/html"}, herror.InvalidResponse, true, 1, nil},
		"no token in the answer":   {baastest.Fault{Status: 201, Body: `{"user_info":{"id":1}}`}, herror.InvalidResponse, true, 1, nil},
		"no user in the answer":    {baastest.Fault{Status: 201, Body: `{"token":"t-1","expires_in":60}`}, herror.InvalidResponse, true, 1, nil},
		"no content":               {baastest.Fault{Status: 204}, herror.InvalidResponse, true, 1, nil},
		"an answer half as JSON":   {baastest.Fault{Status: 201, Body: `{"token":"t-1"`}, herror.InvalidResponse, true, 1, nil},
		"an answer that is a list": {baastest.Fault{Status: 201, Body: `[]`}, herror.InvalidResponse, true, 1, nil},
	}
	for route, begin := range singleUse {
		for name, tt := range tests {
			t.Run(route+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { // its clock jumps over the pauses between tries
					w := newWorld(t)
					login := begin(w)
					remove := w.Fail(route, tt.fault)
					err := login()
					remove()
					require.Equal(t, tt.tries, w.CountRequests(route))
					if tt.code == 0 {
						require.NoError(t, err)
						return
					}
					h := fails(t, tt.code, err)
					require.Equal(t, tt.sent, h.Sent())
					require.True(t, tt.cause == nil || errors.Is(err, tt.cause), "the cause is %v", errors.Unwrap(err))
					s, err := w.visitor().Session(ctx)
					require.NoError(t, err)
					require.True(t, s.IsZero())
					if !tt.sent {
						require.NoError(t, login(), "the same can still be used")
					}
				})
			})
		}
	}
}

// Reads are tried three times in all; what a 4xx says does not change by asking again.
func TestReadsAreTriedAgain(t *testing.T) {
	tests := map[string]struct {
		fault baastest.Fault
		code  herror.Code // 0: the read succeeds in the end
		tries int
	}{
		"503 once":       {baastest.Fault{Status: 503, Times: 1}, 0, 2},
		"429 twice":      {baastest.Fault{Status: 429, Times: 2}, 0, 3},
		"500 always":     {baastest.Fault{Status: 500}, 500, 3},
		"cut once":       {baastest.Fault{Cut: baastest.CutAfterRead, Times: 1}, 0, 2},
		"cut in answer":  {baastest.Fault{Cut: baastest.CutInResponse, Times: 2}, 0, 3},
		"refused always": {baastest.Fault{Cut: baastest.CutDial}, herror.NetworkDisconnected, 3},
		"403":            {baastest.Fault{Status: 403}, herror.Forbidden, 1},
		"too slow":       {baastest.Fault{Delay: time.Hour}, herror.RequestTimeout, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // its clock jumps over the pauses between tries
				w := newWorld(t)
				a := w.visitor()
				_, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
				require.NoError(t, err)
				w.Fail(readUser, tt.fault)
				_, err = a.CurrentUser(ctx)
				require.Equal(t, tt.tries, w.CountRequests(readUser))
				if tt.code == 0 {
					require.NoError(t, err)
				} else {
					fails(t, tt.code, err)
				}
			})
		})
	}
}
