package admin

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// The documented paths of the exchange.
const (
	codePath  = "/api/oauth2/hydrogen/openapi/authorize/"
	tokenPath = "/api/oauth2/access_token/"
)

// exchange gets an access token for the client id and the client secret.
type exchange struct {
	via      *transport.Transport
	host     string
	clientID string
	secret   session.Secret
	now      func() time.Time
}

// token makes both documented steps, and returns the token in a session.
//
// The token is never refreshed with the refresh token, because that ends every older
// token of the app, also those of programs that share no token store with this one.
func (e *exchange) token(ctx context.Context) (session.Session, error) {
	code, err := e.code(ctx)
	if err != nil {
		return session.Session{}, err
	}
	secret := e.secret.Reveal()
	req, err := transport.NewRequest(http.MethodPost, tokenPath, struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
		GrantType    string `json:"grant_type"`
		Code         string `json:"code"`
	}{e.clientID, secret, "authorization_code", code}, secret, code)
	if err != nil {
		return session.Session{}, err
	}
	began := e.now()
	res, err := e.via.Do(ctx, req)
	if err != nil {
		return session.Session{}, err
	}
	got, err := response.ParseAccessToken(res.Body)
	if err != nil {
		return session.Session{}, err
	}
	return session.Session{Token: session.NewSecret(got.Token), ExpiresAt: got.ExpiresAt(began)}, nil
}

// maxRedirects is more than the two that are documented.
const maxRedirects = 5

// code makes the first step. The backend redirects it twice and expects the cookies
// that it has set. As in the vendor's examples, a redirected POST becomes a GET without
// a body, so the secret is sent to the first address only.
func (e *exchange) code(ctx context.Context) (string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	base, err := url.Parse(e.host)
	if err != nil {
		return "", err
	}
	secret := e.secret.Reveal()
	req, err := transport.NewRequest(http.MethodPost, codePath, struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}{e.clientID, secret}, secret)
	if err != nil {
		return "", err
	}
	at := base.JoinPath(codePath)
	for range maxRedirects + 1 {
		req.Redirects = true
		res, err := e.via.Do(ctx, req)
		if err != nil {
			return "", err
		}
		if res.Status/100 == 2 {
			return response.ParseCode(res.Body)
		}
		jar.SetCookies(at, (&http.Response{Header: res.Header}).Cookies())
		if at, err = redirected(base, at, res.Header.Get("Location")); err != nil {
			return "", err
		}
		req = follow(base, at, jar.Cookies(at))
		req.Secrets = append(req.Secrets, secret)
	}
	return "", badRedirect("too many redirects")
}

// redirected returns where a redirect leads. It must be below the configured host. One
// from https to http of the same host is followed with https.
func redirected(base, from *url.URL, location string) (*url.URL, error) {
	if location == "" {
		return nil, badRedirect("a redirect without an address")
	}
	to, err := from.Parse(location)
	if err != nil {
		return nil, badRedirect("a redirect to no address")
	}
	switch {
	case !strings.EqualFold(to.Hostname(), base.Hostname()), to.User != nil:
		return nil, badRedirect("a redirect to another host")
	case to.Scheme == base.Scheme && portOf(to) == portOf(base):
	case to.Scheme == "http" && base.Scheme == "https" && portOf(to) == "80" && portOf(base) == "443":
	default:
		return nil, badRedirect("a redirect to another host")
	}
	if !strings.HasPrefix(to.EscapedPath(), base.EscapedPath()+"/") {
		return nil, badRedirect("a redirect out of the host's path")
	}
	to.Scheme, to.Host = base.Scheme, base.Host
	return to, nil
}

// portOf returns the port of an address, also if it is that of the scheme.
func portOf(u *url.URL) string {
	switch port := u.Port(); {
	case port != "":
		return port
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

func badRedirect(what string) error { return herror.New(herror.InvalidResponse, what).WithSent(true) }

// follow returns the request that follows a redirect to this address. The values that
// the backend has put into the address and into cookies are as secret as the code that
// they lead to.
func follow(base, to *url.URL, cookies []*http.Cookie) *transport.Request {
	path := strings.TrimPrefix(to.EscapedPath(), base.EscapedPath())
	if to.RawQuery != "" {
		path += "?" + to.RawQuery
	}
	with := http.Request{Header: make(http.Header)}
	req := &transport.Request{Method: http.MethodGet, Path: path, Header: with.Header}
	for _, values := range to.Query() {
		req.Secrets = append(req.Secrets, values...)
	}
	for _, c := range cookies {
		with.AddCookie(c)
		req.Secrets = append(req.Secrets, c.Value)
	}
	return req
}
