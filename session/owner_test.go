package session_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/session"
)

var (
	ann = session.Owner{1}
	bob = session.Owner{2}
)

func TestOwnersArePrintedInHexadecimal(t *testing.T) {
	require.Equal(t, "0100000000000000000000000000000a", session.Owner{0: 1, 15: 10}.String())
}

// swapOwned stores next under a new key as a session of owner.
func swapOwned(t *testing.T, store session.OwnerStore, name string, owner session.Owner) session.Key {
	t.Helper()
	key := session.KeyOf(name)
	next := planted()
	next.Token = session.NewSecret(name)
	done, err := store.SwapOwned(t.Context(), key, 0, next, owner)
	require.NoError(t, err)
	require.True(t, done)
	return key
}

// found returns the tokens of the sessions of owner, sorted.
func found(t *testing.T, store session.OwnerStore, owner session.Owner) []string {
	t.Helper()
	keys, err := store.Owned(t.Context(), owner)
	require.NoError(t, err)
	tokens := []string{}
	for _, key := range keys {
		s, _, err := store.Load(t.Context(), key)
		require.NoError(t, err)
		if !s.IsZero() {
			tokens = append(tokens, s.Token.Reveal())
		}
	}
	slices.Sort(tokens)
	return tokens
}

// Many sessions, some of which change, end, or are moved when others go.
func TestMemoryFindsTheSessionsOfAnOwner(t *testing.T) {
	m := testkit.Memory(t)
	want := []string{}
	for i := range 3000 {
		name := strconv.Itoa(i)
		owner := bob
		if i%7 == 0 {
			owner = ann
		}
		key := swapOwned(t, m, name, owner)
		_, rev := kept(t, m, key)
		switch {
		case i%2 == 0 && owner == bob, i%21 == 0:
			swapIn(t, m, key, rev, session.Session{LoggedOut: true})
		case owner == ann:
			next := planted()
			next.Token, next.UserInfo = session.NewSecret(name), []byte(`{"long":"`+name+name+name+`"}`)
			swapIn(t, m, key, rev, next)
			want = append(want, name)
		}
	}
	slices.Sort(want)
	require.Equal(t, want, found(t, m, ann))
	require.Empty(t, found(t, m, session.Owner{3}))
}

// A session without an owner is not one of the owner whose tag would be 0.
func TestAnOwnerIsNeverNobody(t *testing.T) {
	m := testkit.Memory(t)
	swapIn(t, m, session.KeyOf("of nobody"), 0, planted())
	swapOwned(t, m, "of the zero owner", session.Owner{})
	require.Equal(t, []string{"of the zero owner"}, found(t, m, session.Owner{}))
}

// For the race detector: what is found while sessions change is consistent.
func TestMemoryFindsSessionsWhileTheyChange(t *testing.T) {
	m := testkit.Memory(t, session.WithMaxSessions(640))
	swapOwned(t, m, "stays", ann)
	var all sync.WaitGroup
	for caller := range 8 {
		all.Go(func() {
			for i := range 200 {
				key := session.KeyOf(strconv.Itoa(i))
				_, rev, err := m.Load(context.Background(), key)
				if err == nil && caller%2 == 0 {
					_, err = m.SwapOwned(context.Background(), key, rev, living(time.Hour, time.Now()), bob)
				} else if err == nil {
					err = m.RefuseLogins(context.Background(), session.Owner{byte(caller), byte(i)}, time.Now())
				}
				if keys, owned := m.Owned(context.Background(), ann); err != nil || owned != nil || len(keys) != 1 {
					t.Errorf("errors %v and %v, %d keys", err, owned, len(keys))
				}
			}
		})
	}
	all.Wait()
}

// recorder is a store that notes the owners it is given.
type recorder struct {
	*session.Memory
	owners []session.Owner
}

func (r *recorder) SwapOwned(ctx context.Context, key session.Key, old session.Revision, next session.Session, owner session.Owner) (bool, error) {
	r.owners = append(r.owners, owner)
	return r.Memory.SwapOwned(ctx, key, old, next, owner)
}

func (r *recorder) Owned(ctx context.Context, owner session.Owner) ([]session.Key, error) {
	r.owners = append(r.owners, owner)
	return r.Memory.Owned(ctx, owner)
}

