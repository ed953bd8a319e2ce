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
	w.text("auth_token", d.Token)
	extra(&w)
	w.text("update_userprofile", string(p.SyncUserProfile))
	w.optional("nickname", d.Nickname)
	to := post("v2.3/idp/oauth/" + string(d.Provider) + "/" + action + "/")
	return &Call{via: o.via, request: transport.Request{
		Method: to.method, Path: to.path, Body: w.bytes(), Secrets: []string{d.Token},
	}}, nil
}

func checkOAuth(d platform.OAuthData) error {
	switch {
	case d.Provider != platform.Apple && d.Provider != platform.WeChatNative && d.Provider != platform.WeiboNative:
		return check.Invalid("unknown OAuth provider")
	case d.Token == "":
		return check.Invalid("no provider token")
	case d.Nickname != "" && d.Provider != platform.Apple:
		return check.Invalid("a nickname goes with provider apple only")
	}
	if err := check.Text("provider token", d.Token, check.MaxData); err != nil {
		return err
	}
	return check.Text("nickname", d.Nickname, check.MaxIdentifier)
}
