package admin_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/user"
)

func TestUpdateUserSendsExactly(t *testing.T) {
	a := newAPI().answers(documentedUser)
	c := a.client(t)
	for _, changes := range [][]admin.Change{
		{admin.Set("test", "test")},
		{admin.Set("level", 3), admin.Set("note", nil), admin.Set("address", map[string]string{"zip": "516000"})},
		{admin.IncrementBy("points", 10), admin.IncrementBy("debt", -0.5)},
		{admin.Append("tags", "a", 1), admin.UAppend("more", "a"), admin.Remove("less", "b")},
		{admin.Append("tags"), admin.Unset("note"), admin.Unset("level")},
		{admin.Set("a", 1), admin.Unset("a"), admin.Set("b", 1), admin.Set("b", 2)},
	} {
		u, err := c.UpdateUser(t.Context(), 88888, changes...)
		require.NoError(t, err)
		require.Equal(t, "test", u.Get("test").String())
	}
	const put = "PUT /oserve/v2.6/miniapp/user_profile/88888/ "
	require.Equal(t, []string{
		put + `{"test":"test"}`,
		put + `{"address":{"zip":"516000"},"level":3,"note":null}`,
		put + `{"debt":{"$incr_by":-0.5},"points":{"$incr_by":10}}`,
		put + `{"less":{"$remove":["b"]},"more":{"$append_unique":["a"]},"tags":{"$append":["a",1]}}`,
		put + `{"$unset":{"level":"","note":""},"tags":{"$append":[]}}`,
		put + `{"$unset":{"a":""},"b":2}`,
	}, a.asked)
}

func TestUpdateUserErrors(t *testing.T) {
	for body, code := range map[string]herror.Code{
		"400": herror.BadRequest, "404": herror.NotFound, `{"id":8}`: herror.InvalidResponse, `[]`: herror.InvalidResponse, ``: herror.InvalidResponse,
	} {
		_, err := newAPI().answers(body).client(t).UpdateUser(t.Context(), 7, admin.Set("level", 1))
		require.True(t, fails(t, code, err).Sent())
	}
}

var builtIn = []string{
	"id", "openid", "unionid", "created_at", "created_by", "updated_at", "is_authorized", "nickname", "avatar", "gender", "city",
	"province", "country", "language", "_username", "_email", "_email_verified", "_phone", "_phone_verified", "_provider", "_group", "$unset", "$set",
}

func TestBadChangesSendNothing(t *testing.T) {
	a := newAPI()
	c := a.client(t)
	bad := map[string][]admin.Change{
		"none":             nil,
		"a zero change":    {{}},
		"no key":           {admin.Set("", 1)},
		"no JSON":          {admin.Set("a", func() {})},
		"no number":        {admin.IncrementBy("a", math.NaN())},
		"an item not JSON": {admin.Set("b", 1), admin.Append("a", make(chan int))},
		"a long key":       {admin.Set(strings.Repeat("a", 300), 1)},
	}
	for _, name := range builtIn {
		bad["built in: "+name] = []admin.Change{admin.Set("a", 1), admin.Set(name, 1)}
		bad["built in, unset: "+name] = []admin.Change{admin.Unset(name)}
	}
	for name, changes := range bad {
		_, err := c.UpdateUser(t.Context(), 7, changes...)
		require.Equal(t, herror.InvalidParameter, herror.CodeOf(err), name)
		_, err = c.UpdateUsers(t.Context(), changes, admin.AllUsers())
		require.Equal(t, herror.InvalidParameter, herror.CodeOf(err), name)
	}
	for _, id := range []int64{0, -7} {
		_, err := c.UpdateUser(t.Context(), id, admin.Set("a", 1))
		fails(t, herror.InvalidParameter, err)
		_, err = c.UpdateAccount(t.Context(), id, admin.Username("ann"))
		fails(t, herror.InvalidParameter, err)
	}
	require.Empty(t, a.asked)
}

// Changes are sent again only if nothing was sent, or after a 429 that says when.
func TestWritesAreNotRepeated(t *testing.T) {
	for name, tt := range map[string]struct {
		answers []*http.Response
		code    herror.Code
		asked   int
	}{
		"503":                    {[]*http.Response{answer(503, "{}")}, 503, 1},
		"429":                    {[]*http.Response{answer(429, "{}")}, 429, 1},
		"429 with Retry-After":   {[]*http.Response{answer(429, "{}", "Retry-After", "2"), answer(200, `{"id":7}`)}, 0, 2},
		"a connection that ends": {nil, herror.NetworkDisconnected, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, asked, began := newAPI(), 0, time.Now()
				c := a.client(t, admin.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					if !strings.HasPrefix(r.URL.Path, "/oserve/") {
						return a.RoundTrip(r)
					}
					asked++
					if tt.answers == nil {
						return nil, errors.New("connection reset")
					}
					return tt.answers[asked-1], nil
				})}))
				_, err := c.UpdateUser(t.Context(), 7, admin.IncrementBy("points", 1))
				require.Equal(t, []any{tt.code, tt.asked}, []any{herror.CodeOf(err), asked})
				require.Equal(t, time.Duration(tt.asked-1)*2*time.Second, time.Since(began))
				if err != nil {
					require.True(t, fails(t, tt.code, err).Sent())
				}
			})
		})
	}
}

