// Package herror holds the error type of this module, [HError], and its codes.
//
// Every call of a client, of an auth.Auth and of a user returns its error as an
// *HError. So do the constructors of packages baas, admin, session, redisstore and
// loginproxy. Test for its kind with [errors.Is] and a [Code], and read its fields
// with [errors.As]:
//
//	switch {
//	case errors.Is(err, herror.UserRefused): // the user refused on the phone
//	case errors.Is(err, herror.SessionMissing): // not logged in
//	case errors.Is(err, herror.NotFound): // no account yet
//	}
//
// Some errors are not an *HError. The methods of a session.Store return the store's
// own errors; the client wraps them in an *HError with code [StoreFailed].
// UnmarshalBinary of session.Session returns session.ErrEncoding. Package baastest,
// which is for tests, returns plain errors.
//
// An *HError wraps its cause: errors.Is(err, context.DeadlineExceeded) holds
// together with errors.Is(err, herror.RequestTimeout). So test for UserRefused
// before NotFound: a refusal wraps the error of its silent login. No error text
// contains a token, a password, a login code, a session key, a URL or a body.
package herror

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/hydrogen-go/baas/internal/oneline"
)

// HError is an error of the SDK, after the documented HError of the vendor's
// JavaScript client. It is immutable once returned and safe for concurrent use.
type HError struct {
	// Code says what kind of error it is: the backend's HTTP status, or one of
	// the client's own codes.
	Code Code
	// Message is the backend's text, or the documented text of the code.
	Message string
	// ID, OpenID and UnionID are the user's ids on errors with code [UserRefused],
	// where they are known. ID 0 and the empty string mean unknown.
	ID      int64
	OpenID  string
	UnionID string
	// Platform and SessionExpiresAt describe the session of that user, on errors with
	// code [UserRefused], where there is one.
	Platform         string
	SessionExpiresAt time.Time

	field string
	sent  bool
	// A pointer to the interface, because fmt never follows one, whatever the verb:
	// the text of the cause may contain a secret.
	cause *error
}

// New returns an error with the given code. The message is the code's documented
// text followed by detail, if there is one.
func New(code Code, detail string) *HError {
	e := &HError{Code: code, Message: code.Message()}
	if detail != "" {
		e.Message += ": " + detail
	}
	return e
}

// FromBackend returns the error for a response with an HTTP status outside 2xx.
// Text is the backend's error text. It is put on one line and cut to a bounded
// length. As documented, the message of a 404 is always "not found", and that of a
// response without a text is "unknown error".
func FromBackend(status int, text string) *HError {
	e := &HError{Code: Code(status), Message: oneline.Of(text), sent: true}
	if e.Message == "" || e.Code == NotFound {
		e.Message = e.Code.Message()
	}
	return e
}

// WithCause returns a copy of e that wraps cause. The text of e does not change,
// so the text of the cause is never printed. Where the cause was sent, the copy
// counts as sent.
func (e *HError) WithCause(cause error) *HError {
	c := e.clone()
	c.cause = &cause
	var h *HError
	if errors.As(cause, &h) && h.Sent() {
		c.sent = true
	}
	return &c
}

// WithSent returns a copy of e whose [HError.Sent] reports sent.
func (e *HError) WithSent(sent bool) *HError {
	c := e.clone()
	c.sent = sent
	return &c
}

// WithField returns a copy of e whose [HError.Field] is name. The name must be one of
// the program's own, and not a text that came from outside.
func (e *HError) WithField(name string) *HError {
	c := e.clone()
	c.field = name
	return &c
}

// Field names the argument or the field that is invalid, as in "code" or "phone", on
// errors with code [InvalidParameter], where it is known. It never has the value.
func (e *HError) Field() string { return e.clone().field }

// clone returns a copy of e. A nil e, which an error of a nil *HError holds, counts as
// one with code 0, so that no method of it panics.
func (e *HError) clone() HError {
	if e == nil {
		return HError{Message: Code(0).Message()}
	}
	return *e
}

// Sent reports whether the request may have reached the backend. If it is true, a
// login code sent with the request may be spent: get a fresh one on the phone before
// the next attempt. If it is false, the same code can still be used.
func (e *HError) Sent() bool { return e.clone().sent }

// Error returns "{code}: {message}", as documented, on one line.
func (e *HError) Error() string {
	c := e.clone()
	return strconv.Itoa(int(c.Code)) + ": " + c.Message
}

// Unwrap returns the cause, or nil.
func (e *HError) Unwrap() error {
	if e == nil || e.cause == nil {
		return nil
	}
	return *e.cause
}

// Is reports whether target is the error's [Code], or an *HError with the same code.
func (e *HError) Is(target error) bool {
	if e == nil {
		return false
	}
	switch t := target.(type) {
	case Code:
		return t == e.Code
	case *HError:
		return t != nil && t.Code == e.Code
	}
	return false
}

// GoString returns the error's text, so that %#v does not print the cause.
func (e *HError) GoString() string { return "herror.HError(" + strconv.Quote(e.Error()) + ")" }

// MarshalJSON returns the documented JSON of the error: code and message, and with
// [UserRefused] the user's ids where they are known and session_expires_at in Unix
// seconds. As documented, unionid is always there on WeChat, even if it is empty.
func (e *HError) MarshalJSON() ([]byte, error) {
	if e == nil {
		return []byte("null"), nil
	}
	j := struct {
		ID        int64   `json:"id,omitempty"`
		OpenID    string  `json:"openid,omitempty"`
		UnionID   *string `json:"unionid,omitempty"`
		Code      Code    `json:"code"`
		Message   string  `json:"message"`
		ExpiresAt int64   `json:"session_expires_at,omitempty"`
	}{ID: e.ID, OpenID: e.OpenID, Code: e.Code, Message: e.Message}
	if e.UnionID != "" || e.Platform == "wechat" {
		j.UnionID = &e.UnionID
	}
	if !e.SessionExpiresAt.IsZero() {
		j.ExpiresAt = e.SessionExpiresAt.Unix()
	}
	return json.Marshal(j)
}

// CodeOf returns the code of the first *HError or [Code] in err's chain, or 0.
func CodeOf(err error) Code {
	var e *HError
	if errors.As(err, &e) && e != nil {
		return e.Code
	}
	var c Code
	if errors.As(err, &c) {
		return c
	}
	return 0
}
