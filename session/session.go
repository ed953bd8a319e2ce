// Package session holds what one end user's login leaves behind, [Session], and
// where it is kept, [Store].
package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Precision is how exactly the times of a session are kept, by every store and by
// [Session.MarshalBinary].
const Precision = time.Millisecond

// Session is the login state of one end user. The zero Session means: not logged in.
//
// It holds the user's token. Printing, logging or marshalling it as JSON never
// shows the token; to keep a session yourself, use [Session.MarshalBinary], and
// treat the bytes as you would a password.
type Session struct {
	// Token authorises requests as the user.
	Token Secret
	// UserID is the user's id in the backend.
	UserID int64
	// OpenID and UnionID name the user on the platform of the login; both are
	// empty after a login with an account, UnionID also on platforms without one.
	OpenID  string
	UnionID string
	// Platform is the name of the platform of the login ("kuaishou"), or of the
	// first one linked since; empty after a login with an account.
	Platform string
	// Anonymous tells that the user logged in anonymously.
	Anonymous bool
	// LoggedOut marks, on a session without a token, that the user logged out.
	LoggedOut bool
	// UserInfo is the user info that came with this login, as the platform's JSON
	// object ({"nickName": …, "avatarUrl": …}), or nil.
	UserInfo json.RawMessage
	// LoggedInAt is when the login was sent, by the client's clock.
	LoggedInAt time.Time
	// SeenAt is when the user was last seen, for servers that end idle sessions;
	// the SDK itself neither sets nor minds it.
	SeenAt time.Time
	// ExpiresAt is when the session ends: 30 seconds before the token does. A
	// session without it counts as ended.
	ExpiresAt time.Time
}

// Live reports whether the session holds a token that has not expired at now.
func (s Session) Live(now time.Time) bool {
	return !s.Token.IsZero() && now.Before(s.ExpiresAt)
}

// IsZero reports whether there is no session, live or expired.
func (s Session) IsZero() bool { return s.Token.IsZero() }

// Ended returns what a store keeps of a session that is over: that the user logged
// out, and when the login was sent that the session came from. Both tell a login
// that is still under way whether it comes too late.
func (s Session) Ended() Session {
	return Session{LoggedOut: s.LoggedOut, LoggedInAt: s.LoggedInAt}
}

// Format prints the session without its token and user info, for every verb.
func (s Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.summary()) }

// LogValue returns the session without its token and user info.
func (s Session) LogValue() slog.Value { return slog.StringValue(s.summary()) }

// MarshalJSON fails: a session marshalled by accident would either leak its
// token or lose it. Use [Session.MarshalBinary].
func (s Session) MarshalJSON() ([]byte, error) { return nil, errJSON }

var errJSON = errors.New("session: a Session holds a token and is not marshalled as JSON: use MarshalBinary")

func (s Session) summary() string {
	if s.IsZero() {
		return "session{}"
	}
	return fmt.Sprintf("session{user:%d platform:%q anonymous:%t expires:%s}",
		s.UserID, s.Platform, s.Anonymous, s.ExpiresAt.UTC().Format(time.RFC3339))
}
