package baastest

import (
	"net/http"
	"strings"
	"time"
)

// The paths of the codes and tokens of the Open API. The two in the middle are where the
// redirects of the first lead.
const (
	authorizePath = "/api/oauth2/hydrogen/openapi/authorize/"
	confirmPath   = "/api/oauth2/authorize/confirm/"
	redirectPath  = "/api/oauth2/redirect/"
	tokenPath     = "/api/oauth2/access_token/"
)

const (
	grantLife   = 10 * time.Minute // of an authorization code
	visitCookie = "sessionid"
	bearer      = "Bearer"
)

// grants are the codes and tokens of the Open API, and who is on the way to a code.
type grants struct {
	visits  tickets[visit]
	codes   tickets[struct{}]
	access  map[string]time.Time // when each ends
	refresh map[string]struct{}
}

// visit is where the cookie of a redirect leads.
type visit struct{ to string }

func newGrants() grants {
	return grants{
		visits: newTickets[visit](), codes: newTickets[struct{}](),
		access: make(map[string]time.Time), refresh: make(map[string]struct{}),
	}
}

// oauthError is a refusal in the form of RFC 6749, section 5.2.
type oauthError string

func (e oauthError) Error() string { return string(e) }

func (e oauthError) response() response {
	var o jsonObject
	o.text("error", string(e))
	return response{status: http.StatusBadRequest, body: o.bytes()}
}

// knowsClient reports whether the body has the client id and the client secret.
func (op *operation) knowsClient() bool {
	return op.body.text("client_id") == op.b.clientID && op.body.text("client_secret") == op.b.clientSecret
}

// authorizeClient begins the way to a code: two redirects, each of which sets the cookie
// without which the next path refuses.
func (op *operation) authorizeClient() (response, error) {
	if !op.knowsClient() {
		return response{}, refuse(http.StatusUnauthorized, "invalid client")
	}
	return op.redirect(confirmPath), nil
}

func (op *operation) confirmClient() (response, error) {
	if err := op.visiting(); err != nil {
		return response{}, err
	}
	return op.redirect(redirectPath), nil
}

// issueCode ends the way to a code.
func (op *operation) issueCode() (response, error) {
	if err := op.visiting(); err != nil {
		return response{}, err
	}
	var o jsonObject
	o.text("code", op.grants.codes.issue(struct{}{}, op.now, grantLife))
	o.whole("expires_in", int64(grantLife/time.Second))
	return response{status: http.StatusOK, body: o.bytes()}, nil
}

func (op *operation) redirect(path string) response {
	id := op.grants.visits.issue(visit{path}, op.now, grantLife)
	cookie := http.Cookie{Name: visitCookie, Value: id, Path: "/", HttpOnly: true}
	return response{status: http.StatusFound, location: path, cookie: cookie.String()}
}

// visiting checks the cookie that leads to this path.
func (op *operation) visiting() error {
	request := http.Request{Header: op.header}
	for _, cookie := range request.CookiesNamed(visitCookie) {
		if v, ok := op.grants.visits.peek(cookie.Value, op.now); ok && v.to == op.path {
			return nil
		}
	}
	return refuse(http.StatusUnauthorized, "the cookie of the redirect is missing")
}

// exchangeGrant gives out tokens for a code or for a refresh token. The latter ends all
// tokens that were given out before.
func (op *operation) exchangeGrant() (response, error) {
	if !op.knowsClient() {
		return response{}, oauthError("invalid_client")
	}
	switch op.body.text("grant_type") {
	case "authorization_code":
		code := op.body.text("code")
		if _, ok := op.grants.codes.peek(code, op.now); !ok {
			return response{}, oauthError("invalid_grant")
		}
		op.grants.codes.spend(code)
	case "refresh_token":
		if _, ok := op.grants.refresh[op.body.text("refresh_token")]; !ok {
			return response{}, oauthError("invalid_grant")
		}
		clear(op.grants.access)
		clear(op.grants.refresh)
	default:
		return response{}, oauthError("unsupported_grant_type")
	}
	return op.openTokens(), nil
}

// openTokens is the response with a new access token and a new refresh token.
func (op *operation) openTokens() response {
	access, refresh := secret(), secret()
	op.grants.access[access] = op.now.Add(op.b.openAPILife)
	op.grants.refresh[refresh] = struct{}{}
	var o jsonObject
	o.text("access_token", access)
	o.text("token_type", bearer)
	o.whole("expires_in", int64(op.b.openAPILife/time.Second))
	o.text("refresh_token", refresh)
	o.text("scope", "read write")
	return response{status: http.StatusOK, body: o.bytes()}
}

// authorizeServer checks the access token of a server.
func (op *operation) authorizeServer(header string) error {
	token, ok := strings.CutPrefix(header, bearer+" ")
	if expires, known := op.grants.access[token]; !ok || !known || !op.now.Before(expires) {
		return errUnauthorized
	}
	op.server = true
	return nil
}

// redactedSecret is in the journal in place of the client secret.
const redactedSecret = "REDACTED"

// journalBody is a body as the journal keeps it: without the client secret where it belongs.
// Elsewhere it stays, so that a test can find a client that sends it there.
func (b *Backend) journalBody(path string, body []byte) []byte {
	if path != authorizePath && path != tokenPath {
		return body
	}
	return []byte(strings.ReplaceAll(string(body), b.clientSecret, redactedSecret))
}
