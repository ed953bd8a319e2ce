package herror_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
)

func TestCodesHaveTheDocumentedText(t *testing.T) {
	for code, want := range map[herror.Code]string{
		404: "404: not found",
		600: "600: network disconnected",
		601: "601: request timeout",
		602: "602: uninitialized",
		603: "603: unauthorized",
		604: "604: session missing",
		605: "605: incorrect parameter type",
		611: "611: unsupported function",
		612: "612: anonymous user is not allowed",
		616: "616: please enable sdk update platform user info first",
		690: "690: invalid response",
		691: "691: session store failed",
		500: "500: unknown error",
		0:   "0: unknown error",
	} {
		require.Equal(t, want, code.Error())
		require.Equal(t, want, herror.New(code, "").Error())
		require.Equal(t, want, fmt.Sprintf("%d: %s", int(code), code.Message()))
	}
}

func TestNew(t *testing.T) {
	e := herror.New(herror.InvalidParameter, "code is empty")
	require.Equal(t, "605: incorrect parameter type: code is empty", e.Error())
	require.Equal(t, herror.InvalidParameter, e.Code)
	require.False(t, e.Sent())
	require.NoError(t, e.Unwrap())
}

func TestFromBackend(t *testing.T) {
	tests := []struct {
		name   string
		status int
		text   string
		want   string
	}{
		{"its text", 400, "bad password", "400: bad password"},
		{"no text", 500, "", "500: unknown error"},
		{"only space", 500, " \t\n ", "500: unknown error"},
		{"404 whatever the text", 404, "no such user", "404: not found"},
		{"trimmed", 400, "  a  ", "400: a"},
		{"line feeds", 400, "a\nb\r\nc", "400: a b  c"},
		{"terminal control", 400, "a\x1b[31mb\x00\x7f\u0085c", "400: a [31mb   c"},
		{"the line ends of Unicode", 400, "a\u2028b\u2029c", "400: a b c"},
		{"broken UTF-8", 400, "a\xff\xfeb", "400: ab"},
		{"other scripts", 400, "密码错误 🙈", "400: 密码错误 🙈"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := herror.FromBackend(tt.status, tt.text)
			require.Equal(t, tt.want, e.Error())
			require.Equal(t, herror.Code(tt.status), e.Code)
			require.True(t, e.Sent())
		})
	}
}

func FuzzFromBackend(f *testing.F) {
	f.Add(400, "bad password")
	f.Add(404, strings.Repeat("长", 400))
	f.Add(500, "a\nb\u2028c\xff\x1b")
	f.Fuzz(func(t *testing.T, status int, text string) {
		printed := herror.FromBackend(status, text).Error()
		require.True(t, utf8.ValidString(printed))
		require.LessOrEqual(t, len(printed), 512+len("-9223372036854775808: "))
		require.False(t, strings.ContainsAny(printed, "\n\r\v\f\x00\x1b\u0085\u2028\u2029"))
		require.Equal(t, strings.TrimSpace(printed), printed)
	})
}

func TestIs(t *testing.T) {
	e := herror.New(herror.SessionMissing, "detail").WithCause(fmt.Errorf("low: %w", io.ErrUnexpectedEOF))
	wrapped := fmt.Errorf("handler: %w", e)
	for _, err := range []error{e, wrapped, errors.Join(io.EOF, wrapped)} {
		require.ErrorIs(t, err, herror.SessionMissing)
		require.ErrorIs(t, err, herror.New(herror.SessionMissing, "another"))
		require.ErrorIs(t, err, e)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.NotErrorIs(t, err, herror.Unauthorized)
		require.NotErrorIs(t, err, herror.New(herror.Unauthorized, "detail"))
		require.NotErrorIs(t, err, (*herror.HError)(nil))
		require.NotErrorIs(t, err, io.ErrNoProgress)

		var as *herror.HError
		require.ErrorAs(t, err, &as)
		require.Same(t, e, as)
		require.Equal(t, herror.SessionMissing, herror.CodeOf(err))
	}
	require.ErrorIs(t, herror.SessionMissing, herror.SessionMissing, "a code is an error itself")
}

func TestIsByCodeOfTheCauseToo(t *testing.T) {
	low := herror.FromBackend(403, "switched off")
	err := herror.New(herror.UserInfoSwitchOff, "").WithCause(low)
	require.ErrorIs(t, err, herror.UserInfoSwitchOff)
	require.ErrorIs(t, err, herror.Forbidden)
	require.Equal(t, herror.UserInfoSwitchOff, herror.CodeOf(err), "the outer one comes first")
}

