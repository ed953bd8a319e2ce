package baastest_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// query asks for users, with pairs of parameters.
func (c *client) query(params ...string) reply {
	c.t.Helper()
	values := url.Values{}
	for i := 0; i < len(params); i += 2 {
		values.Set(params[i], params[i+1])
	}
	return c.get("v2.2/user/info/?" + values.Encode())
}

// nicknames are those of a page of users.
func nicknames(r reply) []string {
	out := []string{}
	for _, o := range r.body["objects"].([]any) {
		out = append(out, o.(m)["nickname"].(string))
	}
	return out
}

// update changes a field and returns what became of it.
func update(c *client, field string, value any) any {
	c.t.Helper()
	return c.ok(200, c.put("v2.5/user/info/", m{field: value})).body[field]
}

var queryFacts = []fact{
	{
		"keys", "D", "The parameter keys of GET user/info/{id}/ selects fields, and leaves out those with a minus. A mixture is ignored.",
		"js-sdk/user.md; js-sdk/schema/select-and-expand.md",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			path := fmt.Sprintf("v2.5/user/info/%d/?keys=", c.register("Ann"))
			require.Equal(t, []string{"_username", "avatar", "id"}, names(c.ok(200, c.get(path+"_username,avatar")).body))
			require.NotContains(t, c.ok(200, c.get(path+"-_username")).body, "_username")
			require.Contains(t, c.ok(200, c.get(path+"-_username,avatar")).body, "_username")
		},
	}, {
		"keys-and-id", "R", "id comes also where keys does not name it. Responses.ExactKeys leaves it out, as on the documentation's page.",
		"hydrogen-ios-sdk MinCloudTests user_info_option.json; js-sdk/user.md",
		func(t *testing.T) {
			for exact, want := range map[bool][]string{false: {"_username", "id"}, true: {"_username"}} {
				c := newClient(t, responses(baastest.Responses{ExactKeys: exact}), "")
				path := fmt.Sprintf("v2.5/user/info/%d/?keys=_username", c.register("Ann"))
				require.Equal(t, want, names(c.ok(200, c.get(path)).body))
			}
		},
	}, {
		"expand", "D", "The parameter expand puts a user in place of created_by and of pointers to users; keys then selects attributes of the pointer.",
		"js-sdk/schema/select-and-expand.md",
		func(t *testing.T) {
			b := newBackend()
			bob := newClient(t, b, "").register("Bob")
			c := newClient(t, b, "")
			id := c.register("Ann")
			c.ok(200, c.put("v2.5/user/info/", m{"friend": m{"id": bob, "_table": "_userprofile"}}))
			path := fmt.Sprintf("v2.5/user/info/%d/", id)
			user := c.ok(200, c.get(path)).body
			require.EqualValues(t, id, user["created_by"])
			user = c.ok(200, c.get(path+"?expand=created_by,friend")).body
			require.Equal(t, []string{"avatar", "friend", "id"}, names(user["created_by"].(m)))
			require.Equal(t, "_userprofile", user["friend"].(m)["_table"])
			require.Contains(t, user["friend"], "avatar")
			user = c.ok(200, c.get(path+"?expand=friend&keys=friend.id")).body
			require.Equal(t, m{"id": float64(bob), "_table": "_userprofile"}, user["friend"])
		},
	}, {
		"user-query", "D", "GET v2.2/user/info/ lists users by where, order_by, limit and offset. The default limit is 20 and the largest 1000. meta names the pages before and after by path.",
		"js-sdk/user.md; web-api/user.md; js-sdk/schema/limit-and-order.md",
		func(t *testing.T) {
			c := register3(t, newBackend(), "Ann", "Bob", "Cid")
			r := c.ok(200, c.query("where", `{"$and":[{"nickname":{"$in":["Ann","Cid"]}}]}`, "order_by", "-nickname"))
			require.Equal(t, []string{"Cid", "Ann"}, nicknames(r))
			require.Equal(t, m{"limit": 20.0, "offset": 0.0, "next": nil, "previous": nil}, r.body["meta"])
			r = c.ok(200, c.query("limit", "1", "offset", "1"))
			require.Equal(t, []string{"Bob"}, nicknames(r))
			require.Equal(t, "/hserve/v2.2/user/info/?limit=1&offset=2", r.body["meta"].(m)["next"])
			require.Equal(t, "/hserve/v2.2/user/info/?limit=1&offset=0", r.body["meta"].(m)["previous"])
			c.refused(400, "limit", c.query("limit", "1001"))
			c.token = ""
			c.refused(401, "unauthorized", c.query())
		},
	}, {
		"query-operators", "C", "A condition has the operators of the clients' Query and Where, in $and, in $or, or alone.",
		"hydrogen-js-sdk core/Query.js; hydrogen-ios-sdk Where.swift",
		func(t *testing.T) {
			b := responses(baastest.Responses{QueryAnyField: true})
			c := register3(t, b, "Ann", "Bob", "Cid")
			c.ok(200, c.put("v2.5/user/info/", m{"size": m{"s": 1}}))
			for where, want := range map[string][]string{
				``:                                {"Ann", "Bob", "Cid"},
				`{}`:                              {"Ann", "Bob", "Cid"},
				`{"nickname":{"$eq":"Bob"}}`:      {"Bob"},
				`{"nickname":{"$ne":"Bob"}}`:      {"Ann", "Cid"},
				`{"age":{"$lt":21.0}}`:            {"Ann"},
				`{"age":{"$lte":21}}`:             {"Ann", "Bob"},
				`{"age":{"$gt":20,"$lt":22}}`:     {"Bob"},
				`{"age":{"$gte":21}}`:             {"Bob", "Cid"},
				`{"age":{"$range":[21,22]}}`:      {"Bob", "Cid"},
				`{"nickname":{"$contains":"n"}}`:  {"Ann"},
				`{"nickname":{"$icontains":"B"}}`: {"Bob"},
				`{"nickname":{"$regex":"^b","$options":"i"}}`:                     {"Bob"},
				`{"nickname":{"$nin":["Bob"]}}`:                                   {"Ann", "Cid"},
				`{"nickname":{"$isnull":true}}`:                                   {},
				`{"size":{"$has_key":"s"}}`:                                       {"Cid"},
				`{"size":{"$has_key":"m"}}`:                                       {},
				`{"nickname":{"$exists":true}}`:                                   {"Ann", "Bob", "Cid"},
				`{"$or":[{"nickname":{"$eq":"Ann"}},{"nickname":{"$eq":"Cid"}}]}`: {"Ann", "Cid"},
			} {
				require.Equal(t, want, nicknames(c.ok(200, c.query("where", where))), where)
			}
		},
	}, {
		"query-lists", "D", "For a field that is a list, $in holds where it has one of the values, $nin where it has none, and $all where it has all.",
		"web-api/data/query-record.md",
		func(t *testing.T) {
			b := responses(baastest.Responses{QueryAnyField: true})
			for i, animals := range [][]string{{"cat", "dog"}, {"bird"}} {
				_, err := b.AddUser(baastest.User{ID: int64(i + 1), Profile: baastest.Profile{NickName: animals[0]}, Custom: m{"animals": animals}})
				require.NoError(t, err)
			}
			c := newClient(t, b, "")
			c.ok(201, c.post(anonymousPath, m{}))
			for condition, want := range map[string][]string{
				`{"animals":{"$in":["dog","fox"]}}`: {"cat"}, `{"animals":{"$nin":["dog"]},"id":{"$lt":3}}`: {"bird"}, `{"animals":{"$all":["dog","cat"]}}`: {"cat"},
			} {
				require.Equal(t, want, nicknames(c.ok(200, c.query("where", condition))), condition)
			}
		},
	}, {
		"query-pointers", "D", "A pointer is equal to the id of the row that it points to, and its row cannot be queried.",
		"web-api/data/query-record.md; open-api/data/record.md",
		func(t *testing.T) {
			b := responses(baastest.Responses{QueryAnyField: true})
			_, err := b.AddUser(baastest.User{Profile: baastest.Profile{NickName: "Ann"}, Custom: m{"friend": m{"id": "5272", "_table": "customer"}}})
			require.NoError(t, err)
			c := newClient(t, b, "")
			c.ok(201, c.post(anonymousPath, m{}))
			require.Equal(t, []string{"Ann"}, nicknames(c.ok(200, c.query("where", `{"friend":{"$eq":"5272"}}`))))
			require.Empty(t, nicknames(c.ok(200, c.query("where", `{"friend.nickname":{"$eq":"x"}}`))))
		},
	}, {
		"query-fields", "D", "An end user may name id and nickname only. Responses.QueryAnyField allows every field, as the pages of the iOS and Flutter clients have it.",
		"js-sdk/user.md; ios-sdk/user/user.md; flutter-sdk/user/user.md",
		func(t *testing.T) {
			const where = `{"age":{"$eq":20}}`
			c := register3(t, newBackend(), "Ann", "Bob")
			c.refused(400, "where", c.query("where", where))
			c.refused(400, "order_by", c.query("order_by", "-age"))
			c.ok(200, c.query("where", `{"id":{"$gt":0}}`))
			c = register3(t, responses(baastest.Responses{QueryAnyField: true}), "Ann", "Bob")
			require.Equal(t, []string{"Ann"}, nicknames(c.ok(200, c.query("where", where))))
		},
	}, {
		"query-count", "D", "meta.total_count is there with return_total_count=1; a client counts with limit=1.",
		"web-api/user.md; hydrogen-js-sdk core/User.js",
		func(t *testing.T) {
			c := register3(t, newBackend(), "Ann", "Bob", "Cid")
			r := c.ok(200, c.query("limit", "1", "return_total_count", "1"))
			require.EqualValues(t, 3, r.body["meta"].(m)["total_count"])
			require.Len(t, r.body["objects"], 1)
			require.NotContains(t, c.ok(200, c.query("return_total_count", "0")).body["meta"], "total_count")
		},
	}, {
		"query-view", "D", "A query shows another user as a read does: by default id, nickname and avatar.",
		"js-sdk/user.md",
		func(t *testing.T) {
			c := register3(t, newBackend(baastest.WithFieldPermission("age", baastest.VisibleToOwner)), "Ann", "Bob")
			objects := c.ok(200, c.query()).body["objects"].([]any)
			require.Equal(t, []string{"avatar", "id", "nickname"}, names(objects[0].(m)))
			require.Contains(t, objects[1], "_username")
		},
	}, {
		"operator-incr-by", "C", `{"$incr_by": n} adds to a number.`, "hydrogen-js-sdk core/BaseRecord.js; js-sdk/schema/update-record.md",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.register("Ann")
			require.EqualValues(t, 2, update(c, "n", m{"$incr_by": 2}))
			require.InDelta(t, 1.5, update(c, "n", m{"$incr_by": -0.5}), 0)
			update(c, "purse", m{"coins": 1})
			c.ok(200, c.put("v2.5/user/info/", m{"purse.coins": m{"$incr_by": 4}}))
			require.Equal(t, m{"coins": 5.0}, update(c, "purse", m{"$update": m{}}))
		},
	}, {
		"operator-append", "C", `{"$append": [...]} appends items, {"$append_unique": [...]} those that are not there.`,
		"hydrogen-js-sdk core/BaseRecord.js; js-sdk/schema/update-record.md",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.register("Ann")
			require.Equal(t, []any{"a", "a"}, update(c, "list", m{"$append": []string{"a", "a"}}))
			require.Equal(t, []any{"a", "a", "b"}, update(c, "list", m{"$append_unique": []string{"a", "b"}}))
		},
	}, {
		"operator-remove", "C", `{"$remove": [...]} removes items.`, "hydrogen-js-sdk core/BaseRecord.js; js-sdk/schema/update-record.md",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.register("Ann")
			update(c, "list", []string{"a", "b", "a"})
			require.Equal(t, []any{"b"}, update(c, "list", m{"$remove": []string{"a"}}))
		},
	}, {
		"operator-pop", "C", `{"$pop": 1} removes the last item, {"$pop": -1} the first.`,
		"hydrogen-js-sdk core/BaseRecord.js; hydrogen-android-sdk AtomicOperationTest.kt",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.register("Ann")
			update(c, "list", []int{1, 2, 3})
			require.Equal(t, []any{1.0, 2.0}, update(c, "list", m{"$pop": 1}))
			require.Equal(t, []any{2.0}, update(c, "list", m{"$pop": -1}))
			update(c, "list", m{"$pop": 1})
			require.Equal(t, []any{}, update(c, "list", m{"$pop": 1}))
			c.refused(400, "operator", c.put("v2.5/user/info/", m{"list": m{"$pop": 2}}))
		},
	}, {
		"operator-update", "C", `{"$update": {...}} sets members of an object and leaves the others.`,
		"hydrogen-js-sdk core/BaseRecord.js patchObject; js-sdk/schema/update-record.md",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.register("Ann")
			update(c, "o", m{"a": 1, "b": m{"c": 1, "d": 1}})
			require.Equal(t, m{"a": 1.0, "b": m{"c": 2.0}}, update(c, "o", m{"$update": m{"b": m{"c": 2}}}))
		},
	}, {
		"operator-unset", "C", `"$unset": {field: ""} beside the fields removes a field.`,
		"hydrogen-ios-sdk BaseRecord.swift; hydrogen-android-sdk Record.java; web-api/data/update-record.md",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.register("Ann")
			c.ok(200, c.put("v2.5/user/info/", m{"age": 1, "city": "Huizhou"}))
			user := c.ok(200, c.put("v2.1/user/info/", m{"pet": "cat", "$unset": m{"age": "", "city": ""}})).body
			require.NotContains(t, user, "age")
			require.NotContains(t, user, "city")
			require.Equal(t, "cat", user["pet"])
			c.refused(400, "set and unset", c.put("v2.5/user/info/", m{"pet": 1, "$unset": m{"pet": ""}}))
		},
	}, {
		"update-response", "R", "An update of fields responds with the whole user; city is one of the built-in fields that a user changes.",
		"hydrogen-ios-sdk MinCloudTests update_userinfo.json",
		func(t *testing.T) {
			c := newClient(t, newBackend(), "")
			c.register("ifanr_new")
			user := c.ok(200, c.put("v2.1/user/info/", m{"city": "guangzhou"})).body
			require.Equal(t, "guangzhou", user["city"])
			require.Equal(t, "ifanr_new", user["_username"])
		},
	}, {
		"big-ids", "R", "An id is a number of up to 14 digits, which is read without loss.",
		"hydrogen-ios-sdk MinCloudTests login_email.json",
		func(t *testing.T) {
			b := newBackend()
			_, err := b.AddUser(baastest.User{ID: 91458891731308, Username: "ann", Password: "p"})
			require.NoError(t, err)
			c := newClient(t, b, "")
			r := c.ok(201, c.post("v2.1/login/username/", m{"username": "ann", "password": "p"}))
			var user struct{ ID json.Number }
			decode(t, []byte(r.raw), &user)
			require.Equal(t, json.Number("91458891731308"), user.ID)
			where := `{"id":{"$eq":91458891731308}}`
			require.Len(t, c.ok(200, c.query("where", where)).body["objects"], 1)
		},
	},
}
