package platform

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/hydrogen-go/baas/internal/check"
)

// AuthData is the data of a mini-program's button event, or of its getUserInfo,
// getUserProfile or getPhoneNumber: user info or a phone number that the user agreed
// to share, or the refusal.
//
// It unmarshals from the event's own JSON, with the fields in a "detail" member or at
// the top, so that a server can pass on what the phone posts. Unknown fields are
// ignored. No call modifies it.
//
// On the phone, get the login code first and the data second. The data is encrypted
// under the session_key that belongs to the code, and a later login() replaces that
// key.
//
// Printing or logging an AuthData shows which fields it has, not what is in them.
type AuthData struct {
	// ErrMsg is the platform's text, as in "getUserInfo:ok" or "getPhoneNumber:fail user deny".
	ErrMsg string `json:"errMsg,omitempty"`
	// UserInfo is the user info as the platform gives it, a JSON object.
	UserInfo json.RawMessage `json:"userInfo,omitempty"`
	// RawData is the text that Signature signs.
	RawData   string `json:"rawData,omitempty"`
	Signature string `json:"signature,omitempty"`
	// EncryptedData and IV are base64 texts.
	EncryptedData string `json:"encryptedData,omitempty"`
	IV            string `json:"iv,omitempty"`
	// Code is the phone code of newer WeChat phone number events, not a login code.
	Code string `json:"code,omitempty"`
	// AuthSuccessScopes are what an Alipay user agreed to, from my.getAuthCode;
	// "auth_user" among them stands for user info.
	AuthSuccessScopes []string `json:"authSuccessScopes,omitempty"`
	// Error is the number of an error of Alipay's; 11 means that the user cancelled,
	// any other one is no refusal.
	Error int `json:"error,omitempty"`

	event bool // came with a detail member, so that an empty one is a refusal
}

// UnmarshalJSON reads {"detail": {…}}, or the fields themselves. A null leaves d alone.
func (d *AuthData) UnmarshalJSON(data []byte) error {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return nil
	}
	var event struct {
		Detail json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(data, &event); err != nil {
		return errEvent
	}
	type plain AuthData // without this method
	var f struct {
		plain
		Data         string `json:"data"`         // Baidu's and JD's name for encryptedData
		ErrorMessage string `json:"errorMessage"` // Alipay's name for errMsg
		// What an Alipay user refused, by scope; the client's own name is the first one.
		AuthErrorScope  map[string]json.RawMessage `json:"authErrorScope"`
		AuthErrorScopes map[string]json.RawMessage `json:"authErrorScopes"`
	}
	if f.event = len(event.Detail) > 0 && !bytes.Equal(event.Detail, []byte("null")); f.event {
		data = event.Detail
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return errEvent
	}
	if bytes.Equal(f.UserInfo, []byte("null")) {
		f.UserInfo = nil
	}
	f.EncryptedData = cmp.Or(f.EncryptedData, f.Data)
	f.ErrMsg = cmp.Or(f.ErrMsg, f.ErrorMessage)
	if f.ErrMsg == "" && len(f.AuthErrorScope)+len(f.AuthErrorScopes) > 0 {
		f.ErrMsg = "authorization refused"
	}
	*d = AuthData(f.plain)
	return nil
}

// errEvent stands in for encoding/json's errors, which may quote what they read.
var errEvent = check.InvalidField("data", "event data is not the JSON of a mini-program event")

// HasUserInfo reports whether the user agreed to share user info: there is raw data,
// a user info object, or Alipay's scope auth_user. A nil d has none.
func (d *AuthData) HasUserInfo() bool {
	return d != nil && (d.RawData != "" || len(d.UserInfo) > 0 || slices.Contains(d.AuthSuccessScopes, "auth_user"))
}

// Empty reports whether d is nil or tells nothing: no user info, no encrypted data, no
// phone code, no scopes, no error, and no detail member. A signature or an iv alone
// does not count.
func (d *AuthData) Empty() bool {
	return d == nil || !d.event && d.ErrMsg == "" && d.Error == 0 && !d.HasUserInfo() && d.EncryptedData == "" &&
		d.Code == "" && len(d.AuthSuccessScopes) == 0
}

// alipayCancelled is Alipay's error for a user who cancelled.
const alipayCancelled = 11

// Refused reports whether d says that the user refused: it holds neither user
// info nor encrypted data. An AuthData with nothing in it at all is no refusal, and
// neither is an error of Alipay's other than 11, such as a network error.
func (d *AuthData) Refused() bool {
	return !d.Empty() && !d.HasUserInfo() && d.EncryptedData == "" && (d.Error == 0 || d.Error == alipayCancelled)
}

// Format prints which fields there are, for every verb.
func (d AuthData) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.summary()) }

// LogValue returns which fields there are.
func (d AuthData) LogValue() slog.Value { return slog.StringValue(d.summary()) }

func (d *AuthData) summary() string {
	return fmt.Sprintf("authdata{userInfo:%t encryptedData:%t phoneCode:%t refused:%t}",
		d.HasUserInfo(), d.EncryptedData != "", d.Code != "", d.Refused())
}
