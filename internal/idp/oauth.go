package idp

import (
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/platform"
)

// OAuth makes the calls with the token that a provider's own SDK gave an app.
type OAuth struct{ via *transport.Transport }

// NewOAuth returns the strategy around a transport.
func NewOAuth(via *transport.Transport) OAuth { return OAuth{via} }

// Login logs the provider's user in.
func (o OAuth) Login(d platform.OAuthData, p *Params) (*Call, error) {
	return o.call(d, p, "authenticate", optCreateUser|optSyncUserProfile, func(w *payload) {
		w.flag("create_user", p.CreateUser)
	})
}

// Link links the provider's user to the account.
func (o OAuth) Link(d platform.OAuthData, p *Params) (*Call, error) {
	return o.call(d, p, "user-association", optSyncUserProfile, func(*payload) {})
}

func (o OAuth) call(d platform.OAuthData, p *Params, action string, takes option, extra func(*payload)) (*Call, error) {
	if err := p.only(takes, "a login or link with a provider's token"); err != nil {
		return nil, err
	}
	if err := checkOAuth(d); err != nil {
		return nil, err
	}
	w := newPayload()
	if d.UID == "" {
		w.text("auth_token", d.Token)
		extra(w)
		w.text("update_userprofile", string(p.SyncUserProfile))
		w.optional("nickname", d.Nickname)
	} else { // as the app SDKs send it for Weibo
		w.text("access_token", d.Token)
		w.text("uid", d.UID)
		extra(w)
	}
	to := post("v2.3/idp/oauth/" + string(d.Provider) + "/" + action + "/")
	return &Call{via: o.via, request: transport.Request{
		Method: to.method, Path: to.path, Body: w.end(), Secrets: []string{d.Token},
	}}, nil
}

func checkOAuth(d platform.OAuthData) error {
	apple := d.Provider == platform.Apple || d.Provider == platform.AppleNative
	switch {
	case !isSegment(string(d.Provider)):
		return check.Invalid("an OAuth provider is lower-case letters, digits, - and _")
	case d.Token == "":
		return check.Invalid("no provider token")
	case d.Nickname != "" && !apple:
		return check.Invalid("a nickname goes with the providers apple and apple-native only")
	case d.UID != "" && d.Provider != platform.WeiboNative:
		return check.Invalid("a uid goes with provider weibo-native only")
	}
	if err := check.Text("uid", d.UID, check.MaxIdentifier); err != nil {
		return err
	}
	if err := check.Text("provider token", d.Token, check.MaxData); err != nil {
		return err
	}
	return check.Text("nickname", d.Nickname, check.MaxIdentifier)
}

// isSegment reports whether name can stand in a path as it is.
func isSegment(name string) bool {
	if name == "" || len(name) > check.MaxIdentifier {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
