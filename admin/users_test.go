package admin_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// The response of open-api/user/user.md, with another picture.
const documentedUser = `{
    "avatar": "https://img.example.com/larry.jpg", "city": "广州", "country": "中国", "created_at": 1542364387,
    "created_by": 88888, "gender": 1, "id": 88888, "is_authorized": true, "language": "zh_CN", "nickname": "Larry",
    "openid": "o0b495YcphSE24RbTl7K9dMx_A", "province": "广东", "test": "test", "unionid": null, "updated_at": 1542872767
}`

func TestGetUser(t *testing.T) {
	a := newAPI().answers(documentedUser)
	u, err := a.client(t).GetUser(t.Context(), 88888)
	require.NoError(t, err)
	require.Equal(t, []any{int64(88888), "Larry", 1, "广州", "o0b495YcphSE24RbTl7K9dMx_A", "", "test", int64(88888)},
		[]any{u.ID(), u.Nickname(), u.Gender(), u.City(), u.OpenID(), u.UnionID(), u.Get("test").String(), u.CreatedBy()})
	require.EqualValues(t, 1542364387, u.CreatedAt().Unix())

	for body, code := range map[string]herror.Code{
		`{"id":8}`: herror.InvalidResponse, `{}`: herror.InvalidResponse, `[]`: herror.InvalidResponse, "404": herror.NotFound,
	} {
		_, err = newAPI().answers(body).client(t).GetUser(t.Context(), 7)
		fails(t, code, err)
	}
	for _, id := range []int64{0, -1} {
		_, err = a.client(t).GetUser(t.Context(), id)
		fails(t, herror.InvalidParameter, err)
	}
	require.Len(t, a.asked, 1)
}

// table is a table of users behind the Open API: conditions on id and created_at, one
// field to sort by, limit and offset.
type table struct {
	rows     []row
	asked    []url.Values
	before   func(request int) // called before each request
	nextNull bool              // meta.next is null in every page, and not only in the last one
}

type row struct{ id, createdAt int64 }

func (r row) value(field string) int64 {
	if field == "created_at" {
		return r.createdAt
	}
	return r.id
}

