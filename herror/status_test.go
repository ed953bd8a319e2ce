package herror_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
)

func TestHTTPStatus(t *testing.T) {
	for err, want := range map[error]int{
		nil:                         200,
		errors.New("canary"):        500,
		herror.BadRequest:           400,
		herror.NotAuthenticated:     401,
		herror.PaymentRequired:      503,
		herror.Forbidden:            403,
		herror.NotFound:             404,
		herror.Code(405):            503,
		herror.TooManyRequests:      429,
		herror.NetworkDisconnected:  502,
		herror.RequestTimeout:       504,
		herror.Uninitialized:        503,
		herror.UserRefused:          403,
		herror.SessionMissing:       401,
		herror.InvalidParameter:     400,
		herror.UnsupportedFunction:  501,
		herror.AnonymousNotAllowed:  403,
		herror.ThirdPartyAuthDenied: 403,
		herror.ThirdPartyAuthFailed: 502,
		herror.UserInfoSwitchOff:    503,
		herror.InvalidResponse:      502,
		herror.StoreFailed:          503,
		herror.Code(302):            502,
		herror.Code(418):            502,
		herror.Code(500):            502,
		herror.Code(-1):             502,
		&herror.HError{}:            502,
		(*herror.HError)(nil):       502,
	} {
		require.Equal(t, want, herror.HTTPStatus(err), "%v", err)
		if err != nil {
			require.Equal(t, want, herror.HTTPStatus(fmt.Errorf("wrapped: %w", err)), "%v", err)
		}
	}
	require.Equal(t, http.StatusForbidden, herror.HTTPStatus(herror.New(herror.UserRefused, "").WithCause(herror.NotFound)), "the outer code counts")
}

func TestField(t *testing.T) {
	err := herror.New(herror.InvalidParameter, "code is empty").WithField("code")
	require.Equal(t, "code", err.Field())
	require.Equal(t, "code", err.WithSent(true).WithCause(errors.New("x")).Field())
	require.EqualError(t, err, "605: incorrect parameter type: code is empty")
	require.Empty(t, herror.New(herror.InvalidParameter, "").Field())
	require.Empty(t, (*herror.HError)(nil).Field())
	text, failed := err.MarshalJSON()
	require.NoError(t, failed)
	require.JSONEq(t, `{"code":605,"message":"incorrect parameter type: code is empty"}`, string(text), "the documented form")
}
