package baastest

import (
	"maps"
	"slices"
	"strings"
)

// defaultAvatar is the avatar of a user who has none, as the real backend gives it.
const defaultAvatar = "https://media.ifanrusercontent.com/hydrogen/default_avatar.png"

// builtIn are the built-in fields without a leading underscore.
var builtIn = slices.Concat(reserved, firstLevel)

// isBuiltIn reports whether a field is a built-in one.
func isBuiltIn(name string) bool {
	return strings.HasPrefix(name, "_") || slices.Contains(builtIn, name)
}

// userFields are all built-in fields of a user object.
var userFields = slices.Concat(builtIn, []string{
	"_anonymous", "_username", "_email", "_email_verified", "_phone", "_phone_verified", "_provider",
})

// view is how a response shows a user.
type view struct {
	self bool // to the user itself
	// ids is the identity whose openid and unionid are at the first level; nil for none.
	ids    *link
	keys   keySelection
	expand map[string]*user // the users whose fields replace a pointer
}

// shows reports whether a view has a field.
func (op *operation) shows(v *view, field string) bool {
	if !v.keys.selects(field) {
		return false
	}
	p := op.b.permission(field)
	return p == VisibleToAll || p == VisibleToOwner && v.self
}

// fieldFilter returns shows for a view; most views have every field.
func (op *operation) fieldFilter(v *view) func(field string) bool {
	if v.self && v.keys.everything() && len(op.b.permissions) == 0 {
		return func(string) bool { return true }
	}
	return func(field string) bool { return op.shows(v, field) }
}

// ownView is how a user reads itself.
func (op *operation) ownView() view {
	return view{self: true, ids: op.readIDs(op.user)}
}

// readIDs is the identity whose ids a read shows.
func (op *operation) readIDs(u *user) *link {
	if !op.b.responses.OwnOpenID {
		return u.link("wechat")
	}
	return op.loginIDs(u, op.platform)
}

// loginIDs is the identity whose ids a login shows: that of the platform, else
// WeChat's. With OwnOpenID any is better than none.
func (op *operation) loginIDs(u *user, p *idp) *link {
	if p != nil {
		if l := u.linkOn(p); l != nil {
			return l
		}
	}
	if l := u.link("wechat"); l != nil || !op.b.responses.OwnOpenID || len(u.identities) == 0 {
		return l
	}
	return &u.identities[0]
}

// userJSON is a user object.
func (op *operation) userJSON(u *user, v view) []byte {
	o := jsonObject{buf: make([]byte, 0, 768)}
	op.writeUser(&o, u, v)
	return o.bytes()
}

// writeUser writes the members of a user object.
func (op *operation) writeUser(o *jsonObject, u *user, v view) {
	unset := op.b.responses.Unset
	if v.keys.selects("id") || !op.b.responses.ExactKeys {
		o.whole("id", u.id)
	}
	shows := op.fieldFilter(&v)
	openID, unionID := idsOf(u, v.ids)
	unsettable := func(name, value string) {
		if shows(name) {
			o.textOr(unset, name, value)
		}
	}
	flag := func(name string, value bool) {
		if shows(name) {
			o.flag(name, value)
		}
	}
	whole := func(name string, value int64) {
		if shows(name) {
			o.whole(name, value)
		}
	}
	unsettable("openid", openID)
	unsettable("unionid", unionID)
	if shows("avatar") {
		o.text("avatar", avatarOf(u.profile))
	}
	u.profile.write(o, shows)
	flag("is_authorized", u.authorized)
	whole("created_at", u.created)
	if creator := v.expand["created_by"]; creator == nil {
		whole("created_by", u.id)
	} else if shows("created_by") {
		o.raw("created_by", op.userJSON(creator, view{})) // {avatar, id, nickname} by default
	}
	whole("updated_at", u.saved)
	flag("_anonymous", u.anonymous)
	unsettable("_username", u.username)
	unsettable("_email", u.email)
	flag("_email_verified", u.emailVerified)
	unsettable("_phone", u.phone)
	flag("_phone_verified", u.phoneVerified)
	if shows("_provider") {
		o.raw("_provider", u.providerJSON())
	}
	for _, name := range slices.Sorted(maps.Keys(u.custom)) {
		switch target := v.expand[name]; {
		case !shows(name):
		case target != nil:
			o.raw(name, op.expanded(target, v.keys.attributes[name]))
		default:
			o.value(name, u.custom[name])
		}
	}
}

// expanded is the user that a pointer names, with some of its fields or, with
// none named, all of them.
func (op *operation) expanded(u *user, attributes []string) []byte {
	o := jsonObject{buf: make([]byte, 0, 256)}
	op.writeUser(&o, u, view{self: u == op.user, keys: keySelection{only: attributes}})
	o.text("_table", userTable)
	return o.bytes()
}

// idsOf are the openid and unionid of an identity. The unionid that a login by
// unionid got is WeChat's too.
func idsOf(u *user, l *link) (openID, unionID string) {
	if l == nil {
		return "", ""
	}
	if !l.person.on.userID {
		openID = l.id
	}
	unionID = l.unionID
	if unionID == "" && l.person.on.name == WeChat {
		unionID = u.wechatUnionID
	}
	return openID, unionID
}

func avatarOf(p Profile) string {
	if p.AvatarURL == "" {
		return defaultAvatar
	}
	return p.AvatarURL
}

// write writes the fields of a profile that were set, but for the avatar, under
// the backend's names.
func (p Profile) write(o *jsonObject, shows func(field string) bool) {
	for _, t := range [...]struct{ name, value string }{
		{"nickname", p.NickName}, {"city", p.City}, {"province", p.Province},
		{"country", p.Country}, {"language", p.Language},
	} {
		if t.value != "" && shows(t.name) {
			o.text(t.name, t.value)
		}
	}
	if p.Gender != 0 && shows("gender") {
		o.whole("gender", int64(p.Gender))
	}
}

func (u *user) providerJSON() []byte {
	var o jsonObject
	for _, l := range u.identities {
		o.raw(l.key, l.person.on.provider(l))
	}
	o.maybeText("wechat_unionid", u.wechatUnionID)
	return o.bytes()
}

// commonProvider is the _provider entry of most platforms.
func commonProvider(l link) []byte {
	var o jsonObject
	o.text("openid", l.id)
	o.maybeText("unionid", l.unionID)
	o.maybeText("avatar", l.info.AvatarURL)
	l.info.write(&o, func(string) bool { return true })
	return o.bytes()
}
