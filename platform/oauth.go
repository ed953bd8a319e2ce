package platform

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"

	"github.com/hydrogen-go/baas/internal/call"
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

// oauthBody is the payload of both calls; a link has no CreateUser.
type oauthBody struct {
	Token      string `json:"auth_token"`
	CreateUser *bool  `json:"create_user,omitempty"`
	Sync       string `json:"update_userprofile"`
	Nickname   string `json:"nickname,omitempty"`
}

// LoginRequest makes the request of a login. It is meant for this module.
func (d OAuthData) LoginRequest(p *call.Params) (call.Request, error) {
	return d.request(p, "authenticate", &p.CreateUser)
}

// LinkRequest makes the request of a link. It is meant for this module.
func (d OAuthData) LinkRequest(p *call.Params) (call.Request, error) {
	return d.request(p, "user-association", nil)
}

func (d OAuthData) request(p *call.Params, action string, createUser *bool) (call.Request, error) {
	if err := d.check(p); err != nil {
		return call.Request{}, err
	}
	return call.New(post, "/hserve/v2.3/idp/oauth/"+string(d.Provider)+"/"+action+"/",
		oauthBody{d.Token, createUser, p.SyncUserProfile, d.Nickname}, d.Token)
}

func (d OAuthData) check(p *call.Params) error {
	switch {
	case d.Provider != Apple && d.Provider != WeChatNative && d.Provider != WeiboNative:
		return call.Invalid("unknown OAuth provider")
	case d.Token == "":
		return call.Invalid("no provider token")
	case len(d.Token) > call.MaxData:
		return call.Invalid("the provider token is too long")
	case d.Nickname != "" && d.Provider != Apple:
		return call.Invalid("a nickname goes with provider apple only")
	}
	if err := call.Identifier("provider token", d.Token, call.MaxData); err != nil {
		return err
	}
	if err := call.Identifier("nickname", d.Nickname, call.MaxIdentifier); err != nil {
		return err
	}
	if err := p.Refuse("oauth", call.Code|call.AppName|call.UnionID); err != nil {
		return err
	}
	return p.Check()
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
