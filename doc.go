// Package baas is a Go SDK for the logins of MinCloud (知晓云), the backend whose
// users come from Kuaishou, ByteDance, WeChat and other Chinese mini-programs.
//
// A mini-program gets a login code on the phone and posts it to a Go server, with
// what the user agreed to share. The server makes one call:
//
//	client, err := baas.New("your-client-id")
//	…
//	a := client.Auth(visitorKey)
//	u, err := a.LoginWithKs(ctx, data, auth.Code(code))
//
// and has a typed user, or a typed error.
//
// # Users and sessions
//
// One [Client] serves every end user. What belongs to one user hangs on the session
// key given to [Client.Auth]: two keys never see each other's token. Sessions are
// kept in a [session.Store], in memory unless [WithSessionStore] says otherwise.
// A program that keeps them itself uses [Client.Resume].
//
// # Errors
//
// Every error is a *herror.HError. Ask for its kind with errors.Is and a code of
// package herror: Unauthorized (603, the user refused), SessionMissing (604, not
// logged in), NotFound (404, no account yet) and so on. Its Sent method says
// whether a login code may be spent.
//
// # Retries
//
// Reads are tried again after connection errors, 429 and 5xx, up to three times in
// all, waiting as long as Retry-After asks. Everything else is sent again only where
// nothing of it can have reached the backend, for login codes are single use.
//
// # Concurrency
//
// Everything exported is safe for concurrent use. Identical logins, links and reads
// of the current user that are under way for one session make one request. No call
// leaves a goroutine behind.
//
// # Login servers
//
// Package loginproxy is a ready login server around a Client: mini-programs talk to
// it, and tokens stay behind it. Several replicas share their sessions in Redis with
// package session/redisstore.
//
// # Tests
//
// Package baastest is a double of the backend, with simulated phones, for tests
// without network, account or phone.
package baas
