package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Key is the SHA-256 of a visitor key. Stores never get the visitor key itself, so
// a copy of a store does not reveal visitor keys, unless they can be guessed. It
// does reveal the sessions and their tokens: to encrypt them, use [Sealed].
type Key [sha256.Size]byte

// KeyOf returns the Key of a visitor key.
func KeyOf(visitorKey string) Key { return sha256.Sum256([]byte(visitorKey)) }

// String returns the hash in hexadecimal, 64 characters.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Revision is the version of what a store holds under a key. Every swap gives the
// key a new one. 0 is the revision of a key that was never written, or that the
// store has forgotten.
type Revision uint64

// Grace is how long a store must keep a key's revision after a write, even if the
// session has ended. No request may take longer, so [baas.WithTimeout] is bounded
// by it.
//
// [baas.WithTimeout]: https://pkg.go.dev/github.com/hydrogen-go/baas#WithTimeout
const Grace = 15 * time.Minute

// Store keeps the sessions of many end users. Package sessiontest tests that a
// Store keeps this contract:
//
//   - A missing or expired session is not an error. An error means that the store
//     itself failed.
//   - A session without a token means that nobody is logged in. For it, and for a
//     session that has expired, the store keeps the revision and what
//     [Session.Ended] returns. It keeps them for at least [Grace] after the swap,
//     and may then forget the key.
//   - Both methods are safe for concurrent use and return when ctx ends, with an
//     error that wraps that of ctx. After an error, a swap may or may not have
//     happened.
//   - No error and no log shows a session.
//
// Errors are plain errors; the client wraps them in [herror.StoreFailed].
type Store interface {
	// Load returns the session under key and the key's revision. If there is no
	// session, or only an expired one, it returns a session without a token. For a
	// record that cannot be read it returns the revision and an error that wraps
	// [ErrUnreadable]: a login replaces the record, a logout deletes it.
	Load(ctx context.Context, key Key) (Session, Revision, error)

	// Swap atomically compares the key's revision with old, stores next under key
	// if they are equal, and reports whether it did. Each successful swap gives
	// the key a revision that it never had before. So a slow request can neither
	// undo a logout nor replace a newer session.
	Swap(ctx context.Context, key Key, old Revision, next Session) (bool, error)
}
