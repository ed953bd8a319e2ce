package session

import (
	"context"
	"encoding/hex"
	"errors"
	"time"
)

// Owner identifies the user of a session: 16 bytes of a hash of the app and of the
// user's id, which the client computes. Users of different apps on one store differ,
// also where their ids are equal.
type Owner [16]byte

// String returns the hash in hexadecimal, 32 characters.
func (o Owner) String() string { return hex.EncodeToString(o[:]) }

// ErrRevoked is the error of [OwnerStore.SwapOwned] for a login that was sent before
// the user's sessions were revoked. It is a plain error.
var ErrRevoked = errors.New("session: the user's sessions were revoked after the login was sent")

// OwnerStore is a [Store] that also finds the sessions of a user. A client stores the
// session of every login with SwapOwned, and every other change with Swap.
//
// A client revokes the sessions of a user in three steps: it calls RefuseLogins, then
// Owned, and then swaps every key of the result. So no login that was sent before
// survives: either Owned returns its key and the client swaps it, or SwapOwned refuses
// the login.
//
// A store that has these methods and is not set up to find sessions treats SwapOwned
// as Swap. Its other two methods then return an error that wraps
// [errors.ErrUnsupported].
//
// Package sessiontest tests this contract too.
type OwnerStore interface {
	Store

	// SwapOwned is Swap for the session of a login. It records that the session is
	// owner's. Later swaps under the key do not change the owner.
	//
	// It returns [ErrRevoked], and stores nothing, if RefuseLogins was called for owner
	// with a time after next.LoggedInAt.
	SwapOwned(ctx context.Context, key Key, old Revision, next Session, owner Owner) (bool, error)

	// Owned returns the keys of owner's sessions, in no order, and each of them once.
	// This includes every key for which a call of SwapOwned with that owner is under
	// way. Some of the keys may hold no session, or a session that has another owner by
	// now. Load and Swap take the keys as they are; a store may return only the part of
	// a key that it needs.
	Owned(ctx context.Context, owner Owner) ([]Key, error)

	// RefuseLogins makes SwapOwned refuse the sessions of owner whose LoggedInAt is
	// before that time, for at least [Grace] from now on. An earlier time than that of
	// another call changes nothing. The zero time refuses no login: such a call only
	// reports whether the store can find sessions.
	RefuseLogins(ctx context.Context, owner Owner, before time.Time) error
}
