package auth

import (
	"context"
	"net/url"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// ThirdPartyAuth begins a web login or the link of a provider's account: the first half
// of the documented auth.thirdPartyAuth, POST v2.0/idp/{provider}/redirect/. It returns
// the URL of the provider's page, to which the server redirects the browser. There the
// person agrees or refuses. The browser then comes to callbackURL, whose query is kept.
// [CallbackToken] reads what the provider and the backend have added to it. Nobody need
// be logged in.
//
// The callback URL is absolute, http or https, without a fragment and without a
// parameter token. Put an unguessable state in its query and compare it in the callback
// with one that the browser keeps in a cookie: without it, another site could log its
// visitors in as somebody else (login CSRF).
//
// Options: [Silent], for platform.WeChatMP.
//
// Errors: 400 the backend refuses the callback URL or the provider is not set up, 605 a
// bad provider, callback URL or option, 614 the backend gives no page, 690 what it gives
// is not an http or https URL.
func (a *Auth) ThirdPartyAuth(ctx context.Context, provider platform.WebProvider, callbackURL string, opts ...platform.ThirdPartyAuthOption) (redirectURL string, err error) {
	params, err := idp.Given(opts)
	if err != nil {
		return "", err
	}
	call, err := a.conn.Web().Redirect(provider, callbackURL, &params)
	if err != nil {
		return "", err
	}
	res, err := a.conn.DoPublic(ctx, call)
	if err != nil {
		return "", err
	}
	return response.ParseRedirect(res.Body)
}

// LoginWithThirdParty logs in with the auth_token that the browser brought to the
// callback of [Auth.ThirdPartyAuth]: the documented auth.loginWithThirdParty, POST
// v2.0/idp/{provider}/authenticate/. The token is good once, is always sent, also where
// a session is stored, and is never sent a second time. Where the response names the
// user without the fields, it reads them with a second request. When only that request
// fails, LoginWithThirdParty returns its error, and the user is logged in.
//
// With [Silent] it is POST v2.5/idp/oauth-wechat-mp/silent-login/, which has no user info.
//
// Options: [CreateUser], [SyncUserProfile] without Silent, [Silent] for platform.WeChatMP.
//
// Errors: 400 the token is spent, expired or unknown, 404 no account and createUser is
// false, 605 no token, a bad provider or an option of mini-programs.
func (a *Auth) LoginWithThirdParty(ctx context.Context, provider platform.WebProvider, authToken string, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	params, err := idp.Given(opts)
	if err != nil {
		return nil, err
	}
	call, err := a.conn.Web().Login(provider, authToken, &params)
	if err != nil {
		return nil, err
	}
	return a.tokenLogin(ctx, call)
}

// CallbackToken returns the auth_token with which a browser comes to the callback URL of
// [Auth.ThirdPartyAuth]; query is that of the request. The documented
// auth.thirdPartyAuth reads the same parameter, token. Check the state of your own first.
//
// Errors: 613 there is no token, because the person refused or has come here in another
// way; 614 the provider or the backend reports another error than a refusal, or there are
// several tokens, or the token cannot be sent. No source says what a refusal comes back
// with: without a token, only an error parameter other than OAuth's access_denied is 614.
func CallbackToken(query url.Values) (authToken string, err error) {
	tokens := query["token"]
	if len(tokens) > 1 {
		return "", herror.New(herror.ThirdPartyAuthFailed, "the callback has several tokens")
	}
	if authToken = query.Get("token"); authToken == "" {
		if failure := query.Get("error"); failure != "" && failure != "access_denied" {
			return "", herror.New(herror.ThirdPartyAuthFailed, "the callback has an error")
		}
		return "", herror.New(herror.ThirdPartyAuthDenied, "")
	}
	if check.Text("auth token", authToken, check.MaxData) != nil {
		return "", herror.New(herror.ThirdPartyAuthFailed, "the token in the callback cannot be sent")
	}
	return authToken, nil
}
