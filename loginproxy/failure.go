package loginproxy

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/hydrogen-go/baas/herror"
)

// failure is what a client is told about an error.
type failure struct {
	status  int         // of HTTP
	Code    herror.Code `json:"code"`
	Name    string      `json:"error"`
	Reason  reason      `json:"reason,omitempty"`
	Field   string      `json:"field,omitempty"`
	Hint    string      `json:"hint,omitempty"`
	Spent   bool        `json:"code_spent"`
	ID      int64       `json:"id,omitempty"`
	OpenID  string      `json:"openid,omitempty"`
	UnionID string      `json:"unionid,omitempty"`
}

// refusal is an error of the proxy itself. Its code is the HTTP status.
type refusal struct {
	status int
	name   string
	class  Class
	// header and value are sent with the response.
	header, value string
	// hint says what the program that mounts the proxy may have done wrong.
	hint string
}

// Error returns the name, and the hint if there is one.
func (r *refusal) Error() string {
	if r.hint == "" {
		return r.name
	}
	return r.name + ": " + r.hint
}

var (
	errNoRoute       = &refusal{status: http.StatusNotFound, name: "no_route", class: ClassInput}
	errMediaType     = &refusal{status: http.StatusUnsupportedMediaType, name: "unsupported_media_type", class: ClassInput}
	errSlowBody      = &refusal{status: http.StatusRequestTimeout, name: "body_timeout", class: ClassInput}
	errTooLarge      = &refusal{status: http.StatusRequestEntityTooLarge, name: "body_too_large", class: ClassInput}
	errCrossOrigin   = &refusal{status: http.StatusForbidden, name: "cross_origin", class: ClassRefused}
	errInternal      = &refusal{status: http.StatusInternalServerError, name: "internal_error", class: ClassProgram}
	errNotConfigured = &refusal{status: http.StatusServiceUnavailable, name: "not_configured", class: ClassConfig}
	errLimiter       = &refusal{status: http.StatusServiceUnavailable, name: "limiter_failed", class: ClassStore}
	errLoginCheck    = &refusal{status: http.StatusServiceUnavailable, name: "login_check_failed", class: ClassProgram}
)

func wrongMethod(allowed string) *refusal {
	return &refusal{status: http.StatusMethodNotAllowed, name: "method_not_allowed", class: ClassInput, header: "Allow", value: allowed}
}

func tooManyRequests(wait time.Duration) *refusal {
	seconds := max(1, int64(math.Ceil(wait.Seconds())))
	return &refusal{
		status: http.StatusTooManyRequests, name: "too_many_requests", class: ClassRefused,
		header: "Retry-After", value: strconv.FormatInt(seconds, 10),
	}
}

// names has the name of each code, see herror.HTTPStatus for its status. A code that is
// not here has the name "backend_failed", and one of a setting "not_configured". The
// package documentation has the same table.
var names = map[herror.Code]string{
	herror.BadRequest:          "bad_request",
	herror.NotAuthenticated:    "not_authenticated",
	herror.Forbidden:           "forbidden",
	herror.NotFound:            "not_found",
	herror.TooManyRequests:     "too_many_requests",
	herror.NetworkDisconnected: "network_disconnected",
	herror.RequestTimeout:      "request_timeout",
	herror.UserRefused:         "unauthorized", // the documented name
	herror.SessionMissing:      "session_missing",
	herror.InvalidParameter:    "invalid_parameter",
	herror.UnsupportedFunction: "unsupported_function",
	herror.AnonymousNotAllowed: "anonymous_not_allowed",
	herror.InvalidResponse:     "invalid_response",
	herror.StoreFailed:         "store_failed",
}

// failed is an error of the proxy itself that has a cause.
type failed struct {
	own   *refusal
	cause error
	sent  bool // the request has reached the backend
}

// Error returns the name. [describe] adds what the cause may show.
func (f *failed) Error() string { return f.own.Error() }

// Unwrap returns what the client is told, and the cause.
func (f *failed) Unwrap() []error { return []error{f.own, f.cause} }

// failureOf returns what a client is told about err.
func failureOf(err error) failure {
	if own := ownFailure(err); own != nil {
		return failure{
			status: own.status, Code: herror.Code(own.status), Name: own.name, Hint: own.hint,
			Spent: own.class != ClassConfig && wasSent(err),
		}
	}
	code := herror.CodeOf(err)
	f := failure{status: herror.HTTPStatus(err), Code: code, Name: cmp.Or(names[code], "backend_failed"), Spent: wasSent(err)}
	var h *herror.HError
	if errors.As(err, &h) && h != nil {
		f.ID, f.OpenID, f.UnionID = h.ID, h.OpenID, h.UnionID
		if code == herror.InvalidParameter {
			f.Field, f.Reason = h.Field(), reasonOf(err)
		}
	}
	return f
}

// ownFailure returns what the client is told if err is none of the SDK, or if it is about
// a setting of this server or of the app; nil for any other error.
func ownFailure(err error) *refusal {
	var (
		own     *refusal
		refused *Refusal
		h       *herror.HError
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &refused) && refused.valid():
		return refused.own()
	case herror.CodeOf(err) == 0 && !errors.As(err, &h):
		return errInternal
	case classes[herror.CodeOf(err)] == ClassConfig:
		return errNotConfigured
	}
	return nil
}

// wasSent reports whether the request may have reached the backend.
func wasSent(err error) bool {
	var (
		f *failed
		h *herror.HError
	)
	return errors.As(err, &f) && f.sent || errors.As(err, &h) && h.Sent()
}

// WriteError responds with err as the routes of a [Proxy] do: with the same status, the
// same JSON body and the same headers. It is for the program's own routes beside the
// proxy, so that phones meet one form of error. It does not use the request.
//
// An error of the SDK has the code and the status of the table in the package
// documentation, see also [herror.HTTPStatus]. A [*Refusal] has its own. Any other error,
// and nil, is 500 internal_error. The text of err is not sent to the client.
//
// WriteError does not know what was called. So code_spent is true for every error whose
// request may have reached the backend, see [herror.HError.Sent], also if the request had no
// login code.
func WriteError(w http.ResponseWriter, _ *http.Request, err error) {
	if err == nil {
		err = errInternal
	}
	f := failureOf(err)
	write(w, f.status, f.prepare(w.Header(), err))
}

// prepare sets the headers of the JSON routes for err, and returns the body.
func (f failure) prepare(h http.Header, err error) string {
	if f.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	setOwnHeader(h, err)
	body, _ := json.Marshal(f) // cannot fail for numbers and strings
	return string(body)
}

// setOwnHeader sets the header that an error of the proxy itself has, if any.
func setOwnHeader(h http.Header, err error) {
	var own *refusal
	if errors.As(err, &own) && own.header != "" {
		h.Set(own.header, own.value)
	}
}

// sendsCode reports whether a JSON route sends a login code, which an error may have spent:
// a login or a link on a platform, or a login with the code of a text message.
func (x *exchange) sendsCode() bool {
	return x.platform != nil || x.event.Operation == OpLoginSMS
}

// fail responds with err, in the form of the JSON routes.
func (x *exchange) fail(err error) {
	f := failureOf(err)
	f.Spent = f.Spent && x.sendsCode()
	x.noteFailure(f.Code, err)
	x.respond(f.status, f.prepare(x.w.Header(), err))
}
