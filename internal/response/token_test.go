package response_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
)

func TestParseAccessToken(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for body, want := range map[string]time.Duration{
		`{"access_token":"tok","token_type":"Bearer","expires_in":2592000,"refresh_token":"r","scope":"s"}`: 2592000*time.Second - 30*time.Second,
		`{"access_token":"tok","expires_in":"100"}`:                                                         70 * time.Second,
		`{"access_token":"tok","expires_in":30}`:                                                            30 * time.Second,
		`{"access_token":"tok"}`:                                                                            time.Hour - 30*time.Second,
		`{"access_token":"tok","expires_in":-1}`:                                                            time.Hour - 30*time.Second,
		`{"access_token":"tok","expires_in":1e300}`:                                                         100*365*24*time.Hour - 30*time.Second,
	} {
		got, err := response.ParseAccessToken(body)
		require.NoError(t, err, body)
		require.Equal(t, "tok", got.Token)
		require.Equal(t, want, got.ExpiresAt(now).Sub(now), body)
	}
	for body, want := range map[string]string{
		``:                                  "690: invalid response: access token is not JSON",
		`[]`:                                "690: invalid response: access token is not an object",
		`{"token":"canary"}`:                "690: invalid response: no token",
		`{"access_token":""}`:               "690: invalid response: no token",
		`{"access_token":5}`:                "690: invalid response: no token",
		`{"access_token":"canary\r\nX: y"}`: "690: invalid response: a token that no header can hold",
		`{"access_token":"canary 3f9a"}`:    "690: invalid response: a token that no header can hold",
	} {
		_, err := response.ParseAccessToken(body)
		require.EqualError(t, err, want, body)
	}
}

func TestParseCode(t *testing.T) {
	for body, want := range map[string]string{`{"code":"c-1","expires_in":600}`: "c-1", `{"code":123}`: "123"} {
		code, err := response.ParseCode(body)
		require.NoError(t, err)
		require.Equal(t, want, code)
	}
	for body, want := range map[string]string{
		`<html>canary`: "690: invalid response: authorization code is not JSON",
		`["canary"]`:   "690: invalid response: authorization code is not an object",
		`{"code":""}`:  "690: invalid response: no authorization code",
		`{"code":{}}`:  "690: invalid response: no authorization code",
	} {
		_, err := response.ParseCode(body)
		require.EqualError(t, err, want)
	}
}

// Whatever the backend answers, there is a token that a header can hold, or error 690.
func FuzzParseAccessToken(f *testing.F) {
	for _, body := range []string{`{"access_token":"t","expires_in":5}`, `{"code":"c"}`, `{"access_token":"\u0000"}`, `[1]`, `{"expires_in":1e400,"access_token":"x"}`} {
		f.Add(body)
	}
	now := time.Unix(1_700_000_000, 0)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := response.ParseAccessToken(body)
		if err != nil {
			require.Equal(t, herror.InvalidResponse, herror.CodeOf(err))
		} else {
			require.NotEmpty(t, got.Token)
			require.NotContains(t, got.Token, "\n")
			require.True(t, got.ExpiresAt(now).After(now))
		}
		code, err := response.ParseCode(body)
		require.Equal(t, err == nil, code != "")
	})
}
