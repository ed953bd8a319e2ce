package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/hydrogen-go/baas/herror"
)

// maxBody is much more than a phone posts: an event's encrypted data is a few KB.
const maxBody = 256 << 10

// readJSON reads one JSON value and nothing else.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil && !errors.Is(d.Decode(new(json.RawMessage)), io.EOF) {
		err = errors.New("more than one value")
	}
	if err != nil {
		return herror.New(herror.InvalidParameter, "the body is not the expected JSON").WithCause(err)
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // fails only if the visitor has disconnected
}

// fail writes an error as {"code": 603, "message": "unauthorized"}. The backend's own
// text goes to the log only.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.log.InfoContext(r.Context(), "refused", "path", r.URL.Path, "err", err)
	var tooLarge *http.MaxBytesError
	code, status := herror.CodeOf(err), statusOf(err)
	if errors.As(err, &tooLarge) {
		code, status = herror.InvalidParameter, http.StatusRequestEntityTooLarge
	}
	message := code.Message()
	if code < 600 {
		message = cmp.Or(http.StatusText(int(code)), message)
	}
	writeJSON(w, status, struct {
		Code    herror.Code `json:"code"`
		Message string      `json:"message"`
	}{code, message})
}

// statusOf maps an error of the SDK to an HTTP status.
func statusOf(err error) int {
	switch code := herror.CodeOf(err); code {
	case herror.BadRequest, herror.InvalidParameter, herror.UnsupportedFunction:
		return http.StatusBadRequest
	case herror.SessionMissing:
		return http.StatusUnauthorized
	case herror.UserRefused, herror.Forbidden, herror.AnonymousNotAllowed:
		return http.StatusForbidden
	case herror.NotFound, herror.TooManyRequests:
		return int(code)
	case herror.RequestTimeout:
		return http.StatusGatewayTimeout
	case herror.StoreFailed:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadGateway
	}
}
