package session

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/hydrogen-go/baas/herror"
)

// SealingKeySize is the length of a sealing key in bytes.
const SealingKeySize = 32

// ErrSealed is the error of [Sealed.Load] for a stored session that none of the
// sealing keys can decrypt: it was not sealed, it was sealed with another sealing
// key or for another visitor key, or it was changed. It is a plain error and wraps
// [ErrUnreadable].
var ErrSealed = fmt.Errorf("%w: no sealing key decrypts it", ErrUnreadable)

// Sealed is a [Store] that encrypts sessions before it puts them into another
// store, the inner store. Whoever reads the inner store, or a backup of it, learns
// no token and no user. The inner store still sees when the login was sent, when
// the session expires, how long its encoding is, and whether the user logged out.
//
// Sessions are encrypted and authenticated with AES-256-GCM, with a key derived
// from the sealing key and the visitor key's hash. A session that was changed, or
// copied to another user, is refused with [ErrSealed]. But somebody who can write
// to the inner store can delete a session, and can put back an older session of
// the same user.
//
// Sealed finds the sessions of a user if the inner store is an [OwnerStore]. The inner
// store gets an HMAC of the [Owner], so it sees which sessions are of one user, and not
// of whom. With [Sealed.AcceptUnsealed], sessions that are not sealed are found too.
//
// Sealed is immutable, and as safe for concurrent use as the inner store.
type Sealed struct {
	store Store
	keys  []*sealingKey // pointers, because fmt does not follow them in a field
	// unsealed also accepts sessions that are not sealed.
	unsealed bool
}

var _ OwnerStore = (*Sealed)(nil)

// NewSealed returns a store that keeps its sessions encrypted in store. Each
// sealing key is [SealingKeySize] random bytes, not a password. The first sealing
// key encrypts; every one of them decrypts.
//
// To rotate the sealing key while replicas are running: first give every replica
// the new key after the old one, then the new key before the old one. Remove the
// old key when the last session encrypted with it has expired.
//
// To introduce sealing over live sessions: first give every replica a store of
// [Sealed.AcceptUnsealed], which writes sealed sessions and reads both kinds, then,
// when the last unsealed session has expired, the plain one.
//
// A session that no sealing key decrypts is an error, [ErrSealed], and not a
// missing session. So a replica with wrong keys logs nobody out. The user's next
// login replaces such a session, and a logout deletes it.
//
// The error is an HError with code 605 if store is nil, if there is no sealing key,
// or if a sealing key is given twice, has another length or is all zero.
func NewSealed(store Store, keys ...[]byte) (*Sealed, error) {
	if store == nil {
		return nil, invalid("no store to seal")
	}
	if len(keys) == 0 {
		return nil, invalid("no sealing key")
	}
	s := &Sealed{store: store}
	for _, key := range keys {
		if len(key) != SealingKeySize || bytes.Equal(key, make([]byte, SealingKeySize)) {
			return nil, invalid(fmt.Sprintf("a sealing key is not %d random bytes", SealingKeySize))
		}
		added, err := newSealingKey(key)
		if err != nil {
			return nil, herror.New(herror.InvalidParameter, "session: a sealing key cannot be used").WithCause(err)
		}
		if s.sealingKey(added.id) != nil {
			return nil, invalid("a sealing key is given twice")
		}
		s.keys = append(s.keys, added)
	}
	return s, nil
}

// AcceptUnsealed returns a store like s that also reads sessions that are not sealed.
// It is for the time in which replicas are switched over to sealing: somebody who can
// write to the inner store can put a session of their own there.
func (s *Sealed) AcceptUnsealed() *Sealed {
	both := *s
	both.unsealed = true
	return &both
}

// Load implements [Store]. Its errors are those of the inner store, and [ErrSealed].
func (s *Sealed) Load(ctx context.Context, key Key) (Session, Revision, error) {
	stored, rev, err := s.store.Load(ctx, key)
	if err != nil {
		return Session{}, rev, err
	}
	if stored.IsZero() {
		return stored.Ended(), rev, nil
	}
	plain, err := s.decrypt(key, []byte(stored.Token.Reveal()))
	switch {
	case err == nil:
		return plain, rev, nil
	case s.unsealed && !stored.Sealed:
		return stored, rev, nil
	}
	return Session{}, rev, err
}

// Swap implements [Store]. Its errors are those of the inner store.
func (s *Sealed) Swap(ctx context.Context, key Key, old Revision, next Session) (bool, error) {
	stored, err := s.seal(key, next)
	if err != nil {
		return false, err
	}
	return s.store.Swap(ctx, key, old, stored)
}

// SwapOwned implements [OwnerStore]. If the inner store is no OwnerStore, it is Swap.
// Its errors are those of the inner store.
func (s *Sealed) SwapOwned(ctx context.Context, key Key, old Revision, next Session, owner Owner) (bool, error) {
	inner, ok := s.store.(OwnerStore)
	if !ok {
		return s.Swap(ctx, key, old, next)
	}
	stored, err := s.seal(key, next)
	if err != nil {
		return false, err
	}
	return inner.SwapOwned(ctx, key, old, stored, s.keys[0].owner(owner))
}

