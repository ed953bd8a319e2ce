package auth_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
)

const timePath = "/hserve/v2.2/server/time/"

func TestRawRequest(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	res, err := a.Request(ctx, auth.Request{Path: timePath})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "application/json", res.Header.Get("Content-Type"))
	var answer struct{ Time string }
	require.NoError(t, res.Decode(&answer))
	require.NotEmpty(t, answer.Time)
	require.Empty(t, w.last().Header.Get("Authorization"), "nobody is logged in")
	require.Equal(t, "WEB", w.last().Header.Get("X-Hydrogen-Client-Platform"))

	u, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
	require.NoError(t, err)
	res, err = a.Request(ctx, auth.Request{
		Method: put, Path: "/hserve/v2.5/user/info/?a=1", Query: url.Values{"a": {"2"}, "b": {"x y&z"}},
		Header: http.Header{"X-Trace": {"t-1"}}, Body: map[string]int{"age": 30},
	})
	require.NoError(t, err)
	var updated struct{ ID, Age int64 }
	require.NoError(t, res.Decode(&updated))
	require.Equal(t, u.ID(), updated.ID)
	require.EqualValues(t, 30, updated.Age)
	s, err := a.Session(ctx)
	require.NoError(t, err)
	last := w.last()
	require.Equal(t, "Hydrogen-r1 "+s.Token.Reveal(), last.Header.Get("Authorization"))
	require.Equal(t, "KUAISHOU", last.Header.Get("X-Hydrogen-Client-Platform"))
	require.Equal(t, "t-1", last.Header.Get("X-Trace"))
	require.Equal(t, "a=1&a=2&b=x+y%26z", last.Query)
	require.Equal(t, `{"age":30}`, string(last.Body))

	res, err = w.client.Request(ctx, "visitor", auth.Request{
		Method: put, Path: "/hserve/v2.5/user/info/", Body: json.RawMessage(`{ "age": 31 }`),
	})
	require.NoError(t, err)
	require.Contains(t, string(res.Body), `"age":31`)
}

func TestRawRequestErrors(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	_, err := a.Request(ctx, auth.Request{Path: "/hserve/v9/nothing/"})
	require.EqualError(t, fails(t, herror.NotFound, err), "404: not found")
	_, err = a.Request(ctx, auth.Request{Method: post, Path: "/hserve/v2.0/user/email-verify/", Body: struct{}{}})
	fails(t, herror.NotAuthenticated, err)
	w.Fail(timePath, baastest.Fault{Status: 302, Times: 1})
	_, err = a.Request(ctx, auth.Request{Path: timePath})
	fails(t, 302, err)

	w.Fail(timePath, baastest.Fault{Status: 200, Body: "<html>", ContentType: "text/html", Times: 1})
	res, err := a.Request(ctx, auth.Request{Path: timePath})
	require.NoError(t, err, "a raw answer is what it is")
	require.Equal(t, "<html>", string(res.Body))
	fails(t, herror.InvalidResponse, res.Decode(new(struct{})))
}

func TestRawRequestArguments(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	bad := map[string]auth.Request{
		"no path":            {},
		"relative path":      {Path: "hserve/"},
		"absolute URL":       {Path: "https://evil.example.com/"},
		"other host":         {Path: "//evil.example.com/"},
		"fragment":           {Path: "/hserve/#x"},
		"broken escape":      {Path: "/hserve/%zz"},
		"control characters": {Path: "/hserve/\r\nX: y"},
		"space in the query": {Path: "/hserve/?a b"},
		"unknown method":     {Path: "/hserve/", Method: "BREW"},
		"lower-case method":  {Path: "/hserve/", Method: "get"},
		"GET with a body":    {Path: "/hserve/", Body: 1},
		"HEAD with a body":   {Path: "/hserve/", Method: http.MethodHead, Body: 1},
		"body not JSON":      {Path: "/hserve/", Method: post, Body: make(chan int)},
		"broken raw body":    {Path: "/hserve/", Method: post, Body: json.RawMessage("{")},
		"empty header name":  {Path: "/hserve/", Header: http.Header{"": {"x"}}},
		"header with space":  {Path: "/hserve/", Header: http.Header{"Authorization ": {"x"}}},
		"header injection":   {Path: "/hserve/", Header: http.Header{"X-A": {"x\r\nX-B: y"}}},
		"header name colon":  {Path: "/hserve/", Header: http.Header{"X-A:": {"x"}}},
	}
	for _, name := range []string{
		"Authorization", "authorization", "X-Hydrogen-Client-ID", "x-hydrogen-anything", "X-Hydrogen-Request-Method",
		"Cookie", "Host", "Content-Type", "Content-Length", "Transfer-Encoding", "User-Agent", "Accept",
	} {
		bad["header "+name] = auth.Request{Path: "/hserve/", Header: http.Header{name: {"x"}}}
	}
	for name, r := range bad {
		t.Run(name, func(t *testing.T) {
			_, err := a.Request(ctx, r)
			require.False(t, fails(t, herror.InvalidParameter, err).Sent())
		})
	}
	require.Zero(t, w.sent())
}

