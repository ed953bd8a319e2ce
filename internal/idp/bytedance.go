package idp

import (
	"cmp"

	"github.com/hydrogen-go/baas/platform"
)

// ByteDance makes the calls of ByteDance mini-programs. Each names the host app.
type ByteDance struct{ common }

func newByteDance(c common) Strategy {
	c.link = post("v2.4/idp/bytedance/user-association/")
	c.takes = optAppName
	c.login, c.linked = signed, signed
	c.extra = func(w *payload, p *Params, _ bool) {
		w.text("app_name", cmp.Or(p.AppName, platform.DefaultAppName))
	}
	return ByteDance{c}
}
