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
	serve     func(*exchange) error
	newInput  func() input // nil for a route without a body
}

// The routes. The package documentation lists them with their fields.
var (
	routes = map[string]route{ // by path
		"login":           post(OpLogin, (*exchange).login),
		"login/anonymous": post(OpLoginAnonymous, (*exchange).loginAnonymous),
		"login/sms":       post(OpLoginSMS, (*exchange).loginSMS),
		"register":        post(OpRegister, (*exchange).register),
		"sms":             post(OpSMS, (*exchange).sendSMS),
		"phone":           post(OpPhone, (*exchange).phone),
		"logout":          post(OpLogout, (*exchange).logout),
		"me":              {method: http.MethodGet, operation: OpMe, serve: (*exchange).me},
	}
	platformRoutes = map[string]route{ // by what stands before /{platform}
		"login": post(OpLogin, (*exchange).loginOnPlatform),
		"link":  post(OpLink, (*exchange).link),
	}
	unknownRoute = route{operation: OpUnknown}
)

// post returns a route that reads its body into a *T.
func post[T any, In interface {
	*T
	input
}](operation Operation, serve func(*exchange, In) error) route {
	return route{
		method:    http.MethodPost,
		operation: operation,
		newInput:  func() input { return In(new(T)) },
		serve: func(x *exchange) error {
			in := In(new(T))
			if err := x.read(in); err != nil {
				return err
			}
			return serve(x, in)
		},
	}
}

// findRoute returns the route of a request, and the platform in its path if it names
// one. With an error, the route has the operation to observe.
func findRoute(r *http.Request) (route, platform.Platform, error) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	rt, ok := routes[path]
	var on platform.Platform
	if !ok {
		kind, name, _ := strings.Cut(path, "/")
		if rt, ok = platformRoutes[kind]; ok {
			on, ok = platform.ByName(name)
		}
		if !ok {
			return unknownRoute, nil, noRoute(path)
		}
	}
	if r.Method != rt.method {
		return rt, on, wrongMethod(rt.method)
	}
	return rt, on, nil
}

// noRoute returns the error for a path that is no route. If a route stands at its end, the
// proxy is most likely not mounted under http.StripPrefix: the error then says so, and
// names the route. It has no other part of the path, which may hold anything.
func noRoute(path string) error {
	trimmed := strings.TrimSuffix(path, "/")
	if name := routeName(trimmed); name != "" && trimmed != path {
		return withHint("the route is " + name + ", without a slash at the end")
	}
	segments := strings.Split(trimmed, "/")
	for i := 1; i < len(segments); i++ { // the longest end first: login/sms, and not sms
		if name := routeName(strings.Join(segments[i:], "/")); name != "" {
			return withHint("the path ends in the route " + name + ", and the proxy sees what stands before it: mount the proxy under http.StripPrefix")
		}
	}
	return errNoRoute
}

func withHint(hint string) error {
	own := *errNoRoute
	own.hint = hint
	return &own
}

// routeName returns the path of a route as the documentation has it, or "" if path is none.
func routeName(path string) string {
	if _, ok := routes[path]; ok {
		return path
	}
	kind, name, _ := strings.Cut(path, "/")
	if _, ok := platformRoutes[kind]; !ok {
		return ""
	}
	if _, ok := platform.ByName(name); !ok {
		return ""
	}
	return kind + "/{platform}"
}

// checkRequest refuses state-changing requests from other sites, and bodies whose
// content type is not JSON. A logout needs neither a body nor a content type.
func (x *exchange) checkRequest() error {
	if err := x.p.checkOrigin(x.r); err != nil {
		return err
	}
	if x.r.Method != http.MethodPost || isJSON(x.r.Header) || x.event.Operation == OpLogout && isBare(x.r) {
		return nil
	}
	return errMediaType
}

// isBare reports whether a request has neither a body nor a content type. No form of
// another site is: a form has a content type.
func isBare(r *http.Request) bool {
	return r.ContentLength == 0 && len(r.Header["Content-Type"]) == 0
}

// checkOrigin refuses a state-changing request that another site has a browser make.
// Requests without a session id are checked too, because a login would give the
// browser a cookie. An upgrade to another protocol, such as WebSocket, counts as
// state-changing, because no rule of the browser keeps the page from reading it.
func (p *Proxy) checkOrigin(r *http.Request) error {
	if p.crossOrigin == nil {
		return nil
	}
	if _, byCookie := p.sessionID(r); !byCookie {
		return nil
	}
	if len(r.Header["Upgrade"]) > 0 {
		changing := *r
		changing.Method = http.MethodPost // a GET would not be checked
		r = &changing
	}
	if p.crossOrigin.Check(r) != nil {
		return errCrossOrigin
	}
	return nil
}

const jsonType = "application/json"

// isJSON reports whether the content type is JSON in UTF-8.
func isJSON(h http.Header) bool {
	value := h.Get("Content-Type")
	if value == jsonType {
		return true
	}
	kind, params, err := mime.ParseMediaType(value)
	charset, given := params["charset"]
	return err == nil && kind == jsonType && (!given || strings.EqualFold(charset, "utf-8"))
}
