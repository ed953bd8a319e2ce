package baastest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// people3 are three users with nicknames, a custom field and different creation times.
func people3(t *testing.T, b *baastest.Backend) {
	t.Helper()
	for i, u := range []baastest.User{
		{ID: 11, Username: "ann", Profile: baastest.Profile{NickName: "Ann", City: "Huizhou", Gender: 2}, Custom: m{"level": 1, "tags": []string{"x"}}},
		{ID: 12, Phone: "13800000012", PhoneVerified: true, Profile: baastest.Profile{NickName: "Bob"}, Custom: m{"level": 2, "pretty": true}},
		{ID: 13, Email: "cid@example.com", Profile: baastest.Profile{NickName: "Cid"}, Custom: m{"level": 3, "note": "some words"}},
	} {
		u.CreatedAt = start.Add(time.Duration(i) * time.Hour)
		_, err := b.AddUser(u)
		require.NoError(t, err)
	}
}

// with3 is a server of a backend with [people3].
func with3(t *testing.T, b *baastest.Backend) *server {
	t.Helper()
	people3(t, b)
	return newServerClient(t, b)
}

// customOf reads a custom field of a user directly, as JSON has it.
func customOf(t *testing.T, b *baastest.Backend, id int64, name string) any {
	t.Helper()
	u, ok := b.User(id)
	require.True(t, ok)
	text, err := json.Marshal(u.Custom[name])
	require.NoError(t, err)
	var value any
	decode(t, text, &value)
	return value
}