// updates is a table of users that can be changed by their ids.
type updates struct {
	table
	put    []string // query and body of each request
	result func(ids []int64) (int, string)
}

func (up *updates) respond(r *http.Request, body string) (int, string) {
	if r.Method == http.MethodGet {
		return up.table.respond(r, body)
	}
	up.put = append(up.put, r.URL.RawQuery+" "+body)
	var where struct {
		ID struct {
			In []int64 `json:"$in"`
		} `json:"id"`
		And []json.RawMessage `json:"$and"`
	}
	text := []byte(r.URL.Query().Get("where"))
	_ = json.Unmarshal(text, &where)
	if where.And != nil {
		_ = json.Unmarshal(where.And[len(where.And)-1], &where)
	}
	if up.result != nil {
		return up.result(where.ID.In)
	}
	var results []string
	for _, id := range where.ID.In {
		results = append(results, fmt.Sprintf(`{"success":{"id":"%d","updated_at":1564411939}}`, id))
	}
	return 200, fmt.Sprintf(`{"operation_result":[%s],"succeed":%d,"offset":0,"limit":1000,"next":null}`, strings.Join(results, ","), len(results))
}

func TestUpdateUsers(t *testing.T) {
	up := &updates{table: table{rows: rows(5, 1)}}
	a := newAPI()
	a.respond = up.respond
	var seen []admin.Progress
	result, err := a.client(t).UpdateUsers(t.Context(), []admin.Change{admin.Set("vip", true)},
		admin.Where(admin.Field("id").Greater(1)), admin.PageSize(3), admin.OnProgress(func(p admin.Progress) { seen = append(seen, p) }))
	require.NoError(t, err)
	require.Equal(t, admin.UpdateResult{Found: 4, Succeeded: 4, Operations: []admin.Operation{
		{ID: "2", UpdatedAt: time.Unix(1564411939, 0).UTC()}, {ID: "3", UpdatedAt: time.Unix(1564411939, 0).UTC()},
		{ID: "4", UpdatedAt: time.Unix(1564411939, 0).UTC()}, {ID: "5", UpdatedAt: time.Unix(1564411939, 0).UTC()},
	}}, result)
	require.Equal(t, []admin.Progress{{Total: 4, Found: 3, Succeeded: 3}, {Total: 4, Found: 4, Succeeded: 4}}, seen)
	get := "GET /oserve/v2.2/miniapp/user_profile/?limit=3&order_by=id"
	put := "PUT /oserve/v2.6/miniapp/user_profile/?limit="
	where := func(text string) string { return "&where=" + url.QueryEscape(text) }
	require.Equal(t, []string{
		get + "&return_total_count=1" + where(`{"id":{"$gt":1}}`),
		put + "3" + where(`{"$and":[{"id":{"$gt":1}},{"id":{"$in":[2,3,4]}}]}`) + ` {"vip":true}`,
		get + where(`{"$and":[{"id":{"$gt":1}},{"id":{"$gt":4}}]}`),
		put + "1" + where(`{"$and":[{"id":{"$gt":1}},{"id":{"$in":[5]}}]}`) + ` {"vip":true}`,
	}, a.asked)
}

// A change by which users no longer meet the conditions reaches every user all the same.
func TestUpdateUsersLeavesNobodyOut(t *testing.T) {
	up := &updates{table: table{rows: rows(1000, 1)}}
	changed := map[int64]int{}
	up.result = func(ids []int64) (int, string) {
		var left []row
		for _, r := range up.rows {
			if len(ids) > 0 && r.id == ids[0] {
				changed[r.id]++
				ids = ids[1:]
				continue
			}
			left = append(left, r)
		}
		up.rows = left
		return 200, `{"operation_result":[]}`
	}
	a := newAPI()
	a.respond = up.respond
	result, err := a.client(t).UpdateUsers(t.Context(), []admin.Change{admin.Unset("vip")}, admin.AllUsers(), admin.PageSize(450))
	require.NoError(t, err)
	require.EqualValues(t, 1000, result.Found)
	require.Len(t, changed, 1000)
	for id, times := range changed {
		require.Equal(t, 1, times, id)
	}
	for _, put := range up.put {
		require.Less(t, len(put), 4000)
	}
}

