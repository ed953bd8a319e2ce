// Package idp says how users of the mini-program platforms log in: it has one
// strategy type per platform, around the transport to the backend. A strategy makes
// its platform's calls, states which options they take, and gives the backend's
// errors the meaning they have there. What the platforms have in common is in
// [common]; a platform's file has only what is its own.
package idp

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/platform"
)

// Strategy makes the calls of one platform. Its methods check their arguments and
// send nothing: the [Call] does. A Strategy is immutable and safe for concurrent use.
type Strategy interface {
	// Platform is whose calls these are.
	Platform() platform.Platform
	// SilentLogin exchanges a code for a session.
	SilentLogin(*Params) (*Call, error)
	// Login logs in with user info or a phone number.
	Login(*platform.AuthData, *Params) (*Call, error)
	// Link links the platform's user to the account; data is nil for a link without
	// user info.
	Link(*platform.AuthData, *Params) (*Call, error)
	// UpdatePhone sets the phone number of the user.
	UpdatePhone(*platform.AuthData, *Params) (*Call, error)
	// UpdateUserInfo sets the profile of the user.
	UpdateUserInfo(*platform.AuthData, *Params) (*Call, error)
	// SharedInfo returns the user info in data that a login proves to the backend, as a
	// JSON object, or nil where there is none.
	SharedInfo(*platform.AuthData) json.RawMessage
	// SilentOnRefusal reports whether a user who refuses is logged in silently
	// instead of failing with 603.
	SilentOnRefusal() bool
}

// makers make the strategy of every platform. Order counts for nothing.
var makers = [...]struct {
	platform platform.Platform
	make     func(common) Strategy
}{
	{platform.Kuaishou{}, newKuaishou},
	{platform.ByteDance{}, newByteDance},
	{platform.WeChat{}, newWeChat},
	{platform.QQ{}, newQQ},
	{platform.Baidu{}, newBaidu},
	{platform.Alipay{}, newAlipay},
	{platform.JD{}, newJD},
}

// Strategies holds one strategy per platform, by the platform's name.
type Strategies map[string]Strategy

// New returns the strategies around a transport.
func New(via *transport.Transport) Strategies {
	all := make(Strategies, len(makers))
	for _, m := range makers {
		all[m.platform.Name()] = m.make(common{via: via, who: m.platform, to: endpointsOf(m.platform)})
	}
	return all
}

// Of returns the strategy of p, or an error with code 605 for nil.
func (s Strategies) Of(p platform.Platform) (Strategy, error) {
	if p == nil {
		return nil, check.Invalid("platform is nil")
	}
	strategy, ok := s[p.Name()]
	if !ok {
		return nil, check.Invalid("unknown platform")
	}
	return strategy, nil
}

// always are the options that logins and links take on every platform.
const always = optCode | optCreateUser | optSyncUserProfile

// endpoint is where a request goes.
type endpoint struct{ method, path string }

// endpoints are those of the calls that all platforms have under one name.
type endpoints struct{ silentLogin, login endpoint }

func endpointsOf(p platform.Platform) endpoints {
	base := "v2.5/idp/" + p.Name()
	return endpoints{post(base + "/silent-login/"), post(base + "/authenticate/")}
}

func post(path string) endpoint { return endpoint{http.MethodPost, "/hserve/" + path} }
func put(path string) endpoint  { return endpoint{http.MethodPut, "/hserve/" + path} }

// common is what the platforms have in common: the silent login, the login with
// user info and the link, made of the parts that differ.
type common struct {
	via  *transport.Transport
	who  platform.Platform
	to   endpoints
	link endpoint
	// takes are the options that logins and links take beside those of always.
	takes option
	// login and linked are how user info is proved, in a login and in a link.
	login, linked proof
	// extra writes the fields that only this platform has, to logins and links; nil
	// for none.
	extra func(w *payload, p *Params, link bool)
}

// Platform implements [Strategy].
func (c common) Platform() platform.Platform { return c.who }

// SilentLogin implements [Strategy].
func (c common) SilentLogin(p *Params) (*Call, error) {
	if err := c.check(p); err != nil {
		return nil, err
	}
	w := newPayload()
	w.text("code", p.Code)
	w.flag("create_user", p.CreateUser)
	c.addExtra(w, p, false)
	return c.call(c.to.silentLogin, w.end(), p.Code, nil), nil
}

// Login implements [Strategy] for user info.
func (c common) Login(data *platform.AuthData, p *Params) (*Call, error) {
	if err := c.check(p); err != nil {
		return nil, err
	}
	if err := requireUserInfo(data, errNoPhoneLogin); err != nil {
		return nil, err
	}
	w := newPayload()
	w.text("code", p.Code)
	w.flag("create_user", p.CreateUser)
	if err := c.login.write(w, data); err != nil {
		return nil, err
	}
	w.text("update_userprofile", string(p.SyncUserProfile))
	c.addExtra(w, p, false)
	return c.call(c.to.login, w.end(), p.Code, data), nil
}

// Link implements [Strategy].
func (c common) Link(data *platform.AuthData, p *Params) (*Call, error) {
	if err := c.check(p); err != nil {
		return nil, err
	}
	w := newPayload()
	w.text("code", p.Code)
	if data != nil {
		if err := requireUserInfo(data, errNoPhoneLink); err != nil {
			return nil, err
		}
		if err := c.linked.write(w, data); err != nil {
			return nil, err
		}
		w.text("update_userprofile", string(p.SyncUserProfile))
	}
	c.addExtra(w, p, true)
	return c.call(c.link, w.end(), p.Code, data), nil
}

// UpdatePhone implements [Strategy] for platforms without the call.
func (common) UpdatePhone(*platform.AuthData, *Params) (*Call, error) {
	return nil, herror.New(herror.UnsupportedFunction, "UpdatePhoneNumber on this platform")
}

// UpdateUserInfo implements [Strategy] for platforms without the call.
func (common) UpdateUserInfo(*platform.AuthData, *Params) (*Call, error) {
	return nil, herror.New(herror.UnsupportedFunction, "UpdateUserInfo on this platform")
}

// maxShared bounds the user info that is kept with a session, in bytes. That of a real
// phone has some hundred.
const maxShared = 8 << 10

// SharedInfo implements [Strategy].
func (c common) SharedInfo(data *platform.AuthData) json.RawMessage {
	if !data.HasUserInfo() {
		return nil
	}
	info := c.login.shared(data)
	if len(info) > maxShared || !isObject(info) {
		return nil
	}
	return bytes.Clone(info)
}

// SilentOnRefusal implements [Strategy]: a refusal is an error.
func (common) SilentOnRefusal() bool { return false }

func (c common) check(p *Params) error { return p.only(always|c.takes, "platform "+c.who.Name()) }

func (c common) addExtra(w *payload, p *Params, link bool) {
	if c.extra != nil {
		c.extra(w, p, link)
	}
}

// call makes the call that sends body. What is secret in it comes of code and data.
func (c common) call(to endpoint, body, code string, data *platform.AuthData) *Call {
	call := &Call{via: c.via, code: [1]string{code}, request: transport.Request{
		Method:   to.method,
		Path:     to.path,
		Platform: c.who.Client(),
		Body:     body,
	}}
	call.request.Secrets = call.code[:]
	if data != nil {
		call.request.Secrets = append(call.request.Secrets, data.EncryptedData, data.IV, data.Signature, data.RawData, data.Code)
	}
	return call
}
