package loginproxy

import (
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
	Spent   bool        `json:"code_spent"`
	ID      int64       `json:"id,omitempty"`
	OpenID  string      `json:"openid,omitempty"`
	UnionID string      `json:"unionid,omitempty"`
}

// refusal is an error of the proxy itself. Its code is the HTTP status.
type refusal struct {
	status int
	name   string
	// header and value are sent with the response.
	header, value string
}

// Error returns the name.
func (r *refusal) Error() string { return r.name }

var (
	errNoRoute     = &refusal{status: http.StatusNotFound, name: "no_route"}
	errMediaType   = &refusal{status: http.StatusUnsupportedMediaType, name: "unsupported_media_type"}
	errSlowBody    = &refusal{status: http.StatusRequestTimeout, name: "body_timeout"}
	errTooLarge    = &refusal{status: http.StatusRequestEntityTooLarge, name: "body_too_large"}
	errCrossOrigin = &refusal{status: http.StatusForbidden, name: "cross_origin"}
)

func wrongMethod(allowed string) *refusal {
	return &refusal{http.StatusMethodNotAllowed, "method_not_allowed", "Allow", allowed}
}

func tooManyRequests(wait time.Duration) *refusal {
	seconds := max(1, int64(math.Ceil(wait.Seconds())))
	return &refusal{http.StatusTooManyRequests, "too_many_requests", "Retry-After", strconv.FormatInt(seconds, 10)}
}

// known has the status and the name of each code. A code that is not here has 502
// and "backend_failed". The package documentation has the same table.
var known = map[herror.Code]struct {
	status int
	name   string
}{
	herror.BadRequest:          {http.StatusBadRequest, "bad_request"},
	herror.NotAuthenticated:    {http.StatusUnauthorized, "not_authenticated"},
	herror.Forbidden:           {http.StatusForbidden, "forbidden"},
	herror.NotFound:            {http.StatusNotFound, "not_found"},
	herror.TooManyRequests:     {http.StatusTooManyRequests, "too_many_requests"},
	herror.NetworkDisconnected: {http.StatusBadGateway, "network_disconnected"},
	herror.RequestTimeout:      {http.StatusGatewayTimeout, "request_timeout"},
	herror.UserRefused:         {http.StatusForbidden, "unauthorized"}, // the documented name
	herror.SessionMissing:      {http.StatusUnauthorized, "session_missing"},
	herror.InvalidParameter:    {http.StatusBadRequest, "invalid_parameter"},
	herror.UnsupportedFunction: {http.StatusNotImplemented, "unsupported_function"},
	herror.AnonymousNotAllowed: {http.StatusForbidden, "anonymous_not_allowed"},
	herror.InvalidResponse:     {http.StatusBadGateway, "invalid_answer"},
	herror.StoreFailed:         {http.StatusServiceUnavailable, "store_failed"},
}

// failureOf returns what a client is told about err.
func failureOf(err error) failure {
	var own *refusal
	if errors.As(err, &own) {
		return failure{status: own.status, Code: herror.Code(own.status), Name: own.name}
	}
	f := failure{status: http.StatusBadGateway, Code: herror.CodeOf(err), Name: "backend_failed"}
	if k, ok := known[f.Code]; ok {
		f.status, f.Name = k.status, k.name
	}
	var h *herror.HError
	if errors.As(err, &h) && h != nil {
		f.Spent = h.Sent()
		f.ID, f.OpenID, f.UnionID = h.ID, h.OpenID, h.UnionID
	}
	return f
}

// fail responds with err, in the form of the JSON routes.
func (x *exchange) fail(err error) {
	f := failureOf(err)
	body, _ := json.Marshal(f) // cannot fail for numbers and strings
	if f.status == http.StatusUnauthorized {
		x.w.Header().Set("WWW-Authenticate", "Bearer")
	}
	x.respondFailure(f, err, body)
}

// respondFailure responds with f, whose body is given. The text of err is not sent
// to the client.
func (x *exchange) respondFailure(f failure, err error, body []byte) {
	var own *refusal
	if errors.As(err, &own) && own.header != "" {
		x.w.Header().Set(own.header, own.value)
	}
	x.event.Code = f.Code
	x.respond(f.status, string(body))
}
