// Package session has the login state of one end user, [Session], the interface of
// a session store, [Store], a store in memory, [Memory], and a store that encrypts
// what another store keeps, [Sealed].
//
// # Errors
//
// The constructors return a [*herror.HError] with code 605 for a bad argument. All
// other errors of this package, and those of a Store, are plain errors: for example
// [ErrEncoding] and [ErrSealed]. A client that uses a Store wraps its errors in an
// HError with code 691, [herror.StoreFailed], and errors.Is finds both. If the
// context has ended, the code is 601 instead.
package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Precision is the precision of a session's times in every store and in
// [Session.MarshalBinary]. Times are truncated to it.
const Precision = time.Millisecond

// Session is the login state of one end user. The zero Session means: not logged in.
//
// It holds the user's token. Printing and logging a session do not show the token,
// and marshalling it as JSON fails. To store a session yourself, use
// [Session.MarshalBinary], and protect the bytes like a password.
type Session struct {
	// Token authorizes requests as the user.
	Token Secret
	// UserID is the user's id in the backend.
	UserID int64
	// OpenID and UnionID identify the user on the platform of the login. Both are
	// empty after a login with an account. UnionID is also empty if the platform
	// has none.
	OpenID  string
	UnionID string
	// Platform is the name of the platform of the login, such as "kuaishou". After
	// a login with an account it is empty until the user links a platform.
	Platform string
	// Anonymous reports that the user logged in anonymously.
	Anonymous bool
	// LoggedOut reports, in a session without a token, that the user logged out.
	LoggedOut bool
	// Sealed marks a session as [Sealed] keeps it in its inner store: the token is not
	// one of the backend, but the encrypted session. A client without the sealing keys
	// fails with 691, and never sends such a token.
	Sealed bool
	// UserInfo is the user info that came with this login, as the platform's JSON
	// object ({"nickName": …, "avatarUrl": …}), or nil.
	UserInfo json.RawMessage
	// Values has small values of a server's own, as a JSON object, or is empty. They belong to
	// this login: a new session begins without them. The client itself neither sets nor reads
	// them; package loginproxy does.
	Values string
	// LoggedInAt is when the login request was sent, by the client's clock.
	LoggedInAt time.Time
	// SeenAt is when the user was last seen. It is for servers that end idle
	// sessions: the client itself neither sets nor reads it.
	SeenAt time.Time
	// ExpiresAt is when the session expires, usually 30 seconds before the token
	// does. A session with the zero time counts as expired.
	ExpiresAt time.Time
}

// Live reports whether the session holds a token of the backend that has not expired
// at now.
func (s Session) Live(now time.Time) bool {
	return !s.Token.IsZero() && !s.Sealed && now.Before(s.ExpiresAt)
}

// Expired reports whether a store need not keep the session: it holds no token, or it
// has expired at now. Unlike [Session.Live] it counts sealed sessions as sessions.
func (s Session) Expired(now time.Time) bool {
	return s.Token.IsZero() || !now.Before(s.ExpiresAt)
}

// IsZero reports whether the session holds no token, not even an expired one.
func (s Session) IsZero() bool { return s.Token.IsZero() }

// Ended returns what a store keeps of an ended session: LoggedOut and LoggedInAt.
// With these two, a login that is still under way can tell that it comes too late.
func (s Session) Ended() Session {
	return Session{LoggedOut: s.LoggedOut, LoggedInAt: s.LoggedInAt}
}

// Format prints the session without its token and user info, whatever the verb.
func (s Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.summary()) }

// LogValue returns the session without its token and user info.
func (s Session) LogValue() slog.Value { return slog.StringValue(s.summary()) }

// MarshalJSON always fails, because the JSON would either show the token or lack
// it. Use [Session.MarshalBinary].
func (s Session) MarshalJSON() ([]byte, error) { return nil, errJSON }

var errJSON = errors.New("session: a Session holds a token and is not marshalled as JSON: use MarshalBinary")

func (s Session) summary() string {
	if s.IsZero() {
		return "session{}"
	}
	return fmt.Sprintf("session{user:%d platform:%q anonymous:%t expires:%s}",
		s.UserID, s.Platform, s.Anonymous, s.ExpiresAt.UTC().Format(time.RFC3339))
}
