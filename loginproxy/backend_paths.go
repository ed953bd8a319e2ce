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

// methods are the methods that are forwarded.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

var (
	errClientID = &refusal{status: http.StatusBadRequest, name: "wrong_client_id"}
	errEnv      = &refusal{status: http.StatusBadRequest, name: "wrong_environment"}
	errPlatform = &refusal{status: http.StatusBadRequest, name: "unknown_platform"}
)

// backendRequest returns the request to send to the backend, without token and body,
// and notes what it asks for. Only the headers that are read here are sent along.
func (x *exchange) backendRequest() (*transport.Request, error) {
	segments, ok := segmentsOf(x.r.URL)
	if !ok {
		return nil, errNoRoute
	}
	method := x.r.Method
	if override := x.r.Header.Get("X-Hydrogen-Request-Method"); override != "" && method == http.MethodPost {
		method = strings.ToUpper(override) // phones of Kuaishou cannot send PUT
	}
	x.classify(method, segments)
	if !slices.Contains(methods, method) {
		return nil, wrongMethod(strings.Join(methods, ", "))
	}
	backend := x.p.backend.Transport
	if x.r.Header.Get("X-Hydrogen-Client-Id") != backend.ClientID() {
		return nil, errClientID
	}
	if env := x.r.Header.Get("X-Hydrogen-Env-Id"); env != "" && env != backend.Env() {
		return nil, errEnv
	}
	req := &transport.Request{
		Method:    method,
		Path:      x.r.URL.EscapedPath(),
		Platform:  x.r.Header.Get("X-Hydrogen-Client-Platform"),
		Version:   versionOf(x.r.Header),
		AnyStatus: true,
	}
	if !isClient(req.Platform) {
		return nil, errPlatform
	}
	if query := x.r.URL.RawQuery; query != "" {
		req.Path += "?" + strings.ReplaceAll(query, "#", "%23")
	}
	return req, nil
}

// segmentsOf returns the segments after /hserve/ of a canonical path. It refuses empty
// segments, dot segments and needless escapes, which another server may normalise.
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

// dataKinds are the kinds of paths, the segment after the version, whose responses are
// the app's own data. They are those of the vendor's client. In such a response, a
// field named token may be the app's own. In a response of any other path it is taken
// for a token of the backend.
var dataKinds = []string{
	"alipay", "async-censor", "bulk-operation", "censor-image", "censor-msg", "cloud-function", "content", "file-category",
	"latest-sdk-version", "media", "miniappcode", "private-message", "qq", "resumable-upload", "server", "subscription-message",
	"table", "template-message", "template-message-ticket", "upload", "uploaded-file", "user-riskrank", "wechat",
}

// userData are the same for the kind user: the segment after it.
var userData = []string{"account", "email-verify", "info"}

// classify notes what a path asks for, and whether the response may hold a token.
func (x *exchange) classify(method string, segments []string) {
	segments = append(segments, "", "", "") // so that the indices below exist
	kind, second, third := strings.ToLower(segments[1]), strings.ToLower(segments[2]), strings.ToLower(segments[3])
	op := OpForward
	switch {
	case kind == "login" && second == "anonymous":
		op, x.mayHoldToken = OpLoginAnonymous, true
	case kind == "login" && second == "sms":
		op, x.mayHoldToken, x.accountField = OpLoginSMS, true, "phone"
	case kind == "login":
		op, x.mayHoldToken, x.accountField = OpLogin, true, second
	case kind == "register":
		op, x.mayHoldToken, x.accountField = OpRegister, true, second
	case kind == "idp":
		op = operationOf(segments[2:])
		x.mayHoldToken = op == OpLogin || op == OpLink
		x.appData = !x.mayHoldToken
		if p, ok := platform.ByName(second); ok {
			x.event.Platform = p.Name()
		}
	case kind == "session" && second == "destroy":
		op = OpLogout
	case kind == "session": // the logins of the vendor's first clients
		op, x.mayHoldToken = OpLogin, true
	case kind == "sms-verification-code", kind == "sms-phone-verification":
		op, x.accountField = OpSMS, "phone"
	case kind == "user" && second == "password" && third == "reset":
		op, x.accountField = OpPasswordReset, "email"
	case kind == "user":
		x.appData = slices.Contains(userData, second)
	default:
		x.appData = slices.Contains(dataKinds, kind)
	}
	if op != OpForward && op != OpPhone && op != OpLink && method != http.MethodPost {
		op = OpForward
	}
	x.event.Operation = op
}

// operationOf returns what the segments after the platform's name ask for. What is
// not known to be something else counts as a login.
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

// needsSession reports whether the request must not come with a session id that is
// unknown or expired. The vendor's client goes on sending such an id: it must be able
// to log out and to log in, also with a code that it first asks for.
func (x *exchange) needsSession() bool {
	switch x.event.Operation {
	case OpLogout, OpSMS, OpPasswordReset:
		return false
	}
	return !x.isLogin()
}

// isLogin reports whether the request is a login of any kind, or a register.
func (x *exchange) isLogin() bool {
	switch x.event.Operation {
	case OpLogin, OpLoginAnonymous, OpLoginSMS, OpRegister:
		return true
	}
	return false
}

// isAccountLogin reports whether the request is a login with a password or with the
// code of a text message. A 401 may then be about these, and not about the token.
func (x *exchange) isAccountLogin() bool { return x.isLogin() && x.accountField != "" }

// isClient reports whether name is empty or the name of a platform, as the vendor's
// client sends it.
func isClient(name string) bool {
	return name == "" || name == "WEB" ||
		slices.ContainsFunc(platform.All(), func(p platform.Platform) bool { return p.Client() == name })
}

// maxVersion limits the length of the client's version, in bytes.
const maxVersion = 32

// versionOf returns the version of the vendor's client, to send on to the backend. It
// is the SDK's own if the client sends none or one that is not printable ASCII.
func versionOf(h http.Header) string {
	version := h.Get("X-Hydrogen-Client-Version")
	printable := func(r rune) bool { return r > ' ' && r < 0x7f }
	if version == "" || len(version) > maxVersion || strings.ContainsFunc(version, func(r rune) bool { return !printable(r) }) {
		return baas.Version
	}
	return version
}
