package baastest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/internal/check"
)

// webLife is how long a web login can go on: from the redirect URL to the callback.
const webLife = 10 * time.Minute

// The pages of a web login, after /web-login/{provider}/: the provider's, and the
// backend's, to which the provider sends the browser.
const (
	webPage = "authorize/"
	webHop  = "callback/"
)

func (p *idp) webPath(page string) string { return "/web-login/" + p.name + "/" + page }

// webLogins are the web logins under way.
type webLogins struct {
	requests tickets[webRequest] // by the state in the provider's URL
	codes    tickets[webCode]    // the provider's codes
	tokens   tickets[webToken]   // the backend's auth_tokens
}

// webRequest is a web login from the redirect URL to the callback.
type webRequest struct {
	on       *idp
	callback *url.URL
	silent   bool
}

// webCode is what the provider's code stands for: the person agreed.
type webCode struct {
	state string
	phone *Phone
}

// webToken is what an auth_token stands for.
type webToken struct {
	phone  *Phone
	silent bool // it tells who the person is and nothing else
}

func newWebLogins() webLogins {
	return webLogins{newTickets[webRequest](), newTickets[webCode](), newTickets[webToken]()}
}

// authToken issues an auth_token.
func (w *webLogins) authToken(b *Backend, phone *Phone, silent bool) string {
	return w.tokens.issue(webToken{phone, silent}, b.clock.Now(), b.authLife)
}

// finish ends a web login and returns where the browser goes: to the callback URL with
// an auth_token, or without one for a nil phone, who refused.
func (w *webLogins) finish(b *Backend, state string, phone *Phone) string {
	req, _ := w.requests.peek(state, b.clock.Now())
	w.requests.spend(state)
	switch {
	case phone != nil:
		if !req.silent {
			phone.agreed = true
		}
		return withParameter(req.callback, "token", w.authToken(b, phone, req.silent))
	case b.responses.RefusalWithError:
		return withParameter(req.callback, "error", "access_denied")
	default:
		return req.callback.String()
	}
}

// withParameter adds a parameter to a URL and leaves its query as it is.
func withParameter(u *url.URL, name, value string) string {
	to := *u
	if to.RawQuery != "" {
		to.RawQuery += "&"
	}
	to.RawQuery += name + "=" + url.QueryEscape(value)
	return to.String()
}

// webRedirect begins a web login.
func (op *operation) webRedirect(p *idp) (response, error) {
	callback, err := check.WebURL("callback_url", op.body.text("callback_url"))
	switch {
	case err != nil:
		return response{}, refuse(http.StatusBadRequest, "callback_url is not an http or https URL")
	case op.b.safeDomains != nil && !slices.Contains(op.b.safeDomains, originOf(callback)):
		return response{}, refuse(http.StatusBadRequest, "callback_url is of no safe domain")
	case op.body.flag("silent_login") && !p.webSilent:
		return response{}, refuse(http.StatusBadRequest, "provider has no silent login")
	}
	origin := op.b.webURL
	if origin == "" {
		origin = op.origin
	}
	state := op.web.requests.issue(webRequest{p, callback, op.body.flag("silent_login")}, op.now, webLife)
	var o jsonObject
	o.text("status", "ok")
	o.text("redirect_url", origin+p.webPath(webPage)+"?state="+state)
	return response{status: http.StatusOK, body: o.bytes()}, nil
}

// exchangeAuthToken trades an auth_token for the person. It is spent even if the login
// or the link then fails.
func (op *operation) exchangeAuthToken(p *idp) (webToken, error) {
	text := op.body.text("auth_token")
	got, ok := op.web.tokens.peek(text, op.now)
	if !ok || got.phone.on != p {
		return webToken{}, refuse(http.StatusBadRequest, "invalid auth_token")
	}
	op.web.tokens.spend(text)
	return got, nil
}

// webAccount finds or makes the account of the person of an auth_token.
func (op *operation) webAccount(p *idp) (*user, webToken, error) {
	got, err := op.exchangeAuthToken(p)
	if err != nil {
		return nil, got, err
	}
	find := op.accountOf
	if got.phone.unionid != "" && p.unionIDs {
		find = op.accountByUnionID
	}
	u, err := find(got.phone)
	if err != nil {
		return nil, got, err
	}
	op.learnUnionID(u, got.phone)
	if !got.silent {
		op.tell(u, got.phone, got.phone.profile)
	}
	return u, got, nil
}

