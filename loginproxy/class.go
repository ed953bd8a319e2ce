package loginproxy

import (
	"context"
	"errors"
	"net/http"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/visitor"
)

// Class says who can do something about an error of an [Event]. It is a label for
// metrics, and tells an alert from a mistake of one phone.
type Class string

// The classes.
const (
	// ClassInput is about what the client sent: a body, a wrong password, a spent code, no
	// session. So is a request that ended because its context was cancelled, as when the
	// phone hangs up.
	ClassInput Class = "input"
	// ClassRefused is about a client that may not do this: the user refused on the phone
	// (603), the backend forbids it (403), a rate limit, another origin, or a [Refusal] of
	// the program.
	ClassRefused Class = "refused"
	// ClassStore means that the session store or the rate limiter failed, or did not
	// respond in time.
	ClassStore Class = "store"
	// ClassBackend means that the backend failed, did not respond in time, could not be
	// reached, or sent a response that breaks the protocol.
	ClassBackend Class = "backend"
	// ClassConfig means that this server or the app is not set up for the request: a client
	// id that the backend does not know, a kind of login that the app has not enabled, an
	// app in arrears.
	ClassConfig Class = "config"
	// ClassProgram means that the program failed: the function of [WithLoginCheck], or any
	// panic.
	ClassProgram Class = "program"
)

// classes has the class of each code that is not the backend's fault.
var classes = map[herror.Code]Class{
	herror.BadRequest:           ClassInput,
	herror.NotAuthenticated:     ClassInput,
	herror.PaymentRequired:      ClassConfig,
	herror.Forbidden:            ClassRefused,
	herror.NotFound:             ClassInput,
	http.StatusMethodNotAllowed: ClassConfig, // documented for a login that is not enabled
	herror.TooManyRequests:      ClassRefused,
	herror.Uninitialized:        ClassConfig,
	herror.UserRefused:          ClassRefused,
	herror.SessionMissing:       ClassInput,
	herror.InvalidParameter:     ClassInput,
	herror.UnsupportedFunction:  ClassInput,
	herror.AnonymousNotAllowed:  ClassInput,
	herror.ThirdPartyAuthDenied: ClassRefused,
	herror.ThirdPartyAuthFailed: ClassInput,
	herror.UserInfoSwitchOff:    ClassConfig,
}

// classOf returns the class of err, empty for nil. HungUp tells that the client has hung
// up: what was under way then ended because of that.
func classOf(err error, hungUp bool) Class {
	var own *refusal
	switch {
	case err == nil:
		return ""
	case hungUp && errors.Is(err, context.Canceled):
		return ClassInput
	case errors.As(err, &own):
		return own.class
	case errors.Is(err, herror.UserRefused):
		return ClassRefused // whatever its silent login failed with
	case visitor.FromStore(err):
		return ClassStore
	}
	if own := ownFailure(err); own != nil {
		return own.class
	}
	if class, ok := classes[herror.CodeOf(err)]; ok {
		return class
	}
	return ClassBackend
}