func (tb *table) respond(r *http.Request, _ string) (int, string) {
	q := r.URL.Query()
	tb.asked = append(tb.asked, q)
	if tb.before != nil {
		tb.before(len(tb.asked))
	}
	found := slices.DeleteFunc(slices.Clone(tb.rows), func(r row) bool { return !tb.meets(q.Get("where"), r) })
	slices.SortStableFunc(found, func(a, b row) int {
		for _, order := range strings.Split(q.Get("order_by"), ",") {
			c := cmp.Compare(a.value(strings.TrimPrefix(order, "-")), b.value(strings.TrimPrefix(order, "-")))
			if strings.HasPrefix(order, "-") {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	limit, _ := strconv.Atoi(q.Get("limit"))
	offset, _ := strconv.Atoi(q.Get("offset"))
	next := "null"
	if offset+limit < len(found) && !tb.nextNull {
		next = `"/oserve/v2.2/miniapp/user_profile/?offset=` + strconv.Itoa(offset+limit) + `"`
	}
	var objects []string
	for _, r := range found[min(offset, len(found)):min(offset+limit, len(found))] {
		objects = append(objects, fmt.Sprintf(`{"id":%d,"created_at":%d,"nickname":"n%d","token":"canary"}`, r.id, r.createdAt, r.id))
	}
	return 200, fmt.Sprintf(`{"meta":{"limit":%d,"offset":%d,"next":%s,"previous":null,"total_count":%d},"objects":[%s]}`,
		limit, offset, next, len(found), strings.Join(objects, ","))
}

// meets reads the conditions that the pages are asked for with.
func (tb *table) meets(where string, r row) bool {
	if where == "" {
		return true
	}
	var condition map[string]json.RawMessage
	_ = json.Unmarshal([]byte(where), &condition)
	for field, value := range condition {
		var (
			conditions []json.RawMessage
			operators  map[string]float64
		)
		_ = json.Unmarshal(value, &conditions)
		_ = json.Unmarshal(value, &operators)
		meets := func(c json.RawMessage) bool { return tb.meets(string(c), r) }
		switch {
		case field == "$and" && slices.ContainsFunc(conditions, func(c json.RawMessage) bool { return !meets(c) }):
			return false
		case field == "$or" && !slices.ContainsFunc(conditions, meets):
			return false
		}
		for operator, operand := range operators {
			value := float64(r.value(field))
			if operator == "$eq" && value != operand || operator == "$gt" && value <= operand || operator == "$lt" && value >= operand {
				return false
			}
		}
	}
	return true
}

// ids returns the ids of the users that the loop gets.
func ids(t *testing.T, c *admin.Client, opts ...admin.QueryOption) []int64 {
	t.Helper()
	found := []int64{}
	for u, err := range c.Users(t.Context(), opts...) {
		require.NoError(t, err)
		require.False(t, u.Get("token").Exists())
		found = append(found, u.ID())
	}
	return found
}

// rows returns users with the ids from 1 to n, of whom groups of so many were created in
// the same second.
func rows(n, group int) []row {
	var all []row
	for i := range int64(n) {
		all = append(all, row{id: i + 1, createdAt: 1_700_000_000 + i/int64(group)})
	}
	return all
}

func TestUsersSendsExactly(t *testing.T) {
	tb := &table{rows: rows(5, 1)}
	a := newAPI()
	a.respond = tb.respond
	c := a.client(t)
	require.Equal(t, []int64{1, 2, 3, 4, 5}, ids(t, c, nil, admin.PageSize(2)))
	require.Equal(t, []int64{5, 4, 3, 2, 1}, ids(t, c, admin.PageSize(3), admin.OrderBy("-created_at")))
	require.Equal(t, []int64{3, 4, 5}, ids(t, c, admin.Offset(2)))
	require.Equal(t, []int64{4, 5}, ids(t, c, admin.Where(admin.Field("id").Greater(3)), admin.OrderBy("id", "nickname"), admin.PageSize(1)))
	users := "GET /oserve/v2.2/miniapp/user_profile/?"
	where := func(text string) string { return "&where=" + url.QueryEscape(text) }
	require.Equal(t, []string{
		users + "limit=2&order_by=id",
		users + "limit=2&order_by=id" + where(`{"id":{"$gt":2}}`),
		users + "limit=2&order_by=id" + where(`{"id":{"$gt":4}}`),
		users + "limit=3&order_by=-created_at%2C-id",
		users + "limit=3&order_by=-created_at%2C-id" +
			where(`{"$or":[{"created_at":{"$lt":1700000002}},{"$and":[{"created_at":{"$eq":1700000002}},{"id":{"$lt":3}}]}]}`),
		users + "limit=200&offset=2",
		users + "limit=1&order_by=id%2Cnickname" + where(`{"id":{"$gt":3}}`),
		users + "limit=1&offset=1&order_by=id%2Cnickname" + where(`{"id":{"$gt":3}}`),
		users + "limit=1&offset=2&order_by=id%2Cnickname" + where(`{"id":{"$gt":3}}`),
	}, a.asked)
}

// However many users share a second, and however large the pages are, each user comes
// once.
func TestUsersComeOnce(t *testing.T) {
	for _, group := range []int{1, 2, 3, 7, 20} {
		for _, size := range []int{2, 3, 5, 20, 21} {
			for _, nextNull := range []bool{false, true} {
				for _, order := range []string{"", "id", "-id", "created_at", "-created_at", "nickname"} {
					tb := &table{rows: rows(20, group), nextNull: nextNull}
					a := newAPI()
					a.respond = tb.respond
					opts := []admin.QueryOption{admin.PageSize(size)}
					if order != "" {
						opts = append(opts, admin.OrderBy(order))
					}
					got := ids(t, a.client(t), opts...)
					slices.Sort(got)
					require.Len(t, slices.Compact(got), 20, "%d %d %v %q", group, size, nextNull, order)
					require.LessOrEqual(t, len(tb.asked), 42)
				}
			}
		}
	}
}

// Users who exist all the time come exactly once, whoever appears and disappears
// meanwhile. Pages that are counted from the start cannot promise that.
func TestUsersComeOnceWhileOthersComeAndGo(t *testing.T) {
	for _, order := range []string{"id", "-id", "created_at", "-created_at"} {
		for seed := range 20 {
			tb := &table{rows: rows(60, 1+seed%4)}
			stays := func(id int64) bool { return (id+int64(seed))%3 != 0 }
			tb.before = func(request int) {
				if request == 1 {
					return
				}
				tb.rows = slices.DeleteFunc(tb.rows, func(r row) bool { return !stays(r.id) && r.id%int64(request+1) == 0 })
				tb.rows = append(tb.rows, row{id: int64(1000 + request), createdAt: 1_700_000_000 + int64(request*seed%70)})
			}
			a := newAPI()
			a.respond = tb.respond
			got := ids(t, a.client(t), admin.OrderBy(order), admin.PageSize(7))
			slices.Sort(got)
			require.Equal(t, len(got), len(slices.Compact(slices.Clone(got))), "twice: %v", got)
			for id := int64(1); id <= 60; id++ {
				require.True(t, !stays(id) || slices.Contains(got, id), "%s %d: %d is missing", order, seed, id)
			}
		}
	}
}

func TestUsersStopsWithTheLoop(t *testing.T) {
	tb := &table{rows: rows(20, 1)}
	a := newAPI()
	a.respond = tb.respond
	for u, err := range a.client(t).Users(t.Context(), admin.PageSize(5)) {
		require.NoError(t, err)
		if u.ID() == 7 {
			break
		}
	}
	require.Len(t, tb.asked, 2)
}

// An error says where the loop was, and another one goes on from there.
func TestUsersErrorsSayWhereTheyWere(t *testing.T) {
	for _, order := range []string{"id", "nickname"} {
		tb := &table{rows: rows(20, 1)}
		a := newAPI()
		a.respond = func(r *http.Request, body string) (int, string) {
			if len(tb.asked) == 3 {
				return 400, `{"error_msg":"too much"}`
			}
			return tb.respond(r, body)
		}
		c := a.client(t)
		var got []int64
		var failed error
		for u, err := range c.Users(t.Context(), admin.PageSize(3), admin.OrderBy(order)) {
			require.NoError(t, failed, "an error ends the loop")
			if failed = err; err == nil {
				got = append(got, u.ID())
			} else {
				require.Nil(t, u)
			}
		}
		h := fails(t, herror.BadRequest, failed)
		require.Equal(t, fmt.Sprintf("400: too much (after %d users, the last one with id %d)", len(got), got[len(got)-1]), h.Error())
		require.True(t, h.Sent())

		a.respond = tb.respond
		if order == "id" {
			got = append(got, ids(t, c, admin.Where(admin.Field("id").Greater(got[len(got)-1])))...)
		} else {
			got = append(got, ids(t, c, admin.OrderBy(order), admin.Offset(len(got)))...)
		}
		require.Len(t, got, 20)
		require.True(t, slices.IsSorted(got))
	}
}

// A backend that does not do what a page needs ends the loop with an error, and not with
// users who are missing or come for ever.
func TestUsersOfAnotherBackend(t *testing.T) {
	page := func(next string, objects ...string) string {
		return `{"meta":{"next":` + next + `},"objects":[` + strings.Join(objects, ",") + `]}`
	}
	user := func(id, at int) string { return fmt.Sprintf(`{"id":%d,"created_at":%d}`, id, at) }
	for name, tt := range map[string]struct {
		bodies []string
		order  string
		code   herror.Code
		found  int
		asked  int
	}{
		"ignores the condition":       {[]string{page(`"/x"`, user(1, 1), user(2, 2))}, "id", 690, 2, 2},
		"ignores the order":           {[]string{page(`"/x"`, user(2, 1), user(1, 2))}, "id", 690, 0, 1},
		"ignores the order of time":   {[]string{page(`"/x"`, user(1, 1), user(2, 2))}, "-created_at", 690, 0, 1},
		"ignores the id in the order": {[]string{page(`"/x"`, user(2, 3), user(1, 3))}, "created_at", 690, 0, 1},
		"repeats a user":              {[]string{page(`"/x"`, user(1, 3), user(2, 3)), page(`"/x"`, user(2, 3))}, "created_at", 690, 2, 2},
		"has no time":                 {[]string{page(`null`, `{"id":1}`)}, "created_at", 690, 0, 1},
		"has a time of null":          {[]string{page(`null`, `{"id":1,"created_at":null}`)}, "created_at", 690, 0, 1},
		"has no id":                   {[]string{page(`null`, `{"created_at":1}`)}, "nickname", 690, 0, 1},
		"has other objects":           {[]string{page(`null`, `7`)}, "id", 690, 0, 1},
		"has no list":                 {[]string{`{"meta":{}}`}, "id", 690, 0, 1},
		"responds with HTML":          {[]string{`<html>`}, "id", 690, 0, 1},
		"names a next page for ever":  {[]string{page(`"/x"`, user(1, 1), user(2, 2)), page(`"/x"`)}, "id", 0, 2, 2},
		"responds with short pages":   {[]string{page(`"/x"`, user(1, 1)), page(`"/x"`, user(2, 1)), page(`"/x"`)}, "id", 0, 2, 3},
		"has no meta.next":            {[]string{`{"meta":{},"objects":[{"id":1},{"id":2}]}`, `{"meta":{},"objects":[{"id":3}]}`}, "id", 0, 3, 2},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAPI().answers(tt.bodies...)
			found, code := 0, herror.Code(0)
			for _, err := range a.client(t).Users(t.Context(), admin.PageSize(2), admin.OrderBy(tt.order)) {
				if err != nil {
					code = herror.CodeOf(err)
					continue
				}
				found++
			}
			require.Equal(t, []any{tt.code, tt.found, tt.asked}, []any{code, found, len(a.asked)})
		})
	}
}

func TestCountUsers(t *testing.T) {
	a := newAPI().answers(`{"meta":{"total_count":42,"next":"/more"},"objects":[{"id":1}]}`)
	c := a.client(t)
	n, err := c.CountUsers(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 42, n)
	_, err = c.CountUsers(t.Context(), admin.Where(admin.Field("vip").Equal(true)), nil)
	require.NoError(t, err)
	require.Equal(t, []string{
		"GET /oserve/v2.2/miniapp/user_profile/?limit=1&return_total_count=1",
		"GET /oserve/v2.2/miniapp/user_profile/?limit=1&return_total_count=1&where=%7B%22vip%22%3A%7B%22%24eq%22%3Atrue%7D%7D",
	}, a.asked)
	for body, code := range map[string]herror.Code{
		`{"meta":{},"objects":[]}`: herror.InvalidResponse, `{}`: herror.InvalidResponse, "402": herror.PaymentRequired,
	} {
		_, err = newAPI().answers(body).client(t).CountUsers(t.Context())
		fails(t, code, err)
	}
}

// Every way to say which users are meant, and what is sent for it.
func TestConditions(t *testing.T) {
	f := admin.Field("level")
	for want, opts := range map[string][]admin.QueryOption{
		``:                            {admin.Where()},
		`{"level":{"$eq":"a&b"}}`:     {admin.Where(f.Equal("a&b"))},
		`{"level":{"$ne":null}}`:      {admin.Where(f.NotEqual(nil))},
		`{"level":{"$lt":1}}`:         {admin.Where(f.Less(1))},
		`{"level":{"$lte":1.5}}`:      {admin.Where(f.LessOrEqual(1.5))},
		`{"level":{"$gt":1}}`:         {admin.Where(f.Greater(1))},
		`{"level":{"$gte":3}}`:        {admin.Where(f.GreaterOrEqual(3))},
		`{"level":{"$contains":"包"}}`: {admin.Where(f.Contains("包"))},
		`{"level":{"$nin":[1,2]}}`:    {admin.Where(f.NotIn(1, 2))},
		`{"level":{"$in":[1,2]}}`:     {admin.Where(f.In(1, 2))},
		`{"level":{"$isnull":true}}`:  {admin.Where(f.IsNull())},
		`{"level":{"$range":[1,9]}}`:  {admin.Where(f.Range(1, 9))},
		`{"$and":[{"level":{"$gt":1}},{"level":{"$lt":9}}]}`:                             {admin.Where(f.Greater(1)), admin.Where(f.Less(9))},
		`{"$or":[{"level":{"$gt":9}},{"vip":{"$eq":true}}]}`:                             {admin.Where(user.Or(f.Greater(9), admin.Field("vip").Equal(true)))},
		`{"level": {"$gt": 2}}`:                                                          {admin.Where(user.RawCondition(json.RawMessage(`{"level": {"$gt": 2}}`)))},
		`{"openid":{"$eq":"o-1"}}`:                                                       {admin.ByOpenID("o-1")},
		`{"_phone":{"$eq":"13800138000"}}`:                                               {admin.ByPhone("13800138000")},
		`{"_provider.wechat.openid":{"$eq":"o-1"}}`:                                      {admin.ByProvider(platform.WeChat{}, "o-1")},
		`{"_provider.alipay.user_id":{"$eq":"2088"}}`:                                    {admin.ByProvider(platform.Alipay{}, "2088")},
		`{"$and":[{"_phone":{"$eq":"13800138000"}},{"level":{"$gt":1}}]}`:                {admin.ByPhone("13800138000"), admin.Where(f.Greater(1))},
		`{"$or":[{"unionid":{"$eq":"u-1"}},{"_provider.wechat_unionid":{"$eq":"u-1"}}]}`: {admin.ByUnionID("u-1")},
		`{"$or":[{"_provider.kuaishou_miniapp.openid":{"$eq":"k-1"}},{"_provider.kuaishou.openid":{"$eq":"k-1"}}]}`: {
			admin.ByProvider(platform.Kuaishou{}, "k-1"),
		},
	} {
		a := newAPI().answers(`{"meta":{"total_count":0},"objects":[]}`)
		_, err := a.client(t).CountUsers(t.Context(), opts...)
		require.NoError(t, err)
		sent, err := url.Parse(strings.TrimPrefix(a.asked[0], "GET "))
		require.NoError(t, err)
		got := sent.Query().Get("where")
		if want == "" {
			require.Empty(t, got)
			continue
		}
		require.JSONEq(t, want, got)
	}
}

func TestBadQueriesSendNothing(t *testing.T) {
	a := newAPI()
	c := a.client(t)
	all := map[string]admin.QueryOption{
		"page size 0":         admin.PageSize(0),
		"page size 1001":      admin.PageSize(1001),
		"offset under 0":      admin.Offset(-1),
		"a comma":             admin.OrderBy("id,level"),
		"no field":            admin.OrderBy(""),
		"gender":              admin.OrderBy("gender"),
		"-country":            admin.OrderBy("-country"),
		"province":            admin.OrderBy("level", "province"),
		"city":                admin.OrderBy("city"),
		"language":            admin.OrderBy("language"),
		"a field without one": admin.Where(admin.Field("").Equal(1)),
		"no JSON":             admin.Where(user.Or(admin.Field("a").Equal(func() {}))),
		"a raw list":          admin.Where(user.RawCondition(json.RawMessage(`[]`))),
		"half a condition":    admin.Where(user.RawCondition(json.RawMessage(`{"a":`))),
		"no openid":           admin.ByOpenID(""),
		"no unionid":          admin.ByUnionID(""),
		"no phone":            admin.ByPhone(""),
		"a phone of two":      admin.ByPhone("1\n2"),
		"no platform":         admin.ByProvider(nil, "o-1"),
		"no id":               admin.ByProvider(platform.WeChat{}, ""),
	}
	for name, opt := range all {
		for _, err := range c.Users(t.Context(), opt) {
			fails(t, herror.InvalidParameter, err)
		}
		_, err := c.CountUsers(t.Context(), opt)
		require.Equal(t, herror.InvalidParameter, herror.CodeOf(err), name)
	}
	for want, opt := range map[string]admin.QueryOption{
		"CountUsers takes no OrderBy": admin.OrderBy("id"), "CountUsers takes no PageSize": admin.PageSize(2), "CountUsers takes no Offset": admin.Offset(2),
	} {
		_, err := c.CountUsers(t.Context(), opt)
		require.ErrorContains(t, err, want)
		fails(t, herror.InvalidParameter, err)
	}
	require.Empty(t, a.asked)
	tokens, _ := a.handedOut()
	require.Zero(t, tokens)
}

// A program that keeps a few users does not keep their pages in memory.
func TestAUserDoesNotKeepItsPage(t *testing.T) {
	const pages, size = 20, 1000
	filler := strings.Repeat("x", 500)
	n := 0
	a := newAPI()
	a.respond = func(*http.Request, string) (int, string) {
		var objects []string
		for range size {
			n++
			objects = append(objects, fmt.Sprintf(`{"id":%d,"bio":%q}`, n, filler))
		}
		return 200, `{"meta":{"next":` + map[bool]string{true: "null", false: `"/x"`}[n == pages*size] + `},"objects":[` + strings.Join(objects, ",") + `]}`
	}
	var kept []*user.User
	for u, err := range a.client(t).Users(t.Context(), admin.PageSize(size)) {
		require.NoError(t, err)
		if u.ID()%size == 0 {
			kept = append(kept, u)
		}
		if u.ID() == pages*size {
			break
		}
	}
	require.Len(t, kept, pages)
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	require.Less(t, m.HeapAlloc, uint64(8<<20), "the pages have 11 MB")
	runtime.KeepAlive(kept)
}

// Whatever the backend answers to a query, there are users or an error, and an end.
func FuzzUsers(f *testing.F) {
	for _, body := range []string{
		`{"meta":{"next":null},"objects":[{"id":1},{"id":2}]}`, `{"meta":{"next":"/x"},"objects":[{"id":1,"created_at":5},{"id":2,"created_at":5}]}`,
		`{"meta":{},"objects":[{}]}`, `{"objects":[1]}`, `[]`, `{"meta":{},"objects":[{"id":"7","token":"canary"}]}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if len(body) == 3 {
			return // it would be a status, see answers
		}
		for _, order := range []string{"id", "-created_at", "nickname"} {
			a := newAPI().answers(body, `{"meta":{"next":null},"objects":[]}`)
			seen := map[int64]bool{}
			for u, err := range a.client(t).Users(t.Context(), admin.PageSize(2), admin.OrderBy(order)) {
				if err != nil {
					require.Equal(t, herror.InvalidResponse, herror.CodeOf(err), err)
					continue
				}
				require.False(t, order != "nickname" && seen[u.ID()])
				seen[u.ID()] = true
				require.False(t, u.Get("token").Exists())
				_, err = json.Marshal(u)
				require.NoError(t, err)
			}
			require.LessOrEqual(t, len(a.asked), 2)
		}
	})
}
