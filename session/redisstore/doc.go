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
//     has logged out. [New] refuses a Redis Cluster client that reads from replicas. It
//     cannot recognise other clients of a replica, as one with ReplicaOnly in
//     redis.FailoverOptions. With these, every login and every logout fails.
//
// # When Redis fails
//
// While Redis does not respond, every call fails. While it is full or read-only, reads
// succeed and writes fail, so nobody can log in or out. Nothing is lost in these cases,
// and calls succeed again after the fault.
//
// A write that Redis has confirmed can be lost in two ways. Then a login of that time is
// lost, and a logout or a revocation of that time is undone:
//
//   - Redis starts again with older data. Without persistence all sessions are lost, and
//     none that had ended is live again. With "appendfsync everysec" the writes of the last seconds can
//     be lost, also if only the process was killed, because Redis delays writes to the
//     file while the disk is busy. With "appendfsync always" none is lost.
//   - A replica becomes the primary (failover) without having received the write.
//     Replication is asynchronous. If the replica is connected, the window is short. If it
//     was disconnected before, the window is the time since. With "min-replicas-to-write
//     1" the primary refuses writes from then on, so use two replicas or more.
//
// These are the results of ten runs of package loginproxy/loadtest on the loopback
// interface of a machine with two cores, with Redis 7.0.15 and go-redis 9.22. Three
// replicas of the login server get 150 visits a second, of about eight requests each. A
// request that fails is tried again after 5 to 100 ms, so a long fault has many failed
// requests. baas.WithTimeout is 2 s, down-after-milliseconds of the Sentinels and
// cluster-node-timeout are 1 s, and the clients have their default timeouts and retries.
// Logins work again means that one has succeeded on every replica.
//
//	what happens                        logins work again         failed requests   lost
//	Redis Cluster, three masters:
//	2,048 slots with sessions move      no interruption           0 of 14,159       nothing
//	a master is killed and restarted    1.7-2.2 s after its       526-654           nothing
//	                                    start
//	Sentinel, a primary, a replica:
//	the primary is killed               2.5-3.5 s after that      186-499           nothing
//	the primary is paused               2.7-3.3 s after that      46-48             nothing
//	the replica is disconnected, and    2.4-3.3 s after that      146-493           15-18 logins,
//	0.6-1 s later the primary killed                                                8-11 logouts
//	the same with                       2.4-2.9 s after that      175-379           1 logout in two
//	min-replicas-to-write 1                                                         of the runs
//
// Every lost write was confirmed after the replica was disconnected, or at that moment.
// No user got the session of another one.
//
// How fast a call fails while Redis cannot be reached depends on DialTimeout,
// DialerRetries and MaxRetries in the options of the Redis client. That client also
// logs to standard error; [redis.SetLogger] changes this.
package redisstore
