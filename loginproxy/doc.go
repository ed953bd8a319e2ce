// Package loginproxy is a login server to mount in a Go program: mini-programs send
// their logins to it, and it sends them to the backend. The backend's tokens never
// leave the server.
//
//	client, err := baas.New("your-client-id", baas.WithSessionStore(store))
//	…
//	proxy, err := loginproxy.New(client)
//	…
//	mux.Handle("/auth/", http.StripPrefix("/auth/", proxy))
//	mux.Handle("/api/", proxy.Middleware(api))
//
// All its state is in the client's session store. With a shared store, any number of
// replicas serve the same users.
//
// # Routes
//
// Requests and responses are JSON. The fields have the names that the vendor's client
// uses. A field is optional unless marked; of a/b, one is needed. An unknown field is
// an error, and so is a field that is given twice.
//
//	POST login/{platform}  code (needed), data, createUser, syncUserProfile, appName, withUnionID
//	POST login             username/email/phone (needed), password (needed)
//	POST login/sms         phone (needed), code (needed), createUser
//	POST login/anonymous
//	POST register          username/email/phone (needed), password (needed)
//	POST sms               phone (needed), signatureID
//	POST link/{platform}   code (needed), data, syncUserProfile, appName, withUnionID
//	POST phone             data (needed), overwrite, platform
//	POST logout
//	GET  me
//
// {platform} is a platform's name or one of its aliases, as in kuaishou and ks. data
// is the event of the button, as the phone got it. syncUserProfile is "overwrite",
// "setnx" or false. platform is the one that data comes from, by name or alias; the
// default is that of the session: of the login, or of the first link since. POST sms
// sends a text message with a code, for POST login/sms.
//
// A body must arrive within the client's [baas.WithTimeout], or within the server's
// ReadTimeout if that is shorter. Behind a middleware whose ResponseWriter hides
// SetReadDeadline of [http.ResponseController], only the server's timeout counts.
//
// A POST needs Content-Type: application/json. An empty body means {}, and a field
// that is null means the same as a field that is left out.
//
// A login and a register respond with 200, a new session id, the time when the session
// ends at the latest, in unix seconds, and the user as the backend describes it:
//
//	{"token":"…","expires_at":1735689600,"user":{…}}
//
// GET me and POST phone respond with the same without the token, POST link with
// {"user_id":…,"openid":…,"unionid":…}, on Alipay also alipay_user_id, POST sms and POST
// logout with {}.
//
// # Sessions
//
// The session id in token is 256 random bits. It is not the backend's token and means
// nothing to the backend. The phone sends it as Authorization: Bearer …. With
// [WithCookie] a browser gets it as a cookie only, and the response has no token. Then
// state-changing requests and upgrades, as for a WebSocket, that another origin has a
// browser make are refused.
//
// Every login and register creates a new session id. It forgets the session that the
// request came with, if any. A user of that session who is anonymous keeps the account
// by registering.
//
// A login that fails leaves the session of its request unchanged, with one exception:
// if the backend responds to a login on a platform with 401, it does not know the
// session any more, and the session is forgotten.
//
// A logout while a login of the same session is under way is not undone: the login
// fails with 604. A logout is completed also when the phone hangs up.
//
// A session ends with a logout, after [WithIdleTimeout], after [WithAbsoluteTimeout],
// when the backend's token expires, or when the backend no longer knows the token.
//
// # Errors
//
// An error has a body of this form:
//
//	{"code":604,"error":"session_missing","code_spent":false}
//
// The codes are those of package herror. If code_spent is true, a login code that the
// request sent may be spent: get a new one on the phone. 603 also has id, openid and
// unionid if they are known. The backend's own text is never part of the body.
//
//	code           error                   status
//	400            bad_request             400  the backend refused: wrong password, spent code
//	401            not_authenticated       401
//	403            forbidden               403
//	404            not_found               404  no account, and createUser is false
//	429            too_many_requests       429
//	600            network_disconnected    502
//	601            request_timeout         504
//	603            unauthorized            403  the user refused: herror.UserRefused
//	604            session_missing         401  log in again
//	605            invalid_parameter       400  also for JSON other than expected
//	611            unsupported_function    501  the platform has no such call
//	612            anonymous_not_allowed   403
//	690            invalid_answer          502
//	691            store_failed            503
//	all others     backend_failed          502
//
// For errors of the proxy itself, the code is the HTTP status:
//
//	code           error                   status
//	400            wrong_client_id         400  Proxy.Backend only
//	400            wrong_environment       400  Proxy.Backend only
//	400            unknown_platform        400  Proxy.Backend only
//	403            cross_origin            403
//	404            no_route                404
//	405            method_not_allowed      405
//	408            body_timeout            408
//	413            body_too_large          413
//	415            unsupported_media_type  415
//	429            too_many_requests       429  with Retry-After
//	500            internal_error          500  WriteError only: an error of another kind
//	503            limiter_failed          503  WithRateLimiter returned an error
//	503            login_check_failed      503  WithLoginCheck returned an error
//	503            not_configured          503  the app or this server is not set up for it
//
// # The vendor's own client
//
// [Proxy.Backend] lets the vendor's JavaScript client work through the proxy without a
// change.
//
// # Hooks and metrics
//
// [WithOnLogin] and [WithOnLogout] set functions that are called when users log in and
// out. [WithObserver] sets one that is called for every request, for metrics and logs.
// [WithRateLimiter] limits logins and text messages. The package itself logs nothing.
package loginproxy
