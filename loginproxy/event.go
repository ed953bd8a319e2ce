package loginproxy

import (
	"context"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
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
	// names, up to 256 bytes; empty for logins on a platform. It is in lower case and
	// without the white space around it: a client that spells it differently each
	// time is still counted as one.
	Account string
}

// limit asks the rate limiter. A longer account than any is an error, so that the
// limiter need not keep it.
func (t *turn) limit(ctx context.Context, account string) error {
	if t.p.limiter == nil {
		return nil
	}
	account = strings.ToLower(strings.TrimSpace(account))
	if len(account) > check.MaxIdentifier {
		return errInput
	}
	allowed, wait := t.p.limiter(ctx, RateKey{t.event.Operation, t.event.Platform, t.p.clientAddr(t.r), account})
	if allowed {
		return nil
	}
	return tooMany(wait)
}
