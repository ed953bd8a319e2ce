package herror

import "strconv"

// Code is the number of an error: an HTTP status of the backend, or one of the
// client's own codes from 600 on. A Code is an error, so that it can be the target
// of [errors.Is].
type Code int

// The statuses of the backend that have a documented meaning.
const (
	// BadRequest means that the backend refused the request: a wrong password, a spent
	// login code, a phone number that belongs to another user.
	BadRequest Code = 400
	// NotAuthenticated means that the backend does not know the session's token.
	NotAuthenticated Code = 401
	// PaymentRequired means that the backend refuses because the app is in arrears.
	PaymentRequired Code = 402
	// Forbidden means that this user may not do this.
	Forbidden Code = 403
	// NotFound means that no account exists yet and createUser is false, or that the
	// resource does not exist.
	NotFound Code = 404
	// TooManyRequests means that the call exceeded the backend's rate limit.
	TooManyRequests Code = 429
)

// The documented codes of the client itself.
const (
	// NetworkDisconnected means that the connection failed or broke.
	NetworkDisconnected Code = 600
	// RequestTimeout means that no response came in time, or that the caller's context
	// ended.
	RequestTimeout Code = 601
	// Uninitialized means that no client id was given.
	Uninitialized Code = 602
	// UserRefused means that the user refused, on the phone, to share user info or
	// the phone number. The error carries the user's ids where they are known.
	UserRefused Code = 603
	// Unauthorized is the documented name of [UserRefused]. It is not the HTTP status
	// 401, which is [NotAuthenticated].
	Unauthorized = UserRefused
	// SessionMissing means that the user is not logged in, or that the session has
	// ended.
	SessionMissing Code = 604
	// InvalidParameter means that an argument is invalid and that nothing was sent.
	// The documentation calls it "incorrect parameter type".
	InvalidParameter Code = 605
	// UnsupportedFunction means that the platform does not have this call.
	UnsupportedFunction Code = 611
	// AnonymousNotAllowed means that an anonymous user may not make this call.
	AnonymousNotAllowed Code = 612
	// ThirdPartyAuthDenied means that the user refused a login with an account of
	// another site.
	ThirdPartyAuthDenied Code = 613
	// ThirdPartyAuthFailed means that a login with an account of another site failed.
	ThirdPartyAuthFailed Code = 614
	// UserInfoSwitchOff means that updating WeChat user info is switched off in the
	// backend's console.
	UserInfoSwitchOff Code = 616
)

// The codes of this SDK, which are not documented by the vendor.
const (
	// InvalidResponse means that the backend's response breaks the protocol: it is not
	// JSON, or too large, or it has no token or no user.
	InvalidResponse Code = 690
	// StoreFailed means that the session store failed, or the token store of package
	// admin. It wraps the store's error.
	StoreFailed Code = 691
)

// messages holds the text of each code that has a fixed one.
var messages = map[Code]string{
	PaymentRequired:      "payment required",
	NotFound:             "not found",
	NetworkDisconnected:  "network disconnected",
	RequestTimeout:       "request timeout",
	Uninitialized:        "uninitialized",
	UserRefused:          "unauthorized",
	SessionMissing:       "session missing",
	InvalidParameter:     "incorrect parameter type",
	UnsupportedFunction:  "unsupported function",
	AnonymousNotAllowed:  "anonymous user is not allowed",
	ThirdPartyAuthDenied: "third party auth denied",
	ThirdPartyAuthFailed: "third party auth failed",
	UserInfoSwitchOff:    "please enable sdk update platform user info first",
	InvalidResponse:      "invalid response",
	StoreFailed:          "session store failed",
}

// Message returns the documented text of the code, or "unknown error" if it has none.
func (c Code) Message() string {
	if m, ok := messages[c]; ok {
		return m
	}
	return "unknown error"
}

// Error returns the code and its documented text, as in "604: session missing".
func (c Code) Error() string { return strconv.Itoa(int(c)) + ": " + c.Message() }
