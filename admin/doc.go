// Package admin makes the calls of the Open API, which the backend has for servers: it
// finds, reads, changes and counts the users of an app, changes their accounts, and
// has groups and text messages. No end user logs in.
//
//	c, err := admin.New(clientID, clientSecret)
//	…
//	for u, err := range c.Users(ctx, admin.Where(admin.Field("level").GreaterOrEqual(3))) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(u.ID(), u.Nickname())
//	}
//
// Whoever has the client secret can change every user of the app. Keep it on servers.
//
// # Access tokens
//
// A client gets an access token with its client id and client secret at its first call,
// in the documented two steps. All calls share the token until 30 seconds before its
// end. When the backend refuses it with 401, the client gets another one and sends the
// call once more.
//
// The documentation says that a refresh ends all older tokens of the app. Replicas of a
// program therefore share one token, in a store that all of them use:
//
//	store, err := redisstore.New(redisClient)
//	…
//	c, err := admin.New(clientID, clientSecret, admin.WithTokenStore(store))
//
// One replica gets a new token while the others wait for it, at most half of the
// timeout. The clocks of the replicas must not differ by more than that. The store
// contains the token: encrypt it with [session.NewSealed], or protect the store like a
// table of passwords. The client secret is never stored.
//
// The client does not use refresh tokens. A new code gets a new token as well, and
// does not end the tokens of other programs, as far as it is documented.
//
// # Errors and retries
//
// Every call returns its error as an [*herror.HError]. Invalid arguments are 605, and
// nothing is sent. Reads are retried after connection errors, 429 and 5xx, up to twice.
// Changes are retried only if nothing was sent, or after a 429 with a Retry-After
// header. If Sent of another error reports true, the change may have been made.
//
// # Concurrency
//
// Everything in this package is safe for concurrent use.
package admin
