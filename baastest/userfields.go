package baastest

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	jsontext "github.com/hydrogen-go/baas/internal/response"
)

// userReading is a user as one caller reads it.
type userReading struct {
	op              *operation
	user            *user
	view            view
	openID, unionID string // at the first level
	creator         []byte // the user in place of created_by; nil for its id
	everything      bool   // the caller sees every field
}

func (op *operation) reading(u *user, v view) userReading {
	r := userReading{op: op, user: u, view: v}
	r.everything = v.server || v.self && v.keys.everything() && len(op.b.permissions) == 0
	r.openID, r.unionID = idsOf(u, v.ids)
	if creator := v.expand["created_by"]; creator != nil {
		r.creator = op.userJSON(creator, view{}) // {avatar, id, nickname} by default
	}
	return r
}

// shows reports whether the caller sees a field.
func (r *userReading) shows(field string) bool {
	if r.everything {
		return true
	}
	if !r.view.keys.selects(field) {
		return false
	}
	p := r.op.b.permission(field)
	return p == VisibleToAll || p == VisibleToOwner && r.view.self
}

// userField is a built-in field of a user object.
type userField struct {
	name string
	// write writes the member, if the field is set.
	write func(o *jsonObject, r *userReading)
	// value is what the member has once it is read back; nil is absent or null.
	value func(r *userReading) any
}

// builtInFields are all built-in fields, in their order in a user object.
var builtInFields = []userField{
	wholeField("id", func(u *user) int64 { return u.id }),
	unsettableField("openid", func(r *userReading) string { return r.openID }, UnsetNull),
	unsettableField("unionid", func(r *userReading) string { return r.unionID }, UnsetNull),
	textField("avatar", func(u *user) string { return avatarOf(u.profile) }),
	textField("nickname", func(u *user) string { return u.profile.NickName }),
	textField("city", func(u *user) string { return u.profile.City }),
	textField("province", func(u *user) string { return u.profile.Province }),
	textField("country", func(u *user) string { return u.profile.Country }),
	textField("language", func(u *user) string { return u.profile.Language }),
	genderField,
	flagField("is_authorized", func(u *user) bool { return u.authorized }),
	wholeField("created_at", func(u *user) int64 { return u.created }),
	createdByField,
	wholeField("updated_at", func(u *user) int64 { return u.saved }),
	flagField("_anonymous", func(u *user) bool { return u.anonymous }),
	unsettableField("_username", func(r *userReading) string { return r.user.username }, UnsetAbsent),
	unsettableField("_email", func(r *userReading) string { return r.user.email }, UnsetAbsent),
	flagField("_email_verified", func(u *user) bool { return u.emailVerified }),
	unsettableField("_phone", func(r *userReading) string { return r.user.phone }, UnsetAbsent),
	flagField("_phone_verified", func(u *user) bool { return u.phoneVerified }),
	providerField,
	groupField,
}

const groupName = "_group"

// groupField has the ids of the user's groups. Only servers see it.
var groupField = userField{
	name: groupName,
	write: func(o *jsonObject, r *userReading) {
		if r.view.server {
			o.value(groupName, groupValue(r))
		}
	},
	value: func(r *userReading) any {
		if r.view.server {
			return groupValue(r)
		}
		return nil
	},
}

func groupValue(r *userReading) any {
	groups := make([]any, len(r.user.groups))
	for i, id := range r.user.groups {
		groups[i] = wholeNumber(id)
	}
	return groups
}

// builtInByName is built once and never changes.
var builtInByName = func() map[string]*userField {
	byName := make(map[string]*userField, len(builtInFields))
	for i := range builtInFields {
		byName[builtInFields[i].name] = &builtInFields[i]
	}
	return byName
}()

func wholeField(name string, get func(*user) int64) userField {
	return userField{
		name:  name,
		write: func(o *jsonObject, r *userReading) { o.whole(name, get(r.user)) },
		value: func(r *userReading) any { return wholeNumber(get(r.user)) },
	}
}

func flagField(name string, get func(*user) bool) userField {
	return userField{
		name:  name,
		write: func(o *jsonObject, r *userReading) { o.flag(name, get(r.user)) },
		value: func(r *userReading) any { return get(r.user) },
	}
}

