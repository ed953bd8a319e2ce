package user

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
)

// record holds the fields of a user as the backend sent them. A field is parsed when it
// is asked for.
type record struct {
	mu   sync.RWMutex
	data response.User
}

// ID is the user's id in the backend.
func (u *record) ID() int64 { return response.Int(u.field("id")) }

// OpenID is the user's id on WeChat: the documented openid, which is empty for users
// of other platforms.
func (u *record) OpenID() string { return u.text("openid") }

// UnionID is the user's id across the WeChat apps of one developer: the documented
// unionid.
func (u *record) UnionID() string { return u.text("unionid") }

// Nickname is the user's display name.
func (u *record) Nickname() string { return u.text("nickname") }

// Avatar is the URL of the user's picture.
func (u *record) Avatar() string { return u.text("avatar") }

// Gender is the user's gender as the platforms number it: 0 unknown, 1 male, 2 female.
func (u *record) Gender() int { return int(response.Int(u.field("gender"))) }

// City is the user's city.
func (u *record) City() string { return u.text("city") }

// Province is the user's province.
func (u *record) Province() string { return u.text("province") }

// Country is the user's country.
func (u *record) Country() string { return u.text("country") }

// Language is the user's language, as in "zh_CN".
func (u *record) Language() string { return u.text("language") }

// Authorized reports whether the user has ever agreed to share user info: the
// documented is_authorized.
func (u *record) Authorized() bool { return u.field("is_authorized").Bool() }

// Anonymous reports whether the user logged in anonymously: the documented _anonymous.
func (u *record) Anonymous() bool { return u.field("_anonymous").Bool() }

// Username is the name the user logs in with: the documented _username.
func (u *record) Username() string { return u.text("_username") }

// Email is the user's email address: the documented _email.
func (u *record) Email() string { return u.text("_email") }

// EmailVerified reports whether the user has confirmed the address: the documented _email_verified.
func (u *record) EmailVerified() bool { return u.field("_email_verified").Bool() }

// Phone is the user's phone number: the documented _phone.
func (u *record) Phone() string { return u.text("_phone") }

// PhoneVerified reports whether the number is confirmed: the documented _phone_verified.
func (u *record) PhoneVerified() bool { return u.field("_phone_verified").Bool() }

// CreatedAt is when the account was made; the zero time where unknown.
func (u *record) CreatedAt() time.Time { return response.Time(u.field("created_at")) }

// UpdatedAt is when the account was last changed; the zero time where unknown.
func (u *record) UpdatedAt() time.Time { return response.Time(u.field("updated_at")) }

// CreatedBy is the id of the user who made the account, which is the user's own.
func (u *record) CreatedBy() int64 { return response.Int(u.field("created_by")) }

// Get returns the field with that key, built in or custom: the documented
// get(key). Username, email, phone and the two verified flags are found under
// both of their spellings, with and without the leading underscore.
func (u *record) Get(key string) Value {
	user := u.indexed()
	v := user.Get(key)
	if !v.Exists() {
		if name := accountField(key); name != key {
			v = user.Get(name)
		}
	}
	return Value{v}
}

// Decode stores the user's fields in the value that v points to, as
// [json.Unmarshal] does with the user's JSON.
func (u *record) Decode(v any) error {
	if err := json.Unmarshal([]byte(u.snapshot()), v); err != nil {
		return herror.New(herror.InvalidParameter, "the user does not fit the given type").WithCause(err)
	}
	return nil
}

// MarshalJSON returns the user's JSON as the backend sent it, without the token:
// the documented toJSON().
func (u *record) MarshalJSON() ([]byte, error) { return []byte(u.snapshot()), nil }

// Format prints the user's id, for every verb.
func (u *record) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, userText(u.ID())) }

// LogValue returns the user's id.
func (u *record) LogValue() slog.Value { return slog.StringValue(userText(u.ID())) }

// merge takes over the fields of patch, under the name that rename gives them.
func (u *record) merge(patch response.Fields, rename func(string) string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.data = response.User{Fields: u.data.Fields.Merge(patch, rename)}
}

func (u *record) snapshot() response.Fields {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return u.data.Fields
}

// indexed returns the user with the places of its fields, which are found once.
func (u *record) indexed() response.User {
	u.mu.RLock()
	user := u.data
	u.mu.RUnlock()
	if user.IsIndexed() {
		return user
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.data = u.data.Indexed()
	return u.data
}

func (u *record) field(key string) gjson.Result { return u.indexed().Get(key) }

func (u *record) text(key string) string { return response.Str(u.field(key)) }

// accountField returns the user's name for a field of the account responses, which
// spell it without the leading underscore.
func accountField(key string) string {
	switch key {
	case "username", "email", "email_verified", "phone", "phone_verified":
		return "_" + key
	}
	return key
}