// webAuthenticate is a login with an auth_token.
func (op *operation) webAuthenticate(p *idp) (response, error) {
	u, _, err := op.webAccount(p)
	if err != nil {
		return response{}, err
	}
	var o jsonObject
	op.writeToken(&o, u)
	return response{status: http.StatusCreated, body: o.bytes()}, nil
}

// webSilentLogin is a silent login with an auth_token.
func (op *operation) webSilentLogin(p *idp) (response, error) {
	u, got, err := op.webAccount(p)
	if err != nil {
		return response{}, err
	}
	return op.loggedIn(u, got.phone), nil
}

// webLink gives the token's user the identity of the person of an auth_token.
func (op *operation) webLink(p *idp) (response, error) {
	got, err := op.exchangeAuthToken(p)
	if err != nil {
		return response{}, err
	}
	if err := op.linkPerson(got.phone, !got.silent, got.phone.profile); err != nil {
		return response{}, err
	}
	return op.linked(got.phone), nil
}

// AllowWebLogin is what happens where a browser opens the redirect URL of a web login and
// the person agrees on the page there. It returns the URL to which the browser then goes:
// the callback URL with a token, good once, for [WithAuthTokenLife].
//
// The error is not nil if the redirect URL is of another provider, or of a web login that
// has ended or is older than ten minutes.
func (p *Phone) AllowWebLogin(redirectURL string) (callbackURL string, err error) {
	return p.answerWebLogin(redirectURL, p)
}

// RefuseWebLogin is [Phone.AllowWebLogin] of a person who refuses: the URL has no token.
// [Responses] selects whether it has an error.
func (p *Phone) RefuseWebLogin(redirectURL string) (callbackURL string, err error) {
	return p.answerWebLogin(redirectURL, nil)
}

func (p *Phone) answerWebLogin(redirectURL string, phone *Phone) (callbackURL string, err error) {
	u, err := check.WebURL("redirect URL", redirectURL)
	if err != nil || !p.on.webLogin || u.Path != p.on.webPath(webPage) {
		return "", fmt.Errorf("baastest: not a redirect URL of %s", p.on.name)
	}
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	state := u.Query().Get("state")
	if req, ok := p.in.web.requests.peek(state, p.b.clock.Now()); !ok || req.on != p.on {
		return "", fmt.Errorf("baastest: the web login on %s has ended", p.on.name)
	}
	return p.in.web.finish(p.b, state, phone), nil
}

// answerWebLogin is AllowWebLogin or RefuseWebLogin over the control API.
func answerWebLogin(answer func(*Phone, string) (string, error)) func(*Phone, *http.Request) (any, error) {
	return func(p *Phone, r *http.Request) (any, error) {
		in, err := readControl[struct {
			RedirectURL string `json:"redirect_url"`
		}](r)
		if err != nil {
			return nil, err
		}
		callback, err := answer(p, in.RedirectURL)
		if err != nil {
			return nil, err
		}
		return map[string]string{"callback_url": callback}, nil
	}
}

// WithAuthTokenLife sets how long the auth_token of a web login can be used. The default
// is [DefaultAuthTokenLife]. It must be at least a second.
func WithAuthTokenLife(d time.Duration) Option {
	return func(c *config) error {
		c.authLife = d
		return checkLife(d)
	}
}

// WithSafeDomains makes the backend refuse a web login with 400 unless its callback URL
// is of one of these origins, as in "http://localhost:8080": the form of the safe domains
// in the console of the real backend. The default is that every http and https URL is
// taken; no source says whether the real backend checks it.
func WithSafeDomains(origins ...string) Option {
	return func(c *config) error {
		if c.safeDomains == nil {
			c.safeDomains = []string{}
		}
		for _, text := range origins {
			origin, err := parseOrigin("safe domain", text)
			if err != nil {
				return err
			}
			c.safeDomains = append(c.safeDomains, origin)
		}
		return nil
	}
}

// WithWebOrigin sets the origin of the pages of web logins, as in
// "http://localhost:8899", for a backend that browsers reach under another name than
// servers do. The default is the one to which the server sent its request.
func WithWebOrigin(origin string) Option {
	return func(c *config) (err error) {
		c.webURL, err = parseOrigin("web origin", origin)
		return err
	}
}

// parseOrigin returns the one spelling of an origin.
func parseOrigin(name, text string) (string, error) {
	u, err := check.WebURL(name, text)
	if err != nil {
		return "", err
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", check.Invalid(name + " is not an origin")
	}
	return originOf(u), nil
}

func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]; strings.HasSuffix(host, port) {
		host = strings.TrimSuffix(host, port)
	}
	return u.Scheme + "://" + host
}
