package loginproxy

import (
	"mime"
	"net/http"
	"strings"

	"github.com/hydrogen-go/baas/platform"
)

// route is one of the JSON routes.
type route struct {
	method    string
	operation Operation
	serve     func(*turn) error
}

var (
	loginOn = route{http.MethodPost, OpLogin, (*turn).loginOnPlatform}
	linkOn  = route{http.MethodPost, OpLink, (*turn).link}
	nowhere = route{operation: OpUnknown}
	byPath  = map[string]route{
		"login":           {http.MethodPost, OpLogin, (*turn).login},
		"login/anonymous": {http.MethodPost, OpLoginAnonymous, (*turn).loginAnonymous},
		"login/sms":       {http.MethodPost, OpLoginSMS, (*turn).loginSMS},
		"register":        {http.MethodPost, OpRegister, (*turn).register},
		"sms":             {http.MethodPost, OpSMS, (*turn).sendSMS},
		"phone":           {http.MethodPost, OpPhone, (*turn).phone},
		"logout":          {http.MethodPost, OpLogout, (*turn).logout},
		"me":              {http.MethodGet, OpMe, (*turn).me},
	}
)

// find returns the route of a request and the platform in its path, if any. The
// route is usable also beside an error, to observe the request.
func find(r *http.Request) (route, platform.Platform, error) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	rt, ok := byPath[path]
	var on platform.Platform
	if !ok {
		var kind, name string
		kind, name, _ = strings.Cut(path, "/")
		switch kind {
		case "login":
			rt = loginOn
		case "link":
			rt = linkOn
		default:
			return nowhere, nil, errNoRoute
		}
		if on, ok = platform.ByName(name); !ok {
			return nowhere, nil, errNoRoute
		}
	}
	if r.Method != rt.method {
		return rt, on, wrongMethod(rt.method)
	}
	return rt, on, nil
}

// admit refuses requests that another site has a browser make, and those whose
// body is not said to be JSON.
func (t *turn) admit() error {
	if err := t.p.sameSite(t.r); err != nil {
		return err
	}
	if t.r.Method == http.MethodPost && !isJSON(t.r.Header) {
		return errMediaType
	}
	return nil
}

// sameSite checks what only browsers do: to send a cookie, or to be about to get one.
func (p *Proxy) sameSite(r *http.Request) error {
	if p.crossOrigin == nil {
		return nil
	}
	if _, byCookie := p.presented(r); !byCookie {
		return nil
	}
	if p.crossOrigin.Check(r) != nil {
		return errCrossOrigin
	}
	return nil
}

const jsonType = "application/json"

// isJSON reports whether the body is said to be JSON, in UTF-8.
func isJSON(h http.Header) bool {
	value := h.Get("Content-Type")
	if value == jsonType {
		return true
	}
	kind, params, err := mime.ParseMediaType(value)
	charset, given := params["charset"]
	return err == nil && kind == jsonType && (!given || strings.EqualFold(charset, "utf-8"))
}
