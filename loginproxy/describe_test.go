package loginproxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
)

// The cause of an error shows what an operator needs, and no text that may have come from
// a phone or from the backend.
func TestDescribe(t *testing.T) {
	network := func(err error) error {
		return herror.New(herror.NetworkDisconnected, "").WithCause(&net.OpError{Op: "dial", Net: "tcp", Err: err})
	}
	store := func(err error) error { return herror.New(herror.StoreFailed, "").WithCause(err) }
	const disconnected = "600: network disconnected: "
	for _, tt := range []struct {
		err  error
		want string
	}{
		{network(&net.DNSError{Err: "no such host", Name: "app.myminapp.com"}), disconnected + "lookup app.myminapp.com: no such host"},
		{network(os.NewSyscallError("connect", syscall.ECONNREFUSED)), disconnected + "connection refused"},
		{network(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), disconnected + "x509: certificate signed by unknown authority"},
		{network(x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a.example"}}, Host: "b.example"}), disconnected + "x509: certificate is valid for a.example, not b.example"},
		{network(x509.CertificateInvalidError{Reason: x509.Expired, Detail: "d"}), disconnected + "x509: certificate has expired or is not yet valid: d"},
		{network(tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}), disconnected + "tls: first record does not look like a TLS handshake"},
		{network(http.ErrSchemeMismatch), disconnected + "http: server gave HTTP response to HTTPS client"},
		{network(os.ErrDeadlineExceeded), disconnected + "i/o timeout"},
		{network(io.ErrUnexpectedEOF), disconnected + "unexpected EOF"},
		{network(&url.Error{Op: "Get", URL: "https://canary", Err: errors.New("canary")}), "600: network disconnected"},
		{network(errors.New("canary")), "600: network disconnected"},
		{herror.New(herror.RequestTimeout, "").WithCause(context.Canceled), "601: request timeout: context canceled"},

		{store(errors.New("redisstore: swap: OOM\nmore")), "691: session store failed: redisstore: swap: OOM more"},
		{store(errors.New(strings.Repeat("x", 1000))), "691: session store failed: " + strings.Repeat("x", 512)},
		{herror.New(herror.UserRefused, "").WithCause(store(errors.New("down"))), "603: unauthorized: 691: session store failed: down"},
		{herror.New(herror.InvalidParameter, "it is too long").WithField("code"), "605: incorrect parameter type: it is too long (field code)"},
		{herror.New(herror.InvalidParameter, "x").WithCause(errors.New("canary")), "605: incorrect parameter type: x"},
		{herror.NotFound, "404: not found"},
		{errors.New("canary"), "an error of another kind"},
		{(*herror.HError)(nil), "0: unknown error"},
		{&failed{own: errLimiter, cause: fmt.Errorf("limit: %w", io.EOF)}, "limiter_failed: limit: EOF"},
		{&failed{own: errLoginCheck, cause: (*panicking)(nil)}, "login_check_failed: <nil>"},
		{&failed{own: errNotConfigured, cause: herror.FromBackend(400, "no app")}, "not_configured: 400: no app"},
		{withHint("do this"), "no_route: do this"},
		{&Refusal{Status: 403, Name: "banned"}, "banned"},
	} {
		err := causeOf(tt.err)
		require.EqualError(t, err, tt.want)
		require.Equal(t, "loginproxy.cause("+fmt.Sprintf("%q", tt.want)+")", fmt.Sprintf("%#v", err))
		require.Equal(t, tt.err, errors.Unwrap(err))
	}
	require.NoError(t, causeOf(nil))
}

// panicking is an error whose method fails for nil.
type panicking struct{ text string }

func (p *panicking) Error() string { return p.text }

// Every code has a class, and 5xx and unknown ones are the backend's.
func TestClasses(t *testing.T) {
	for err, want := range map[error]Class{
		nil:                                   "",
		herror.BadRequest:                     ClassInput,
		herror.NotAuthenticated:               ClassInput,
		herror.PaymentRequired:                ClassConfig,
		herror.Forbidden:                      ClassRefused,
		herror.NotFound:                       ClassInput,
		herror.Code(405):                      ClassConfig,
		herror.Code(418):                      ClassBackend,
		herror.TooManyRequests:                ClassRefused,
		herror.Code(302):                      ClassBackend,
		herror.Code(500):                      ClassBackend,
		herror.NetworkDisconnected:            ClassBackend,
		herror.RequestTimeout:                 ClassBackend,
		herror.Uninitialized:                  ClassConfig,
		herror.UserRefused:                    ClassRefused,
		herror.SessionMissing:                 ClassInput,
		herror.InvalidParameter:               ClassInput,
		herror.UnsupportedFunction:            ClassInput,
		herror.AnonymousNotAllowed:            ClassInput,
		herror.ThirdPartyAuthDenied:           ClassRefused,
		herror.ThirdPartyAuthFailed:           ClassInput,
		herror.UserInfoSwitchOff:              ClassConfig,
		herror.InvalidResponse:                ClassBackend,
		herror.StoreFailed:                    ClassStore,
		errNoRoute:                            ClassInput,
		errCrossOrigin:                        ClassRefused,
		&Refusal{Status: 403, Name: "banned"}: ClassRefused,
		errors.New("of the program"):          ClassProgram,
	} {
		require.Equal(t, want, classOf(err, false), "%v", err)
		require.Equal(t, want, classOf(err, true), "%v", err)
	}
	cancelled := herror.New(herror.RequestTimeout, "").WithCause(context.Canceled)
	require.Equal(t, ClassInput, classOf(cancelled, true), "the phone has hung up")
	require.Equal(t, ClassBackend, classOf(cancelled, false))
}