func TestUpdateUsersErrors(t *testing.T) {
	up := &updates{table: table{rows: rows(9, 1)}}
	up.result = func(ids []int64) (int, string) {
		if len(up.put) == 3 {
			return 503, `{"error_msg":"busy"}`
		}
		return 200, `{"operation_result":[{"success":{"id":"5a3c51cdceb616ccfc9d5f78","updated_at":1564411939}},{"error":{"err_msg":"no","code":11000}},7],"succeed":1}`
	}
	a := newAPI()
	a.respond = up.respond
	result, err := a.client(t).UpdateUsers(t.Context(), []admin.Change{admin.IncrementBy("points", 1)}, admin.AllUsers(), admin.PageSize(3))
	h := fails(t, 503, err)
	require.Equal(t, "503: busy (after 6 users, in the request for the ids from 7 to 9)", h.Error())
	require.True(t, h.Sent())
	require.Equal(t, []int64{6, 2}, []int64{result.Found, result.Succeeded})
	require.Len(t, result.Operations, 6)
	require.Equal(t, []admin.Operation{
		{ID: "5a3c51cdceb616ccfc9d5f78", UpdatedAt: time.Unix(1564411939, 0).UTC()}, {Failed: true, Code: 11000, Message: "no"}, {Failed: true},
	}, result.Operations[:3])

	up = &updates{table: table{rows: rows(9, 1)}}
	up.before = func(request int) {
		if request == 2 {
			up.rows = nil
		}
	}
	a = newAPI()
	a.respond = func(r *http.Request, body string) (int, string) {
		if len(up.asked) == 1 && r.Method == http.MethodGet {
			return 400, `{"error_msg":"too much"}`
		}
		return up.respond(r, body)
	}
	result, err = a.client(t).UpdateUsers(t.Context(), []admin.Change{admin.Set("a", 1)}, admin.AllUsers(), admin.PageSize(3))
	require.Equal(t, "400: too much (after 3 users, the last one with id 3)", fails(t, 400, err).Error())
	require.EqualValues(t, 3, result.Found)

	for _, body := range []string{``, `[]`, `{}`, `{"operation_result":7}`, `{"status":"ok","operation_id":1}`} {
		up := &updates{table: table{rows: rows(1, 1)}}
		up.result = func([]int64) (int, string) { return 200, body }
		a := newAPI()
		a.respond = up.respond
		_, err := a.client(t).UpdateUsers(t.Context(), []admin.Change{admin.Set("a", 1)}, admin.AllUsers())
		fails(t, herror.InvalidResponse, err)
	}
}

// It would change every user, so it must be asked for by name.
func TestUpdateUsersNeedsACondition(t *testing.T) {
	a := newAPI()
	c := a.client(t)
	raw := func(text string) admin.QueryOption { return admin.Where(user.RawCondition(json.RawMessage(text))) }
	for name, opts := range map[string][]admin.QueryOption{
		"nothing":                     nil,
		"no conditions":               {admin.Where()},
		"a zero condition":            {admin.Where(user.Condition{})},
		"two zero conditions":         {admin.Where(user.Condition{}, user.Condition{})},
		"and of nothing":              {admin.Where(user.And())},
		"and of zero conditions":      {admin.Where(user.And(user.And(), user.Condition{}))},
		"or of nothing":               {admin.Where(user.Or())},
		"or with a zero condition":    {admin.Where(user.Or(admin.Field("a").Equal(1), user.Condition{}))},
		"raw":                         {raw(` {} `)},
		"raw and":                     {raw(`{"$and":[{"$or":[{"a":{"$eq":1}},{}]}]}`)},
		"raw and, no list":            {raw(`{"$and":{}}`)},
		"a page size":                 {admin.PageSize(5)},
		"all users, and a condition":  {admin.AllUsers(), admin.Where(admin.Field("a").Equal(1))},
		"all users, and no condition": {admin.AllUsers(), admin.Where()},
		"an order":                    {admin.AllUsers(), admin.OrderBy("id")},
		"an offset":                   {admin.AllUsers(), admin.Offset(5)},
		"no progress":                 {admin.AllUsers(), admin.OnProgress(nil)},
		"a bad condition":             {admin.Where(admin.Field("").Equal(1))},
		"a bad page size":             {admin.AllUsers(), admin.PageSize(1001)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.UpdateUsers(t.Context(), []admin.Change{admin.Set("a", 1)}, opts...)
			fails(t, herror.InvalidParameter, err)
		})
	}
	for _, opt := range []admin.QueryOption{admin.AllUsers(), admin.OnProgress(func(admin.Progress) {})} {
		_, err := c.CountUsers(t.Context(), opt)
		fails(t, herror.InvalidParameter, err)
		for _, err := range c.Users(t.Context(), opt) {
			fails(t, herror.InvalidParameter, err)
		}
	}
	require.Empty(t, a.asked)
	for _, where := range []string{`{"a":{"$eq":1}}`, `{"$and":[{},{"a":{"$eq":1}}]}`, `{"$or":[{"a":{"$eq":1}}]}`} {
		_, err := newAPI().answers(`{"meta":{"next":null},"objects":[]}`).client(t).UpdateUsers(t.Context(), []admin.Change{admin.Set("a", 1)}, raw(where))
		require.NoError(t, err, where)
	}
}

