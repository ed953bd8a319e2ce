// Package call holds what the packages auth, user and platform pass each other
// for one documented call: its parameters, and the request that comes of them.
package call

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/hydrogen-go/baas/herror"
)

// Given is a set of options that a caller gave.
type Given uint8

// The options.
const (
	Code Given = 1 << iota
	CreateUser
	SyncUserProfile
	AppName
	UnionID
	Overwrite
)

var names = map[Given]string{
	Code:            "Code",
	CreateUser:      "CreateUser",
	SyncUserProfile: "SyncUserProfile",
	AppName:         "AppName",
	UnionID:         "WithUnionID",
	Overwrite:       "Overwrite",
}

// Params is what the options of one call add up to.
type Params struct {
	Given           Given
	Code            string
	CreateUser      bool
	SyncUserProfile string // overwrite, setnx or false
	AppName         string // lower case
	UnionID         bool
	Overwrite       bool
}

// Defaults returns the parameters of a call without options.
func Defaults() Params {
	return Params{CreateUser: true, SyncUserProfile: "setnx", Overwrite: true}
}

// Has reports whether the caller gave the option.
func (p *Params) Has(option Given) bool { return p.Given&option != 0 }

// Refuse returns an error if the caller gave any of the options: the platform
// would ignore them.
func (p *Params) Refuse(platform string, options Given) error {
	for option := Code; option <= Overwrite; option <<= 1 {
		if p.Given&options&option != 0 {
			return Invalid("option " + names[option] + " has no meaning on platform " + platform)
		}
	}
	return nil
}

// Check returns an error if a parameter cannot be sent.
func (p *Params) Check() error {
	if err := Identifier("code", p.Code, MaxCode); err != nil {
		return err
	}
	if err := Identifier("app name", p.AppName, MaxIdentifier); err != nil {
		return err
	}
	switch p.SyncUserProfile {
	case "overwrite", "setnx", "false":
		return nil
	}
	return Invalid("unknown syncUserProfile")
}

// Request is a request that a call makes.
type Request struct {
	Method string
	Path   string
	Body   []byte
	// Secrets are what of the body must not show in an error's text.
	Secrets []string
}

// New returns a request whose body is the JSON of body.
func New(method, path string, body any, secrets ...string) (Request, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return Request{}, Invalid("not JSON").WithCause(err)
	}
	return Request{Method: method, Path: path, Body: b, Secrets: secrets}, nil
}

// The longest texts that are sent, in bytes.
const (
	MaxIdentifier = 256
	MaxCode       = 1 << 10
	MaxPassword   = 1 << 10
	MaxSessionKey = 1 << 10
	MaxData       = 64 << 10
)

// Identifier returns an error if text is over-long, not UTF-8, or has control
// characters. An empty text passes. Name says in the error what it is.
func Identifier(name, text string, longest int) error {
	if len(text) > longest {
		return Invalid(name + " is longer than " + strconv.Itoa(longest) + " bytes")
	}
	for _, r := range text {
		if r < ' ' || r == 0x7f {
			return Invalid(name + " has control characters")
		}
	}
	if !utf8.ValidString(text) {
		return Invalid(name + " is not UTF-8")
	}
	return nil
}

// Invalid returns the error for a bad argument.
func Invalid(detail string) *herror.HError { return herror.New(herror.InvalidParameter, detail) }