// Owned implements [OwnerStore]. It finds the sessions of all sealing keys. Its errors
// are those of the inner store.
func (s *Sealed) Owned(ctx context.Context, owner Owner) ([]Key, error) {
	inner, ok := s.store.(OwnerStore)
	if !ok {
		return nil, errNotOwned
	}
	var keys []Key
	for _, outer := range s.owners(owner) {
		found, err := inner.Owned(ctx, outer)
		if err != nil {
			return nil, err
		}
		keys = append(keys, found...)
	}
	slices.SortFunc(keys, func(a, b Key) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(keys), nil
}

// RefuseLogins implements [OwnerStore]. Its errors are those of the inner store.
func (s *Sealed) RefuseLogins(ctx context.Context, owner Owner, before time.Time) error {
	inner, ok := s.store.(OwnerStore)
	if !ok {
		return errNotOwned
	}
	for _, outer := range s.owners(owner) {
		if err := inner.RefuseLogins(ctx, outer, before); err != nil {
			return err
		}
	}
	return nil
}

var errNotOwned = fmt.Errorf("session: the inner store of a Sealed is no OwnerStore: %w", errors.ErrUnsupported)

// owners returns what the inner store may know an owner as.
func (s *Sealed) owners(owner Owner) []Owner {
	var outer []Owner
	for _, k := range s.keys {
		outer = append(outer, k.owner(owner))
	}
	if s.unsealed {
		outer = append(outer, owner)
	}
	return outer
}

// seal returns what the inner store keeps of next.
func (s *Sealed) seal(key Key, next Session) (Session, error) {
	if next.IsZero() {
		return next.Ended(), nil
	}
	sealed, err := s.encrypt(key, next)
	if err != nil {
		return Session{}, err
	}
	return Session{Sealed: true, Token: NewSecret(string(sealed)), LoggedInAt: next.LoggedInAt, ExpiresAt: next.ExpiresAt}, nil
}

// Format prints the number of sealing keys, whatever the verb.
func (s *Sealed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.summary()) }

// LogValue returns the number of sealing keys.
func (s *Sealed) LogValue() slog.Value { return slog.StringValue(s.summary()) }

func (s *Sealed) summary() string {
	if s == nil {
		return "sealed sessions{}"
	}
	return fmt.Sprintf("sealed sessions{keys:%d}", len(s.keys))
}

// A sealed session is a version byte, the id of the sealing key, and the output of
// AES-GCM: a random nonce, the encrypted session and the tag.
const (
	sealVersion = 1
	keyIDSize   = 8
	sealHead    = 1 + keyIDSize
)

// The info strings of HKDF. They differ, so no derived key has two purposes.
const (
	deriveKeyID = "baas sealing key id"
	deriveKey   = "baas sealed session "
	deriveOwner = "baas sealed owner"
)

type sealingKey struct {
	id     [keyIDSize]byte
	secret []byte
	owners []byte // the key of the HMAC of owners
}

func newSealingKey(secret []byte) (*sealingKey, error) {
	k := &sealingKey{secret: bytes.Clone(secret)}
	id, err := hkdf.Expand(sha256.New, k.secret, deriveKeyID, keyIDSize)
	if err != nil {
		return nil, err
	}
	copy(k.id[:], id)
	k.owners, err = hkdf.Expand(sha256.New, k.secret, deriveOwner, SealingKeySize)
	return k, err
}

// owner returns what the inner store knows the owner as.
func (k *sealingKey) owner(owner Owner) Owner {
	sum := hmac.New(sha256.New, k.owners)
	sum.Write(owner[:])
	return Owner(sum.Sum(nil))
}

// aead returns the cipher for the sessions under one visitor key. Each visitor key
// has its own derived key. So random nonces are safe however many sessions there are.
func (k *sealingKey) aead(key Key) (cipher.AEAD, error) {
	derived, err := hkdf.Expand(sha256.New, k.secret, deriveKey+string(key[:]), SealingKeySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (s *Sealed) sealingKey(id [keyIDSize]byte) *sealingKey {
	for _, k := range s.keys {
		if k.id == id {
			return k
		}
	}
	return nil
}

func (s *Sealed) encrypt(key Key, plain Session) ([]byte, error) {
	encoded, err := plain.MarshalBinary()
	if err != nil {
		return nil, err
	}
	first := s.keys[0]
	aead, err := first.aead(key)
	if err != nil {
		return nil, err
	}
	sealed := make([]byte, 0, sealHead+len(encoded)+aead.Overhead())
	sealed = append(append(sealed, sealVersion), first.id[:]...)
	return aead.Seal(sealed, nil, encoded, additionalData(sealed, key)), nil
}

func (s *Sealed) decrypt(key Key, sealed []byte) (Session, error) {
	if len(sealed) < sealHead || sealed[0] != sealVersion {
		return Session{}, ErrSealed
	}
	k := s.sealingKey([keyIDSize]byte(sealed[1:sealHead]))
	if k == nil {
		return Session{}, ErrSealed
	}
	aead, err := k.aead(key)
	if err != nil {
		return Session{}, err
	}
	encoded, err := aead.Open(nil, nil, sealed[sealHead:], additionalData(sealed[:sealHead], key))
	if err != nil {
		return Session{}, ErrSealed
	}
	return decode(encoded)
}

// additionalData returns what is authenticated together with the session, but not
// encrypted.
func additionalData(head []byte, key Key) []byte {
	return append(append(make([]byte, 0, sealHead+len(key)), head...), key[:]...)
}

// invalid returns the error for a bad argument of a constructor.
func invalid(detail string) error { return herror.New(herror.InvalidParameter, "session: "+detail) }
