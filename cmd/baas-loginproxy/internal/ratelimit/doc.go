// Package ratelimit limits how often clients may log in, register, check codes, and have
// text messages and mails sent: by the account that they name and by their address. The
// counts are in Redis, so that all replicas count together.
//
//	limiter, err := ratelimit.NewRedis(client, "baas:limit:", ratelimit.Defaults(), ratelimit.WithSecret(key))
//	…
//	loginproxy.New(backend, loginproxy.WithRateLimiter(limiter.Wait))
//
// # What a limit means
//
// A [Limit] is a number of requests and a period, as in 10/1m. After a quiet period
// that many requests may come at once. From then on, one more may come whenever its
// part of the period has passed: one in 6 seconds. So 1/1m is at most one request in
// any minute, and 10/1m at most 19. The algorithm is GCRA, the generic cell rate
// algorithm. Several limits hold together, as in 1/1m,5/1h. A request that is refused
// counts for no limit. A refusal tells the longest wait of all its limits.
//
// An IPv6 address counts with all of its /64, which is what one customer has. An IPv4
// address that is mapped into IPv6 counts as IPv4. A phone number counts without its
// separators and without the country code 86.
//
// # When the store fails
//
// What guesses a password or a code, costs money, or makes an account is refused with
// an error: the login server responds with 503. Only a login on a platform passes
// without being counted. Its code cannot be guessed and costs nothing, and the platform
// counts how many codes it gives to a phone. If the sessions are in the same Redis, the
// login fails anyway.
//
// # What the store sees
//
// A key is 128 bits of a hash of the account or the address. Phone numbers and IPv4
// addresses are few enough to be found by trying all of them. With [WithSecret] the
// hash has a key, and they cannot be found without it.
//
// # Why not a library
//
// The limits of one account must be counted all or none, in one command, and a count
// must be taken back when the other subject refuses. github.com/go-redis/redis_rate has
// neither, and its last release is of April 2023. So the script is here, and go-redis
// runs it.
package ratelimit
