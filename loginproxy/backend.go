package loginproxy

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

// Backend returns a handler that takes the place of the backend for the vendor's own
// JavaScript client, which works through it without a change: set the client's host
// to this server. Mount the handler so that it sees the full paths. It forwards all
// canonical paths that begin with /hserve/: a version, and then words of letters,
// digits, - and _. Only the names and ids of the app's own data may have upper case.
//
// A login, a register, a logout, a text message and a password reset are POST, a link is
// POST or PUT. They have no query, and they are forwarded on the paths of the vendor's
// client only. Their bodies are objects without duplicate members, also if case is
// ignored, and the account is a text or a number. So the backend cannot read another
// account than the rate limiter counts.
//
// The backend's tokens stay on this server. In the response to a login or register
// (with an account, on a platform, or on the session paths of the vendor's first
// clients) a session id takes the place of the token, and the phone sends the id as it
// would send the token. The id is also valid for the JSON routes and
// [Proxy.Middleware].
//
// The id takes the place of the token in the members token and session_key of the
// response, of its user_info, and of the _session of either. A response that has the
// token of the session anywhere else is not passed on: the response is 502. The same
// holds for a text of at least 8 bytes that the response to a login names as a token.
// The token is also found as a part of a text or a name, with escapes of JSON, in JSON
// that is a string of JSON, and percent-encoded once. Other encodings of it are not
// found. A response that cannot be searched is 502 too: one that is compressed, not in
// UTF-8, or on the path of a login not JSON. Only in the app's own data, such as its
// users, tables and cloud functions, may any other text be named as a token. A login
// that is not passed on makes no session, and the token is destroyed.
//
// All other responses are the backend's, with its status, 200 to 599, and its text. Of
// its headers, only Content-Type and Retry-After are passed on. The proxy's own errors
// have the backend's form, {"status":"error","error_msg":…}: 400 for a client id or an
// environment that is not the client's, or for a body that is not as above; 401 for a
// session id that is unknown or expired; 404, 405, 408, 413 and 415; 429 of the rate
// limiter; 502, 503 and 504 as on the JSON routes; those of a [Refusal]. A client id that
// the backend itself refuses is seen only in [Event.Class]. Logins, text messages and password
// resets need no session and ignore an id that is unknown or expired. A logout
// succeeds once the session is forgotten on this server, and also with such an id.
//
// The vendor's client learns the life of a session only from expires_in of the login.
// Later requests do not change what it knows. It takes the session for live until 30
// seconds before that time, and until then it does not log in again by itself. So
// expires_in is the time that the session lives without another request: the shortest
// of the token's life, [WithIdleTimeout] and [WithAbsoluteTimeout]. When it is over,
// the client logs in again silently, or its getCurrentUser fails with 604, although
// later requests may have kept the session alive here. For this client, the idle
// timeout is therefore the longest time between two logins. To let an active user stay
// logged in longer, make the idle timeout as long as the absolute timeout. A timeout of
// less than a minute leaves the client no time.
func (p *Proxy) Backend() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := p.begin(w, r, OpUnknown)
		defer x.cancel()
		defer func() { x.observe(recover()) }()
		x.limitRead()
		if err := x.forward(); err != nil {
			x.failAsBackend(err)
		}
		x.touchKept()
		x.destroyReplaced()
	})
}

// forward sends the request on to the backend, and the response back.
func (x *exchange) forward() error {
	req, err := x.backendRequest()
	if err != nil {
		return err
	}
	body, err := x.body()
	if err != nil {
		return err
	}
	if body != "" {
		if err := x.checkBody(body); err != nil {
			return err
		}
		req.Body = body
	}
	ctx := x.ctx
	if x.event.Operation == OpLogout { // a phone that hangs up is logged out all the same
		var cancel context.CancelFunc
		ctx, cancel = detach(ctx)
		defer cancel()
	}
	if x.isLimited() {
		account, err := x.accountIn(body)
		if err == nil {
			err = x.limit(ctx, account)
		}
		if err != nil {
			return err
		}
	}
	v, err := x.sender(ctx)
	if err != nil {
		return err
	}
	if x.event.Operation == OpLogout && v != nil {
		return x.forwardLogout(ctx, v, req)
	}
	if x.event.Operation == OpLogout && x.hasSessionID() {
		if err := x.forgetUnreadable(ctx); err != nil {
			return err
		}
		x.respond(http.StatusCreated, loggedOut) // the session has ended, and its token is not known
		return nil
	}
	return x.relay(ctx, v, req)
}

