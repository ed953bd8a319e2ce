package session_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/testkit"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/sessiontest"
)

func sealingKey(n byte) []byte { return bytes.Repeat([]byte{n}, session.SealingKeySize) }

func sealed(t testing.TB, store session.Store, keys ...[]byte) *session.Sealed {
	t.Helper()
	s, err := session.NewSealed(store, keys...)
	require.NoError(t, err)
	return s
}

// swapIn stores next under key and fails the test if the swap fails.
func swapIn(t testing.TB, store session.Store, key session.Key, old session.Revision, next session.Session) {
	t.Helper()
	done, err := store.Swap(context.Background(), key, old, next)
	require.NoError(t, err)
	require.True(t, done)
}

// kept returns the token that the inner store has under key, and the key's revision.
func kept(t testing.TB, store session.Store, key session.Key) (string, session.Revision) {
	t.Helper()
	s, rev, err := store.Load(context.Background(), key)
	require.NoError(t, err)
	return s.Token.Reveal(), rev
}

func TestSealedConformance(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) session.Store {
		return sealed(t, testkit.Memory(t, session.WithClock(clock)), sealingKey(1), sealingKey(2))
	})
}

func TestSealingHidesTheSession(t *testing.T) {
	inner := testkit.Memory(t)
	store, key := sealed(t, inner, sealingKey(1)), session.KeyOf("k")
	s := planted()
	s.OpenID, s.UnionID, s.UserID = canary+"-openid", canary+"-unionid", 7
	s.LoggedInAt = time.Date(2029, 1, 2, 3, 4, 5, 0, time.UTC)
	swapIn(t, store, key, 0, s)

	outer, _, err := inner.Load(t.Context(), key)
	require.NoError(t, err)
	require.NotContains(t, outer.Token.Reveal(), canary)
	require.NotContains(t, outer.Token.Reveal(), "Larry")
	outer.Token = session.Secret{}
	require.Equal(t, session.Session{Sealed: true, LoggedInAt: s.LoggedInAt, ExpiresAt: s.ExpiresAt}, outer, "only the times are not encrypted")
	require.False(t, outer.Live(time.Now()), "its token is none of the backend")

	got, _, err := store.Load(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, s, got)
}

func TestSealingTheSameTwiceLooksDifferent(t *testing.T) {
	inner := testkit.Memory(t)
	store, key := sealed(t, inner, sealingKey(1)), session.KeyOf("k")
	swapIn(t, store, key, 0, planted())
	first, rev := kept(t, inner, key)
	swapIn(t, store, key, rev, planted())
	second, _ := kept(t, inner, key)
	require.NotEqual(t, first, second)
}

func TestSealedRefusesWhatItDidNotSeal(t *testing.T) {
	key := session.KeyOf("k")
	inner := testkit.Memory(t)
	swapIn(t, sealed(t, inner, sealingKey(1)), key, 0, planted())
	valid, _ := kept(t, inner, key)

	inputs := map[string]string{
		"a plain token":   "tok",
		"another version": "\x02" + valid[1:],
		"more after it":   valid + "x",
		"twice":           valid + valid,
	}
	for n := 1; n < len(valid); n++ {
		inputs[fmt.Sprint("cut after ", n)] = valid[:n]
	}
	for i := range len(valid) {
		changed := []byte(valid)
		changed[i] ^= 1
		inputs[fmt.Sprint("changed at ", i)] = string(changed)
	}
	for name, input := range inputs {
		require.Falsef(t, opens(t, key, input, sealingKey(1)), name)
	}
	require.False(t, opens(t, session.KeyOf("other"), valid, sealingKey(1)), "moved to another user")
	require.False(t, opens(t, key, valid, sealingKey(2)), "another sealing key")
	require.True(t, opens(t, key, valid, sealingKey(1)))
}

// single is a Store that holds one token, whatever the key.
type single string

func (s single) Load(context.Context, session.Key) (session.Session, session.Revision, error) {
	return session.Session{Token: session.NewSecret(string(s)), ExpiresAt: time.Now().Add(time.Hour)}, 1, nil
}

func (single) Swap(context.Context, session.Key, session.Revision, session.Session) (bool, error) {
	return false, nil
}

