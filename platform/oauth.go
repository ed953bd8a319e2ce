package platform

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// OAuthProvider is a provider whose own SDK gives an app a token to log in with.
type OAuthProvider string

// The providers.
const (
	Apple        OAuthProvider = "apple"
	WeChatNative OAuthProvider = "wechat-native"
	WeiboNative  OAuthProvider = "weibo-native"
)

// OAuthData is what a provider's SDK gave an app about its user. Printing,
// logging or marshalling it never shows the token.
type OAuthData struct {
	Provider OAuthProvider `json:"provider"`
	// Token is the provider's token or authorization code for the user.
	Token string `json:"token"`
	// Nickname is the name that an Apple user chose to share, which Apple tells the
	// app once and the backend never; for other providers it is an error.
	Nickname string `json:"nickname,omitempty"`
}

// MarshalJSON returns provider and nickname, without the token.
func (d OAuthData) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Provider OAuthProvider `json:"provider"`
		Nickname string        `json:"nickname,omitempty"`
	}{d.Provider, d.Nickname})
}

// Format prints the provider, for every verb.
func (d OAuthData) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.summary()) }

// LogValue returns the provider.
func (d OAuthData) LogValue() slog.Value { return slog.StringValue(d.summary()) }

func (d OAuthData) summary() string { return fmt.Sprintf("oauthdata{provider:%q}", string(d.Provider)) }
