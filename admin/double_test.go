package admin_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
)

// onDouble returns a double of the backend and a client of its Open API.
func onDouble(t *testing.T, opts ...baastest.Option) (*baastest.Backend, *admin.Client) {
	t.Helper()
	b, err := baastest.New(opts...)
	require.NoError(t, err)
	c, err := admin.New(b.ClientID(), b.ClientSecret(),
		admin.WithHTTPClient(&http.Client{Transport: b.Transport()}), admin.WithClock(b.Clock().Now))
	require.NoError(t, err)
	return b, c
}

// onDoubles runs a test on the double, and on doubles with the other responses of the
// Open API where its documentation contradicts itself.
func onDoubles(t *testing.T, test func(t *testing.T, b *baastest.Backend, c *admin.Client)) {
	for name, responses := range map[string]baastest.Responses{
		"default": {}, "newest first": {NewestFirst: true}, "bulk limit 1000": {BulkLimit1000: true}, "numeric bulk ids": {NumericBulkIDs: true},
	} {
		t.Run(name, func(t *testing.T) {
			b, c := onDouble(t, baastest.WithResponses(responses))
			test(t, b, c)
		})
	}
}

// seed adds users with a level each, from 1 on.
func seed(t *testing.T, b *baastest.Backend, n int) []int64 {
	t.Helper()
	var ids []int64
	for i := range n {
		u := baastest.User{Profile: baastest.Profile{NickName: fmt.Sprintf("n%d", i+1)}, Custom: map[string]any{"level": i + 1, "vip": false}}
		if i%2 == 0 {
			u.Phone = fmt.Sprintf("138%08d", i)
		}
		added, err := b.AddUser(u)
		require.NoError(t, err)
		ids = append(ids, added.ID)
	}
	return ids
}

func TestUsersOfTheDouble(t *testing.T) { onDoubles(t, testUsersOfTheDouble) }

func testUsersOfTheDouble(t *testing.T, b *baastest.Backend, c *admin.Client) {
	all := seed(t, b, 25)
	for _, opts := range [][]admin.QueryOption{
		nil, {admin.PageSize(4)}, {admin.PageSize(4), admin.OrderBy("-created_at")}, {admin.PageSize(7), admin.OrderBy("level")},
		{admin.PageSize(1), admin.OrderBy("created_at")},
	} {
		require.ElementsMatch(t, all, ids(t, c, opts...))
	}
	n, err := c.CountUsers(t.Context(), admin.Where(admin.Field("level").Range(3, 5)))
	require.NoError(t, err)
	require.EqualValues(t, 3, n)
	require.Len(t, ids(t, c, admin.Where(admin.Field("_phone").IsNull())), 12)
	require.Equal(t, all[:1], ids(t, c, admin.ByPhone("13800000000")))
	u, err := c.GetUser(t.Context(), all[2])
	require.NoError(t, err)
	require.EqualValues(t, 3, u.Get("level").Int())
	_, err = c.GetUser(t.Context(), 1)
	require.ErrorIs(t, err, herror.NotFound)
	require.Equal(t, 1, b.CountRequests("POST /api/oauth2/access_token/"))
}

// The users who log in on the other side are found by their ids.
func TestUsersWhoHaveLoggedIn(t *testing.T) {
	b, c := onDouble(t)
	phones, err := b.Client()
	require.NoError(t, err)
	qq, err := phones.Auth("a").LoginWithQQ(t.Context(), nil, auth.Code(b.QQ("q-1").Login()))
	require.NoError(t, err)
	wx, err := phones.Auth("b").LoginWithWechat(t.Context(), nil, auth.Code(b.WeChat("w-1").Login()))
	require.NoError(t, err)
	ali, err := phones.Auth("c").LoginWithAlipay(t.Context(), nil, auth.Code(b.Alipay("2088").Login()))
	require.NoError(t, err)
	phone := b.ByteDance("t-1")
	tt, err := phones.Auth("d").LoginWithTt(t.Context(), nil, auth.Code(phone.Login()), auth.AppName("toutiao"))
	require.NoError(t, err)
	require.Equal(t, []int64{qq.ID()}, ids(t, c, admin.ByProvider(platform.QQ{}, "q-1")))
	require.Equal(t, []int64{wx.ID()}, ids(t, c, admin.ByProvider(platform.WeChat{}, "w-1")))
	require.Equal(t, []int64{wx.ID()}, ids(t, c, admin.ByOpenID("w-1")))
	require.Equal(t, []int64{ali.ID()}, ids(t, c, admin.ByProvider(platform.Alipay{}, "2088")))
	require.Equal(t, []int64{tt.ID()}, ids(t, c, admin.ByProvider(platform.ByteDance{}, phone.OpenIDIn("toutiao"))))
	require.Empty(t, ids(t, c, admin.ByUnionID("u-1")))
}

func TestUpdatesOfTheDouble(t *testing.T) { onDoubles(t, testUpdatesOfTheDouble) }

