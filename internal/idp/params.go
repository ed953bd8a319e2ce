package idp

import (
	"strings"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/platform"
)

// option is a set of options.
type option uint

// The options. A new one needs a line here, in optionNames and in set.
const (
	optCode option = 1 << iota
	optCreateUser
	optSyncUserProfile
	optAppName
	optUnionID
	optOverwrite
	optPlatform
	optSilent
	optEnd // not an option
)

// optionNames are the options as package auth names them.
var optionNames = map[option]string{
	optCode:            "Code",
	optCreateUser:      "CreateUser",
	optSyncUserProfile: "SyncUserProfile",
	optAppName:         "AppName",
	optUnionID:         "WithUnionID",
	optOverwrite:       "Overwrite",
	optPlatform:        "OnPlatform",
	optSilent:          "Silent",
}

// documented returns the name of the option in the vendor's documentation.
func (o option) documented() string {
	name := strings.TrimPrefix(optionNames[o], "On")
	return strings.ToLower(name[:1]) + name[1:]
}

// Params is what the options of one call add up to.
type Params struct {
	Code            string
	CreateUser      bool
	SyncUserProfile platform.SyncMode
	AppName         string // lower case
	UnionID         bool
	Overwrite       bool
	Platform        platform.Platform // nil: the session's
	Silent          bool

	// Refused tells that the user refused to share user info, and that this platform
	// goes on without it.
	Refused bool

	given option
}

// Defaults returns the parameters of a call without options.
func Defaults() Params {
	return Params{CreateUser: true, SyncUserProfile: platform.SetNX, Overwrite: true}
}

// Given reads the options of one call. The error is 605 for one that cannot be sent.
func Given[Option any](opts []Option) (Params, error) {
	p := Defaults()
	for _, opt := range opts {
		if err := p.set(opt); err != nil {
			return p, err
		}
	}
	return p, p.check()
}

// set takes over one option; nil is none.
func (p *Params) set(opt any) error {
	switch o := opt.(type) {
	case nil:
	case platform.CodeOption:
		p.given |= optCode
		p.Code = o.Code.Reveal()
	case platform.CreateOption:
		p.given |= optCreateUser
		p.CreateUser = o.On
	case platform.SyncOption:
		p.given |= optSyncUserProfile
		p.SyncUserProfile = o.Mode
	case platform.AppNameOption:
		p.given |= optAppName
		p.AppName = strings.ToLower(o.Name)
	case platform.UnionIDOption:
		p.given |= optUnionID
		p.UnionID = o.On
	case platform.OverwriteOption:
		p.given |= optOverwrite
		p.Overwrite = o.On
	case platform.PlatformOption:
		if o.Platform == nil {
			return check.InvalidField("platform", "platform is nil")
		}
		p.given |= optPlatform
		p.Platform = o.Platform
	case platform.SilentOption:
		p.given |= optSilent
		p.Silent = o.On
	default:
		return check.Invalid("an option that this version does not know")
	}
	return nil
}

// CodeGiven reports whether the caller gave a login code, be it an empty one.
func (p *Params) CodeGiven() bool { return p.given&optCode != 0 }

// SetCode sets a login code that the caller did not give, if it can be sent.
func (p *Params) SetCode(code string) error {
	p.Code = code
	return p.check()
}

// check returns an error if a parameter cannot be sent.
func (p *Params) check() error {
	if err := check.Text("code", p.Code, check.MaxCode); err != nil {
		return err
	}
	if err := check.TextOf("appName", "app name", p.AppName, check.MaxIdentifier); err != nil {
		return err
	}
	switch p.SyncUserProfile {
	case platform.Overwrite, platform.SetNX, platform.NoSync:
		return nil
	}
	return check.InvalidField("syncUserProfile", "unknown syncUserProfile")
}

// only returns an error if the caller gave an option that is not among those taken:
// it would have no effect. Where says in the error which platform or call it is.
func (p *Params) only(taken option, where string) error {
	for o := option(1); o < optEnd; o <<= 1 {
		if p.given&o != 0 && taken&o == 0 {
			return check.InvalidField(o.documented(), "option "+optionNames[o]+" has no meaning on "+where)
		}
	}
	return nil
}
