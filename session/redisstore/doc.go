// Package redisstore keeps sessions in Redis, for a server of several replicas.
//
//	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
//	store, err := redisstore.New(client)
//	…
//	c, err := baas.New(clientID, baas.WithSessionStore(store))
//
// # What is in Redis
//
// Each visitor key has one Redis key, the prefix and the SHA-256 of the visitor
// key in hexadecimal. Its value is eight bytes of revision, random at every swap,
// and the session as [session.Session.MarshalBinary] encodes it, token included:
// guard Redis as you would a table of passwords, or seal the sessions with
// [session.NewSealed]. Redis drops the key when the session ends, at the earliest
// [session.Grace] after it was written. A swap is one Lua script on one key, so Redis
// Cluster will do.
//
// # What Redis must be
//
// Redis 2.6.12 or later, or whatever has its GET, GETRANGE, SET PX and EVALSHA.
//   - It must not evict keys that have not expired (maxmemory-policy noeviction):
//     an evicted session is a lost login, an evicted logout can be undone by a
//     login that was under way.
//   - Reads must go to the primary. A replica may still show a session whose user
//     has logged out.
//   - A failover loses the writes that the new primary had not got yet, logouts too.
//
// How fast a call fails while Redis is away is the client's to say: DialTimeout,
// DialerRetries and MaxRetries of its options. It also logs on standard error, unless
// [redis.SetLogger] says otherwise.
package redisstore
