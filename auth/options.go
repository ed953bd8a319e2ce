package auth

import (
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

// Code gives the login code that the phone got from its platform's login(): the
// documented option code. A code is valid once and for some minutes. It is always
// exchanged, also where a session is stored. An empty code is an error, and never
// falls back to the stored session.
func Code(code string) platform.CodeOption {
	return platform.CodeOption{Code: session.NewSecret(code)}
}

// CreateUser says whether a login makes an account for a user who has none: the
// documented option createUser. The default is true; with false such a login
// fails with 404.
func CreateUser(on bool) platform.CreateOption { return platform.CreateOption{On: on} }

// SyncUserProfile says what becomes of the account's profile when user info comes
// in: the documented option syncUserProfile. The default is platform.SetNX. It
// has no effect on a login without data or with a phone number.
func SyncUserProfile(mode platform.SyncMode) platform.SyncOption {
	return platform.SyncOption{Mode: mode}
}

// AppName names the ByteDance host app that the user is in, in any case:
// "douyin", "toutiao", "douyin_lite" … The default is platform.DefaultAppName.
// On other platforms it is an error.
func AppName(name string) platform.AppNameOption { return platform.AppNameOption{Name: name} }

// WithUnionID has WeChat users found and linked by their union id, which is the same
// in all apps of one developer: the documented option withUnionID. The
// default is false. On other platforms and with a phone number it is an error.
func WithUnionID(on bool) platform.UnionIDOption { return platform.UnionIDOption{On: on} }

// Silent says whether a web login does without asking the person: the documented option
// silent. Give it to ThirdPartyAuth and to LoginWithThirdParty alike. The default is
// false. Only platform.WeChatMP has the silent login: for other providers true is an
// error, as the option is for every login that is not a web login.
func Silent(on bool) platform.SilentOption { return platform.SilentOption{On: on} }

// OnPlatform names the platform that the phone number comes from, for a user who
// logged in on another one or with an account. The default is the platform of the
// session: of the login, or of the first link since, or else the code source's.
func OnPlatform(p platform.Platform) platform.PlatformOption {
	return platform.PlatformOption{Platform: p}
}

// Overwrite says whether UpdatePhoneNumber replaces a number that the account has
// already: the documented option overwrite. The default is true; with false such
// a call fails with 400.
func Overwrite(on bool) platform.OverwriteOption { return platform.OverwriteOption{On: on} }
