// Package herror holds the one error type of this module, [HError], and the
// codes it comes with.
//
// Every error that a call of the SDK returns is an *HError. Ask for its kind
// with [errors.Is] and a [Code], and for its parts with [errors.As]:
//
//	switch {
//	case errors.Is(err, herror.Unauthorized): // the user said no
//	case errors.Is(err, herror.SessionMissing): // log in again
//	case errors.Is(err, herror.NotFound): // no account yet
//	}
//
// The cause stays reachable: errors.Is(err, context.DeadlineExceeded) holds
// beside errors.Is(err, herror.RequestTimeout). No error text holds a token, a
// password, a login code, a session key, a URL or a body.
package herror

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// HError is an error of the SDK, after the documented HError of the vendor's
// JavaScript client. It is immutable once returned and safe for concurrent use.
type HError struct {
	// Code says what kind of error it is: the backend's HTTP status, or one of
	// the client's own codes.
	Code Code
	// Message is the backend's text, or the documented text of the code.
	Message string
	// ID, OpenID and UnionID name the user, on errors with code [Unauthorized],
	// where they are known. ID 0 and the empty string mean unknown.
	ID      int64
	OpenID  string
	UnionID string
	// Platform and SessionExpiresAt describe the session of that user, on errors with
	// code [UserRefused], where there is one.
	Platform         string
	SessionExpiresAt time.Time

	sent bool
	// A pointer to the interface, which fmt never follows, whatever the verb: the
	// cause's text is not ours to vouch for.
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

// FromBackend returns the error for an answer with an HTTP status outside 2xx.
// Text is what the backend said; it is made one line of bounded length. As the
// documentation has it, the message of a 404 is always "not found", and that of
// an answer without a text "unknown error".
func FromBackend(status int, text string) *HError {
	e := &HError{Code: Code(status), Message: oneLine(text), sent: true}
	if e.Message == "" || e.Code == NotFound {
		e.Message = e.Code.Message()
	}
	return e
}

// WithCause returns a copy of e that wraps cause. Its text stays as it is, so
// that nothing in the cause's own text is printed.
func (e *HError) WithCause(cause error) *HError {
	c := *e
	c.cause = &cause
	var h *HError
	if errors.As(cause, &h) && h.sent {
		c.sent = true
	}
	return &c
}

// WithSent returns a copy of e with what [HError.Sent] reports.
func (e *HError) WithSent(sent bool) *HError {
	c := *e
	c.sent = sent
	return &c
}

// Sent reports whether the request may have reached the backend. Where it did, a
// login code sent with it may be spent: get a fresh one on the phone before
// trying again. Where it did not, the same code can still be used.
func (e *HError) Sent() bool { return e.sent }

// Error returns "{code}: {message}", as documented, on one line.
func (e *HError) Error() string { return strconv.Itoa(int(e.Code)) + ": " + e.Message }

// Unwrap returns the cause, or nil.
func (e *HError) Unwrap() error {
	if e.cause == nil {
		return nil
	}
	return *e.cause
}

// Is reports whether target is the error's [Code], or an *HError with the same code.
func (e *HError) Is(target error) bool {
	switch t := target.(type) {
	case Code:
		return t == e.Code
	case *HError:
		return t != nil && t.Code == e.Code
	}
	return false
}

// GoString returns the error's text, so that %#v prints neither cause nor address.
func (e *HError) GoString() string { return "herror.HError(" + strconv.Quote(e.Error()) + ")" }

// MarshalJSON returns the documented JSON of the error: code and message, and with
// [UserRefused] the user's ids where they are known and session_expires_at in unix
// seconds. As on the documentation's pages, unionid is there for WeChat, also where it
// is empty.
func (e *HError) MarshalJSON() ([]byte, error) {
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
	if errors.As(err, &e) {
		return e.Code
	}
	var c Code
	if errors.As(err, &c) {
		return c
	}
	return 0
}

// maxMessage bounds the length of a backend's text in an error, in bytes.
const maxMessage = 512

// oneLine makes text printable on one line and bounds its length.
func oneLine(text string) string {
	if len(text) > maxMessage {
		text = text[:maxMessage]
	}
	text = strings.ToValidUTF8(text, "")
	text = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) { // controls and line ends
			return ' '
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}
