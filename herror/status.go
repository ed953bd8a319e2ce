package herror

import (
	"errors"
	"net/http"
)

// statuses has the HTTP status for each code that has one of its own. Package
// loginproxy documents the same table.
var statuses = map[Code]int{
	BadRequest:                  http.StatusBadRequest,
	NotAuthenticated:            http.StatusUnauthorized,
	PaymentRequired:             http.StatusServiceUnavailable,
	Forbidden:                   http.StatusForbidden,
	NotFound:                    http.StatusNotFound,
	http.StatusMethodNotAllowed: http.StatusServiceUnavailable, // the app has not enabled this kind of login
	TooManyRequests:             http.StatusTooManyRequests,
	NetworkDisconnected:         http.StatusBadGateway,
	RequestTimeout:              http.StatusGatewayTimeout,
	Uninitialized:               http.StatusServiceUnavailable,
	UserRefused:                 http.StatusForbidden,
	SessionMissing:              http.StatusUnauthorized,
	InvalidParameter:            http.StatusBadRequest,
	UnsupportedFunction:         http.StatusNotImplemented,
	AnonymousNotAllowed:         http.StatusForbidden,
	ThirdPartyAuthDenied:        http.StatusForbidden,
	UserInfoSwitchOff:           http.StatusServiceUnavailable,
	InvalidResponse:             http.StatusBadGateway,
	StoreFailed:                 http.StatusServiceUnavailable,
}

// HTTPStatus returns the status with which a server tells its client about err. It is
// what the routes of package loginproxy respond with.
//
// It is 200 for nil. For an error with a [Code] it is the status of the code: a 4xx for
// what the client can change, as 400 for a wrong password, a spent login code and
// [InvalidParameter], 401 for [SessionMissing], and 403 for [UserRefused]; 503 for
// [StoreFailed] and for what the app is not set up for, 504 for [RequestTimeout], and
// 502 for every other code, because the backend failed. For an error without a code it
// is 500.
func HTTPStatus(err error) int {
	if err == nil {
		return http.StatusOK
	}
	code := CodeOf(err)
	if status, ok := statuses[code]; ok {
		return status
	}
	if code == 0 {
		var h *HError
		if !errors.As(err, &h) {
			return http.StatusInternalServerError
		}
	}
	return http.StatusBadGateway
}
