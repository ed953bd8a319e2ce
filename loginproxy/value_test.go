package loginproxy_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/loginproxy"
	"github.com/hydrogen-go/baas/session"
)

type role struct {
	Name  string `json:"n"`
	Level int    `json:"l,omitempty"`
}

// level has the JSON of a role and is another type.
type level struct {
	Name string `json:"n"`
}

// broken has no JSON.
type broken struct{ F func() }

var (
	roles  = loginproxy.Value[role]{Name: "role"}
	counts = loginproxy.Value[int]{Name: "count"}
)

// visitor returns the visitor of the session with that id.
func (w *world) visitor(id string) *loginproxy.Visitor {
	w.t.Helper()
	v, err := w.proxy.Visit(w.t.Context(), id)
	require.NoError(w.t, err)
	return v
}

// A value that the login check sets is in the session from its first request on, however
// the user logs in, and whatever the store is.
func TestValueOfTheLoginCheck(t *testing.T) {
	for name, login := range ways {
		for _, sealed := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t)
				var store session.Store = w.store
				if sealed {
					var err error
					store, err = session.NewSealed(w.store, []byte("a sealing key of thirty-two byte"))
					require.NoError(t, err)
				}
				w.proxy = w.replicaOn(store, loginproxy.WithLoginCheck(func(ctx context.Context, v *loginproxy.Visitor) error {
					if err := counts.Set(ctx, v, 7); err != nil {
						return err
					}
					return roles.Set(ctx, v, role{"admin", int(v.UserID())})
				}), loginproxy.WithOnLogin(func(_ context.Context, v *loginproxy.Visitor) {
					_, ok := roles.Get(v)
					require.True(t, ok)
				}))
				id := login(w, w.Kuaishou("openid-1"), "")
				v := w.visitor(id)
				got, ok := roles.Get(v)
				require.True(t, ok)
				require.Equal(t, role{"admin", int(v.UserID())}, got)
				n, ok := counts.Get(v)
				require.True(t, ok)
				require.Equal(t, 7, n)
				_, ok = loginproxy.Value[role]{Name: "other"}.Get(v)
				require.False(t, ok)
				w.visit(id, func(_ context.Context, v *loginproxy.Visitor) {
					got, ok := roles.Get(v)
					require.True(t, ok)
					require.Equal(t, "admin", got.Name)
				})
			})
		}
	}
}

// A value that is set later is seen by other requests and replicas. It survives what else
// changes the session, and ends with it.
func TestValueSetLater(t *testing.T) {
	w := newWorld(t)
	id := w.post("/register", "", m{"username": "ann", "password": "correct horse"}).token(t)
	v := w.visitor(id)
	_, ok := roles.Get(v)
	require.False(t, ok)
	require.NoError(t, roles.Set(t.Context(), v, role{"editor", 1}))
	require.NoError(t, counts.Set(t.Context(), v, 1))
	got, ok := roles.Get(v)
	require.True(t, ok, "the visitor knows it")
	require.Equal(t, role{"editor", 1}, got)

	w.proxy = w.replica()
	w.post("/link/ks", id, m{"code": w.Kuaishou("openid-1").Login()}).requireOK(t)
	w.Clock().Advance(loginproxy.DefaultIdleTimeout / 2) // so that the time of the request is written
	w.me(id).userID(t)
	require.NoError(t, roles.Update(t.Context(), w.visitor(id), func(r role) role { return role{r.Name, r.Level + 1} }))
	v = w.visitor(id)
	got, _ = roles.Get(v)
	require.Equal(t, role{"editor", 2}, got)
	n, _ := counts.Get(v)
	require.Equal(t, 1, n)
	require.Equal(t, "kuaishou", v.Platform())

	again := w.post("/login", id, m{"username": "ann", "password": "correct horse"}).token(t)
	_, ok = roles.Get(w.visitor(again))
	require.False(t, ok, "a new login begins without values")
}

