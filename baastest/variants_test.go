package baastest_test

import (
	"os"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/internal/testkit/variant"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// The SDK works the same whichever of the responses the real backend gives.
func TestSDKUnderEveryVariant(t *testing.T) {
	for name, r := range variant.All {
		t.Run(name, func(t *testing.T) {
			b := responses(r)
			client, err := b.Client()
			require.NoError(t, err)
			ctx := t.Context()

			// An account, and what a read of it says.
			a := client.Auth("ann")
			ann, err := a.Register(ctx, auth.Credentials{Username: "ann", Password: "password-1"})
			require.NoError(t, err)
			require.Equal(t, []any{"ann", "", "", "", ""}, []any{ann.Username(), ann.Email(), ann.Phone(), ann.OpenID(), ann.UnionID()})
			again, err := a.Login(ctx, auth.Credentials{Username: "ann", Password: "password-1"})
			require.NoError(t, err)
			require.Equal(t, ann.ID(), again.ID())

			// Links on every platform, and their identities.
			for _, p := range platform.All() {
				phone, err := b.Phone(p.Name(), "openid of ann")
				require.NoError(t, err)
				_, err = again.LinkOn(ctx, p, nil, auth.Code(phone.Login()))
				require.NoError(t, err, p.Name())
			}
			read, err := a.CurrentUser(ctx)
			require.NoError(t, err)
			for _, p := range platform.All() {
				require.True(t, read.Provider(p).Exists(), p.Name())
			}

			// A platform login, its openid before and after a read, and a phone number.
			k := client.Auth("bob")
			phone := b.Kuaishou("openid of bob")
			bob, err := k.LoginWithKs(ctx, nil, auth.Code(phone.Login()))
			require.NoError(t, err)
			require.Equal(t, "openid of bob", bob.OpenID())
			bob, err = k.CurrentUser(ctx)
			require.NoError(t, err)
			require.Equal(t, "openid of bob", bob.OpenID())
			require.NoError(t, bob.Set("nickname", "Bob").Update(ctx))
			bob, err = k.UpdatePhoneNumber(ctx, phone.AllowPhoneNumber(number))
			require.NoError(t, err)
			require.Equal(t, number, bob.Phone())

			// Text messages, other users and the query for them.
			require.NoError(t, k.SendSmsCode(ctx, number))
			message, ok := b.LastSMS(number)
			require.True(t, ok)
			require.NoError(t, k.VerifySmsCode(ctx, number, message.Code))
			other, err := a.GetUser(ctx, bob.ID(), auth.Keys("id", "nickname"))
			require.NoError(t, err)
			require.Equal(t, "Bob", other.Nickname())
			other, err = a.GetUser(ctx, bob.ID(), auth.Keys("nickname"))
			require.NoError(t, err)
			require.Equal(t, []any{bob.ID(), "Bob"}, []any{other.ID(), other.Nickname()})
			other, err = a.GetUser(ctx, bob.ID(), auth.Keys("-avatar"), auth.Expand("created_by"))
			require.NoError(t, err)
			require.Equal(t, []any{bob.ID(), "Bob"}, []any{other.ID(), other.Nickname()})
			var nicknames []string
			for u, err := range a.FindUsers(ctx, auth.Keys("nickname"), auth.PageSize(1)) {
				require.NoError(t, err)
				nicknames = append(nicknames, u.Nickname())
			}
			require.Equal(t, []string{"", "Bob"}, nicknames)
			var found []int64
			for u, err := range a.FindUsers(ctx, auth.Where(user.Field("nickname").Equal("Bob")), auth.OrderBy("-id")) {
				require.NoError(t, err)
				found = append(found, u.ID())
			}
			require.Equal(t, []int64{bob.ID()}, found)
			count, err := a.CountUsers(ctx)
			require.NoError(t, err)
			require.EqualValues(t, 2, count)

			// A login by unionid.
			w := client.Auth("cid")
			cid, err := w.LoginWithWechat(ctx, nil, auth.Code(b.WeChat("openid of cid").SetUnionID("u").Login()), auth.WithUnionID(true))
			require.NoError(t, err)
			require.Equal(t, "u", cid.UnionID())
			cid, err = w.CurrentUser(ctx)
			require.NoError(t, err)
			require.Equal(t, []any{"openid of cid", "u"}, []any{cid.OpenID(), cid.UnionID()})

			require.NoError(t, a.Logout(ctx))
			require.Zero(t, b.TokensAlive(ann.ID())-1, "the token of the registration was left when ann logged in")
		})
	}
}

// Each field of Responses has a variant of its own and is in "other", and CI runs
// every variant.
func TestVariantsAreComplete(t *testing.T) {
	ci, err := os.ReadFile("../.ci/run")
	require.NoError(t, err)
	alone := map[string]int{}
	for name, r := range variant.All {
		if name == "documented" {
			require.Zero(t, r)
			continue
		}
		require.Regexp(t, `\s`+name+`[\s;]`, string(ci), "the tests do not run on this variant")
		v := reflect.ValueOf(r)
		var set []string
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				set = append(set, v.Type().Field(i).Name)
			}
		}
		if name == "other" {
			require.Len(t, set, v.NumField())
			continue
		}
		require.Len(t, set, 1, name)
		alone[set[0]]++
	}
	fields := reflect.TypeFor[baastest.Responses]()
	for i := range fields.NumField() {
		name, want := fields.Field(i).Name, 1
		if name == "Unset" {
			want = 2 // null and empty
		}
		require.Equal(t, want, alone[name], name)
	}
}

