package live_test

import (
	"strings"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/internal/transport"
)

// difference is what the proxy changes in a step of TestBuilds.
type difference struct {
	reason         string
	scenario, step string
	build          build    // empty for every build
	direct         []string // the lines only without the proxy
	proxied        []string // the lines only with it
}

func (d difference) isOf(kind build, scenario, step string) bool {
	return d.scenario == scenario && d.step == step && (d.build == "" || d.build == kind)
}

// The reasons of the differences.
const (
	hidesTokens    = "the backend's tokens stay on the proxy"
	idleLife       = "a session lives for the proxy's idle timeout, which is shorter than the token's life"
	knowsNoSession = "the proxy has forgotten the session after the backend's 401, and does not ask again"
	sendsNoToken   = "the proxy does not send on the id of a session that it does not know"
	logsOut        = "a logout always succeeds, so that the client forgets its token"
	endsReplaced   = "the proxy ends the session that a login replaces"
	ownRequest     = "the proxy makes the request itself: with its own User-Agent and without the client's other headers"
	backendOnly    = "the proxy serves no paths but /hserve/"
	ownClientID    = "the proxy refuses other client ids itself"
	ownErrors      = "the proxy is reached while the backend is not"
	checksLogins   = "the proxy cannot find the token in the response, which may hold one"
)

const (
	tokenLife   = "720h0m0s" // the token's life
	defaultIdle = "168h0m0s" // loginproxy.DefaultIdleTimeout
)

