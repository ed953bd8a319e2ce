// Package platform holds one strategy type per mini-program platform, with its
// endpoints, its payloads and its quirks, and the types that cross from the
// phone: [AuthData] and the options of logins and links.
//
// Programs name a platform by its type, as in platform.Kuaishou{}, or find it by
// name with [ByName]. The methods that make requests are for this module: their
// parameters are of internal types.
package platform

import (
	"net/http"
	"slices"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/call"
)

// Platform is the strategy of one mini-program platform: what it sends where.
// Its values are comparable, constant and safe for concurrent use.
type Platform interface {
	// Name is the platform's name in the backend's paths and in _provider, as in "kuaishou".
	Name() string
	// Client is the platform's name in the X-Hydrogen-Client-Platform header, as in "KUAISHOU".
	Client() string
	// Aliases are the other names that people know it by, as in "ks".
	Aliases() []string

	// SilentLogin makes the request that exchanges a code for a session.
	SilentLogin(*call.Params) (call.Request, error)
	// Login makes the request of a login with user info or a phone number.
	Login(*AuthData, *call.Params) (call.Request, error)
	// UpdatePhone makes the request that sets the phone number of the user.
	UpdatePhone(*AuthData, *call.Params) (call.Request, error)
	// UpdateUserInfo makes the request that sets the profile of the user.
	UpdateUserInfo(*AuthData, *call.Params) (call.Request, error)
	// Link makes the request that links the platform's user to the account; data
	// is nil for a link without user info.
	Link(*AuthData, *call.Params) (call.Request, error)
	// SilentOnRefusal reports whether a user who refuses is logged in silently
	// instead of failing with 603.
	SilentOnRefusal() bool
	// Failure gives an error of the backend the meaning it has on this platform.
	Failure(Call, *herror.HError) *herror.HError
}

// common is what most platforms have in common: no calls but logins and links,
// and no quirks.
type common struct{}

// UpdatePhone is a call that the platform does not have.
func (common) UpdatePhone(*AuthData, *call.Params) (call.Request, error) {
	return call.Request{}, herror.New(herror.UnsupportedFunction, "UpdatePhoneNumber on this platform")
}

// UpdateUserInfo is a call that only WeChat has.
func (common) UpdateUserInfo(*AuthData, *call.Params) (call.Request, error) {
	return call.Request{}, herror.New(herror.UnsupportedFunction, "UpdateUserInfo on this platform")
}

// SilentOnRefusal returns false: a refusal is an error.
func (common) SilentOnRefusal() bool { return false }

// Failure returns err as it is.
func (common) Failure(_ Call, err *herror.HError) *herror.HError { return err }

// Call names a call whose errors a platform may give a meaning of their own.
type Call int

// The calls.
const (
	CallUpdatePhone Call = iota + 1
	CallUpdateUserInfo
)

// table lists every platform. Order counts for nothing.
var table = [...]Platform{
	Kuaishou{},
	ByteDance{},
	WeChat{},
	QQ{},
	Baidu{},
	Alipay{},
	JD{},
}

// All returns every platform.
func All() []Platform { return slices.Clone(table[:]) }

// ByName returns the platform with that name or alias ("kuaishou" and "ks",
// "bytedance" and "tt", "wechat" and "wx", …). Names are in lower case.
func ByName(name string) (Platform, bool) {
	for _, p := range table {
		if p.Name() == name || slices.Contains(p.Aliases(), name) {
			return p, true
		}
	}
	return nil, false
}

// errNoPhone is the error for a login with a phone number on a platform without one.
var errNoPhone = herror.New(herror.UnsupportedFunction, "login with a phone number on this platform")

// userInfo checks that data has user info, on a platform that knows nothing else.
func userInfo(data *AuthData) error {
	if err := data.require(); err != nil {
		return err
	}
	if !data.hasUserInfo() {
		return errNoPhone
	}
	return nil
}

// post is the method of all requests but the few that say otherwise.
const post = http.MethodPost
