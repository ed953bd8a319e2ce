package baastest

import (
	"encoding/json"

	"github.com/hydrogen-go/baas/platform"
)

// AllowUserInfo is what [Phone.AllowUserInfoJSON] posts, read as a server reads it.
func (p *Phone) AllowUserInfo() *platform.AuthData { return authData(p.AllowUserInfoJSON()) }

// RefuseUserInfo is what [Phone.RefuseUserInfoJSON] posts, read as a server reads it.
func (p *Phone) RefuseUserInfo() *platform.AuthData { return authData(p.RefuseUserInfoJSON()) }

// Refusals is what [Phone.RefusalsJSON] posts, read as a server reads it.
func (p *Phone) Refusals() []*platform.AuthData {
	var all []*platform.AuthData
	for _, event := range p.RefusalsJSON() {
		all = append(all, authData(event))
	}
	return all
}

// UserProfile is what [Phone.UserProfileJSON] posts, read as a server reads it.
func (p *Phone) UserProfile() *platform.AuthData { return authData(p.UserProfileJSON()) }

// AllowPhoneNumber is what [Phone.AllowPhoneNumberJSON] posts, read as a server reads it.
func (p *Phone) AllowPhoneNumber(number string) *platform.AuthData {
	return authData(p.AllowPhoneNumberJSON(number))
}

// AllowPhoneNumberOld is what [Phone.AllowPhoneNumberOldJSON] posts, read as a server reads it.
func (p *Phone) AllowPhoneNumberOld(number string) *platform.AuthData {
	return authData(p.AllowPhoneNumberOldJSON(number))
}

// RefusePhoneNumber is what [Phone.RefusePhoneNumberJSON] posts, read as a server reads it.
func (p *Phone) RefusePhoneNumber() *platform.AuthData { return authData(p.RefusePhoneNumberJSON()) }

// authData is for events of this package, which always read well.
func authData(event []byte) *platform.AuthData {
	data := new(platform.AuthData)
	_ = json.Unmarshal(event, data)
	return data
}
