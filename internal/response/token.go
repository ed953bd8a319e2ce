package response

import (
	"time"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
)

// AccessToken is the response to a request for an access token of the Open API.
type AccessToken struct {
	Token    string
	lifetime time.Duration
}

// defaultLifetime is that of a token whose response has none, which RFC 6749 allows.
const defaultLifetime = time.Hour

// ParseAccessToken parses {"access_token", "expires_in", …}. The error is 690 if the
// token is missing.
func ParseAccessToken(body string) (AccessToken, error) {
	fields, err := Object(body, "access token")
	if err != nil {
		return AccessToken{}, err
	}
	t := AccessToken{lifetime: lifetime(fields.Get("expires_in"))}
	if token := fields.Get("access_token"); token.Type == gjson.String {
		t.Token = token.Str
	}
	if err := checkToken(t.Token); err != nil {
		return AccessToken{}, err
	}
	if t.lifetime == 0 {
		t.lifetime = defaultLifetime
	}
	return t, nil
}

// ExpiresAt returns until when to use a token that was asked for at now: until 30
// seconds before its end. A token that lives at most 30 seconds is used until its end.
func (t AccessToken) ExpiresAt(now time.Time) time.Time { return expiry(now, t.lifetime) }

// ParseCode parses {"code", "expires_in"}, the response of the Open API from which an
// access token is got. The error is 690 if the code is missing.
func ParseCode(body string) (string, error) {
	fields, err := Object(body, "authorization code")
	if err != nil {
		return "", err
	}
	code := Str(fields.Get("code"))
	if code == "" {
		return "", herror.New(herror.InvalidResponse, "no authorization code").WithSent(true)
	}
	return code, nil
}
