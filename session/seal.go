package session

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/hydrogen-go/baas/herror"
)

// SealingKeySize is the length of a sealing key in bytes.
const SealingKeySize = 32

// ErrSealed is what [Sealed.Load] fails with where there is a session that none
// of the sealing keys opens: it was not sealed, was sealed with another key or for
// another visitor key, or has been changed.
var ErrSealed = errors.New("session: a stored session that no sealing key opens")

// Sealed is a [Store] that encrypts sessions on their way into another one, so
// that whoever reads that one, or a backup of it, gets no token and no user. The
// other store sees when a session ends, how long it is, and logouts.
//
// Sessions are sealed with AES-256-GCM under a key derived from the sealing key
// and the session's key: one that is changed, or moved to another user, does not
// open. Sealing does not keep someone who may write to the other store from
// deleting a session or from putting an older one of the same user back.
//
// It is immutable, and safe for concurrent use as the other store is.
type Sealed struct {
	store Store
	keys  []*sealingKey // pointers, which fmt does not follow
}

var _ Store = (*Sealed)(nil)

// NewSealed returns a store that keeps its sessions sealed in store. Each key is
// [SealingKeySize] bytes from a source of randomness, not a password. The first
// one seals; all of them open.
//
// To change the key under running replicas, first give every replica the new key
// behind the old one, then the new one in front, and drop the old one when the last
// session sealed with it has ended. A session that no key opens is an error, not a
// missing session, so that a replica with wrong keys logs nobody out. So begin with
// an empty store both when sealing is new and when a key is lost.
//
// It fails with 605 without a store, and where a key is missing, given twice, of another
// length or all zero.
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
			return nil, err
		}
		if s.keyOf(added.id) != nil {
			return nil, invalid("a sealing key is given twice")
		}
		s.keys = append(s.keys, added)
	}
	return s, nil
}

// Load implements [Store]. Beside the errors of the other store it fails with
// [ErrSealed].
func (s *Sealed) Load(ctx context.Context, key Key) (Session, Revision, error) {
	outer, rev, err := s.store.Load(ctx, key)
	if err != nil {
		return Session{}, 0, err
	}
	if outer.IsZero() {
		return outer.Ended(), rev, nil
	}
	opened, err := s.open(key, []byte(outer.Token.Reveal()))
	if err != nil {
		return Session{}, 0, err
	}
	return opened, rev, nil
}

// Swap implements [Store].
func (s *Sealed) Swap(ctx context.Context, key Key, old Revision, next Session) (bool, error) {
	outer := next.Ended()
	if !next.IsZero() {
		sealed, err := s.seal(key, next)
		if err != nil {
			return false, err
		}
		outer = Session{Token: NewSecret(string(sealed)), LoggedInAt: next.LoggedInAt, ExpiresAt: next.ExpiresAt}
	}
	return s.store.Swap(ctx, key, old, outer)
}

// Format prints how many keys there are, for every verb.
func (s *Sealed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.summary()) }

// LogValue returns how many keys there are.
func (s *Sealed) LogValue() slog.Value { return slog.StringValue(s.summary()) }

func (s *Sealed) summary() string {
	if s == nil {
		return "sealed sessions{}"
	}
	return fmt.Sprintf("sealed sessions{keys:%d}", len(s.keys))
}

// A sealed session is a version byte, the id of the sealing key, and what GCM
// makes: a random nonce, the encoded session and the tag.
const (
	sealVersion = 1
	keyIDSize   = 8
	sealHead    = 1 + keyIDSize
)

// What the key derivation is for, so that no derived key serves two purposes.
const (
	deriveKeyID = "baas sealing key id"
	deriveKey   = "baas sealed session "
)

type sealingKey struct {
	id     [keyIDSize]byte
	secret []byte
}

func newSealingKey(secret []byte) (*sealingKey, error) {
	k := &sealingKey{secret: bytes.Clone(secret)}
	id, err := hkdf.Expand(sha256.New, k.secret, deriveKeyID, keyIDSize)
	copy(k.id[:], id)
	return k, err
}

// aead returns the cipher for the sessions under one visitor key. As each has a
// key of its own, random nonces do not run out however many sessions there are.
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

func (s *Sealed) keyOf(id [keyIDSize]byte) *sealingKey {
	for _, k := range s.keys {
		if k.id == id {
			return k
		}
	}
	return nil
}

func (s *Sealed) seal(key Key, plain Session) ([]byte, error) {
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
	return aead.Seal(sealed, nil, encoded, additional(sealed, key)), nil
}

func (s *Sealed) open(key Key, sealed []byte) (Session, error) {
	if len(sealed) < sealHead || sealed[0] != sealVersion {
		return Session{}, ErrSealed
	}
	k := s.keyOf([keyIDSize]byte(sealed[1:sealHead]))
	if k == nil {
		return Session{}, ErrSealed
	}
	aead, err := k.aead(key)
	if err != nil {
		return Session{}, err
	}
	encoded, err := aead.Open(nil, nil, sealed[sealHead:], additional(sealed[:sealHead], key))
	if err != nil {
		return Session{}, ErrSealed
	}
	return decode(encoded)
}

// additional is what a session is sealed for without being encrypted.
func additional(head []byte, key Key) []byte {
	return append(append(make([]byte, 0, sealHead+len(key)), head...), key[:]...)
}

// invalid returns the error for a bad argument of a constructor.
func invalid(detail string) error { return herror.New(herror.InvalidParameter, "session: "+detail) }