// viaProxy is the list of all differences that the proxy makes for the vendor's client.
var viaProxy = []difference{
	{
		reason: ownClientID, scenario: "nobody is logged in", step: "server time of another client id",
		direct:  []string{"error 400: header X-Hydrogen-Client-ID is missing or names no app", "GET v2.2/server/time/ 400 X-Hydrogen-Client-Id: another-client"},
		proxied: []string{"error 400: wrong client id"},
	},

	{
		reason: hidesTokens, scenario: "account", step: "token",
		direct:  []string{"a token of the backend"},
		proxied: []string{"a session id of the proxy"},
	},
	{
		reason: idleLife, scenario: "account", step: "stored expiry",
		direct:  []string{`value.session_expires_at = "` + tokenLife + `"`},
		proxied: []string{`value.session_expires_at = "` + defaultIdle + `"`},
	},
	{
		reason: idleLife, scenario: "WeChat", step: "documented login(false)",
		direct:  []string{`value.session_expires_at = "` + tokenLife + `"`},
		proxied: []string{`value.session_expires_at = "` + defaultIdle + `"`},
	},
	{
		reason: idleLife, scenario: "WeChat", step: "silent login",
		direct:  []string{`value.expired_at = "` + tokenLife + `"`, `value.expires_in = "` + tokenLife + `"`},
		proxied: []string{`value.expired_at = "` + defaultIdle + `"`, `value.expires_in = "` + defaultIdle + `"`},
	},
	{
		reason: idleLife, scenario: "WeChat", step: "login by phone number",
		direct:  []string{`value.expired_at = "` + tokenLife + `"`, `value.expires_in = "` + tokenLife + `"`},
		proxied: []string{`value.expired_at = "` + defaultIdle + `"`, `value.expires_in = "` + defaultIdle + `"`},
	},
	{
		reason: idleLife + "; " + ownRequest, scenario: "own requests", step: "login",
		direct:  []string{`value.data._session.user_agent = "node"`, `value.data.expires_in = "` + tokenLife + `"`},
		proxied: []string{`value.data._session.user_agent = "` + transport.UserAgent + strings.TrimPrefix(baas.Version, "v") + `"`, `value.data.expires_in = "` + defaultIdle + `"`},
	},
	{
		reason: ownRequest, scenario: "own requests", step: "own header",
		direct:  []string{"GET v2.2/server/time/ 200 X-Own: 1 with token"},
		proxied: []string{"GET v2.2/server/time/ 200 with token"},
	},
	{
		reason: backendOnly, scenario: "own requests", step: "path of another server", build: wechat,
		direct:  []string{`value.data.error_msg = "Not found."`, `value.data.status = "error"`, "GET /elsewhere/ 404 with token"},
		proxied: []string{`value.data = "404 page not found\n"`},
	},
	{
		reason: backendOnly, scenario: "own requests", step: "path of another server", build: web,
		direct:  []string{"error 404: Not found.", "GET /elsewhere/ 404 with token"},
		proxied: []string{"error 404: unknown error"},
	},

	{reason: endsReplaced, scenario: "text messages", step: "register a number", build: wechat, proxied: []string{destroyedWeb}},
	{reason: endsReplaced, scenario: "text messages", step: "register a number", build: web, proxied: []string{destroyed}},
	{reason: endsReplaced, scenario: "account", step: "login with an email address", build: wechat, proxied: []string{destroyedWeb}},
	{reason: endsReplaced, scenario: "account", step: "login with an email address", build: web, proxied: []string{destroyed}},
	{reason: endsReplaced, scenario: "account", step: "login while logged in", build: wechat, proxied: []string{destroyedWeb}},
	{reason: endsReplaced, scenario: "account", step: "login while logged in", build: web, proxied: []string{destroyed}},
	{reason: endsReplaced, scenario: "anonymous user", step: "register", build: wechat, proxied: []string{destroyedWeb}},
	{reason: endsReplaced, scenario: "anonymous user", step: "register", build: web, proxied: []string{destroyed}},
	{reason: endsReplaced, scenario: "WeChat", step: "documented handleUserInfo", proxied: []string{destroyed}},
	{reason: endsReplaced, scenario: "WeChat", step: "login with the account", proxied: []string{destroyed}},

	{
		reason: knowsNoSession, scenario: "session ended in the backend", step: "current user again",
		direct:  []string{"error 401: unauthorized", "GET v2.5/user/info/61736923/ 401 with token"},
		proxied: []string{"error 401: session missing"},
	},
	{
		reason: sendsNoToken, scenario: "session ended in the backend", step: "server time",
		direct:  []string{"error 401: unauthorized", "GET v2.2/server/time/ 401 with token"},
		proxied: []string{"value.time = \"…\"", "GET v2.2/server/time/ 200"},
	},
	{
		reason: sendsNoToken, scenario: "session ended in the backend", step: "send a text message",
		direct:  []string{"error 401: unauthorized", `POST v2.2/sms-verification-code/ 401 {"phone":"13800138000"} with token`},
		proxied: []string{`value.status = "ok"`, `POST v2.2/sms-verification-code/ 200 {"phone":"13800138000"}`},
	},
	{
		reason: sendsNoToken, scenario: "session ended in the backend", step: "verify a code",
		direct:  []string{"error 401: unauthorized", `POST v1.8/sms-verification-code/verify/ 401 {"code":"…","phone":"13800138000"} with token`},
		proxied: []string{"error 400: invalid code", `POST v1.8/sms-verification-code/verify/ 400 {"code":"…","phone":"13800138000"}`},
	},
	{
		reason: sendsNoToken, scenario: "session ended in the backend", step: "reset", build: wechat,
		direct:  []string{"error 401: unauthorized", `POST v2.0/user/password/reset/ 401 {"email":"larry@example.com"} with token`},
		proxied: []string{"error 404: not found", `POST v2.0/user/password/reset/ 404 {"email":"larry@example.com"}`},
	},
	{
		reason: sendsNoToken, scenario: "session ended in the backend", step: "reset", build: web,
		direct:  []string{"error 401: unauthorized", `POST v2.0/user/password/reset/ 401 {"email":"larry@example.com"} with token`},
		proxied: []string{"error 404: User not found.", `POST v2.0/user/password/reset/ 404 {"email":"larry@example.com"}`},
	},
	{
		reason: sendsNoToken, scenario: "session ended in the backend", step: "wrong password",
		direct:  []string{`POST v2.1/login/username/ 400 {"password":"wrong","username":"Larry"} with token`},
		proxied: []string{`POST v2.1/login/username/ 400 {"password":"wrong","username":"Larry"}`},
	},
	{
		reason: logsOut, scenario: "session ended in the backend", step: "logout",
		direct:  []string{"error 401: unauthorized", "POST v2.0/session/destroy/ 401 {} with token"},
		proxied: []string{`value.message = "Destroy succeed."`, `value.status = "ok"`},
	},
	{
		reason: logsOut, scenario: "session ended in the backend", step: "token",
		direct:  []string{"a token of the backend"},
		proxied: []string{`value = ""`},
	},
	{
		reason: logsOut, scenario: "session ended in the backend", step: "login",
		direct:  []string{`POST v2.1/login/username/ 201 {"password":"live-password","username":"Larry"} with token`},
		proxied: []string{`POST v2.1/login/username/ 201 {"password":"live-password","username":"Larry"}`},
	},

	{
		reason: ownErrors, scenario: "backend in trouble", step: "connection cut", build: wechat,
		direct:  []string{"error 601: request timeout"},
		proxied: []string{"error 502: network disconnected"},
	},
	{
		reason: ownErrors, scenario: "backend in trouble", step: "connection cut", build: web,
		direct:  []string{"error TypeError"}, // the web client has no response to report
		proxied: []string{"error 502: network disconnected"},
	},
	{
		reason: checksLogins, scenario: "backend in trouble", step: "login with garbage",
		direct:  []string{"error 604: session missing"},
		proxied: []string{"error 502: invalid response"},
	},
}

// The proxy's own request to end a session: of the build's platform, or of an account,
// for which the platform is WEB.
const (
	destroyed    = "POST v2.0/session/destroy/ 201 {} X-Hydrogen-Client-Version: " + baas.Version + " with token"
	destroyedWeb = "POST v2.0/session/destroy/ 201 {} X-Hydrogen-Client-Platform: WEB X-Hydrogen-Client-Version: " + baas.Version + " with token"
)