// Two types are two values, also with one name. What is stored as another type is not found.
func TestValuesOfTwoTypes(t *testing.T) {
	w := newWorld(t)
	v := w.visitor(w.login(w.Kuaishou("openid-1"), ""))
	ctx := t.Context()
	require.NoError(t, loginproxy.Value[role]{}.Set(ctx, v, role{"admin", 7}))
	_, ok := loginproxy.Value[level]{}.Get(v)
	require.False(t, ok)
	require.NoError(t, loginproxy.Value[level]{}.Set(ctx, v, level{"high"}))
	require.NoError(t, loginproxy.Value[*role]{}.Set(ctx, v, nil))
	require.NoError(t, loginproxy.Value[[]role]{}.Set(ctx, v, []role{{"a", 1}}))
	require.NoError(t, loginproxy.Value[[2]role]{}.Set(ctx, v, [2]role{{"b", 1}}))
	require.NoError(t, loginproxy.Value[map[string]role]{}.Set(ctx, v, map[string]role{"x": {"c", 1}}))
	require.NoError(t, loginproxy.Value[string]{Name: "a"}.Set(ctx, v, `"}],`))
	require.NoError(t, loginproxy.Value[any]{Name: "a"}.Set(ctx, v, true))

	r, ok := loginproxy.Value[role]{}.Get(v)
	require.True(t, ok)
	require.Equal(t, role{"admin", 7}, r)
	l, _ := loginproxy.Value[level]{}.Get(v)
	require.Equal(t, level{"high"}, l)
	p, ok := loginproxy.Value[*role]{}.Get(v)
	require.True(t, ok)
	require.Nil(t, p)
	s, _ := loginproxy.Value[[]role]{}.Get(v)
	require.Equal(t, []role{{"a", 1}}, s)
	text, _ := loginproxy.Value[string]{Name: "a"}.Get(v)
	require.Equal(t, `"}],`, text)
	anything, _ := loginproxy.Value[any]{Name: "a"}.Get(v)
	require.Equal(t, true, anything)
}

func TestValueErrors(t *testing.T) {
	w := newWorld(t)
	id := w.login(w.Kuaishou("openid-1"), "")
	v, ctx := w.visitor(id), t.Context()
	require.NoError(t, counts.Set(ctx, v, 1))
	texts := loginproxy.Value[string]{}
	longest := loginproxy.MaxValues - len(`{"123456789012":1,"123456789012":""}`)
	require.NoError(t, texts.Set(ctx, v, strings.Repeat("x", longest)))
	err := texts.Set(ctx, v, strings.Repeat("x", longest+1))
	require.EqualError(t, err, "605: incorrect parameter type: the values of the session have over 1024 bytes")
	text, _ := texts.Get(v)
	require.Len(t, text, longest, "nothing has changed")
	require.ErrorIs(t, loginproxy.Value[broken]{}.Set(ctx, v, broken{}), herror.InvalidParameter)
	require.ErrorIs(t, loginproxy.Value[float64]{}.Set(ctx, v, math.NaN()), herror.InvalidParameter)

	_, ok := counts.Get(nil)
	require.False(t, ok)
	require.ErrorIs(t, counts.Set(ctx, nil, 1), herror.SessionMissing)

	store := &switchedStore{Store: w.store}
	w.proxy = w.replicaOn(store)
	cut := w.visitor(id)
	store.off.Store(true)
	err = counts.Set(ctx, cut, 2)
	require.ErrorIs(t, err, herror.StoreFailed)
	require.ErrorIs(t, err, errReadOnly)
	n, _ := counts.Get(cut)
	require.Equal(t, 1, n)
	store.off.Store(false)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, counts.Set(ended, cut, 2), context.Canceled)

	w.post("/logout", id, nil).requireOK(t)
	require.ErrorIs(t, counts.Set(ctx, v, 2), herror.SessionMissing, "after a logout")
	require.Equal(t, http.StatusUnauthorized, w.me(id).status, "and the session is not back")
}

