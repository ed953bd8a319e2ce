package baastest

import (
	"maps"
	"slices"
)

// defaultAvatar is the avatar of a user who has none, as the real backend gives it.
const defaultAvatar = "https://media.ifanrusercontent.com/hydrogen/default_avatar.png"

// userJSON is the user object as the user itself sees it.
// platform is the one the request came from: it decides which identity's openid
// and unionid stand at the first level.
func userJSON(u *user, platform string) []byte {
	o := jsonObject{buf: make([]byte, 0, 768)}
	o.whole("id", u.id)
	var openID, unionID string
	if l := u.mainLink(platform); l != nil {
		unionID = l.unionID
		if !platformNamed(l.platform).hidesOpenID {
			openID = l.id
		}
	}
	o.text("openid", openID)
	o.text("unionid", unionID)
	u.writePublic(&o)
	o.flag("_anonymous", u.anonymous)
	o.textOrNull("_username", u.username)
	o.textOrNull("_email", u.email)
	o.flag("_email_verified", u.emailVerified)
	o.textOrNull("_phone", u.phone)
	o.flag("_phone_verified", u.phoneVerified)
	o.raw("_provider", u.providerJSON())
	u.writeCustom(&o)
	return o.bytes()
}

// publicJSON is the user object as other users see it.
func publicJSON(u *user) []byte {
	o := jsonObject{buf: make([]byte, 0, 384)}
	o.whole("id", u.id)
	u.writePublic(&o)
	u.writeCustom(&o)
	return o.bytes()
}

// mainLink is the user's identity on platform, else its first one, else nil.
func (u *user) mainLink(platform string) *link {
	if l := u.link(platform); l != nil {
		return l
	}
	if len(u.identities) > 0 {
		return &u.identities[0]
	}
	return nil
}

func (u *user) writePublic(o *jsonObject) {
	avatar := u.profile.AvatarURL
	if avatar == "" {
		avatar = defaultAvatar
	}
	o.text("avatar", avatar)
	writeProfile(o, u.profile)
	o.flag("is_authorized", u.authorized)
	o.whole("created_at", u.created)
	o.whole("created_by", u.id)
	o.whole("updated_at", u.saved)
}

// writeProfile writes a profile, but for the avatar, under the backend's names.
func writeProfile(o *jsonObject, p Profile) {
	o.maybeText("nickname", p.NickName)
	if p.Gender != 0 {
		o.whole("gender", int64(p.Gender))
	}
	o.maybeText("city", p.City)
	o.maybeText("province", p.Province)
	o.maybeText("country", p.Country)
	o.maybeText("language", p.Language)
}

func (u *user) writeCustom(o *jsonObject) {
	for _, name := range slices.Sorted(maps.Keys(u.custom)) {
		o.value(name, u.custom[name])
	}
}

func (u *user) providerJSON() []byte {
	var o jsonObject
	for _, l := range u.identities {
		o.raw(l.platform, platformNamed(l.platform).provider(l))
	}
	return o.bytes()
}

// commonProvider is the _provider entry of most platforms.
func commonProvider(l link) []byte {
	var o jsonObject
	o.text("openid", l.id)
	o.maybeText("unionid", l.unionID)
	o.maybeText("avatar", l.info.AvatarURL)
	writeProfile(&o, l.info)
	return o.bytes()
}
