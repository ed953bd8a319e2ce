package platform

import "github.com/hydrogen-go/baas/internal/call"

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

// LoginOption is an option of the LoginWith… calls.
type LoginOption interface{ ApplyToLogin(*call.Params) }

// LinkOption is an option of the Link… calls.
type LinkOption interface{ ApplyToLink(*call.Params) }

// PhoneOption is an option of UpdatePhoneNumber.
type PhoneOption interface{ ApplyToPhone(*call.Params) }

// ProfileOption is an option of UpdateUserInfo.
type ProfileOption interface{ ApplyToProfile(*call.Params) }

// CommonOption is an option of logins, links and UpdateUserInfo alike; package
// auth makes them ([auth.Code], [auth.SyncUserProfile]).
//
// [auth.Code]: https://pkg.go.dev/github.com/hydrogen-go/baas/auth#Code
// [auth.SyncUserProfile]: https://pkg.go.dev/github.com/hydrogen-go/baas/auth#SyncUserProfile
type CommonOption func(*call.Params)

// ApplyToLogin implements [LoginOption].
func (o CommonOption) ApplyToLogin(p *call.Params) { o(p) }

// ApplyToLink implements [LinkOption].
func (o CommonOption) ApplyToLink(p *call.Params) { o(p) }

// ApplyToProfile implements [ProfileOption].
func (o CommonOption) ApplyToProfile(p *call.Params) { o(p) }

// IdentityOption is an option of logins and links.
type IdentityOption func(*call.Params)

// ApplyToLogin implements [LoginOption].
func (o IdentityOption) ApplyToLogin(p *call.Params) { o(p) }

// ApplyToLink implements [LinkOption].
func (o IdentityOption) ApplyToLink(p *call.Params) { o(p) }

// CreateOption is an option of logins only.
type CreateOption func(*call.Params)

// ApplyToLogin implements [LoginOption].
func (o CreateOption) ApplyToLogin(p *call.Params) { o(p) }

// OverwriteOption is an option of UpdatePhoneNumber only.
type OverwriteOption func(*call.Params)

// ApplyToPhone implements [PhoneOption].
func (o OverwriteOption) ApplyToPhone(p *call.Params) { o(p) }
