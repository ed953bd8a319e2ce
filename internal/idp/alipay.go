package idp

import "github.com/hydrogen-go/baas/platform"

// Alipay makes the calls of Alipay mini-programs, where a code got with the scope
// auth_user stands for the user info: nothing else is sent.
type Alipay struct{ common }

func newAlipay(c common) Strategy {
	c.link = put("v2.0/idp/alipay/user-associate/")
	c.login = proof{func(*payload, *platform.AuthData) error { return nil }, nothing}
	c.linked = c.login
	return Alipay{c}
}

// Link implements [Strategy]. A link says whether the code was got with the scope
// auth_user; after a refusal, as in the vendor's client, it does not say.
func (a Alipay) Link(data *platform.AuthData, p *Params) (*Call, error) {
	a.extra = func(w *payload, p *Params, _ bool) {
		if !p.Refused {
			w.flag("authorized", data != nil)
		}
	}
	return a.common.Link(data, p)
}

// SilentOnRefusal implements [Strategy].
func (Alipay) SilentOnRefusal() bool { return true }
