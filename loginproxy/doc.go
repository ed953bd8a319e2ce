// Package loginproxy is a login server to mount in a Go program: mini-programs send
// their logins to it, and it sends them to the backend. The backend's tokens never
// leave the server.
//
//	client, err := baas.New("your-client-id", baas.WithSessionStore(store))
//	…
//	proxy, err := loginproxy.New(client)
//	…
//	mux.Handle("/auth/", http.StripPrefix("/auth", proxy))
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
// docs/phone.md of the module is for those who write the mini-program. [Proxy.OpenAPI]
// serves the routes in OpenAPI 3.1.
//
// A body must arrive within the client's [baas.WithTimeout], or within the server's
// ReadTimeout if that is shorter. Behind a middleware whose ResponseWriter hides
// SetReadDeadline of [http.ResponseController], only the server's timeout counts.
//
// A POST needs Content-Type: application/json. An empty body means {}, and a field
// that is null means the same as a field that is left out. A logout without a body needs
// no content type.
//
// A login and a register respond with 200, a new session id, the time when the session
// ends at the latest, in unix seconds, and the user as the backend describes it:
//
//	{"token":"…","expires_at":1735689600,"user":{…}}
//
// [WithUserFields] chooses the fields of the user. GET me and POST phone respond with the
// same without the token, POST link with
// {"user_id":…,"openid":…,"unionid":…}, on Alipay also alipay_user_id, POST sms and POST
// logout with {}.
//
// # Mounting
//
// The proxy sees paths relative to what it is mounted at: use [http.StripPrefix] with
// net/http and with every router, also with the Mount of chi, which does not change the
// path. [Proxy.Backend] needs the whole path. Where the prefix is wrong, the response is
// 404 with a hint:
//
//	{"code":404,"error":"no_route","hint":"the path ends in the route me, …","code_spent":false}
//
// The hint names a route, and repeats nothing else of the path. docs/mounting.md in the
// repository shows the proxy and its middleware in net/http, chi, gin, echo and Fiber.
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
// A [Value] keeps a small value of the program's own in the session, such as a role.
//
// # Errors
//
// An error has a body of this form:
//
//	{"code":604,"error":"session_missing","code_spent":false}
//
// The codes are those of package herror. If code_spent is true, a login code that the
// request sent may be spent: get a new one on the phone. It is false for every request that
// sends none: only POST login/{platform}, POST link/{platform} and POST login/sms do. 603 also
// has id, openid and unionid if they are known. The backend's own text is never part of the
// body.
//
// A 605 says what is wrong, and in which field if that is known. It never has the value. The
// name of an unknown field is repeated only if it is a documented one in another spelling:
//
//	{"code":605,"error":"invalid_parameter","reason":"wrong_type","field":"createUser","code_spent":false}
//
// The reasons are incomplete_body, not_utf8, not_json, not_object, unknown_field,
// duplicate_field, wrong_type, missing_field and invalid_value. A needed field with null or
// an empty text is missing too. missing_field has no field where one of several is needed, as
// username, email or phone.
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
//	605            invalid_parameter       400  with reason and field
//	611            unsupported_function    501  the platform has no such call
//	612            anonymous_not_allowed   403
//	690            invalid_response        502
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
// not_configured is an error of the operator and not of the phone. Its code_spent is always
// false. It is the response where the backend says that the app has not enabled the login
// (405) or is in arrears (402), and for a client id that the backend does not know.
//
// No source says how the backend refuses an unknown client id. So after a login or a text
// message that is refused, the proxy asks the backend for the server's time, unless the
// backend has accepted a request of the proxy within the last minute. The time has the app's
// time zone and needs no argument. If that is refused too, the reason is the client id or the
// host. What cannot be told apart from a spent code: a wrong environment, and the settings of
// a platform, such as its secret, that are missing in the backend's console. Both are 400
// with code_spent.
//
// While the session store cannot write, a login with an account and a register have the same
// response whether the password, the code of the text message or the name is right or not.
// For that, the proxy writes an empty record after each of them that the backend has refused.
// On a cluster of which only a part fails, the two may differ.
//
// # The vendor's own client
//
// [Proxy.Backend] lets the vendor's JavaScript client work through the proxy without a
// change.
//
// # Hooks and metrics
//
// [WithLoginCheck] sets a function that can refuse a login. [WithOnLogin] and
// [WithOnLogout] set functions that are called when users log in and out. [WithRateLimiter]
// limits logins and text messages.
//
// [WithObserver] sets a function that is called for every request, for metrics and logs. The
// package itself logs nothing. [Event.Err] has the cause of an error, and [Event.Class] says
// who can do something about it:
//
//	class    means                                     who acts
//	input    what the client sent, or it hung up       the phone's developer, if anybody
//	refused  by the user, a limit, a check, an origin  nobody
//	store    the session store or the rate limiter     the operator
//	backend  the backend failed or did not respond     the backend's vendor
//	config   client id, logins that are not enabled    the operator
//	program  a panic, or the login check failed        the program's developer
package loginproxy