func TestCodeOf(t *testing.T) {
	require.Zero(t, herror.CodeOf(nil))
	require.Zero(t, herror.CodeOf(io.EOF))
	require.Equal(t, herror.NotFound, herror.CodeOf(herror.FromBackend(404, "")))
}

func TestCauseOfContext(t *testing.T) {
	err := herror.New(herror.RequestTimeout, "").WithCause(context.DeadlineExceeded)
	require.ErrorIs(t, err, herror.RequestTimeout)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestSent(t *testing.T) {
	unsent := herror.New(herror.NetworkDisconnected, "")
	sent := unsent.WithSent(true)
	require.False(t, unsent.Sent(), "a copy was changed")
	require.True(t, sent.Sent())
	require.False(t, sent.WithSent(false).Sent())
	require.True(t, unsent.WithCause(sent).Sent(), "what was sent for the cause was sent")
	require.True(t, unsent.WithCause(fmt.Errorf("low: %w", sent)).Sent())
	require.False(t, unsent.WithCause(unsent).Sent())
	require.True(t, sent.WithCause(unsent).Sent())
}

// refusal is the error for a user who refused.
func refusal(id int64, openID, unionID, platform string, ends time.Time) *herror.HError {
	e := herror.New(herror.UserRefused, "")
	e.ID, e.OpenID, e.UnionID, e.Platform, e.SessionExpiresAt = id, openID, unionID, platform, ends
	return e
}

func TestWithMakesCopies(t *testing.T) {
	e := refusal(7, "openid", "unionid", "wechat", time.Unix(1, 0))
	cause := e.WithCause(io.EOF)
	require.NoError(t, e.Unwrap())
	require.Equal(t, []any{int64(7), "openid", "unionid", "wechat"}, []any{cause.ID, cause.OpenID, cause.UnionID, cause.Platform})
	require.Equal(t, io.EOF, cause.Unwrap())
}

func TestJSON(t *testing.T) {
	for _, tt := range []struct {
		e    *herror.HError
		want string
	}{
		{herror.New(herror.SessionMissing, ""), `{"code":604,"message":"session missing"}`},
		{
			refusal(7, "o", "u", "qq", time.Unix(1561283491, 999)),
			`{"id":7,"openid":"o","unionid":"u","code":603,"message":"unauthorized","session_expires_at":1561283491}`,
		},
		{refusal(0, "o", "", "kuaishou", time.Time{}), `{"openid":"o","code":603,"message":"unauthorized"}`},
		{refusal(7, "o", "", "wechat", time.Time{}), `{"id":7,"openid":"o","unionid":"","code":603,"message":"unauthorized"}`},
		{herror.New(herror.UserRefused, ""), `{"code":603,"message":"unauthorized"}`},
		{
			herror.FromBackend(400, "bad").WithCause(errors.New("canary-3f9a")).WithSent(true),
			`{"code":400,"message":"bad"}`,
		},
	} {
		b, err := json.Marshal(tt.e)
		require.NoError(t, err)
		require.Equal(t, tt.want, string(b))
	}
}

func TestCauseIsNeverPrinted(t *testing.T) {
	const canary = "canary-3f9a"
	e := herror.New(herror.NetworkDisconnected, "").WithCause(fmt.Errorf("post %s: %w", canary, errors.New(canary)))
	for _, v := range []any{e, *e, fmt.Errorf("handler: %w", e), struct{ err error }{e}, []error{e}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			require.NotContains(t, fmt.Sprintf(verb, v), canary, verb)
		}
	}
	require.Equal(t, "600: network disconnected", fmt.Sprintf("%v", e))
	require.Equal(t, "600: network disconnected", fmt.Sprintf("%+v", e))
	require.Equal(t, `herror.HError("600: network disconnected")`, fmt.Sprintf("%#v", e))
}

// An error that holds a nil *HError is a mistake of the caller's, and no reason to panic.
func TestTypedNil(t *testing.T) {
	var e *herror.HError
	var err error = e
	require.Equal(t, "0: unknown error", err.Error())
	require.Equal(t, `herror.HError("0: unknown error")`, fmt.Sprintf("%#v", err))
	require.NoError(t, e.Unwrap())
	require.False(t, e.Sent())
	require.False(t, errors.Is(err, herror.NotFound))
	require.False(t, e.Is(e))
	require.Zero(t, herror.CodeOf(err))
	require.True(t, e.WithSent(true).Sent())
	require.ErrorIs(t, e.WithCause(io.EOF), io.EOF)
	require.False(t, herror.New(herror.NotFound, "").WithCause(err).Sent())
	text, failed := json.Marshal(e)
	require.NoError(t, failed)
	require.Equal(t, "null", string(text))
	text, failed = e.MarshalJSON()
	require.NoError(t, failed)
	require.Equal(t, "null", string(text))
}