// No update is lost, whoever sets other values at the same time.
func TestValueUpdatesAreAtomic(t *testing.T) {
	w := newWorld(t)
	id := w.login(w.Kuaishou("openid-1"), "")
	const each = 20
	var wg sync.WaitGroup
	errs := make(chan error, 3*each)
	for i := range 3 {
		wg.Go(func() {
			v, err := w.proxy.Visit(t.Context(), id)
			for range each {
				errs <- errors.Join(err, counts.Update(t.Context(), v, func(n int) int { return n + 1 }),
					loginproxy.Value[role]{Name: string(rune('a' + i))}.Set(t.Context(), v, role{"x", i}))
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	v := w.visitor(id)
	n, _ := counts.Get(v)
	require.Equal(t, 3*each, n)
	for i := range 3 {
		r, ok := loginproxy.Value[role]{Name: string(rune('a' + i))}.Get(v)
		require.True(t, ok)
		require.Equal(t, i, r.Level)
	}
}

// What somebody else has written as values is not found, and causes no panic.
func TestStrangeValues(t *testing.T) {
	for _, text := range []string{`7`, `[]`, `"x"`, `{}`, `{"k":1,"k":2}`, `null`, `{"a":`, `x`} {
		w := newWorld(t)
		id := w.login(w.Kuaishou("openid-1"), "")
		client := w.operator()
		key := client.SessionKey(id)
		s, rev, err := w.store.Load(t.Context(), key)
		require.NoError(t, err)
		s.Values = text
		_, err = w.store.Swap(t.Context(), key, rev, s)
		require.NoError(t, err)
		v := w.visitor(id)
		_, ok := counts.Get(v)
		require.False(t, ok)
		require.NoError(t, counts.Set(t.Context(), v, 1))
		n, _ := counts.Get(w.visitor(id))
		require.Equal(t, 1, n, text)
	}
}

// The times of a session with values are kept.
func TestValueKeepsTheTimes(t *testing.T) {
	w := newWorld(t, loginproxy.WithIdleTimeout(time.Hour))
	id := w.login(w.Kuaishou("openid-1"), "")
	v := w.visitor(id)
	w.Clock().Advance(50 * time.Minute)
	require.NoError(t, counts.Set(t.Context(), v, 1))
	w.Clock().Advance(20 * time.Minute)
	_, err := w.proxy.Visit(t.Context(), id)
	require.ErrorIs(t, err, herror.SessionMissing, "setting a value is no request")
}

// lateSwap is a store whose first swap returns only after release.
type lateSwap struct {
	session.Store
	swapped, release chan struct{}
	calls            atomic.Int32
}

func (s *lateSwap) Swap(ctx context.Context, key session.Key, old session.Revision, next session.Session) (bool, error) {
	done, err := s.Store.Swap(ctx, key, old, next)
	if s.calls.Add(1) == 1 {
		close(s.swapped)
		<-s.release
	}
	return done, err
}

// A visitor keeps a value that was set while another one was being set.
func TestValuesSetAtOnce(t *testing.T) {
	w := newWorld(t)
	id := w.login(w.Kuaishou("openid-1"), "")
	store := &lateSwap{Store: w.store, swapped: make(chan struct{}), release: make(chan struct{})}
	w.proxy = w.replicaOn(store)
	v := w.visitor(id)
	a, b := loginproxy.Value[int]{Name: "a"}, loginproxy.Value[int]{Name: "b"}
	late := make(chan error)
	go func() { late <- a.Set(t.Context(), v, 1) }()
	<-store.swapped
	require.NoError(t, b.Set(t.Context(), v, 2))
	close(store.release)
	require.NoError(t, <-late)
	for value, want := range map[loginproxy.Value[int]]int{a: 1, b: 2} {
		got, ok := value.Get(v)
		require.True(t, ok, value.Name)
		require.Equal(t, want, got)
	}
}
