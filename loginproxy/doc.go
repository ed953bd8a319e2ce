// Package loginproxy is a login server to mount in a Go program: mini-programs
// talk to it, it talks to the backend, and the backend's tokens never leave it.
//
//	client, err := baas.New("your-client-id", baas.WithSessionStore(store))
//	…
//	proxy, err := loginproxy.New(client)
//	…
//	mux.Handle("/auth/", http.StripPrefix("/auth/", proxy))
//	mux.Handle("/api/", proxy.Middleware(api))
//
// It keeps no state but in the client's session store: on a shared one, any number
// of replicas serve the same users.
//
// # Routes
//
// All take and give JSON. Fields are those of the vendor's client; all but the
// ones said to be needed are optional, an unknown one is an error, and data is the
// button event as the phone got it.
//
//	POST login/{platform}   code (needed), data, createUser, syncUserProfile, appName, withUnionID
//	POST login              username, email or phone, and password
//	POST login/sms          phone and code (needed), createUser
//	POST login/anonymous
//	POST register           username, email or phone, and password
//	POST sms                phone (needed), signatureID: sends a code
//	POST link/{platform}    code (needed), data, syncUserProfile, appName, withUnionID
//	POST phone              data (needed), overwrite
//	POST logout
//	GET  me
//
// Platforms go by both of their names, as in ks and kuaishou. syncUserProfile is
// "overwrite", "setnx" or false. A POST says Content-Type: application/json; an
// empty body stands for {}, and null for a field that is left out.
//
// Logins and register answer 200 with a new session id, when the session ends at
// the latest, in unix seconds, and the user as the backend describes it:
//
//	{"token":"…","expires_at":1735689600,"user":{…}}
//
// GET me and POST phone answer the same without the token, POST link
// {"user_id":…,"openid":…,"unionid":…}, POST sms and logout {}.
//
// # Sessions
//
// The token is 256 random bits that mean nothing to the backend. The phone sends
// it as Authorization: Bearer …; with [WithCookie] browsers send a cookie, and
// requests that other sites have them make are refused. Every login and register
// gives a new id and forgets the session that the request came with, whose user, if
// anonymous, keeps the account by registering. A login that fails leaves that session
// as it was, but for a login on a platform to which the backend answers 401: it no
// longer knows that session. A logout is not undone by a login that is still under
// way, which fails with 604, nor lost where the phone hangs up.
//
// A session ends with a logout, after [WithIdleTimeout], after
// [WithAbsoluteTimeout], with the backend's token, or when the backend no longer
// knows that.
//
// # Errors
//
// An error has a body of this form:
//
//	{"code":604,"error":"session_missing","code_spent":false}
//
// The codes are those of package herror. After code_spent true, a login code that
// was sent is spent: get a new one on the phone. With 603 come id, openid and
// unionid, where known. What the backend said is never part of it.
//
//	code           error                   status
//	400            bad_request             400  the backend refused: wrong password, spent code
//	401            not_authenticated       401
//	403            forbidden               403
//	404            not_found               404  no account, and createUser is false
//	429            too_many_requests       429
//	600            network_disconnected    502
//	601            request_timeout         504
//	603            unauthorized            403  the user said no
//	604            session_missing         401  log in again
//	605            invalid_parameter       400  also for JSON that is not as it should be
//	611            unsupported_function    501  the platform has no such call
//	612            anonymous_not_allowed   403
//	690            invalid_answer          502
//	691            store_failed            503
//	all others     backend_failed          502
//
// What the proxy refuses by itself has the status as its code:
//
//	403            cross_origin            403
//	404            no_route                404
//	405            method_not_allowed      405
//	413            body_too_large          413
//	415            unsupported_media_type  415
//	429            too_many_requests       429  with Retry-After
//
// # The vendor's own client
//
// [Proxy.Backend] lets the vendor's JavaScript client work through the proxy as it is.
//
// # Watching
//
// [WithOnLogin] and [WithOnLogout] are called for what happens to users,
// [WithObserver] for every request, for metrics and logs; [WithRateLimiter] guards
// logins and text messages. The package itself logs nothing.
package loginproxy
