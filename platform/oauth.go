package platform

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// OAuthProvider is a provider whose own SDK gives an app a token to log in with: the
// {provider} of the backend's paths. Other names than those below are sent as they
// are; a name has lower-case letters, digits, - and _.
type OAuthProvider string

// The providers. The vendor's pages name Apple "apple-native" for logins, its React
// Native client "apple"; for links the pages have "wechat" and "apple".
const (
	Apple        OAuthProvider = "apple"
	AppleNative  OAuthProvider = "apple-native"
	WeChatNative OAuthProvider = "wechat-native"
	WeiboNative  OAuthProvider = "weibo-native"
)

// OAuthData is what a provider's SDK gave an app about its user. Printing,
// logging or marshalling it never shows the token.
type OAuthData struct {
	Provider OAuthProvider `json:"provider"`
	// Token is the provider's token or authorization code for the user.
	Token string `json:"token"`
	// Nickname is the name that an Apple user chose to share: the documented username.
	// Apple tells it to the app once and to the backend never; for other providers it is
	// an error.
	Nickname string `json:"nickname,omitempty"`
	// UID is the user's id at Weibo, which the app SDKs send beside Weibo's token; for
	// other providers it is an error.
	UID string `json:"uid,omitempty"`
}

// MarshalJSON returns everything but the token.
func (d OAuthData) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Provider OAuthProvider `json:"provider"`
		Nickname string        `json:"nickname,omitempty"`
		UID      string        `json:"uid,omitempty"`
	}{d.Provider, d.Nickname, d.UID})
}

// Format prints the provider, for every verb.
func (d OAuthData) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.summary()) }

// LogValue returns the provider.
func (d OAuthData) LogValue() slog.Value { return slog.StringValue(d.summary()) }

func (d OAuthData) summary() string { return fmt.Sprintf("oauthdata{provider:%q}", string(d.Provider)) }
