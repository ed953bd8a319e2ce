package idp

import (
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
)

// Kuaishou makes the calls of Kuaishou mini-programs, which also log in with a
// phone number.
type Kuaishou struct{ common }

func newKuaishou(c common) Strategy {
	c.link = post("v2.5/idp/kuaishou/user-association/")
	c.login, c.linked = signed, signed
	return Kuaishou{c}
}

// Login implements [Strategy].
func (k Kuaishou) Login(data *platform.AuthData, p *Params) (*Call, error) {
	if data.HasUserInfo() {
		return k.common.Login(data, p)
	}
	if err := k.check(p); err != nil {
		return nil, err
	}
	return k.phoneLogin(post("v2.5/idp/kuaishou/phone-login/"), data, p, "")
}

// UpdatePhone implements [Strategy]. Without a session the backend answers 403.
func (k Kuaishou) UpdatePhone(data *platform.AuthData, p *Params) (*Call, error) {
	call, err := k.updatePhone(put("v2.5/idp/kuaishou/phone-verification/"), data, p, "")
	if err == nil {
		call.means = noSession
	}
	return call, err
}

var noSession = map[herror.Code]herror.Code{herror.Forbidden: herror.SessionMissing}