var openAPIFacts = []fact{
	{
		"openapi-code", "D", "POST authorize/ with the client id and the client secret leads through two 302s to a code. Each sets a cookie, without which the next request is refused.",
		"open-api/authentication.md",
		func(t *testing.T) {
			s := anonymousServer(t, newBackend())
			require.Equal(t, []string{"code", "expires_in"}, names(s.ok(200, s.authorize(credentials)).body))
			r := s.ok(302, s.post(authorizePath, credentials))
			for range 2 {
				cookie, location := r.header.Get("Set-Cookie"), r.header.Get("Location")
				s.refused(401, "cookie", s.get(location))
				s.header = http.Header{"Cookie": {strings.SplitN(cookie, ";", 2)[0]}}
				r = s.get(location)
				s.header = nil
			}
			require.Contains(t, s.ok(200, r).body, "code")
		},
	}, {
		"openapi-life", "D", "A code lives 600 seconds, and an access token a year.", "openAPI/authentication.md at commit 5779315",
		func(t *testing.T) {
			b := newBackend()
			s := anonymousServer(t, b)
			r := s.ok(200, s.authorize(credentials))
			require.EqualValues(t, 600, r.body["expires_in"])
			b.Clock().Advance(10 * time.Minute)
			s.grant(400, m{"grant_type": "authorization_code", "code": r.body["code"]})
			require.EqualValues(t, 31536000, s.grant(200, m{"grant_type": "authorization_code", "code": s.code()}).body["expires_in"])
			b.Clock().Advance(31536000*time.Second - 1)
			s.ok(200, s.find())
			b.Clock().Advance(1)
			s.refused(401, "unauthorized", s.find())
		},
	}, {
		"openapi-token", "D", "A code is exchanged for access_token, token_type, expires_in, refresh_token and scope, in JSON. It is good once.",
		"open-api/authentication.md",
		func(t *testing.T) {
			s := anonymousServer(t, newBackend())
			code := m{"grant_type": "authorization_code", "code": s.code()}
			r := s.grant(200, code)
			require.Equal(t, []string{"access_token", "expires_in", "refresh_token", "scope", "token_type"}, names(r.body))
			require.Equal(t, m{"error": "invalid_grant"}, s.grant(400, code).body)
		},
	}, {
		"openapi-token-form", "C", "The access token is also given for a multipart form, as the vendor's command line sends it.",
		"ifanrx/faas-cli src/plugins/login.js; open-api/authentication.md before commit 5b6df04",
		func(t *testing.T) {
			s := anonymousServer(t, newBackend())
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			for name, value := range merge(credentials, m{"grant_type": "authorization_code", "code": s.code()}) {
				require.NoError(t, form.WriteField(name, value.(string)))
			}
			require.NoError(t, form.Close())
			s.header = http.Header{"Content-Type": {form.FormDataContentType()}}
			require.Contains(t, s.ok(200, s.post(accessPath, body.String())).body, "access_token")
		},
	}, {
		"openapi-refresh", "D", "A refresh token is exchanged for new tokens, and ends all access tokens and refresh tokens from before.",
		"open-api/authentication.md",
		func(t *testing.T) {
			b := newBackend()
			first, second := newServerClient(t, b), newServerClient(t, b)
			old := m{"grant_type": "refresh_token", "refresh_token": first.refresh}
			first.grant(200, old)
			first.ok(200, first.find())
			second.refused(401, "unauthorized", second.find())
			second.grant(400, m{"grant_type": "refresh_token", "refresh_token": second.refresh})
			second.grant(400, old)
			first.ok(200, first.find())
		},
	}, {
		"openapi-token-errors", "C", "A refusal of a code has status and error_msg, one of a token has error.",
		"ifanrx/faas-cli src/plugins/login.js",
		func(t *testing.T) {
			s := anonymousServer(t, newBackend())
			wrong := m{"client_id": baastest.DefaultClientID, "client_secret": "wrong"}
			require.Equal(t, []string{"error_msg", "status"}, names(s.authorize(wrong).body))
			require.Equal(t, []string{"error"}, names(s.post(accessPath, merge(wrong, m{"grant_type": "authorization_code", "code": s.code()})).body))
		},
	}, {
		"openapi-token-statuses", "T", "A wrong client id or client secret is 401 for a code and 400 for a token.",
		"ifanrx/faas-cli src/commands/login.test.js",
		func(t *testing.T) {
			s := anonymousServer(t, newBackend())
			for _, wrong := range []m{{"client_id": "wrong"}, {"client_secret": "wrong"}} {
				s.refused(401, "invalid client", s.authorize(merge(credentials, wrong)))
				require.Equal(t, m{"error": "invalid_client"}, s.grant(400, merge(wrong, m{"grant_type": "authorization_code", "code": s.code()})).body)
			}
		},
	}, {
		"openapi-bearer", "D", "A request carries the access token as Authorization: Bearer and no header of a client; without a good token it is 401.",
		"open-api/authentication.md; open-api/user/user.md",
		func(t *testing.T) {
			b := newBackend()
			s := newServerClient(t, b)
			s.ok(200, s.find())
			user := newClient(t, b, "")
			user.register("Ann")
			for _, header := range []string{"", "Bearer wrong", "Hydrogen-r1 " + s.bearer, "Hydrogen-r1 " + user.token, "Bearer " + user.token, s.bearer} {
				s.header = http.Header{"Authorization": {header}}
				s.refused(401, "unauthorized", s.find())
			}
			user.token = s.bearer
			user.refused(401, "unauthorized", user.query())
		},
	}, {
		"openapi-users", "D", "A list of users has meta and objects. The default limit is 20 and the largest 1000; total_count is there with return_total_count=1.",
		"open-api/user/user.md",
		func(t *testing.T) {
			s := with3(t, newBackend())
			r := s.ok(200, s.find())
			require.Equal(t, m{"limit": 20.0, "offset": 0.0, "next": nil, "previous": nil}, r.body["meta"])
			require.Equal(t, []string{"Ann", "Bob", "Cid"}, nicknames(r))
			r = s.ok(200, s.find("limit", "1", "offset", "1", "return_total_count", "1"))
			require.Equal(t, []string{"Bob"}, nicknames(r))
			require.Equal(t, m{
				"limit": 1.0, "offset": 1.0, "total_count": 3.0,
				"next": usersPath + "?limit=1&offset=2&return_total_count=1", "previous": usersPath + "?limit=1&offset=0&return_total_count=1",
			}, r.body["meta"])
			s.ok(200, s.find("limit", "1000"))
			require.NotContains(t, s.ok(200, s.find("return_total_count", "0")).body["meta"], "total_count")
		},
	}, {
		"openapi-operators", "D", "A condition of the Open API has the operators $eq, $ne, $lt, $lte, $gt, $gte, $contains, $nin, $in, $isnull and $range, in $and and $or; another operator or a wrong operand is 400. It has no operators for places.",
		"open-api/data/record.md; open-api/user/user.md",
		func(t *testing.T) {
			s := with3(t, newBackend())
			for condition, want := range map[string][]string{
				``:                                {"Ann", "Bob", "Cid"},
				`{}`:                              {"Ann", "Bob", "Cid"},
				`{"level":{"$eq":2}}`:             {"Bob"},
				`{"level":{"$ne":2}}`:             {"Ann", "Cid"},
				`{"level":{"$lt":2}}`:             {"Ann"},
				`{"level":{"$lte":2}}`:            {"Ann", "Bob"},
				`{"level":{"$gt":2}}`:             {"Cid"},
				`{"level":{"$gte":2,"$lt":3}}`:    {"Bob"},
				`{"note":{"$contains":"e w"}}`:    {"Cid"},
				`{"level":{"$in":[1,3,5]}}`:       {"Ann", "Cid"},
				`{"tags":{"$in":["x","y"]}}`:      {"Ann"},
				`{"level":{"$nin":[1,3]}}`:        {"Bob"},
				`{"_phone":{"$isnull":true}}`:     {"Ann", "Cid"},
				`{"_phone":{"$isnull":false}}`:    {"Bob"},
				`{"level":{"$range":[2,3]}}`:      {"Bob", "Cid"},
				`{"created_at":{"$gt":1}}`:        {"Ann", "Bob", "Cid"},
				`{"_email":{"$contains":"@exa"}}`: {"Cid"},
				`{"$or":[{"$and":[{"level":{"$eq":1}},{"nickname":{"$contains":"nn"}}]},{"level":{"$gt":2}}]}`: {"Ann", "Cid"},
			} {
				require.Equal(t, want, s.where(condition), condition)
			}
			for _, condition := range []string{
				`{"note":{"$regex":"x"}}`, `{"note":{"$icontains":"x"}}`, `{"note":{"$exists":true}}`, `{"_provider":{"$has_key":"wechat"}}`,
				`{"tags":{"$all":["x"]}}`, `{"level":{"$within":{}}}`, `{"level":{"$nearsphere":{}}}`, `{"level":{"$intersects":{}}}`,
				`{"level":{"$in":1}}`, `{"level":{"$range":[1]}}`, `{"level":{"$isnull":1}}`, `{"level":{}}`, `{"$and":{}}`, `[]`, `{`, `{} {}`,
			} {
				require.Equal(t, 400, s.find("where", condition).status, condition)
			}
		},
	}, {
		"openapi-equality", "D", "A condition may have a value in place of operators; it is $eq.", "open-api/data/record.md",
		func(t *testing.T) {
			s := with3(t, newBackend())
			require.Equal(t, []string{"Bob"}, s.where(`{"pretty":true}`))
			require.Equal(t, []string{"Ann"}, s.where(`{"level":1}`))
		},
	}, {
		"openapi-sorting", "D", "order_by takes several fields, with a minus for the descending order; gender, country, province, city and language are 400.",
		"open-api/user/user.md; js-sdk/schema/limit-and-order.md",
		func(t *testing.T) {
			s := with3(t, newBackend())
			require.Equal(t, []string{"Cid", "Bob", "Ann"}, nicknames(s.ok(200, s.find("order_by", "-level"))))
			require.Equal(t, []string{"Ann", "Cid", "Bob"}, nicknames(s.ok(200, s.find("order_by", "_phone,nickname"))))
			for _, field := range []string{"gender", "country", "province", "city", "language"} {
				s.refused(400, "order_by", s.find("order_by", "-"+field))
				s.ok(200, s.find("where", `{"`+field+`":{"$isnull":true}}`))
			}
		},
	}, {
		"openapi-order", "D", "Without order_by, users are in the order of creation, as in the example for users. Responses.NewestFirst turns it round, as the page of tables has it.",
		"open-api/user/user.md; hydrogen-ios-sdk MinCloudTests user_list.json; open-api/data/record.md",
		func(t *testing.T) {
			for newest, want := range map[bool][]string{false: {"Ann", "Bob", "Cid"}, true: {"Cid", "Bob", "Ann"}} {
				s := with3(t, responses(baastest.Responses{NewestFirst: newest}))
				require.Equal(t, want, nicknames(s.ok(200, s.find())))
			}
		},
	}, {
		"openapi-user", "D", "A user of the Open API has the fields that are set, and null for an openid or unionid that is not. An unknown id is 404.",
		"open-api/user/user.md",
		func(t *testing.T) {
			s := with3(t, newBackend())
			user := s.ok(200, s.get(usersPath+"11/")).body
			require.Equal(t, []any{11.0, 11.0, "Ann", "Huizhou", 2.0, 1.0, false, float64(start.Unix())}, []any{
				user["id"], user["created_by"], user["nickname"], user["city"], user["gender"], user["level"], user["is_authorized"], user["created_at"],
			})
			require.Equal(t, []any{nil, nil}, []any{user["openid"], user["unionid"]})
			require.Contains(t, user, "unionid")
			require.Equal(t, user, s.find("limit", "1").body["objects"].([]any)[0])
			for _, id := range []string{"14", "x", "-1"} {
				s.refused(404, "not found", s.get(usersPath+id+"/"))
				s.refused(404, "not found", s.put(updatesPath+id+"/", m{}))
				s.refused(404, "not found", s.put(accountsPath+id+"/", m{}))
			}
		},
	}, {
		"openapi-update", "D", "An update of the Open API changes custom fields and responds with the whole user. A built-in field, an unknown one and a value of another type are 400, and nothing is changed.",
		"open-api/user/user.md",
		func(t *testing.T) {
			b := newBackend()
			s := with3(t, b)
			b.Clock().Advance(time.Minute)
			user := s.ok(200, s.put(updatesPath+"11/", m{"level": 7, "note": "new"})).body
			require.Equal(t, []any{"Ann", 7.0, "new", float64(start.Unix() + 60)}, []any{user["nickname"], user["level"], user["note"], user["updated_at"]})
			require.Equal(t, user, s.ok(200, s.get(usersPath+"11/")).body)
			for name, value := range map[string]any{
				"nickname": "x", "avatar": "x", "id": 1, "created_at": 1, "_phone": "1", "_provider": m{}, "": 1, "levels": 1,
				"level": "1", "note": 1, "tags": "x", "pretty": 1,
			} {
				s.refused(400, "field", s.put(updatesPath+"11/", merge(m{"level": 9}, m{name: value})))
				s.refused(400, "field", s.put(updatesPath, m{name: value}))
			}
			require.EqualValues(t, 7, customOf(t, b, 11, "level"))
			require.Nil(t, s.ok(200, s.put(updatesPath+"11/", m{"level": nil})).body["level"])
		},
	}, {
		"openapi-update-operators", "D", "An update of the Open API takes $incr_by, $append, $append_unique, $remove and $unset; another operator is 400.",
		"open-api/data/record.md; open-api/user/user.md",
		func(t *testing.T) {
			b := newBackend()
			s := with3(t, b)
			user := s.ok(200, s.put(updatesPath+"11/", m{
				"level": m{"$incr_by": -3}, "tags": m{"$append": []string{"y", "x"}}, "$unset": m{"note": ""},
			})).body
			require.Equal(t, []any{-2.0, []any{"x", "y", "x"}}, []any{user["level"], user["tags"]})
			require.Equal(t, []any{"x", "y", "x", "z"}, s.put(updatesPath+"11/", m{"tags": m{"$append_unique": []string{"y", "z"}}}).body["tags"])
			require.Equal(t, []any{"y", "z"}, s.put(updatesPath+"11/", m{"tags": m{"$remove": []string{"x"}}}).body["tags"])
			require.NotContains(t, s.ok(200, s.put(updatesPath+"13/", m{"$unset": m{"note": ""}})).body, "note")
			for _, value := range []m{
				{"tags": m{"$pop": 1}}, {"tags": m{"$append": "x"}}, {"level": m{"$incr_by": "1"}}, {"level": m{"$append": []int{1}}},
				{"tags": m{"$append": []int{1}, "$remove": []int{1}}}, {"level": m{"$update": m{}}}, {"$unset": m{"nickname": ""}},
				{"$unset": "note"}, {"$unset": m{"level": ""}, "level": 1},
			} {
				s.refused(400, "", s.put(updatesPath+"11/", value))
				s.refused(400, "", s.put(updatesPath, value))
			}
		},
	}, {
		"openapi-bulk-update", "D", "A bulk update changes the users that match where, from offset on and at most limit, and responds with operation_result, succeed, offset, limit, next, and total_count with return_total_count=1.",
		"open-api/user/user.md; open-api/data/record.md; cloud-function/node-sdk/user.md",
		func(t *testing.T) {
			b := newBackend()
			s := with3(t, b)
			b.Clock().Advance(time.Minute)
			r := s.ok(200, s.put(updatesPath+`?where=%7B%22level%22%3A%7B%22%24gt%22%3A1%7D%7D&limit=1&offset=0&return_total_count=1`, m{"note": "bulk"}))
			require.Equal(t, m{
				"operation_result": []any{m{"success": m{"id": "12", "updated_at": float64(start.Unix() + 60)}}},
				"succeed":          1.0, "total_count": 2.0, "offset": 0.0, "limit": 1.0,
				"next": updatesPath + "?limit=1&offset=1&return_total_count=1&where=%7B%22level%22%3A%7B%22%24gt%22%3A1%7D%7D",
			}, r.body)
			r = s.ok(200, s.put(r.body["next"].(string), m{"note": "bulk"}))
			require.Nil(t, r.body["next"])
			require.Equal(t, []any{nil, "bulk", "bulk"}, []any{customOf(t, b, 11, "note"), customOf(t, b, 12, "note"), customOf(t, b, 13, "note")})
			r = s.ok(200, s.put(updatesPath, m{"level": m{"$incr_by": 10}}))
			require.EqualValues(t, 3, r.body["succeed"])
			require.NotContains(t, r.body, "total_count")
			require.Equal(t, []string{"Ann", "Bob", "Cid"}, s.where(`{"level":{"$range":[11,13]}}`))
			s.refused(400, "limit", s.put(updatesPath+"?limit=1001", m{"note": "x"}))
			s.refused(400, "where", s.put(updatesPath+"?where=x", m{"note": "x"}))
		},
	}, {
		"openapi-bulk-limit", "D", "The default limit of a bulk update is 20, as its parameters have it. Responses.BulkLimit1000 makes it 1000, as its example has it.",
		"open-api/user/user.md; open-api/data/record.md",
		func(t *testing.T) {
			for large, want := range map[bool]int{false: 20, true: 25} {
				b := responses(baastest.Responses{BulkLimit1000: large})
				for range 25 {
					_, err := b.AddUser(baastest.User{Custom: m{"level": 1}})
					require.NoError(t, err)
				}
				s := newServerClient(t, b)
				require.EqualValues(t, want, s.ok(200, s.put(updatesPath, m{"level": 2})).body["succeed"])
			}
		},
	}, {
		"openapi-bulk-ids", "D", "The ids in the result of a bulk update are texts, as documented. Responses.NumericBulkIDs makes them numbers, as those of users are everywhere else.",
		"open-api/user/user.md; open-api/data/record.md",
		func(t *testing.T) {
			for numeric, want := range map[bool]any{false: "11", true: 11.0} {
				s := with3(t, responses(baastest.Responses{NumericBulkIDs: numeric, NewestFirst: false}))
				result := s.ok(200, s.put(updatesPath+"?limit=1", m{"level": 2})).body["operation_result"].([]any)[0]
				require.Equal(t, want, result.(m)["success"].(m)["id"])
			}
		},
	}, {
		"openapi-bulk-errors", "D", "What a bulk update cannot change is in its result as an error with err_msg and code; the others are changed.",
		"open-api/data/record.md",
		func(t *testing.T) {
			b := newBackend()
			s := with3(t, b)
			_, err := b.AddUser(baastest.User{ID: 12345, Custom: m{"level": "a text"}})
			require.NoError(t, err)
			r := s.ok(200, s.put(updatesPath, m{"level": m{"$incr_by": 1}}))
			require.EqualValues(t, 3, r.body["succeed"])
			results := r.body["operation_result"].([]any)
			require.Len(t, results, 4)
			require.Equal(t, m{"err_msg": "400: field level is not a number", "code": 11000.0}, results[3].(m)["error"])
		},
	}, {
		"openapi-account", "D", "PUT user/account/{id}/ sets username, email, phone and new_password, without the old password; null removes a name. A new phone is not verified. A name of another user and a bad email address are 400.",
		"open-api/user/user.md",
		func(t *testing.T) {
			b := newBackend()
			s := with3(t, b)
			r := s.ok(200, s.put(accountsPath+"12/", m{"username": "Bob", "email": "Bob@Example.com", "new_password": "forced"}))
			require.Equal(t, m{
				"username": "Bob", "email": "bob@example.com", "email_verified": false, "phone": "13800000012", "phone_verified": true,
			}, r.body)
			c := newClient(t, b, "")
			c.ok(201, c.post("v2.1/login/username/", m{"username": "bOB", "password": "forced"}))
			require.Equal(t, false, s.ok(200, s.put(accountsPath+"12/", m{"phone": "1"})).body["phone_verified"])
			r = s.ok(200, s.put(accountsPath+"12/", m{"username": nil, "email": nil, "phone": nil}))
			require.Equal(t, []any{nil, nil, nil, false}, []any{r.body["username"], r.body["email"], r.body["phone"], r.body["phone_verified"]})
			for _, body := range []m{
				{"username": "ANN"}, {"email": "cid@example.com"}, {"email": "no address"}, {"username": "", "phone": "2"}, {"new_password": ""},
			} {
				s.refused(400, "", s.put(accountsPath+"12/", merge(m{"phone": "2"}, body)))
			}
			u, _ := b.User(12)
			require.Empty(t, u.Phone)
		},
	}, {
		"openapi-groups", "D", "A group has id, members, name and parent. Creating one is 201, changing its name 200, deleting one, or several by id__in, 204.",
		"open-api/group/user-group.md",
		func(t *testing.T) {
			b := newBackend()
			s := newServerClient(t, b)
			super := s.ok(201, s.post(supersPath, m{"name": "Super Group"})).body["id"]
			id := s.ok(201, s.post(groupsPath, m{"name": "User Group", "parent": fmt.Sprint(super)})).body["id"]
			path := fmt.Sprint(groupsPath, id, "/")
			require.Equal(t, m{
				"id": id, "members": 0.0, "name": "User Group", "parent": m{"id": super, "name": "Super Group"},
			}, s.ok(200, s.get(path)).body)
			s.ok(200, s.put(path, m{"name": "Editors"}))
			require.Equal(t, "Editors", s.ok(200, s.get(path)).body["name"])
			s.ok(204, s.do("DELETE", path, nil))
			s.refused(404, "", s.get(path))
			for range 2 {
				s.ok(201, s.post(groupsPath, m{"name": "x"}))
			}
			groups := b.Groups()
			s.ok(204, s.do("DELETE", fmt.Sprintf("%s?id__in=%d,%d", groupsPath, groups[0].ID, groups[1].ID), nil))
			require.Empty(t, b.Groups())
		},
	}, {
		"openapi-group-list", "D", "A list of groups takes parent_id, limit and offset, and always has total_count. parent_id=null is as good as none.",
		"open-api/group/user-group.md, also at commit 519f745 as openAPI/group/user-group.md",
		func(t *testing.T) {
			b := newBackend()
			_, err := b.AddSuperGroup(baastest.SuperGroup{ID: 5, Name: "five"})
			require.NoError(t, err)
			for _, g := range []baastest.Group{{ID: 1, Name: "a"}, {ID: 2, Name: "b", SuperGroup: 5}, {ID: 3, Name: "c"}} {
				_, err := b.AddGroup(g)
				require.NoError(t, err)
			}
			s := newServerClient(t, b)
			for query, want := range map[string][]string{
				"": {"a", "b", "c"}, "?parent_id=null": {"a", "b", "c"}, "?parent_id=5": {"b"}, "?parent_id=1": {}, "?limit=1&offset=1": {"b"},
			} {
				r := s.ok(200, s.get(groupsPath+query))
				got := []string{}
				for _, o := range r.body["objects"].([]any) {
					got = append(got, o.(m)["name"].(string))
				}
				require.Equal(t, want, got, query)
				require.Contains(t, r.body["meta"], "total_count")
			}
			require.EqualValues(t, 3, s.get(groupsPath + "?limit=1").body["meta"].(m)["total_count"])
			s.refused(400, "limit", s.get(groupsPath+"?limit=1001"))
		},
	}, {
		"openapi-group-path", "D", "A group and a super group can also be read without the slash at the end, by a client that follows redirects.",
		"open-api/group/user-group.md; open-api/group/super-group.md",
		func(t *testing.T) {
			b := newBackend()
			g, err := b.AddGroup(baastest.Group{Name: "a"})
			require.NoError(t, err)
			s := newServerClient(t, b)
			req := s.request("GET", fmt.Sprint(groupsPath, g.ID, "?x=1"), nil)
			res, err := (&http.Client{Transport: s.rt}).Do(req)
			require.NoError(t, err)
			r, err := readReply(res)
			require.NoError(t, err)
			require.Equal(t, "a", s.ok(200, r).body["name"])
			require.Equal(t, "x=1", res.Request.URL.RawQuery)
			s.refused(404, "", s.do("PUT", fmt.Sprint(groupsPath, g.ID), m{"name": "b"}))
		},
	}, {
		"openapi-supergroups", "D", "A super group has id, name and its groups as children. Changing one replaces its groups, so name and children are required.",
		"open-api/group/super-group.md, also at commit 519f745 as openAPI/group/super-group.md; cloud-function/node-sdk/super-group.md",
		func(t *testing.T) {
			b := newBackend()
			for _, name := range []string{"a", "b"} {
				_, err := b.AddGroup(baastest.Group{Name: name})
				require.NoError(t, err)
			}
			s := newServerClient(t, b)
			id := s.ok(201, s.post(supersPath, m{"name": "Super Group", "children": []int{1}})).body["id"]
			path := fmt.Sprint(supersPath, id, "/")
			super := m{"id": id, "name": "Super Group", "children": []any{m{"id": 1.0, "name": "a"}}}
			require.Equal(t, super, s.ok(200, s.get(path)).body)
			require.Equal(t, []any{super}, s.ok(200, s.get(supersPath)).body["objects"])
			require.EqualValues(t, 1, s.get(supersPath).body["meta"].(m)["total_count"])
			r := s.ok(200, s.put(path, m{"name": "Other", "children": []int{2}}))
			require.Equal(t, m{"id": id, "name": "Other", "children": []any{m{"id": 2.0, "name": "b"}}}, r.body)
			require.Nil(t, s.get(groupsPath + "1/").body["parent"])
			s.refused(400, "children", s.put(path, m{"name": "Other"}))
			s.refused(400, "name", s.put(path, m{"children": []int{}}))
			s.ok(204, s.do("DELETE", path, nil))
			s.refused(404, "", s.get(path))
			id = s.ok(201, s.post(supersPath, m{"name": "x"})).body["id"]
			s.ok(204, s.do("DELETE", fmt.Sprint(supersPath, "?id__in=", id), nil))
			require.Empty(t, b.SuperGroups())
			require.Len(t, b.Groups(), 2)
		},
	}, {
		"openapi-membership", "D", "PATCH group/membership/ takes a list of changes, each to add users to groups or to remove them, and is 204. Empty lists are 400.",
		"open-api/group/membership.md",
		func(t *testing.T) {
			b := newBackend()
			s := with3(t, b)
			for _, name := range []string{"a", "b"} {
				_, err := b.AddGroup(baastest.Group{Name: name})
				require.NoError(t, err)
			}
			r := s.ok(204, s.do("PATCH", membershipPath, []m{
				{"op": "add", "path": "/membership", "users": []int{11, 12}, "groups": []int{1, 2}},
				{"op": "remove", "path": "/membership", "users": []int{12, 13}, "groups": []int{2}},
			}))
			require.Empty(t, r.raw)
			require.Equal(t, [][]int64{{11, 12}, {11}}, [][]int64{b.Groups()[0].Members, b.Groups()[1].Members})
			require.EqualValues(t, 2, s.get(groupsPath + "1/").body["members"])
			for _, change := range []m{
				{"op": "add", "users": []int{}, "groups": []int{1}}, {"op": "add", "users": []int{11}, "groups": []int{}},
			} {
				s.refused(400, "empty", s.do("PATCH", membershipPath, []m{change}))
			}
		},
	}, {
		"openapi-group-deletion", "D", "Deleting a group deletes no user.", "dashboard/basic-services/user.md",
		func(t *testing.T) {
			b := newBackend()
			s := with3(t, b)
			_, err := b.AddGroup(baastest.Group{Name: "a", Members: []int64{11}})
			require.NoError(t, err)
			s.ok(204, s.do("DELETE", groupsPath+"1/", nil))
			require.Equal(t, []any{}, s.ok(200, s.get(usersPath+"11/")).body["_group"])
		},
	}, {
		"openapi-sms", "D", "A server sends and verifies SMS codes with phone and user_id, and the optional signature_id. Both are 200; the limits are those of the clients.",
		"open-api/sms.md",
		func(t *testing.T) {
			b := responses(baastest.Responses{SMSCreated: true})
			s := with3(t, b)
			body := m{"phone": number, "user_id": 11}
			require.Equal(t, m{"status": "ok"}, s.ok(200, s.post(openSendSMS, merge(body, m{"signature_id": 1}))).body)
			s.refused(400, "rate limit", s.post(openSendSMS, body))
			message, _ := b.LastSMS(number)
			s.refused(400, "invalid code", s.post(openVerifySMS, merge(body, m{"code": "000000"})))
			require.Equal(t, m{"status": "ok"}, s.ok(200, s.post(openVerifySMS, merge(body, m{"code": message.Code}))).body)
			s.refused(400, "user_id", s.post(openSendSMS, m{"phone": number}))
			s.refused(400, "user_id", s.post(openVerifySMS, m{"phone": number, "code": "1"}))
		},
	},
}
