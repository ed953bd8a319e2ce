package idp

import (
	"net/url"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/platform"
)

// Web makes the calls of logins on a provider's page in the browser.
type Web struct{ via *transport.Transport }

// NewWeb returns the strategy around a transport.
func NewWeb(via *transport.Transport) Web { return Web{via} }

// Redirect asks for the URL of the provider's page.
func (o Web) Redirect(on platform.WebProvider, callbackURL string, p *Params) (*Call, error) {
	if err := o.check(on, p, optSilent); err != nil {
		return nil, err
	}
	u, err := check.WebURL("callback URL", callbackURL)
	switch {
	case err != nil:
		return nil, err
	case u.Fragment != "":
		return nil, check.Invalid("the callback URL has a fragment, which no server gets")
	}
	switch query, err := url.ParseQuery(u.RawQuery); {
	case err != nil:
		return nil, check.Invalid("the query of the callback URL cannot be read")
	case query.Has("token"):
		return nil, check.Invalid("the callback URL has a parameter token, which the backend adds")
	}
	w := newPayload()
	w.text("callback_url", callbackURL)
	if p.Silent { // as the vendor's client sends it: true or not at all
		w.flag("silent_login", true)
	}
	// An app's state may be in the query.
	return o.call("v2.0", on, "redirect", w, callbackURL, u.RawQuery), nil
}

// Login logs the provider's user in.
func (o Web) Login(on platform.WebProvider, token string, p *Params) (*Call, error) {
	takes := optSilent | optCreateUser
	if !p.Silent {
		takes |= optSyncUserProfile
	}
	if err := o.check(on, p, takes); err != nil {
		return nil, err
	}
	if err := checkAuthToken(token); err != nil {
		return nil, err
	}
	w := newPayload()
	w.text("auth_token", token)
	w.flag("create_user", p.CreateUser)
	if p.Silent {
		return o.call("v2.5", on, "silent-login", w, token), nil
	}
	w.text("update_userprofile", string(p.SyncUserProfile))
	return o.call("v2.0", on, "authenticate", w, token), nil
}

// Link links the provider's user to the account.
func (o Web) Link(on platform.WebProvider, token string, p *Params) (*Call, error) {
	if err := o.check(on, p, optSyncUserProfile); err != nil {
		return nil, err
	}
	if err := checkAuthToken(token); err != nil {
		return nil, err
	}
	w := newPayload()
	w.text("auth_token", token)
	w.text("update_userprofile", string(p.SyncUserProfile))
	return o.call("v2.0", on, "user-association", w, token), nil
}

func (o Web) call(version string, on platform.WebProvider, action string, w *payload, secrets ...string) *Call {
	to := post(version + "/idp/" + string(on) + "/" + action + "/")
	return &Call{via: o.via, request: transport.Request{
		Method: to.method, Path: to.path, Platform: ClientName(""), Body: w.end(), Secrets: secrets,
	}}
}

// check returns an error for an option that is not taken or a provider that cannot be
// sent.
func (Web) check(on platform.WebProvider, p *Params, takes option) error {
	if err := p.only(takes, "this call of a web login"); err != nil {
		return err
	}
	switch {
	case !isSegment(string(on)):
		return check.Invalid("a web provider is lower-case letters, digits, - and _")
	case p.Silent && on != platform.WeChatMP:
		return check.Invalid("only web provider " + string(platform.WeChatMP) + " has the silent login")
	}
	return nil
}

func checkAuthToken(token string) error { return check.Required("auth token", token, check.MaxData) }
