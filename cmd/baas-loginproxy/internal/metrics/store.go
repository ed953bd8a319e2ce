package metrics

import (
	"context"
	"errors"
	"time"

	"github.com/hydrogen-go/baas/session"
)

// Store returns a store that measures the operations of inner. It is a
// [session.OwnerStore] if inner is one.
func (m *Metrics) Store(inner session.Store) session.Store {
	s := store{inner, m}
	if owners, ok := inner.(session.OwnerStore); ok {
		return ownerStore{s, owners}
	}
	return s
}

// The values of the labels of operations of the store.
const (
	opLoad   = "load"
	opSwap   = "swap"
	opOwned  = "owned"
	opRefuse = "refuse_logins"

	resultOK         = "ok"
	resultConflict   = "conflict"   // another request has changed the session
	resultRevoked    = "revoked"    // the user's sessions were revoked
	resultUnreadable = "unreadable" // the record cannot be read
	resultEnded      = "canceled"   // the caller has given up
	resultTimeout    = "timeout"
	resultError      = "error"

	reasonLogout = "logout" // also by RevokeUser
	reasonOther  = "other"  // idle, too old, replaced by a login, or not known to the backend any more
)

type store struct {
	inner session.Store
	m     *Metrics
}

// Load implements [session.Store].
func (s store) Load(ctx context.Context, key session.Key) (session.Session, session.Revision, error) {
	began := time.Now()
	got, rev, err := s.inner.Load(ctx, key)
	s.m.operation(opLoad, resultOf(true, err), began)
	return got, rev, err
}

// Swap implements [session.Store].
func (s store) Swap(ctx context.Context, key session.Key, old session.Revision, next session.Session) (bool, error) {
	began := time.Now()
	done, err := s.inner.Swap(ctx, key, old, next)
	s.m.operation(opSwap, resultOf(done, err), began)
	if done && err == nil {
		s.m.swapped(old, next)
	}
	return done, err
}

type ownerStore struct {
	store
	owners session.OwnerStore
}

var _ session.OwnerStore = ownerStore{}

// SwapOwned implements [session.OwnerStore].
func (s ownerStore) SwapOwned(ctx context.Context, key session.Key, old session.Revision, next session.Session, owner session.Owner) (bool, error) {
	began := time.Now()
	done, err := s.owners.SwapOwned(ctx, key, old, next, owner)
	s.m.operation(opSwap, resultOf(done, err), began)
	if done && err == nil {
		s.m.swapped(old, next)
	}
	return done, err
}

// Owned implements [session.OwnerStore].
func (s ownerStore) Owned(ctx context.Context, owner session.Owner) ([]session.Key, error) {
	began := time.Now()
	keys, err := s.owners.Owned(ctx, owner)
	s.m.operation(opOwned, resultOf(true, err), began)
	return keys, err
}

// RefuseLogins implements [session.OwnerStore].
func (s ownerStore) RefuseLogins(ctx context.Context, owner session.Owner, before time.Time) error {
	began := time.Now()
	err := s.owners.RefuseLogins(ctx, owner, before)
	s.m.operation(opRefuse, resultOf(true, err), began)
	return err
}

func (m *Metrics) operation(name, result string, began time.Time) {
	m.storeDuration.WithLabelValues(name).Observe(time.Since(began).Seconds())
	m.storeOperations.WithLabelValues(name, result).Inc()
}

// swapped counts a session that a swap has established or ended. Every login of the
// login server has a new key, whose revision is 0.
func (m *Metrics) swapped(old session.Revision, next session.Session) {
	switch {
	case old == 0 && !next.IsZero():
		m.established.Inc()
	case old != 0 && next.IsZero() && next.LoggedOut:
		m.ended.WithLabelValues(reasonLogout).Inc()
	case old != 0 && next.IsZero():
		m.ended.WithLabelValues(reasonOther).Inc()
	}
}

func resultOf(done bool, err error) string {
	switch {
	case err == nil && done:
		return resultOK
	case err == nil:
		return resultConflict
	case errors.Is(err, session.ErrRevoked):
		return resultRevoked
	case errors.Is(err, session.ErrUnreadable):
		return resultUnreadable
	case errors.Is(err, context.Canceled):
		return resultEnded
	case errors.Is(err, context.DeadlineExceeded):
		return resultTimeout
	}
	return resultError
}