// opens reports whether a store decrypts that token in its inner store.
func opens(t testing.TB, key session.Key, token string, keys ...[]byte) bool {
	t.Helper()
	got, rev, err := sealed(t, single(token), keys...).Load(context.Background(), key)
	if err != nil {
		require.Equal(t, session.ErrSealed, err, "the error is always the same")
		require.ErrorIs(t, err, session.ErrUnreadable)
		require.Equal(t, session.Session{}, got)
		require.EqualValues(t, 1, rev, "with which a login replaces it")
	}
	return err == nil
}

// Sealing can be introduced while sessions are live: both kinds are read, and what is
// written is sealed.
func TestAcceptUnsealed(t *testing.T) {
	inner := testkit.Memory(t)
	strict := sealed(t, inner, sealingKey(1))
	both, old, young := strict.AcceptUnsealed(), session.KeyOf("old"), session.KeyOf("young")
	swapIn(t, inner, old, 0, planted())
	swapIn(t, both, young, 0, planted())

	got, rev, err := both.Load(t.Context(), old)
	require.NoError(t, err)
	require.Equal(t, planted(), got)
	_, _, err = strict.Load(t.Context(), old)
	require.ErrorIs(t, err, session.ErrSealed)
	for _, store := range []session.Store{both, strict} {
		got, _, err = store.Load(t.Context(), young)
		require.NoError(t, err)
		require.Equal(t, planted(), got)
	}

	swapIn(t, both, old, rev, planted())
	stored, _, err := inner.Load(t.Context(), old)
	require.NoError(t, err)
	require.True(t, stored.Sealed)
	other := sealed(t, inner, sealingKey(2)).AcceptUnsealed()
	_, _, err = other.Load(t.Context(), old)
	require.ErrorIs(t, err, session.ErrSealed, "a sealed session of another key is not taken for an unsealed one")
}

func TestSealingKeysRotate(t *testing.T) {
	older, newer := sealingKey(1), sealingKey(2)
	inner := testkit.Memory(t)
	key := session.KeyOf("k")
	before := sealed(t, inner, older)
	during := sealed(t, inner, older, newer) // decrypts with the new key, but encrypts with the old one
	after := sealed(t, inner, newer, older)
	dropped := sealed(t, inner, newer)

	var rev session.Revision
	for i, step := range []struct {
		writer  *session.Sealed
		readers []*session.Sealed
		blind   []*session.Sealed
	}{
		{before, []*session.Sealed{before, during, after}, []*session.Sealed{dropped}},
		{during, []*session.Sealed{before, during, after}, []*session.Sealed{dropped}},
		{after, []*session.Sealed{during, after, dropped}, []*session.Sealed{before}},
		{dropped, []*session.Sealed{during, after, dropped}, []*session.Sealed{before}},
	} {
		s := planted()
		s.UserID = int64(i)
		swapIn(t, step.writer, key, rev, s)
		_, rev = kept(t, inner, key)
		for _, reader := range step.readers {
			got, at, err := reader.Load(t.Context(), key)
			require.NoError(t, err)
			require.Equal(t, s, got)
			require.Equal(t, rev, at)
		}
		for _, reader := range step.blind {
			_, _, err := reader.Load(t.Context(), key)
			require.ErrorIs(t, err, session.ErrSealed)
		}
	}
	swapIn(t, before, key, rev, session.Session{LoggedOut: true})
	got, _, err := dropped.Load(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, session.Session{LoggedOut: true}, got, "a logout is not encrypted")
}