// textField is a text that is left out where it is empty.
func textField(name string, get func(*user) string) userField {
	return userField{
		name:  name,
		write: func(o *jsonObject, r *userReading) { o.maybeText(name, get(r.user)) },
		value: func(r *userReading) any { return textValue(get(r.user), UnsetAbsent) },
	}
}

// unsettableField is a text that has the form of [Responses.Unset] where it is empty. The
// Open API has a default of its own.
func unsettableField(name string, get func(*userReading) string, openAPI Unset) userField {
	unset := func(r *userReading) Unset {
		if r.view.server {
			return cmp.Or(r.op.b.responses.Unset, openAPI)
		}
		return r.op.b.responses.Unset
	}
	return userField{
		name:  name,
		write: func(o *jsonObject, r *userReading) { o.textOr(unset(r), name, get(r)) },
		value: func(r *userReading) any { return textValue(get(r), unset(r)) },
	}
}

var genderField = userField{
	name: "gender",
	write: func(o *jsonObject, r *userReading) {
		if gender := r.user.profile.Gender; gender != 0 {
			o.whole("gender", int64(gender))
		}
	},
	value: func(r *userReading) any {
		if gender := r.user.profile.Gender; gender != 0 {
			return wholeNumber(int64(gender))
		}
		return nil
	},
}

// createdByField is the user's own id, or the user in its place.
var createdByField = userField{
	name: "created_by",
	write: func(o *jsonObject, r *userReading) {
		if r.creator != nil {
			o.raw("created_by", r.creator)
			return
		}
		o.whole("created_by", r.user.id)
	},
	value: func(r *userReading) any { return wholeNumber(r.user.id) },
}

var providerField = userField{
	name:  "_provider",
	write: func(o *jsonObject, r *userReading) { o.raw("_provider", r.user.providerJSON()) },
	value: func(r *userReading) any {
		entries, _ := parseBody(r.user.providerJSON())
		return map[string]any(entries)
	},
}

func wholeNumber(n int64) any { return json.Number(strconv.FormatInt(n, 10)) }

func textValue(text string, unset Unset) any {
	if text == "" && unset != UnsetEmpty {
		return nil
	}
	return text
}

// fieldGetter reads a field; nil means that the user has no value there, or that the
// caller does not see it.
type fieldGetter func(r *userReading) any

// fieldNamed returns how a field is read. A name with dots is a path into an object.
func fieldNamed(path string) fieldGetter {
	name, members, nested := strings.Cut(path, ".")
	get := func(r *userReading) any { return r.user.custom[name] }
	switch f := builtInByName[name]; {
	case nested && name == providerField.name:
		get = func(r *userReading) any { return providerMember(r.user, members) }
	case nested:
		get = func(r *userReading) any { return memberAt(r.user.custom[name], members) }
	case f != nil:
		get = f.value
	}
	return func(r *userReading) any {
		if !r.shows(name) {
			return nil
		}
		return get(r)
	}
}

// providerMember is the value at a path of _provider, or nil. The rest of _provider is not
// decoded, because a query looks at that of every user.
func providerMember(u *user, path string) any {
	found := gjson.Result{Raw: string(u.providerJSON())}
	for name := range strings.SplitSeq(path, ".") {
		found = jsontext.Fields(found.Raw).Get(name)
	}
	if found.Type == gjson.String {
		return found.Str
	}
	var value any
	_ = decodeStrict(strings.NewReader(found.Raw), &value) // nothing found leaves nil
	return value
}

// memberAt is the value at a path of an object, or nil.
func memberAt(value any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// valueType is the type of a custom field: that of the first value that a user had in
// it, as the console of the real backend sets it for the table.
type valueType int

const (
	anyType valueType = iota // nobody has had a value but null
	numberType
	textType
	flagType
	listType
	objectType
)

func typeOf(value any) valueType {
	switch value.(type) {
	case json.Number:
		return numberType
	case string:
		return textType
	case bool:
		return flagType
	case []any:
		return listType
	case map[string]any:
		return objectType
	default:
		return anyType
	}
}