func TestUpdateAccountSendsExactly(t *testing.T) {
	a := newAPI().answers(`{"email":"pretty_girl@example.com","email_verified":false,"username":"pretty_girl","phone":"13800138000","phone_verified":true}`)
	c := a.client(t)
	for _, changes := range [][]admin.AccountChange{
		{admin.Username("pretty_girl")},
		{admin.Email("a@example.com"), admin.Phone("13800138000"), admin.NewPassword("s3cret <&>")},
		{admin.ClearUsername(), admin.ClearEmail(), admin.ClearPhone()},
	} {
		account, err := c.UpdateAccount(t.Context(), 70695404, changes...)
		require.NoError(t, err)
		require.Equal(t, admin.Account{Username: "pretty_girl", Email: "pretty_girl@example.com", Phone: "13800138000", PhoneVerified: true}, account)
	}
	const put = "PUT /oserve/v2.1/miniapp/user/account/70695404/ "
	require.Equal(t, []string{
		put + `{"username":"pretty_girl"}`,
		put + `{"email":"a@example.com","new_password":"s3cret \u003c\u0026\u003e","phone":"13800138000"}`,
		put + `{"email":null,"phone":null,"username":null}`,
	}, a.asked)

	account, err := newAPI().answers(`{"email":null,"username":null,"phone":""}`).client(t).UpdateAccount(t.Context(), 7, admin.ClearEmail())
	require.NoError(t, err)
	require.Zero(t, account)
}

func TestUpdateAccountErrors(t *testing.T) {
	a := newAPI()
	c := a.client(t)
	for name, changes := range map[string][]admin.AccountChange{
		"none":              nil,
		"a zero change":     {{}},
		"an empty name":     {admin.Username("")},
		"an empty email":    {admin.Email("")},
		"an empty phone":    {admin.Phone("")},
		"an empty password": {admin.NewPassword("")},
		"a long password":   {admin.NewPassword(strings.Repeat("canary", 1000))},
		"a line break":      {admin.Username("a\nb")},
		"twice":             {admin.Phone("13800138000"), admin.ClearPhone()},
	} {
		_, err := c.UpdateAccount(t.Context(), 7, changes...)
		require.Equal(t, herror.InvalidParameter, herror.CodeOf(err), name)
		require.NotContains(t, err.Error(), "canary")
	}
	require.Empty(t, a.asked)
	for body, code := range map[string]herror.Code{"400": 400, "404": 404, `[]`: herror.InvalidResponse, ``: herror.InvalidResponse} {
		_, err := newAPI().answers(body).client(t).UpdateAccount(t.Context(), 7, admin.Username("ann"))
		fails(t, code, err)
	}
	a.respond = func(_ *http.Request, body string) (int, string) {
		return 400, `{"error_msg":"bad canary-password"}`
	}
	_, err := c.UpdateAccount(t.Context(), 7, admin.NewPassword("canary-password"))
	require.EqualError(t, err, "400: bad [redacted]")
}

func TestChangesPrintNoValue(t *testing.T) {
	text := fmt.Sprintf("%v %+v %#v %v", admin.Set("note", "canary"), []admin.Change{admin.Append("tags", "canary")}, admin.NewPassword("canary"), admin.Username("canary"))
	require.NotContains(t, text, "canary")
	require.Contains(t, text, `change{"note"}`)
	require.Contains(t, text, `account change{"username"}`)
}

// Whatever the backend answers to a bulk update, there is a result or error 690.
func FuzzUpdateUsers(f *testing.F) {
	for _, body := range []string{
		`{"operation_result":[{"success":{"id":"5a","updated_at":1}},{"error":{"err_msg":"no","code":1}}],"succeed":1}`,
		`{"operation_result":[[],{},{"success":7},{"error":[]}]}`, `{"operation_result":{}}`, `{"status":"ok","operation_id":1}`, `[]`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if len(body) == 3 {
			return // it would be a status, see answers
		}
		a := newAPI().answers(`{"meta":{"next":null},"objects":[{"id":1}]}`, body)
		result, err := a.client(t).UpdateUsers(t.Context(), []admin.Change{admin.Set("a", 1)}, admin.AllUsers())
		if err != nil {
			require.Equal(t, herror.InvalidResponse, herror.CodeOf(err), err)
			return
		}
		require.EqualValues(t, 1, result.Found)
		for _, o := range result.Operations {
			require.False(t, o.Failed && !o.UpdatedAt.IsZero())
		}
	})
}
