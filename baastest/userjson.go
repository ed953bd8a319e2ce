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

// view is how a response shows a user.
type view struct {
	self   bool // to the user itself
	server bool // to a server, which sees every field
	// ids is the identity whose openid and unionid are at the first level; nil for none.
	ids    *link
	keys   keySelection
	expand map[string]*user // the users whose fields replace a pointer
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
	r := op.reading(u, v)
	for i := range builtInFields {
		if f := &builtInFields[i]; r.shows(f.name) || f.name == "id" && !op.b.responses.ExactKeys {
			f.write(o, &r)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(u.custom)) {
		switch target := v.expand[name]; {
		case !r.shows(name):
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
func (p Profile) write(o *jsonObject) {
	for _, t := range [...]struct{ name, value string }{
		{"nickname", p.NickName}, {"city", p.City}, {"province", p.Province},
		{"country", p.Country}, {"language", p.Language},
	} {
		o.maybeText(t.name, t.value)
	}
	if p.Gender != 0 {
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
	l.info.write(&o)
	return o.bytes()
}