func (r *recorder) RefuseLogins(ctx context.Context, owner session.Owner, before time.Time) error {
	r.owners = append(r.owners, owner)
	return r.Memory.RefuseLogins(ctx, owner, before)
}

// The inner store sees that two sessions are of one user, but not of whom.
func TestSealingHidesTheOwner(t *testing.T) {
	inner := &recorder{Memory: testkit.Memory(t)}
	store := sealed(t, inner, sealingKey(1))
	swapOwned(t, store, "a", ann)
	swapOwned(t, store, "b", ann)
	swapOwned(t, store, "c", bob)
	require.Equal(t, []string{"a", "b"}, found(t, store, ann))
	require.NoError(t, store.RefuseLogins(t.Context(), ann, time.Now()))
	outer := inner.owners[0]
	require.NotContains(t, inner.owners, ann)
	require.NotContains(t, inner.owners, bob)
	require.Equal(t, []session.Owner{outer, outer, inner.owners[2], outer, outer}, inner.owners)
	require.NotEqual(t, outer, inner.owners[2])
	swapOwned(t, sealed(t, inner, sealingKey(2)), "d", ann)
	require.NotEqual(t, outer, inner.owners[5], "another sealing key")
}

// While the sealing key is rotated, and while sealing is introduced, the sessions of
// all replicas are found, and their logins are refused.
func TestSealedFindsTheSessionsOfAllReplicas(t *testing.T) {
	for name, tt := range map[string]struct {
		old, young func(inner session.OwnerStore) session.OwnerStore
	}{
		"rotation, the new key is added": {
			func(inner session.OwnerStore) session.OwnerStore { return sealed(t, inner, sealingKey(1)) },
			func(inner session.OwnerStore) session.OwnerStore {
				return sealed(t, inner, sealingKey(1), sealingKey(2))
			},
		},
		"rotation, the new key is first": {
			func(inner session.OwnerStore) session.OwnerStore {
				return sealed(t, inner, sealingKey(1), sealingKey(2))
			},
			func(inner session.OwnerStore) session.OwnerStore {
				return sealed(t, inner, sealingKey(2), sealingKey(1))
			},
		},
		"introduction": {
			func(inner session.OwnerStore) session.OwnerStore { return inner },
			func(inner session.OwnerStore) session.OwnerStore {
				return sealed(t, inner, sealingKey(1)).AcceptUnsealed()
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inner := testkit.Memory(t)
			old, young := tt.old(inner), tt.young(inner)
			swapOwned(t, old, "old", ann)
			swapOwned(t, young, "young", ann)
			swapOwned(t, old, "other", bob)
			require.Equal(t, []string{"old", "young"}, found(t, young, ann))

			require.NoError(t, young.RefuseLogins(t.Context(), ann, time.Now().Add(time.Hour)))
			for _, store := range []session.OwnerStore{old, young} {
				done, err := store.SwapOwned(t.Context(), session.KeyOf("late"), 0, planted(), ann)
				require.ErrorIs(t, err, session.ErrRevoked)
				require.False(t, done)
			}
		})
	}
}

// plain hides that a store is an OwnerStore.
type plain struct{ session.Store }

func TestSealingAStoreThatFindsNoSessions(t *testing.T) {
	store := sealed(t, plain{testkit.Memory(t)}, sealingKey(1))
	key := swapOwned(t, store, "a", ann)
	token, _ := kept(t, store, key)
	require.Equal(t, "a", token)
	_, err := store.Owned(t.Context(), ann)
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.ErrorIs(t, store.RefuseLogins(t.Context(), ann, time.Time{}), errors.ErrUnsupported)
}

// down is an OwnerStore that fails.
type down struct{ *session.Memory }

var errDown = errors.New("down")

func (down) Owned(context.Context, session.Owner) ([]session.Key, error) { return nil, errDown }

func (down) RefuseLogins(context.Context, session.Owner, time.Time) error { return errDown }

func TestSealedPassesTheErrorsOfTheInnerStoreOn(t *testing.T) {
	store := sealed(t, down{testkit.Memory(t)}, sealingKey(1))
	_, err := store.Owned(t.Context(), ann)
	require.ErrorIs(t, err, errDown)
	require.ErrorIs(t, store.RefuseLogins(t.Context(), ann, time.Now()), errDown)
}
