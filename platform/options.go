package platform

import "github.com/hydrogen-go/baas/session"

// SyncMode says what becomes of the account's profile when user info comes in:
// the documented syncUserProfile. The default everywhere is [SetNX].
type SyncMode string

// The modes.
const (
	// Overwrite replaces the profile by the user info.
	Overwrite SyncMode = "overwrite"
	// SetNX fills in only what the profile does not have yet.
	SetNX SyncMode = "setnx"
	// NoSync leaves the profile alone: the documented false.
	NoSync SyncMode = "false"
)

// LoginOption is an option of LoginOn and of the LoginWith… calls. Package auth
// makes the options; a nil one changes nothing. A platform that does not know an
// option refuses it with 605.
type LoginOption interface{ loginOption() }

// LinkOption is an option of LinkOn and of the Link… calls.
type LinkOption interface{ linkOption() }

// PhoneOption is an option of UpdatePhoneNumber.
type PhoneOption interface{ phoneOption() }

// ProfileOption is an option of UpdateUserInfo.
type ProfileOption interface{ profileOption() }

// ThirdPartyAuthOption is an option of ThirdPartyAuth.
type ThirdPartyAuthOption interface{ thirdPartyAuthOption() }

// CodeOption is what auth.Code returns: an option of logins, links and
// UpdateUserInfo. Printing it never shows the code.
type CodeOption struct{ Code session.Secret }

// SyncOption is what auth.SyncUserProfile returns: an option of logins, links and
// UpdateUserInfo.
type SyncOption struct{ Mode SyncMode }

// CreateOption is what auth.CreateUser returns: an option of logins.
type CreateOption struct{ On bool }

// AppNameOption is what auth.AppName returns: an option of logins and links on
// ByteDance.
type AppNameOption struct{ Name string }

// UnionIDOption is what auth.WithUnionID returns: an option of logins and links on
// WeChat.
type UnionIDOption struct{ On bool }

// OverwriteOption is what auth.Overwrite returns: an option of UpdatePhoneNumber.
type OverwriteOption struct{ On bool }

// PlatformOption is what auth.OnPlatform returns: an option of UpdatePhoneNumber.
type PlatformOption struct{ Platform Platform }

// SilentOption is what auth.Silent returns: an option of ThirdPartyAuth and of
// LoginWithThirdParty.
type SilentOption struct{ On bool }

func (CodeOption) loginOption()      {}
func (CodeOption) linkOption()       {}
func (CodeOption) profileOption()    {}
func (SyncOption) loginOption()      {}
func (SyncOption) linkOption()       {}
func (SyncOption) profileOption()    {}
func (CreateOption) loginOption()    {}
func (AppNameOption) loginOption()   {}
func (AppNameOption) linkOption()    {}
func (UnionIDOption) loginOption()   {}
func (UnionIDOption) linkOption()    {}
func (OverwriteOption) phoneOption() {}
func (PlatformOption) phoneOption()  {}

func (SilentOption) loginOption()          {}
func (SilentOption) thirdPartyAuthOption() {}
