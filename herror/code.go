package herror

import "strconv"

// Code is the number of an error: an HTTP status of the backend, or one of the
// client's own codes from 600 on. A Code is itself an error, so that each one
// serves as the target of [errors.Is].
type Code int

// The statuses of the backend that its documentation gives a meaning of its own.
const (
	// BadRequest is the backend's refusal of what was asked: a wrong password, a
	// spent login code, a phone number that another user holds.
	BadRequest Code = 400
	// NotAuthenticated is the backend's refusal of the session's token.
	NotAuthenticated Code = 401
	// PaymentRequired means that the backend refuses because the app is in arrears.
	PaymentRequired Code = 402
	// Forbidden is the backend's refusal of the action for this user.
	Forbidden Code = 403
	// NotFound means that no account exists yet (createUser false), or no such resource.
	NotFound Code = 404
	// TooManyRequests means that the backend limits the rate of this call.
	TooManyRequests Code = 429
)

// The documented codes of the client itself.
const (
	// NetworkDisconnected means that no connection was made, or that it broke.
	NetworkDisconnected Code = 600
	// RequestTimeout means that no answer came in time, or that the caller gave up.
	RequestTimeout Code = 601
	// Uninitialized means that the client was made without a client id.
	Uninitialized Code = 602
	// UserRefused means that the user refused, on the phone, to share user info or
	// the phone number. Such an error carries the user's ids where they are known.
	UserRefused Code = 603
	// Unauthorized is the documented name of [UserRefused]. It is not the HTTP status
	// 401, which is [NotAuthenticated].
	Unauthorized = UserRefused
	// SessionMissing means that the user is not logged in, or no longer.
	SessionMissing Code = 604
	// InvalidParameter means that an argument is wrong; nothing was sent.
	// The documentation calls it "incorrect parameter type".
	InvalidParameter Code = 605
	// UnsupportedFunction means that the platform has no such call.
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

// Codes that the documentation does not have, because a phone has no use for them.
const (
	// InvalidResponse means that the backend's response was not what its protocol
	// promises: not JSON, too large, or without a token or a user.
	InvalidResponse Code = 690
	// StoreFailed means that the session store failed. The cause is the store's error.
	StoreFailed Code = 691
)

// messages holds the documented text of each of the client's own codes.
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

// Message returns the documented text of the code, "unknown error" where it has none.
func (c Code) Message() string {
	if m, ok := messages[c]; ok {
		return m
	}
	return "unknown error"
}

// Error returns the code and its documented text, as in "604: session missing".
func (c Code) Error() string { return strconv.Itoa(int(c)) + ": " + c.Message() }