// checkBody checks the body of a forwarded request. That of a login and the like must
// be an object without duplicate members, so that the backend reads the same account.
func (x *exchange) checkBody(body string) error {
	if !isJSON(x.r.Header) {
		return errMediaType
	}
	switch {
	case !utf8.ValidString(body):
		return errNotUTF8
	case !response.Valid(body):
		return errNotJSON
	case x.isSensitive():
		return checkMembers(body)
	}
	return nil
}

// checkMembers returns an error unless body, which is JSON, is an object whose members
// have different names, also where a parser ignores case.
func checkMembers(body string) (err error) {
	if !gjson.Parse(body).IsObject() {
		return errNotObject
	}
	seen := map[string]bool{}
	response.Fields(body).Each(func(name string, _ gjson.Result) bool {
		if seen[folded(name)] {
			err = badInput(duplicateField, safeName(name), "a field is given twice")
		}
		seen[folded(name)] = true
		return err == nil
	})
	return err
}

// accountIn returns the account that the body names, in the field for the path. Other
// fields are ignored, as the backend does.
func (x *exchange) accountIn(body string) (string, error) {
	if x.accountField == "" || body == "" {
		return "", nil
	}
	v := response.Fields(body).Get(x.accountField)
	account := strings.TrimSpace(response.Str(v))
	isText := v.Type == gjson.String || v.Type == gjson.Number || v.Type == gjson.Null
	if v.Type == gjson.Number { // one spelling only, as 1e3 and 1000.0 are others of 1000
		isText = strings.Trim(v.Raw, "0123456789") == ""
	}
	if !isText || strings.ContainsFunc(account, unicode.IsControl) {
		return "", badInput(wrongType, x.accountField, "the account is no text without control characters")
	}
	return account, nil
}

// sender returns the visitor of the request's session. It is nil for a request without
// a session id. For one whose id is unknown or expired, it is nil if the request needs
// no session, and else the error is 604.
func (x *exchange) sender(ctx context.Context) (*Visitor, error) {
	id, ok := bearer(x.r, backendScheme)
	if !ok {
		return nil, nil
	}
	v, err := x.find(ctx, id)
	switch {
	case x.isLogin():
		v, err = x.visitorToReplace(v, err)
		x.kept = v
	case x.event.Operation == OpLogout:
		v, err = x.visitorToReplace(v, err)
	default:
		x.p.touch(ctx, v)
	}
	if err == nil && v == nil && x.needsSession() {
		err = errNotLoggedIn
	}
	return v, err
}

// hasSessionID reports whether the request comes with a session id, known or not.
func (x *exchange) hasSessionID() bool {
	_, ok := bearer(x.r, backendScheme)
	return ok
}

// backendID returns the session id that the request comes with, known or not.
func (x *exchange) backendID() string {
	id, _ := bearer(x.r, backendScheme)
	return id
}

// relay sends the request with the visitor's token, and the backend's response back.
func (x *exchange) relay(ctx context.Context, v *Visitor, req *transport.Request) error {
	s := v.sessionOrZero()
	began := x.p.backend.Now()
	res, err := x.send(ctx, req, s)
	if err != nil {
		return err
	}
	switch {
	case v != nil && res.Status == http.StatusUnauthorized && !x.isAccountLogin():
		x.kept = nil
		err = connOf(v.auth).Discard(ctx, v.stored)
	case res.Status/100 != 2:
	case x.mayHoldToken && hasToken(res.Body):
		x.p.confirm()
		return x.relayLogin(ctx, v, res, began)
	case x.event.Operation == OpLink && v != nil && s.Platform == "" && x.event.Platform != "":
		err = connOf(v.auth).Update(ctx, v.stored, func(s *session.Session) { s.Platform = x.event.Platform })
	}
	if err != nil {
		return visitor.Reached(err)
	}
	body, err := x.hide(res, tokensOf(s), x.backendID(), false)
	if err != nil {
		return err
	}
	if res.Status/100 == 2 {
		x.p.confirm()
	} else {
		if err := x.conceal(ctx, herror.FromBackend(res.Status, "")); visitor.FromStore(err) {
			return err
		}
		x.noteRelayed(ctx, req, res)
	}
	x.respondRelayed(res, body)
	return nil
}