func testUpdatesOfTheDouble(t *testing.T, b *baastest.Backend, c *admin.Client) {
	all := seed(t, b, 450)
	u, err := c.UpdateUser(t.Context(), all[0], admin.Set("level", 7), admin.Unset("vip"))
	require.NoError(t, err)
	require.EqualValues(t, 7, u.Get("level").Int())
	_, err = c.UpdateUser(t.Context(), all[0], admin.Set("unknown", 7))
	require.ErrorIs(t, err, herror.BadRequest)

	result, err := c.UpdateUsers(t.Context(), []admin.Change{admin.Set("vip", true), admin.IncrementBy("level", 100)},
		admin.Where(admin.Field("vip").Equal(false)), admin.PageSize(150))
	require.NoError(t, err)
	require.Equal(t, []int64{449, 449}, []int64{result.Found, result.Succeeded})
	require.Len(t, result.Operations, 449)
	for _, o := range result.Operations {
		require.False(t, o.Failed)
		require.NotEmpty(t, o.ID)
	}
	n, err := c.CountUsers(t.Context(), admin.Where(admin.Field("level").Greater(100)))
	require.NoError(t, err)
	require.EqualValues(t, 449, n)

	account, err := c.UpdateAccount(t.Context(), all[0], admin.Username("ann"), admin.NewPassword("s3cret-1"), admin.ClearPhone())
	require.NoError(t, err)
	require.Equal(t, admin.Account{Username: "ann"}, account)
	phones, err := b.Client()
	require.NoError(t, err)
	in, err := phones.Auth("a").Login(t.Context(), auth.Credentials{Username: "ann", Password: "s3cret-1"})
	require.NoError(t, err)
	require.Equal(t, all[0], in.ID())
}

func TestGroupsOfTheDouble(t *testing.T) {
	b, c := onDouble(t)
	ctx, all := t.Context(), seed(t, b, 3)
	one, err := c.CreateGroup(ctx, "one")
	require.NoError(t, err)
	super, err := c.CreateSuperGroup(ctx, "super", []int64{one.ID})
	require.NoError(t, err)
	two, err := c.CreateGroup(ctx, "two", admin.ParentID(super.ID))
	require.NoError(t, err)
	require.NoError(t, c.UpdateMembership(ctx, admin.AddMembers(all, []int64{one.ID, two.ID}), admin.RemoveMembers(all[:1], []int64{two.ID})))
	two, err = c.UpdateGroup(ctx, two.ID, "second")
	require.NoError(t, err)
	two, err = c.GetGroup(ctx, two.ID)
	require.NoError(t, err)
	require.Equal(t, admin.Group{ID: two.ID, Name: "second", Members: 2, Parent: admin.GroupRef{ID: super.ID, Name: "super"}}, two)
	require.ElementsMatch(t, all[1:], ids(t, c, admin.Where(admin.Field("_group").In(two.ID))))
	var names []string
	for g, err := range c.Groups(ctx, admin.ParentID(super.ID)) {
		require.NoError(t, err)
		names = append(names, g.Name)
	}
	slices.Sort(names)
	require.Equal(t, []string{"one", "second"}, names)
	super, err = c.UpdateSuperGroup(ctx, super.ID, "super", []int64{two.ID})
	require.NoError(t, err)
	require.Equal(t, []admin.GroupRef{{ID: two.ID, Name: "second"}}, super.Children)
	require.NoError(t, c.DeleteGroup(ctx, one.ID))
	require.NoError(t, c.DeleteGroups(ctx, two.ID))
	for s, err := range c.SuperGroups(ctx) {
		require.NoError(t, err)
		require.NoError(t, c.DeleteSuperGroup(ctx, s.ID))
	}
	_, err = c.GetSuperGroup(ctx, super.ID)
	require.ErrorIs(t, err, herror.NotFound)
}

func TestTextMessagesOfTheDouble(t *testing.T) {
	b, c := onDouble(t)
	all := seed(t, b, 1)
	require.NoError(t, c.SendSmsCode(t.Context(), all[0], "13800138000"))
	sent := b.SMS()
	require.Len(t, sent, 1)
	require.ErrorIs(t, c.VerifySmsCode(t.Context(), all[0], "13800138000", "000000"), herror.BadRequest)
	require.NoError(t, c.VerifySmsCode(t.Context(), all[0], "13800138000", sent[0].Code))
}

// The token expires by the double's clock, and a fault does not end it.
func TestTokensOfTheDouble(t *testing.T) {
	b, c := onDouble(t)
	all := seed(t, b, 1)
	get := func() error { return second(c.GetUser(t.Context(), all[0])) }
	require.NoError(t, get())
	b.Fail("GET /oserve/v2.2/miniapp/user_profile/*/", baastest.Fault{Times: 1, Status: 401})
	require.NoError(t, get())
	require.Equal(t, 2, b.CountRequests("POST /api/oauth2/access_token/"))
	b.Clock().Advance(baastest.DefaultOpenAPITokenLife)
	require.NoError(t, get())
	require.Equal(t, 3, b.CountRequests("POST /api/oauth2/access_token/"))
	b.Fail("GET /oserve/v2.2/miniapp/user_profile/*/", baastest.Fault{Times: 1, Cut: baastest.CutInResponse})
	require.NoError(t, get(), "a read is sent again")

	wrong, err := admin.New(b.ClientID(), "wrong", admin.WithHTTPClient(&http.Client{Transport: b.Transport()}))
	require.NoError(t, err)
	_, err = wrong.GetUser(t.Context(), all[0])
	var h *herror.HError
	require.True(t, errors.As(err, &h))
	require.Equal(t, "401: no access token: invalid client", h.Error())
}
