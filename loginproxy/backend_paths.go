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

// The methods that are forwarded: of a login and the like, of a link, and of other paths.
var (
	loginMethods = []string{http.MethodPost}
	linkMethods  = []string{http.MethodPost, http.MethodPut} // Alipay's clients send PUT
	methods      = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
)

var (
	errClientID = &refusal{status: http.StatusBadRequest, name: "wrong_client_id", class: ClassInput}
	errEnv      = &refusal{status: http.StatusBadRequest, name: "wrong_environment", class: ClassInput}
	errPlatform = &refusal{status: http.StatusBadRequest, name: "unknown_platform", class: ClassInput}
)

// backendRequest returns the request to send to the backend, without token and body,
// and notes what it asks for. Only the headers that are read here are sent along.
func (x *exchange) backendRequest() (*transport.Request, error) {
	segments, ok := segmentsOf(x.r.URL)
	if !ok || !x.classify(segments) {
		return nil, noBackendPath(x.r.URL.Path)
	}
	method := x.r.Method
	if override := x.r.Header.Get("X-Hydrogen-Request-Method"); override != "" && method == http.MethodPost {
		method = strings.ToUpper(override) // phones of Kuaishou cannot send PUT
	}
	if allowed := x.allowedMethods(); !slices.Contains(allowed, method) {
		return nil, wrongMethod(strings.Join(allowed, ", "))
	}
	if x.isSensitive() && x.r.URL.RawQuery != "" {
		return nil, errQuery // the backend may read the account there
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

// segmentsOf returns the segments after /hserve/ of a canonical path: a version, and one
// or more words of letters, digits, - and _. Another server may take any other path for
// a path that is not the one that was checked here.
func segmentsOf(u *url.URL) ([]string, bool) {
	path, ok := strings.CutPrefix(u.Path, "/hserve/")
	if !ok || u.RawPath != "" {
		return nil, false
	}
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	if len(segments) < 2 || !isVersion(segments[0]) {
		return nil, false
	}
	for _, s := range segments[1:] {
		if s == "" || strings.ContainsFunc(s, func(r rune) bool { return !isWordRune(r) }) {
			return nil, false
		}
	}
	return segments, true
}

// noBackendPath returns the error for a path that is not forwarded. The error has no part
// of the path.
func noBackendPath(path string) error {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case isVersion(first):
		return withHint("Proxy.Backend needs the whole path, with /hserve/: mount it without http.StripPrefix")
	case !strings.HasPrefix(path, "/hserve/") && strings.Contains(path, "/hserve/"):
		return withHint("Proxy.Backend needs a path that begins with /hserve/: mount it under http.StripPrefix")
	}
	return errNoRoute
}

func isWordRune(r rune) bool {
	return isDigit(r) || r == '-' || r == '_' || 'a' <= r && r <= 'z' || isUpper(r)
}

func isUpper(r rune) bool { return 'A' <= r && r <= 'Z' }

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// isVersion reports whether text is a version such as v1 or v2.5.
func isVersion(text string) bool {
	numbers, ok := strings.CutPrefix(text, "v")
	for number := range strings.SplitSeq(numbers, ".") {
		ok = ok && number != "" && !strings.ContainsFunc(number, func(r rune) bool { return !isDigit(r) })
	}
	return ok
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

// The accounts that logins and registers name, in their paths and in their bodies.
var accountKinds = []string{"username", "email", "phone"}

// classify notes what a path asks for, and what its response may hold. It returns false
// for a path that is similar to one of a login or of a text message, but is none.
func (x *exchange) classify(segments []string) bool {
	kind, rest := segments[1], segments[2:]
	first := ""
	if len(rest) > 0 {
		first = rest[0]
	}
	ok, op := true, OpForward
	switch kind {
	case "login":
		op, ok = OpLogin, len(rest) == 1
		switch first {
		case "anonymous":
			op = OpLoginAnonymous
		case "sms":
			op, x.accountField = OpLoginSMS, "phone"
		default:
			ok, x.accountField = ok && slices.Contains(accountKinds, first), first
		}
	case "register":
		op, ok, x.accountField = OpRegister, len(rest) == 1 && slices.Contains(accountKinds, first), first
	case "session":
		op, ok = OpLogin, len(rest) == 1 // the logins of the vendor's first clients
		if first == "destroy" {
			op = OpLogout
		}
	case "sms-verification-code":
		op, ok, x.accountField = OpSMS, len(rest) == 0, "phone"
		if first == "verify" {
			op, ok = OpSMSCheck, len(rest) == 1
		}
	case "sms-phone-verification":
		op, ok, x.accountField = OpSMSCheck, len(rest) == 0, "phone"
	case "user":
		if first == "password" {
			op, ok, x.accountField = OpPasswordReset, slices.Equal(rest, []string{"password", "reset"}), "email"
		}
		x.appData = slices.Contains(userData, first) && len(rest) <= 2
	case "idp":
		op = operationOf(rest)
		x.appData = op == OpForward || op == OpPhone
		if p, known := platform.ByName(first); known {
			x.event.Platform = p.Name()
		}
	default:
		x.appData = slices.Contains(dataKinds, kind)
	}
	// Only the app's own names and ids may have upper case.
	hasNames := slices.Contains(dataKinds, kind) || kind == "idp" && op == OpForward
	if !ok || !hasNames && slices.ContainsFunc(segments, func(s string) bool { return strings.ContainsFunc(s, isUpper) }) {
		return false
	}
	x.event.Operation = op
	x.mayHoldToken = x.isLogin() || op == OpLink
	return true
}

// operationOf returns what the segments after idp ask for. What is not known to be
// something else counts as a login.
func operationOf(segments []string) Operation {
	if len(segments) > 1 && segments[0] == "oauth" {
		segments = segments[1:]
	}
	if len(segments) < 2 {
		return OpLogin
	}
	what := strings.Join(segments[1:], "/")
	switch {
	case what == "user-association", what == "user-associate":
		return OpLink
	case what == "phone-verification":
		return OpPhone
	case what == "user/info", what == "miniapp-qr-code", what == "jssdk-credentials":
		return OpForward
	case segments[0] == "pay" && segments[1] == "order" && len(segments) <= 3:
		return OpForward
	}
	return OpLogin
}

// isSensitive reports whether the request must be what it seems, because a rate limiter
// counts it or because its response may hold a token.
func (x *exchange) isSensitive() bool {
	return x.event.Operation != OpForward && x.event.Operation != OpPhone
}

// allowedMethods returns the methods with which the path is forwarded.
func (x *exchange) allowedMethods() []string {
	switch {
	case !x.isSensitive():
		return methods
	case x.event.Operation == OpLink:
		return linkMethods
	}
	return loginMethods
}

// needsSession reports whether the request must not come with a session id that is
// unknown or expired. The vendor's client goes on sending such an id: it must be able
// to log out and to log in, also with a code that it first asks for.
func (x *exchange) needsSession() bool {
	switch x.event.Operation {
	case OpLogout, OpSMS, OpSMSCheck, OpPasswordReset:
		return false
	}
	return !x.isLogin() && !strings.HasSuffix(strings.TrimSuffix(x.r.URL.Path, "/"), "/server/time")
}

// isLogin reports whether the request is a login of any kind, or a register.
func (x *exchange) isLogin() bool {
	switch x.event.Operation {
	case OpLogin, OpLoginAnonymous, OpLoginSMS, OpRegister:
		return true
	}
	return false
}

// isLimited reports whether a rate limiter counts the request.
func (x *exchange) isLimited() bool {
	switch x.event.Operation {
	case OpSMS, OpSMSCheck, OpPasswordReset:
		return true
	}
	return x.isLogin()
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
