package idp

import (
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/platform"
)

// WeChat makes the calls of WeChat mini-programs, which also log in with a phone
// number, can name users by union id, and can update the user info.
type WeChat struct{ common }

func newWeChat(c common) Strategy {
	c.link = post("v2.4/idp/wechat/user-associate/")
	c.takes = optUnionID
	c.login, c.linked = signed, signed
	c.extra = func(w *payload, p *Params, link bool) {
		if link {
			w.flag("associate_with_unionid", p.UnionID)
		} else {
			w.flag("login_with_unionid", p.UnionID)
		}
	}
	return WeChat{c}
}

// Login implements [Strategy].
func (w WeChat) Login(data *platform.AuthData, p *Params) (*Call, error) {
	if data.HasUserInfo() {
		return w.common.Login(data, p)
	}
	// The phone payload has no field for the union id.
	if err := p.only(always, "platform wechat with a phone number"); err != nil {
		return nil, err
	}
	version, code := phoneOf(data)
	return w.phoneLogin(post(version+"/idp/wechat/phone-login/"), data, p, code)
}

// UpdatePhone implements [Strategy].
func (w WeChat) UpdatePhone(data *platform.AuthData, p *Params) (*Call, error) {
	version, code := phoneOf(data)
	return w.updatePhone(put(version+"/idp/wechat/phone-verification/"), data, p, code)
}

// phoneOf returns the version of the endpoint for a phone number, and the phone code:
// the event of a newer phone has one, which the later version takes.
func phoneOf(data *platform.AuthData) (version, code string) {
	if data == nil || data.Code == "" {
		return "v2.5", ""
	}
	return "v2.7", data.Code
}

// UpdateUserInfo implements [Strategy]. With a code the signed and encrypted user
// info is sent, without one the plain user info, to an older endpoint.
func (w WeChat) UpdateUserInfo(data *platform.AuthData, p *Params) (*Call, error) {
	if err := p.only(optCode|optSyncUserProfile, "UpdateUserInfo"); err != nil {
		return nil, err
	}
	body, to := "", put("v2.6/idp/wechat/user/info/")
	switch {
	case p.Code != "":
		if err := requireUserInfo(data, errNoPhoneInfo); err != nil {
			return nil, err
		}
		fields := newPayload()
		if err := signed.write(fields, data); err != nil {
			return nil, err
		}
		fields.text("code", p.Code)
		fields.text("update_userprofile", string(p.SyncUserProfile))
		body = fields.end()
	case p.CodeGiven(): // one that got lost: without it nothing would prove the user info
		return nil, check.InvalidField("code", "the login code is empty")
	default:
		if err := requireData(data); err != nil {
			return nil, err
		}
		if err := missing(data, "userInfo"); err != nil {
			return nil, err
		}
		to = put("v2.5/idp/wechat/user/info/")
		fields, err := response.Object(string(data.UserInfo), "userInfo")
		if err != nil {
			return nil, check.InvalidField(dataField, "userInfo is not a JSON object")
		}
		sync := response.Fields(`{"update_userprofile":"` + string(p.SyncUserProfile) + `"}`)
		body = string(fields.Merge(sync, response.SameName))
	}
	call := w.call(to, body, p.Code, data)
	call.means = switchedOff
	return call, nil
}

// switchedOff is for an app whose console does not allow the update.
var switchedOff = map[herror.Code]herror.Code{herror.Forbidden: herror.UserInfoSwitchOff}

// errNoPhoneInfo is for data that is a phone number.
var errNoPhoneInfo = herror.New(herror.UnsupportedFunction, "UpdateUserInfo with a phone number")