// What the SDK calls the operators and resets is what the backend takes.
func TestSDKOperators(t *testing.T) {
	b := newBackend()
	client, err := b.Client()
	require.NoError(t, err)
	ctx := t.Context()
	u, err := client.Auth("ann").LoginWithWechat(ctx, nil, auth.Code(b.WeChat("o").Login()))
	require.NoError(t, err)
	require.NoError(t, u.Set("list", []int{1}).Set("o", m{"a": 1}).Set("gone", 1).Update(ctx))
	for name, tt := range map[string]struct {
		change func(*user.Me) *user.Me
		want   string
	}{
		"append":       {func(u *user.Me) *user.Me { return u.Append("list", 2, 3) }, `[1,2,3]`},
		"append again": {func(u *user.Me) *user.Me { return u.UAppend("list", 1, 2) }, `[1,2]`},
		"remove":       {func(u *user.Me) *user.Me { return u.Remove("list", 1) }, `[]`},
		"pop":          {func(u *user.Me) *user.Me { return u.Pop("list") }, `[]`},
		"shift":        {func(u *user.Me) *user.Me { return u.Shift("list") }, `[]`},
	} {
		require.NoError(t, u.Set("list", []int{1}).Update(ctx))
		require.NoError(t, tt.change(&u.Me).Update(ctx), name)
		require.JSONEq(t, tt.want, u.Get("list").String(), name)
	}
	require.NoError(t, u.IncrementBy("n", 2).PatchObject("o", m{"b": 2}).Unset("gone").Update(ctx))
	require.EqualValues(t, 2, u.Get("n").Int())
	account, ok := b.User(u.ID())
	require.True(t, ok)
	require.NotContains(t, account.Custom, "gone")
	require.Len(t, account.Custom["o"], 2)

	require.NoError(t, u.SetUsername(ctx, "ann"))
	require.NoError(t, u.UpdatePassword(ctx, "", "password-1"))
	_, err = client.Auth("other").Login(ctx, auth.Credentials{Username: "ann", Password: "password-1"})
	require.NoError(t, err)
	require.NoError(t, u.ClearUsername(ctx))
	account, _ = b.User(u.ID())
	require.Empty(t, account.Username)
}
