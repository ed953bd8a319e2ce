package baastest_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// A field that is not there comes first, then booleans, numbers and texts; users that
// are equal stay in the order of their ids.
func TestOrderOfTypes(t *testing.T) {
	b := responses(baastest.Responses{QueryAnyField: true})
	for i, value := range []any{"b", 10, nil, true, "a", 9.5, false, []any{1}, -1} {
		user := baastest.User{ID: int64(i + 1), Custom: m{"x": value}}
		if value == nil {
			user.Custom = nil
		}
		_, err := b.AddUser(user)
		require.NoError(t, err)
	}
	c := newClient(t, b, "")
	ids := func(orderBy string) []int64 {
		var page struct{ Objects []struct{ ID int64 } }
		r := c.ok(200, c.query("order_by", orderBy, "where", `{"id":{"$lt":100}}`))
		require.NoError(t, json.Unmarshal([]byte(r.raw), &page))
		var out []int64
		for _, o := range page.Objects {
			out = append(out, o.ID)
		}
		return out
	}
	c.register("Ann")
	require.Equal(t, []int64{3, 7, 4, 9, 6, 2, 5, 1, 8}, ids("x"))
	require.Equal(t, []int64{8, 1, 5, 2, 6, 9, 4, 7, 3}, ids("-x"))
	require.Equal(t, []int64{9, 8, 7, 6, 5, 4, 3, 2, 1}, ids("created_at,-id"))
	require.Equal(t, []int64{9, 8, 7, 6, 5, 4, 3, 2, 1}, ids("-id,x"))
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}, ids("id,-x"))
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}, ids("created_at"))
}

// What a list operator asks of lists, of pointers and of values of different types.
func TestOperatorsOnValues(t *testing.T) {
	b := responses(baastest.Responses{QueryAnyField: true})
	for _, custom := range []m{
		{"tags": []string{"cat", "dog"}, "n": 1},
		{"tags": []string{"bird"}, "n": 1.0, "friend": m{"id": "5272", "_table": "customer"}},
		{"tags": []any{m{"a": 1}}, "n": "1", "friend": m{"id": 5272, "_table": "_userprofile"}},
		{"n": true},
	} {
		_, err := b.AddUser(baastest.User{Custom: custom, Profile: baastest.Profile{NickName: string(rune('a' + len(b.Users())))}})
		require.NoError(t, err)
	}
	c := newClient(t, b, "")
	c.ok(201, c.post(anonymousPath, m{}))
	for where, want := range map[string][]string{
		`{"tags":{"$in":["dog","fox"]}}`:       {"a"},
		`{"tags":{"$in":[{"a":1}]}}`:           {"c"},
		`{"tags":{"$in":[["cat","dog"]]}}`:     {"a"},
		`{"tags":{"$nin":["dog"]}}`:            {"b", "c", "d"},
		`{"tags":{"$all":["dog","cat"]}}`:      {"a"},
		`{"tags":{"$eq":["bird"]}}`:            {"b"},
		`{"n":{"$eq":1.00}}`:                   {"a", "b"},
		`{"n":{"$in":[1,true]}}`:               {"a", "b", "d"},
		`{"n":{"$gte":"0"}}`:                   {"c"},
		`{"n":{"$range":[0,1]}}`:               {"a", "b"},
		`{"friend":{"$eq":"5272"}}`:            {"b", "c"},
		`{"friend":{"$ne":5272}}`:              {"a", "d"},
		`{"friend._table":{"$eq":"customer"}}`: {"b"},
		`{"friend.id.x":{"$eq":1}}`:            {},
	} {
		where = `{"$and":[{"nickname":{"$exists":true}},` + where + `]}`
		require.Equal(t, want, nicknames(c.ok(200, c.query("where", where))), where)
	}
	for _, where := range []string{`{"n":{"$lt":[]}}`, `{"n":{"$gt":true}}`, `{"n":{"$range":[1,null]}}`, `{"n":{"$contains":1}}`} {
		c.refused(400, "not a condition", c.query("where", where))
	}
}
