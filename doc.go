// Package baas is a Go SDK for the logins of MinCloud (知晓云), a backend for
// mini-programs on Kuaishou, ByteDance, WeChat and other Chinese platforms.
//
// The mini-program gets a login code on the phone. It posts the code to a Go server,
// together with the data that the user agreed to share. The server makes one call:
//
//	client, err := baas.New("your-client-id") // once, for all users
//	…
//	visitorKey := baas.NewVisitorKey() // one per visitor: keep it in the visitor's cookie
//	u, err := client.Auth(visitorKey).LoginWithKs(ctx, data, auth.Code(code))
//	switch {
//	case errors.Is(err, herror.UserRefused): // 603: the user refused on the phone
//	case err == nil: // u.ID(), u.Nickname(), u.OpenID() …
//	}
//
// The result is a typed user or a typed error.
//
// # From the vendor's documentation
//
// Every call has its documented name, letter by letter, with a capital first letter.
// The documented auth.loginWithKs, loginWithTt and loginWithWechat are methods of the
// value that [Client.Auth] returns: client.Auth(visitorKey).LoginWithKs and so on. The
// calls of a user, as linkKs, are methods of the user that a login returns. The options
// are in package auth: createUser is auth.CreateUser. The platforms are values of
// package platform, as platform.Kuaishou{}. The strategies, which make each platform's
// requests, are in internal/idp, one file per platform. The README of this module has a
// table of all documented calls.
//
// # Users and sessions
//
// One [Client] serves all end users. The state of one user, above all the token,
// belongs to the visitor key given to [Client.Auth]. A call with one visitor key never
// uses the token of another. Sessions are kept in a [session.Store], which is in memory
// by default; [WithSessionStore] sets another one. A program that keeps sessions itself
// uses [Client.Resume].
//
// # Errors
//
// Every error of a call is a *herror.HError. Test for its kind with errors.Is and a code
// of package herror: UserRefused (603, the user refused on the phone), SessionMissing
// (604, not logged in), NotFound (404, no account yet) and so on. Its method Sent
// reports whether a login code may be spent.
//
// # Retries
//
// Reads are tried up to three times in all: after connection errors, 429 and 5xx. The
// pause between two attempts follows Retry-After where the response has it. Every other
// request is sent again only if nothing of it can have reached the backend, because a
// login code is single use.
//
// # Concurrency
//
// Everything exported is safe for concurrent use. Identical logins, links and reads of
// the current user that are under way for one visitor key are deduplicated: they make
// one request. No call leaves a goroutine running.
//
// # Login servers
//
// Package loginproxy is a login server around a Client. Mini-programs talk to it, and
// the backend's tokens stay on it. Several replicas share their sessions in Redis with
// package session/redisstore.
//
// # Tests
//
// Package baastest is a double of the backend with simulated phones. Tests with it need
// no network, no account and no phone.
package baas
