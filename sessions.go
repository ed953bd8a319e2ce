package baas

import (
	"context"
	"slices"
	"time"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/session"
)

// SessionInfo is what an operator may know of a session: nothing in it lets anybody
// act as the user.
type SessionInfo struct {
	// Platform is the name of the platform of the login, as in "kuaishou"; empty after
	// a login with an account.
	Platform string
	// Anonymous reports that the user logged in anonymously.
	Anonymous bool
	// LoggedInAt is when the login was sent.
	LoggedInAt time.Time
	// SeenAt is when the user was last seen, as noted by package loginproxy; the zero
	// time where nobody notes it.
	SeenAt time.Time
	// ExpiresAt is when the session expires.
	ExpiresAt time.Time
}

// Sessions returns the live sessions of the user with that id, the newest first. It
// asks the session store only, and finds the sessions of this client's host, client id
// and environment. Sessions of [Client.Resume] are not in the store.
//
// A [session.Memory] reads all of its sessions for it. A redisstore needs the option
// WithUserIndex, and finds the sessions of logins since it has that option.
//
// Errors: 605 the id is not positive, 611 the session store cannot find the sessions of
// a user, 691 the session store failed or a session in it cannot be read.
func (c *Client) Sessions(ctx context.Context, userID int64) ([]SessionInfo, error) {
	if userID <= 0 {
		return nil, errUserID
	}
	live, err := c.shared.UserSessions(ctx, userID)
	if err != nil {
		return nil, err
	}
	infos := make([]SessionInfo, 0, len(live))
	for _, s := range live {
		infos = append(infos, SessionInfo{
			Platform: s.Platform, Anonymous: s.Anonymous,
			LoggedInAt: s.LoggedInAt, SeenAt: s.SeenAt, ExpiresAt: s.ExpiresAt,
		})
	}
	slices.SortFunc(infos, func(a, b SessionInfo) int { return b.LoggedInAt.Compare(a.LoggedInAt) })
	return infos, nil
}

// RevokeUser logs the user with that id out everywhere: it deletes each session that
// [Client.Sessions] returns from the store, as a logout does, and then has the backend
// destroy the tokens, POST v2.0/session/destroy/. It returns how many sessions it
// deleted, also with an error, and may be repeated. Where the user has no session, it
// succeeds.
//
// A login that was sent before RevokeUser was called fails with 604, also where its
// response comes later. A login that is sent after RevokeUser has returned is a new
// session: first change the password, or disable the account, and then call RevokeUser.
// A client with a code source logs the user in again.
//
// Which login was sent before is decided by the clocks of the replicas, to the
// millisecond; one in the same millisecond counts as later. A Redis that loses writes
// in a failover can lose a revocation. Sessions of [Client.Resume] are not in the store,
// and are not revoked.
//
// Destroying the tokens is best effort: a token that the backend does not destroy is
// valid there until it expires, but is no longer stored here. So is the token of a login
// that came too late.
//
// Errors: 605 the id is not positive, 611 the session store cannot find the sessions of
// a user. After 691 (the session store failed) and 601, sessions may be left: call it
// again. After every other error all sessions are deleted here, and some tokens are not
// destroyed. The causes are joined, as by [errors.Join].
func (c *Client) RevokeUser(ctx context.Context, userID int64) (revoked int, err error) {
	if userID <= 0 {
		return 0, errUserID
	}
	return c.shared.RevokeUser(ctx, userID, session.Secret{})
}

var errUserID = check.Invalid("the user id is not positive")
