// Package redisstore is a session store in Redis, for a server with several replicas.
//
//	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
//	store, err := redisstore.New(client)
//	…
//	c, err := baas.New(clientID, baas.WithSessionStore(store))
//
// # What is in Redis
//
// Each visitor key has one Redis key: the prefix, followed by the SHA-256 of the
// visitor key in hexadecimal. The value is 8 bytes of revision, which are random at
// every swap, and the session as [session.Session.MarshalBinary] encodes it. It
// includes the token: protect Redis like a table of passwords, or encrypt the
// sessions with [session.NewSealed]. Redis deletes the key when the session expires,
// but not before [session.Grace] has passed since the last write. A swap is one Lua
// script on one key, so it is atomic, also on Redis Cluster.
//
// # The sessions of a user
//
// With [WithUserIndex], each user with a session has a sorted set too, under the prefix
// followed by "user:" and a hash of the app and the user's id. Its members are the
// hashes of the visitor keys, and with [session.NewSealed] its name does not tell whose
// they are. A login writes the set before the session, with one command more. A change
// of a session and a logout do not write it. Hashes of ended sessions are removed when
// the sessions of the user are asked for, and after every 32 new ones. The set expires
// a little after its longest session. No command uses both the set and a session, so
// Redis Cluster may keep them on different nodes.
//
// # Requirements
//
//   - Redis 2.6.12 or later, or a server with the same GET, GETRANGE, SET PX and
//     EVALSHA. WithUserIndex also uses EXISTS, PEXPIRE, PTTL and sorted sets.
//   - maxmemory-policy noeviction. If Redis evicts a session, its user must log in
//     again. If it evicts a logout, a login that was under way can undo it. If it
//     evicts the set of a user, the sessions in it are not found.
//   - Reads from the primary. A replica may still have the session of a user who
//     has logged out.
//
// A failover loses the writes that have not reached the new primary, including
// logouts and revocations.
//
// How fast a call fails while Redis cannot be reached depends on DialTimeout,
// DialerRetries and MaxRetries in the options of the Redis client. That client also
// logs to standard error; [redis.SetLogger] changes this.
package redisstore
