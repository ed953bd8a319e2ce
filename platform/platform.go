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
	// Failure gives an error of the backend the meaning it has on this platform.
	Failure(Call, *herror.HError) *herror.HError
}

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

// unsupported returns the documented error for a call that a platform does not have.
func unsupported(platform, what string) error {
	return herror.New(herror.UnsupportedFunction, what+" on platform "+platform)
}

// post is the method of all requests but the few that say otherwise.
const post = http.MethodPost

// profile is the part of a payload that proves user info.
type profile struct {
	RawData       string `json:"rawData"`
	Signature     string `json:"signature"`
	EncryptedData string `json:"encryptedData"`
	IV            string `json:"iv"`
}

// profileOf returns the proof of user info in data, all of it or an error.
func profileOf(data *AuthData) (profile, error) {
	if err := data.require(); err != nil {
		return profile{}, err
	}
	if err := data.missing("rawData", "signature", "encryptedData", "iv"); err != nil {
		return profile{}, err
	}
	return profile{data.RawData, data.Signature, data.EncryptedData, data.IV}, nil
}

// sealed is the part of a payload that carries an encrypted phone number.
type sealed struct {
	EncryptedData string `json:"encryptedData"`
	IV            string `json:"iv"`
}

// sealedOf returns the encrypted phone number in data, or an error.
func sealedOf(data *AuthData) (sealed, error) {
	if err := data.require(); err != nil {
		return sealed{}, err
	}
	if err := data.missing("encryptedData", "iv"); err != nil {
		return sealed{}, err
	}
	return sealed{data.EncryptedData, data.IV}, nil
}
