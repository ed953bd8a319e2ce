package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Key is the hash of a visitor key: stores never see the key itself, so that a
// copy of a store tells nobody a key that cannot be guessed. What it tells of the
// sessions, tokens above all, [Sealed] hides.
type Key [sha256.Size]byte

// KeyOf returns the Key of a visitor key.
func KeyOf(visitorKey string) Key { return sha256.Sum256([]byte(visitorKey)) }

// String returns the hash in hexadecimal, 64 characters.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Revision tells one state of a key from every earlier one. 0 is the revision of
// a key that holds nothing and has not been written for [Grace].
type Revision uint64

// Grace is how long at least a store keeps a key's revision after its session is
// gone. No request may take longer; [baas.WithTimeout] is bounded by it.
//
// [baas.WithTimeout]: https://pkg.go.dev/github.com/hydrogen-go/baas#WithTimeout
const Grace = 15 * time.Minute

// Store keeps the sessions of many end users. The contract:
//
// Load returns the session under key and the key's revision; where there is none,
// or only an expired one, that is a session without a token and no error, for an
// error means that the store itself failed. Swap puts next in the place of
// whatever is there, but only while the key's revision is still old, and reports
// whether it did; each swap done gives the key a revision that it has not had
// before, so that neither a logout is undone nor a newer session lost by a slower
// request. A session without a token stands for none: of it, and of one that has
// expired, the store keeps the revision and what [Session.Ended] returns for at
// least [Grace] after the swap, and may then forget the key. Both are safe for
// concurrent use, return when ctx ends, and put no session into an error or a log.
type Store interface {
	Load(ctx context.Context, key Key) (Session, Revision, error)
	Swap(ctx context.Context, key Key, old Revision, next Session) (bool, error)
}
