package loginproxy

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/platform"
)

// backendScheme is the scheme of the backend's tokens in the Authorization header.
const backendScheme = "Hydrogen-r1"

// methods are those that are forwarded.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

var (
	errClientID = &refusal{status: http.StatusBadRequest, name: "wrong_client_id"}
	errEnv      = &refusal{status: http.StatusBadRequest, name: "wrong_environment"}
	errPlatform = &refusal{status: http.StatusBadRequest, name: "unknown_platform"}
)

// outgoing returns the request to send to the backend, without token and body, and
// notes what it asks for. Of the headers, those few go along that are read here.
func (t *turn) outgoing() (*transport.Request, error) {
	segments, ok := segmentsOf(t.r.URL)
	if !ok {
		return nil, errNoRoute
	}
	method := t.r.Method
	if meant := t.r.Header.Get("X-Hydrogen-Request-Method"); meant != "" && method == http.MethodPost {
		method = strings.ToUpper(meant) // Kuaishou's phones know no PUT
	}
	t.classify(method, segments)
	if !slices.Contains(methods, method) {
		return nil, wrongMethod(strings.Join(methods, ", "))
	}
	to := t.p.backend.Transport
	if t.r.Header.Get("X-Hydrogen-Client-Id") != to.ClientID() {
		return nil, errClientID
	}
	if env := t.r.Header.Get("X-Hydrogen-Env-Id"); env != "" && env != to.Env() {
		return nil, errEnv
	}
	req := &transport.Request{
		Method:    method,
		Path:      t.r.URL.EscapedPath(),
		Platform:  t.r.Header.Get("X-Hydrogen-Client-Platform"),
		Version:   versionOf(t.r.Header),
		AnyStatus: true,
	}
	if !isClient(req.Platform) {
		return nil, errPlatform
	}
	if query := t.r.URL.RawQuery; query != "" {
		req.Path += "?" + strings.ReplaceAll(query, "#", "%23")
	}
	return req, nil
}

// segmentsOf returns what follows /hserve/ in a path that means what it says: no
// empty segments, dots or needless escapes, which another server might read otherwise.
func segmentsOf(u *url.URL) ([]string, bool) {
	path, ok := strings.CutPrefix(u.Path, "/hserve/")
	if !ok || path == "" || u.RawPath != "" {
		return nil, false
	}
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for _, s := range segments {
		if s == "" || s == "." || s == ".." {
			return nil, false
		}
	}
	return segments, true
}

// classify notes what a path asks for, and whether the answer may hold a token.
func (t *turn) classify(method string, segments []string) {
	segments = append(segments, "", "", "") // so that all below are there
	kind, second, third := strings.ToLower(segments[1]), strings.ToLower(segments[2]), strings.ToLower(segments[3])
	op := OpForward
	switch {
	case kind == "login" && second == "anonymous":
		op, t.mints = OpLoginAnonymous, true
	case kind == "login" && second == "sms":
		op, t.mints, t.accountField = OpLoginSMS, true, "phone"
	case kind == "login":
		op, t.mints, t.accountField = OpLogin, true, second
	case kind == "register":
		op, t.mints, t.accountField = OpRegister, true, second
	case kind == "idp":
		op = operationOf(segments[2:])
		// A user may have a field named token; a login and a link have no such user.
		t.mints = op == OpLogin || op == OpLink
		if p, ok := platform.ByName(second); ok {
			t.event.Platform = p.Name()
		}
	case kind == "session" && second == "destroy":
		op = OpLogout
	case kind == "session": // as the vendor's first clients log in
		op, t.mints = OpLogin, true
	case kind == "sms-verification-code", kind == "sms-phone-verification":
		op, t.accountField = OpSMS, "phone"
	case kind == "user" && second == "password" && third == "reset":
		op, t.accountField = OpPasswordReset, "email"
	}
	if op != OpForward && op != OpPhone && op != OpLink && method != http.MethodPost {
		op = OpForward
	}
	t.event.Operation = op
}

// operationOf returns what a platform's path asks for, after the platform's name:
// a login unless it is known as something else.
func operationOf(segments []string) Operation {
	for _, s := range segments {
		switch strings.ToLower(s) {
		case "user-association", "user-associate":
			return OpLink
		case "phone-verification":
			return OpPhone
		case "user", "pay", "miniapp-qr-code", "jssdk-credentials":
			return OpForward
		}
	}
	return OpLogin
}

// entering reports whether the request is a login of some kind: a session that
// has ended does not keep it out.
func (t *turn) entering() bool {
	switch t.event.Operation {
	case OpLogin, OpLoginAnonymous, OpLoginSMS, OpRegister:
		return true
	}
	return false
}

// byPassword reports whether the request is a login whose password or code may be
// what a 401 means.
func (t *turn) byPassword() bool { return t.entering() && t.accountField != "" }

// isClient reports whether name is what a vendor's client calls its platform, or
// nothing.
func isClient(name string) bool {
	return name == "" || name == "WEB" ||
		slices.ContainsFunc(platform.All(), func(p platform.Platform) bool { return p.Client() == name })
}

// longestVersion bounds the client's version, in bytes.
const longestVersion = 32

// versionOf returns the version that the vendor's client says it has, for the
// backend to know, or the SDK's own.
func versionOf(h http.Header) string {
	version := h.Get("X-Hydrogen-Client-Version")
	printable := func(r rune) bool { return r > ' ' && r < 0x7f }
	if version == "" || len(version) > longestVersion || strings.ContainsFunc(version, func(r rune) bool { return !printable(r) }) {
		return baas.Version
	}
	return version
}
