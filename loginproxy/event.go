package loginproxy

import (
	"context"
	"time"

	"github.com/hydrogen-go/baas/herror"
)

// Operation names what a request asks for, on the JSON routes and on the
// backend's own paths alike.
type Operation string

// The operations.
const (
	OpLogin          Operation = "login" // on a platform, or with an account
	OpLoginAnonymous Operation = "login_anonymous"
	OpLoginSMS       Operation = "login_sms"
	OpRegister       Operation = "register"
	OpSMS            Operation = "sms"            // send or check the code of a text message
	OpPasswordReset  Operation = "password_reset" // backend's paths only
	OpLink           Operation = "link"
	OpPhone          Operation = "phone"
	OpLogout         Operation = "logout"
	OpMe             Operation = "me"
	OpForward        Operation = "forward" // any other path of the backend
	OpVisit          Operation = "visit"   // a request that Middleware refused
	OpUnknown        Operation = "unknown" // no such route
)

// Event is what an observer learns of one request. It holds no secret, and its
// texts have few values, whatever clients send: they serve as labels of metrics.
type Event struct {
	Operation Operation
	// Platform is the platform's name, as in "kuaishou", or empty.
	Platform string
	// Status is the HTTP status of the answer; 500 stands for a panic.
	Status int
	// Duration is the time until the answer.
	Duration time.Duration
	// Code is the code in the answer's body, 0 for success. Only a logout has both
	// success and a code: the session is gone, but the backend did not hear of it.
	Code herror.Code
}

// RateKey is what a rate limiter may count by.
type RateKey struct {
	Operation Operation
	Platform  string
	// Addr is the client's address.
	Addr string
	// Account is the username, email address or phone number that the request
	// names, as the client sent it; empty for logins on a platform.
	Account string
}

// limit asks the rate limiter.
func (t *turn) limit(ctx context.Context, account string) error {
	if t.p.limiter == nil {
		return nil
	}
	allowed, wait := t.p.limiter(ctx, RateKey{t.event.Operation, t.event.Platform, t.p.clientAddr(t.r), account})
	if allowed {
		return nil
	}
	return tooMany(wait)
}