func TestNewSealedRefuses(t *testing.T) {
	store := testkit.Memory(t)
	secret := []byte(canary)
	for name, tt := range map[string]struct {
		store session.Store
		keys  [][]byte
	}{
		"no store":        {nil, [][]byte{sealingKey(1)}},
		"no key":          {store, nil},
		"a nil key":       {store, [][]byte{nil}},
		"a short key":     {store, [][]byte{sealingKey(1), secret}},
		"a long key":      {store, [][]byte{append(sealingKey(1), secret...)}},
		"an all-zero key": {store, [][]byte{sealingKey(0)}},
		"the same twice":  {store, [][]byte{sealingKey(1), sealingKey(2), sealingKey(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := session.NewSealed(tt.store, tt.keys...)
			requireInvalid(t, err)
			require.Nil(t, s)
			require.False(t, shows(err.Error()))
		})
	}
}

func TestSealedKeepsItsOwnCopyOfTheKey(t *testing.T) {
	given := sealingKey(1)
	inner := testkit.Memory(t)
	store, key := sealed(t, inner, given), session.KeyOf("k")
	clear(given)
	swapIn(t, store, key, 0, planted())
	got, _, err := sealed(t, inner, sealingKey(1)).Load(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, planted(), got)
}

func TestSealingKeysAreNeverPrinted(t *testing.T) {
	given := []byte((canary + canary + canary)[:session.SealingKeySize])
	store := sealed(t, testkit.Memory(t), given)
	for _, v := range []any{store, *store, struct{ s *session.Sealed }{store}, struct{ s session.Sealed }{*store}} {
		for _, verb := range verbs {
			require.False(t, shows(fmt.Sprintf(verb, v)), verb)
		}
	}
	require.Equal(t, "sealed sessions{keys:1}", fmt.Sprintf("%+v", store))
	require.Equal(t, "sealed sessions{}", fmt.Sprint((*session.Sealed)(nil)))
	require.Equal(t, slog.StringValue("sealed sessions{keys:1}"), store.LogValue())
}

// broken is a Store that fails.
type broken struct{}

var errBroken = errors.New("broken")

func (broken) Load(context.Context, session.Key) (session.Session, session.Revision, error) {
	return planted(), 1, errBroken
}

func (broken) Swap(context.Context, session.Key, session.Revision, session.Session) (bool, error) {
	return false, errBroken
}

func TestSealedPassesOnTheStoresErrors(t *testing.T) {
	store := sealed(t, broken{}, sealingKey(1))
	got, rev, err := store.Load(t.Context(), session.Key{})
	require.ErrorIs(t, err, errBroken)
	require.Equal(t, session.Session{}, got)
	require.EqualValues(t, 1, rev)
	done, err := store.Swap(t.Context(), session.Key{}, 0, planted())
	require.ErrorIs(t, err, errBroken)
	require.False(t, done)
}

// golden is a session that an earlier version sealed with sealingKey(1) for the
// visitor key "k".
const golden = "019fbf379178c85d8a6348709cf427348ecf0bd5db5fd185b8889757" +
	"7b66ebc7c629b6eabbca0eb39ee245e2707188e9c3d440e1996c91d8"

func goldenSession() session.Session {
	return session.Session{Token: session.NewSecret("tok"), UserID: 5, ExpiresAt: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// Every version must decrypt what earlier versions sealed.
func TestSealIsFixed(t *testing.T) {
	token, err := hex.DecodeString(golden)
	require.NoError(t, err)
	got, _, err := sealed(t, single(token), sealingKey(1)).Load(t.Context(), session.KeyOf("k"))
	require.NoError(t, err)
	require.Equal(t, goldenSession(), got)
}

func FuzzSealedOpen(f *testing.F) {
	key, secret := session.KeyOf("k"), sealingKey(1)
	genuine, err := hex.DecodeString(golden)
	require.NoError(f, err)
	f.Add(genuine)
	f.Add(genuine[:9])
	f.Add(genuine[:21])
	f.Add([]byte("\x01"))
	f.Fuzz(func(t *testing.T, token []byte) {
		if len(token) == 0 {
			return // a session without a token is not encrypted
		}
		require.Equal(t, bytes.Equal(token, genuine), opens(t, key, string(token), secret))
	})
}

func ExampleNewSealed() {
	ctx := context.Background()
	secret := sealingKey(7) // a real program reads 32 random bytes from its secret store
	memory, err := session.NewMemory()
	if err != nil {
		fmt.Println(err)
		return
	}
	store, err := session.NewSealed(memory, secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	key := session.KeyOf("visitor-key")
	s := session.Session{Token: session.NewSecret("token"), UserID: 1, ExpiresAt: time.Now().Add(time.Hour)}
	fmt.Println(store.Swap(ctx, key, 0, s))

	got, _, err := store.Load(ctx, key)
	fmt.Println(got.Token.Equal(s.Token), err)
	// Output:
	// true <nil>
	// true <nil>
}

func BenchmarkSealed(b *testing.B) {
	store, key := sealed(b, testkit.Memory(b), sealingKey(1)), session.KeyOf("k")
	s := planted()
	s.ExpiresAt = time.Now().Add(time.Hour)
	b.Run("swap", func(b *testing.B) {
		b.ReportAllocs()
		_, rev, err := store.Load(b.Context(), key)
		require.NoError(b, err)
		for b.Loop() {
			// The session is encrypted even if the swap is refused.
			if _, err := store.Swap(b.Context(), key, rev, s); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := store.Load(b.Context(), key); err != nil {
				b.Fatal(err)
			}
		}
	})
}