// With a code source a missing session is made first, and a 401 makes one more
// and sends the request once more, and no further.
func TestRawRequestLogsInAndResendsOnce(t *testing.T) {
	codes := 0
	var w *world
	w = newWorld(t, baas.WithCodeSource(platform.Kuaishou{}, func(context.Context, string) (string, error) {
		codes++
		return w.Kuaishou("openid-1").Login(), nil
	}))
	a := w.visitor()
	update := auth.Request{Method: put, Path: "/hserve/v2.5/user/info/", Body: map[string]any{"age": 1}}
	const login, info = "/hserve/v2.5/idp/kuaishou/silent-login/", "/hserve/v2.5/user/info/"

	_, err := a.Request(ctx, update)
	require.NoError(t, err)
	require.Equal(t, []string{login, info}, paths(w))

	account, _ := w.UserOf(w.Kuaishou("openid-1"))
	w.RevokeTokens(account.ID)
	w.ResetJournal()
	_, err = a.Request(ctx, update)
	require.NoError(t, err)
	require.Equal(t, []string{info, login, info}, paths(w))

	w.ResetJournal()
	w.Fail("PUT "+info, baastest.Fault{Status: 401})
	_, err = a.Request(ctx, update)
	fails(t, herror.NotAuthenticated, err)
	require.Equal(t, []string{info, login, info}, paths(w))
	require.Equal(t, 3, codes)

	w.ClearFaults()
	w.ResetJournal()
	w.Fail("PUT "+info, baastest.Fault{Status: 403})
	_, err = a.Request(ctx, update)
	fails(t, herror.Forbidden, err)
	require.Equal(t, []string{login, info}, paths(w), "the token that was refused twice is gone; 403 resends nothing")
}

func TestRawRequestWithoutACodeSourceDropsTheSessionOn401(t *testing.T) {
	w := newWorld(t)
	a := w.visitor()
	u, err := a.LoginWithKs(ctx, nil, auth.Code(w.Kuaishou("openid-1").Login()))
	require.NoError(t, err)
	w.RevokeTokens(u.ID())
	w.ResetJournal()
	update := auth.Request{Method: put, Path: "/hserve/v2.5/user/info/", Body: map[string]any{"age": 1}}
	_, err = a.Request(ctx, update)
	fails(t, herror.NotAuthenticated, err)
	require.Equal(t, 1, w.sent())
	s, err := a.Session(ctx)
	require.NoError(t, err)
	require.True(t, s.IsZero())
}

func TestRawRequestAndResponsePrintNothingSecret(t *testing.T) {
	r := auth.Request{
		Method: post, Path: "/hserve/?token=t-secret", Header: http.Header{"X-Key": {"k-secret"}},
		Query: url.Values{"code": {"c-secret"}}, Body: map[string]string{"password": "p-secret"},
	}
	res := auth.Response{StatusCode: 201, Header: http.Header{"Set-Cookie": {"h-secret"}}, Body: []byte("b-secret")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		require.Equal(t, "request{POST /hserve/}", fmt.Sprintf(verb, r), verb)
		require.Equal(t, "request{POST /hserve/}", fmt.Sprintf(verb, &r), verb)
		require.Equal(t, "response{201, 8 bytes}", fmt.Sprintf(verb, res), verb)
		require.Equal(t, "response{201, 8 bytes}", fmt.Sprintf(verb, &res), verb)
	}
}
