package loginproxy

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
)

// Operation names what a request asks for, on the JSON routes and on the backend's
// own paths.
type Operation string

// The operations.
const (
	OpLogin          Operation = "login" // on a platform, or with an account
	OpLoginAnonymous Operation = "login_anonymous"
	OpLoginSMS       Operation = "login_sms"
	OpRegister       Operation = "register"
	OpSMS            Operation = "sms"            // send a text message with a code
	OpSMSCheck       Operation = "sms_check"      // check such a code; on the backend's paths only
	OpPasswordReset  Operation = "password_reset" // on the backend's paths only
	OpLink           Operation = "link"
	OpPhone          Operation = "phone"
	OpLogout         Operation = "logout"
	OpMe             Operation = "me"
	OpForward        Operation = "forward" // any other path of the backend
	OpVisit          Operation = "visit"   // a request that Middleware refused
	OpUnknown        Operation = "unknown" // no such route
)

// Event describes one request to an observer. It contains no secret. Operation, Platform,
// Status, Code and Class have few different values, whatever clients send, so they can be
// labels of metrics.
type Event struct {
	Operation Operation
	// Platform is the platform's name, as in "kuaishou", or empty.
	Platform string
	// Status is the HTTP status of the response; 500 for a panic.
	Status int
	// Duration is the time from the request to the response.
	Duration time.Duration
	// Code is the code in the response's body, 0 for success and for a panic. A logout may
	// have a code and succeed: the session is forgotten, but the backend did not destroy the
	// token. Err says why.
	Code herror.Code
	// Err is the cause, for a log; nil for success. Its text says what the response does
	// not: the error of the session store, what the backend said, what is wrong with the
	// body, why there was no connection. It contains no secret, it names a field and never its
	// value, and it has one line. The text of what [WithLoginCheck] and [WithRateLimiter]
	// return is part of it. It wraps the error itself: errors.Is finds a herror.Code in it.
	//
	// Its texts are many: they are no labels of metrics. Class is one.
	Err error
	// Class says who can do something about Err; empty for success.
	Class Class
	// Unreadable tells that the session of the request is stored but cannot be read: a
	// damaged record, a lost sealing key, or one that a later version wrote. A login
	// replaces it, a logout deletes it, and every other request fails with 691.
	Unreadable bool
}

// RateKey describes a request to a rate limiter, which counts by its fields.
type RateKey struct {
	Operation Operation
	Platform  string
	// Addr is the client's address.
	Addr string
	// Account is the username, email address or phone number that the request names, at
	// most 256 bytes; empty for logins on a platform. It is trimmed and in lower case,
	// so that different spellings are counted together.
	Account string
}

// limit asks the rate limiter. An account that is too long to exist is an error, so
// that the limiter does not have to store it.
func (x *exchange) limit(ctx context.Context, account string) error {
	if x.p.limiter == nil {
		return nil
	}
	account = strings.ToLower(strings.TrimSpace(account))
	if len(account) > check.MaxIdentifier {
		return badInput(invalidValue, x.accountField, "the account is longer than "+strconv.Itoa(check.MaxIdentifier)+" bytes")
	}
	wait, err := x.p.limiter(ctx, RateKey{x.event.Operation, x.event.Platform, x.p.clientAddr(x.r), account})
	switch {
	case err != nil:
		return &failed{own: errLimiter, cause: err}
	case wait > 0:
		return tooManyRequests(wait)
	}
	return nil
}