// noteRelayed records what the backend said in a response that is passed on, or that a
// logout does not need. In the app's own data that may be anything, so it is left out.
func (x *exchange) noteRelayed(ctx context.Context, req *transport.Request, res *transport.Response) {
	if x.p.observer == nil {
		return
	}
	err := error(herror.FromBackend(res.Status, ""))
	if leaves, complete := leavesOf(req.Body); complete && x.isSensitive() {
		err = transport.ErrorOf(res, append(leaves, x.backendID()))
	}
	if x.isLimited() {
		err = x.explain(ctx, err)
	}
	x.noteFailure(herror.Code(res.Status), err)
	if res.Status == http.StatusMethodNotAllowed && !x.isSensitive() && x.event.Class == ClassConfig {
		x.event.Class = ClassInput // the client has chosen the method
	}
}

// send sends the request with the token of s. The error is 690 for a status that is no
// final status of HTTP: net/http panics for some of them.
func (x *exchange) send(ctx context.Context, req *transport.Request, s session.Session) (*transport.Response, error) {
	res, err := x.p.backend.Send(ctx, x.p.backend.Plain(req), s)
	if err == nil && (res.Status < 200 || res.Status > 599) {
		return nil, herror.New(herror.InvalidResponse, "the status is not one of HTTP").WithSent(true)
	}
	return res, err
}

// respondRelayed responds with the backend's status and the body.
func (x *exchange) respondRelayed(res *transport.Response, body string) {
	h := x.w.Header()
	for _, name := range relayedHeaders {
		if values := res.Header[name]; len(values) > 0 {
			h[name] = values
		}
	}
	h["Cache-Control"] = noStoreValue
	h["X-Content-Type-Options"] = noSniffValue
	x.noteStatus(res.Status)
	if res.Status != http.StatusNoContent && res.Status != http.StatusNotModified {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	x.w.WriteHeader(res.Status)
	_, _ = io.WriteString(x.w, body) // an error means that the phone has hung up
}

// loggedOut is the documented response to a logout. Its status is 201.
const loggedOut = `{"message":"Destroy succeed.","status":"ok"}`

// forwardLogout forgets the session here and then has the backend destroy the token.
// It succeeds whatever the backend responds.
func (x *exchange) forwardLogout(ctx context.Context, v *Visitor, req *transport.Request) error {
	if err := x.forget(ctx, v); err != nil {
		return err
	}
	res, err := x.send(ctx, req, v.stored.Session)
	switch {
	case err != nil:
		x.noteFailure(herror.CodeOf(err), err)
	case res.Status/100 == 2:
		body, err := x.hide(res, tokensOf(v.stored.Session), x.backendID(), false)
		if err == nil {
			x.respondRelayed(res, body)
			return nil
		}
		x.noteFailure(herror.CodeOf(err), err)
	case res.Status != http.StatusUnauthorized: // 401: the token is destroyed already
		x.noteRelayed(ctx, req, res)
	}
	x.respond(http.StatusCreated, loggedOut)
	return nil
}

// failAsBackend responds with err, in the form of the backend's errors.
func (x *exchange) failAsBackend(err error) {
	f := failureOf(err)
	body, _ := json.Marshal(struct { // cannot fail for strings
		Status  string `json:"status"`
		Message string `json:"error_msg"`
	}{"error", cmp.Or(f.Hint, strings.ReplaceAll(f.Name, "_", " "))})
	x.noteFailure(f.Code, err)
	setOwnHeader(x.w.Header(), err)
	x.respond(f.status, string(body))
}
