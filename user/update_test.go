package user_test

import (
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/user"
)

func TestUpdate(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	require.NoError(t, u.Update(ctx), "nothing to do")
	require.Zero(t, w.sent())

	require.NoError(t, u.Set("age", 30).Set("tags", []string{"a"}).Set("home", map[string]any{"city": "Paris"}).Update(ctx))
	require.Equal(t, "PUT", w.last().Method)
	require.Equal(t, "/hserve/v2.5/user/info/", w.last().Path)
	require.JSONEq(t, `{"age":30,"tags":["a"],"home":{"city":"Paris"}}`, string(w.last().Body))
	require.EqualValues(t, 30, u.Get("age").Int(), "the answer is taken over")

	require.NoError(t, u.IncrementBy("age", 2.5).Append("tags", "b", 3).Update(ctx))
	require.JSONEq(t, `{"age":{"$incr_by":2.5},"tags":{"$append":["b",3]}}`, string(w.last().Body))
	require.InDelta(t, 32.5, u.Get("age").Float(), 0)
	require.JSONEq(t, `["a","b",3]`, u.Get("tags").String())
	require.NoError(t, u.IncrementBy("age", -0.5).Update(ctx))
	require.EqualValues(t, 32, u.Get("age").Int())
	require.Equal(t, "ann", u.Username(), "what the answer repeats and what it does not is kept")

	w.ResetJournal()
	require.NoError(t, u.Update(ctx))
	require.Zero(t, w.sent(), "changes are sent once")
}

func TestSetTakesTheValueAtOnce(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	tags := []string{"a"}
	u.Set("tags", tags)
	tags[0] = "changed"
	require.NoError(t, u.Set("n", 1).Set("n", 2).Update(ctx))
	require.JSONEq(t, `{"tags":["a"],"n":2}`, string(w.last().Body), "and the last one counts")
}

func TestAnUpdateThatFailsKeepsTheChanges(t *testing.T) {
	for name, fault := range map[string]baastest.Fault{
		"status":      {Status: 400, Times: 1},
		"cut":         {Cut: baastest.CutAfterRead, Times: 1},
		"not JSON":    {Status: 200, Body: "<html>", Times: 1},
		"not a user":  {Status: 200, Body: "[]", Times: 1},
		"unreachable": {Cut: baastest.CutDial, Times: 3},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.member()
			w.Fail("PUT /hserve/**", fault)
			require.Error(t, u.Set("age", 30).Set("city", "Paris").Update(ctx))
			require.False(t, u.Get("age").Exists())
			require.NoError(t, u.Set("city", "Rome").Update(ctx))
			require.JSONEq(t, `{"age":30,"city":"Rome"}`, string(w.last().Body), "later changes win")
		})
	}
}

func TestUpdateWithoutASession(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	require.NoError(t, w.visitor().Logout(ctx))
	w.ResetJournal()
	for name, call := range map[string]func() error{
		"Update":      func() error { return u.Set("age", 1).Update(ctx) },
		"SetUsername": func() error { return u.SetUsername(ctx, "bob") },
		"SetEmail":    func() error { return u.SetEmail(ctx, "ann@example.com", user.SendVerificationEmail(true)) },
	} {
		require.ErrorIs(t, call(), herror.SessionMissing, name)
	}
	require.Zero(t, w.sent())
}

func TestValuesThatCannotBeSent(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	for name, set := range map[string]func(){
		"channel":        func() { u.Set("x", make(chan int)) },
		"not a number":   func() { u.IncrementBy("x", math.NaN()) },
		"in a list":      func() { u.Append("x", 1, func() {}) },
		"empty key":      func() { u.Set("", 1) },
		"over-long key":  func() { u.Set(strings.Repeat("k", 300), 1) },
		"key not UTF-8":  func() { u.Set("\xff", 1) },
		"key with bytes": func() { u.Set("a\x00", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			w.ResetJournal()
			u.Set("good", name)
			set()
			fails(t, herror.InvalidParameter, u.Update(ctx))
			require.Zero(t, w.sent())
			require.NoError(t, u.Update(ctx), "it is dropped, the others stay")
			require.Equal(t, name, u.Get("good").String())
		})
	}
}

// What the account's calls answer as "phone" is the account's; what an update of
// the user's fields answers under that name is a custom field.
func TestCustomFieldsNamedLikeTheAccounts(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	require.NoError(t, u.SetMobilePhone(ctx, "13800138000"))
	require.NoError(t, u.Set("phone", "the red one").Set("username", "nick").Update(ctx))
	require.Equal(t, []string{"13800138000", "ann"}, []string{u.Phone(), u.Username()})
	require.Equal(t, []string{"the red one", "nick"}, []string{u.Get("phone").String(), u.Get("username").String()})

	require.NoError(t, u.SetMobilePhone(ctx, "13900139000"))
	require.Equal(t, []string{"13900139000", "the red one"}, []string{u.Phone(), u.Get("phone").String()})
}

// An answer with a token in it does not put one among the fields.
func TestAnUpdateAnswerWithATokenIsStripped(t *testing.T) {
	w := newWorld(t)
	u := w.member()
	w.Fail("PUT /hserve/**", baastest.Fault{Status: 200, Body: `{"username":"bob","token":"t-secret","session_key":"k-secret"}`})
	require.NoError(t, u.SetUsername(ctx, "bob"))
	require.Equal(t, "bob", u.Username())
	text, err := u.MarshalJSON()
	require.NoError(t, err)
	require.NotContains(t, string(text), "secret")
}

// What is set while an update is under way that fails stays the later change.
func TestChangesMadeDuringAnUpdateThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		u := w.member()
		w.Fail("PUT /hserve/**", baastest.Fault{Status: 400, Delay: time.Second, Times: 1})
		done := make(chan error)
		go func() { done <- u.Set("age", 1).Set("city", "Paris").Update(ctx) }()
		synctest.Wait()
		u.Set("age", 2)
		fails(t, herror.BadRequest, <-done)
		require.NoError(t, u.Update(ctx))
		require.JSONEq(t, `{"age":2,"city":"Paris"}`, string(w.last().Body))
	})
}
