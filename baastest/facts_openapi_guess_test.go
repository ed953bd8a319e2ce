package baastest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// openAPIGuesses are what no page says of the Open API.
var openAPIGuesses = []fact{
	guess("openapi-redirects", "The paths of the redirects to a code and the name of their cookie are this package's own. A cookie stays good for ten minutes, and a request without it is 401.", func(t *testing.T) {
		b := newBackend()
		s := anonymousServer(t, b)
		r := s.ok(302, s.post(authorizePath, credentials))
		require.Equal(t, "/api/oauth2/authorize/confirm/", r.header.Get("Location"))
		require.Regexp(t, `^sessionid=\w+; Path=/; HttpOnly$`, r.header.Get("Set-Cookie"))
		s.header = http.Header{"Cookie": {strings.SplitN(r.header.Get("Set-Cookie"), ";", 2)[0]}}
		s.refused(401, "cookie", s.get("/api/oauth2/redirect/"))
		for range 2 {
			r = s.ok(302, s.get("/api/oauth2/authorize/confirm/"))
			require.Equal(t, "/api/oauth2/redirect/", r.header.Get("Location"))
		}
		b.Clock().Advance(10 * time.Minute)
		s.refused(401, "cookie", s.get("/api/oauth2/authorize/confirm/"))
	}),
	guess("openapi-tokens", "A code ends no token, and a refresh token does not expire. token_type is Bearer, scope is read write. A code is not spent by a request with a wrong secret.", func(t *testing.T) {
		b := newBackend()
		first := newServerClient(t, b)
		second := anonymousServer(t, b)
		code := m{"grant_type": "authorization_code", "code": second.code()}
		second.grant(400, merge(code, m{"client_secret": "wrong"}))
		r := second.grant(200, code)
		require.Equal(t, []any{"Bearer", "read write"}, []any{r.body["token_type"], r.body["scope"]})
		first.ok(200, first.find())
		b.Clock().Advance(2 * baastest.DefaultOpenAPITokenLife)
		first.grant(200, m{"grant_type": "refresh_token", "refresh_token": first.refresh})
		require.Equal(t, m{"error": "unsupported_grant_type"}, first.grant(400, m{"grant_type": "password"}).body)
	}),
	guess("openapi-environments", "All environments of X-Hydrogen-Env-ID have the same users and groups.", func(t *testing.T) {
		s := with3(t, newBackend())
		s.header = http.Header{"X-Hydrogen-Env-Id": {"test"}}
		require.Len(t, s.ok(200, s.find()).body["objects"], 3)
	}),
	guess("openapi-sees-everything", "A server sees every field of every user, whatever its permission. Other fields that were never set have the form of Responses.Unset, and so have openid and unionid where it is not the default.", func(t *testing.T) {
		b := newBackend(baastest.WithFieldPermission("level", baastest.Invisible))
		s := with3(t, b)
		user := s.ok(200, s.get(usersPath+"12/")).body
		require.Equal(t, []any{2.0, "13800000012", m{}}, []any{user["level"], user["_phone"], user["_provider"]})
		require.NotContains(t, user, "_username")
		require.NotContains(t, user, "nobody")
		for unset, want := range map[baastest.Unset]any{baastest.UnsetNull: nil, baastest.UnsetEmpty: ""} {
			user := with3(t, responses(baastest.Responses{Unset: unset})).get(usersPath + "12/").body
			require.Equal(t, []any{want, want}, []any{user["unionid"], user["_username"]})
			require.Contains(t, user, "_username")
		}
	}),
	guess("openapi-group-field", "A user of the Open API has the ids of its groups in _group, which a condition takes with $in only, by analogy with cloud functions.", func(t *testing.T) {
		b := newBackend()
		s := with3(t, b)
		for _, g := range []baastest.Group{{Name: "a", Members: []int64{13, 11}}, {Name: "b", Members: []int64{11}}} {
			_, err := b.AddGroup(g)
			require.NoError(t, err)
		}
		require.Equal(t, []any{1.0, 2.0}, s.ok(200, s.get(usersPath+"11/")).body["_group"])
		require.Equal(t, []string{"Ann", "Cid"}, s.where(`{"_group":{"$in":[1,9]}}`))
		s.refused(400, "operator", s.find("where", `{"_group":{"$eq":1}}`))
		c := newClient(t, b, "")
		require.NotContains(t, c.self(c.register("Dan")), "_group")
	}),
	guess("openapi-paths", "A name with dots in a condition or in order_by is a path into an object, as _provider.wechat.openid.", func(t *testing.T) {
		b := newBackend()
		s := with3(t, b)
		_, err := b.AddUser(baastest.User{
			Profile: baastest.Profile{NickName: "Dan"}, WeChatUnionID: "u", Custom: m{"o": m{"a": m{"b": 1}}},
			Identities: []baastest.Identity{{Platform: baastest.WeChat, OpenID: "o"}},
		})
		require.NoError(t, err)
		for _, condition := range []string{
			`{"_provider.wechat.openid":{"$eq":"o"}}`, `{"_provider.wechat_unionid":{"$eq":"u"}}`, `{"_provider.wechat":{"$isnull":false}}`,
			`{"o.a.b":{"$eq":1}}`, `{"openid":{"$eq":"o"}}`, `{"unionid":{"$eq":"u"}}`,
		} {
			require.Equal(t, []string{"Dan"}, s.where(condition), condition)
		}
		require.Empty(t, s.where(`{"_provider.wechat.openid.x":{"$isnull":false}}`))
		require.Equal(t, "Dan", nicknames(s.ok(200, s.find("order_by", "-o.a.b")))[0])
	}),
	guess("openapi-query-errors", "An unknown field in where or order_by and a limit over 1000 are 400; keys and expand are ignored.", func(t *testing.T) {
		s := with3(t, newBackend())
		s.refused(400, "field", s.find("where", `{"unknown":{"$eq":1}}`))
		s.refused(400, "order_by", s.find("order_by", "unknown"))
		s.refused(400, "limit", s.find("limit", "1001"))
		require.Contains(t, s.ok(200, s.find("keys", "unknown", "expand", "created_by")).body["objects"].([]any)[0], "nickname")
	}),
	guess("openapi-fields", "A custom field exists once a user has had it, null too, and has the type of the first value.", func(t *testing.T) {
		b := newBackend()
		_, err := b.AddUser(baastest.User{ID: 1, Custom: m{"age": nil}})
		require.NoError(t, err)
		s := newServerClient(t, b)
		s.ok(200, s.put(updatesPath+"1/", m{"age": 3}))
		s.refused(400, "another type", s.put(updatesPath+"1/", m{"age": "3"}))
		c := newClient(t, b, "")
		c.register("Ann")
		update(c, "new", true)
		s.ok(200, s.put(updatesPath+"1/", m{"new": false}))
	}),
	guess("openapi-bulk", "A bulk update ignores order_by, changes users also in one step where there are more than 1000, and gives 11000 as the code of every error. An empty one changes updated_at only.", func(t *testing.T) {
		b := newBackend()
		s := with3(t, b)
		b.Clock().Advance(time.Hour)
		r := s.ok(200, s.put(updatesPath+"?limit=1&order_by=-level", m{}))
		require.Equal(t, "11", r.body["operation_result"].([]any)[0].(m)["success"].(m)["id"])
		u, _ := b.User(11)
		require.Equal(t, start.Add(time.Hour).Unix(), u.UpdatedAt.Unix())
	}),
	guess("openapi-passwords", "A password that a server sets ends no token of the user. A null changes nothing. An anonymous user stays anonymous with a name.", func(t *testing.T) {
		b := newBackend()
		s := newServerClient(t, b)
		c := newClient(t, b, "")
		id := c.register("Ann")
		s.ok(200, s.put(fmt.Sprint(accountsPath, id, "/"), m{"new_password": "forced"}))
		c.self(id)
		s.ok(200, s.put(fmt.Sprint(accountsPath, id, "/"), m{"new_password": nil}))
		c.ok(201, c.post("v2.1/login/username/", m{"username": "Ann", "password": "forced"}))
		c = newClient(t, b, "")
		id = int64(c.ok(201, c.post(anonymousPath, m{})).body["user_id"].(float64))
		s.ok(200, s.put(fmt.Sprint(accountsPath, id, "/"), m{"username": "Bob"}))
		require.Equal(t, true, c.self(id)["_anonymous"])
	}),
	guess("openapi-group-details", "Groups and super groups have ids from one sequence, and lists have them by id. A group without a super group has the parent null. Creating or changing one responds with it. Names may repeat. An unknown id is 404, in id__in it is ignored; without id__in a DELETE is 400.", func(t *testing.T) {
		s := newServerClient(t, newBackend())
		group := s.ok(201, s.post(groupsPath, m{"name": "x"})).body
		require.Equal(t, m{"id": 1.0, "members": 0.0, "name": "x", "parent": nil}, group)
		require.Equal(t, m{"id": 2.0, "name": "x", "children": []any{}}, s.ok(201, s.post(supersPath, m{"name": "x"})).body)
		s.ok(201, s.post(groupsPath, m{"name": "x", "parent": 2}))
		require.Equal(t, merge(group, m{"name": "y"}), s.ok(200, s.put(groupsPath+"1/", m{"name": "y"})).body)
		for path, body := range map[string]m{
			groupsPath + "2/": {"name": "n"}, groupsPath + "x/": {"name": "n"},
			supersPath + "1/": {"name": "n", "children": []int{}}, supersPath + "x/": {"name": "n", "children": []int{}},
		} {
			s.refused(404, "", s.get(path))
			s.refused(404, "", s.put(path, body))
			s.refused(404, "", s.do("DELETE", path, nil))
		}
		for _, path := range []string{groupsPath, supersPath} {
			for _, query := range []string{"", "?id__in=", "?id__in=1,x"} {
				s.refused(400, "id__in", s.do("DELETE", path+query, nil))
			}
		}
		s.ok(204, s.do("DELETE", groupsPath+"?id__in=2,9,1", nil))
		require.EqualValues(t, 1, s.get(groupsPath).body["meta"].(m)["total_count"])
		s.refused(400, "parent", s.post(groupsPath, m{"name": "x", "parent": 1}))
		s.refused(400, "parent_id", s.get(groupsPath+"?parent_id=x"))
		s.refused(400, "children", s.post(supersPath, m{"name": "x", "children": []int{2}}))
		s.refused(400, "children", s.put(supersPath+"2/", m{"name": "x", "children": []int{9}}))
	}),
	guess("openapi-group-moves", "A group is in one super group: another one that takes it takes it from the first. A super group that is deleted leaves its groups.", func(t *testing.T) {
		b := newBackend()
		s := newServerClient(t, b)
		s.ok(201, s.post(groupsPath, m{"name": "g"}))
		s.ok(201, s.post(supersPath, m{"name": "first", "children": []int{1}}))
		s.ok(201, s.post(supersPath, m{"name": "second", "children": []int{1}}))
		require.Empty(t, s.get(supersPath + "2/").body["children"])
		s.ok(204, s.do("DELETE", supersPath+"3/", nil))
		require.Equal(t, []baastest.Group{{ID: 1, Name: "g"}}, b.Groups())
	}),
	guess("openapi-membership-errors", "A change of members needs op, users and groups, and takes no other path than /membership. If one change is refused, as for an unknown user or group, none is made. To add a member or to remove none is no error.", func(t *testing.T) {
		b := newBackend()
		s := with3(t, b)
		_, err := b.AddGroup(baastest.Group{Name: "a", Members: []int64{11}})
		require.NoError(t, err)
		good := m{"op": "add", "users": []int{12}, "groups": []int{1}}
		for _, bad := range []m{
			{"op": "replace"}, {"op": nil}, {"path": "/members"}, {"users": []int{99}}, {"groups": []int{99}}, {"users": "12"}, {"users": []string{"12"}}, {"extra": 1},
		} {
			s.refused(400, "", s.do("PATCH", membershipPath, []m{good, merge(good, bad)}))
		}
		for _, body := range []any{nil, []m{}, good, "[null]", "[1]", "[] []"} {
			s.refused(400, "", s.do("PATCH", membershipPath, body))
		}
		require.Equal(t, []int64{11}, b.Groups()[0].Members)
		s.ok(204, s.do("PATCH", membershipPath, []m{good, good, {"op": "remove", "users": []int{13}, "groups": []int{1}}}))
		require.Equal(t, []int64{11, 12}, b.Groups()[0].Members)
	}),
	guess("openapi-sms-user", "A user_id of no user is 400. A code is that of the number, whoever the user is, and verifying it changes no user.", func(t *testing.T) {
		b := newBackend()
		s := with3(t, b)
		s.ok(200, s.put(accountsPath+"11/", m{"phone": number}))
		s.refused(400, "user_id", s.post(openSendSMS, m{"phone": number, "user_id": 99}))
		s.ok(200, s.post(openSendSMS, m{"phone": number, "user_id": 11}))
		message, _ := b.LastSMS(number)
		body := m{"phone": number, "code": message.Code}
		s.refused(400, "user_id", s.post(openVerifySMS, merge(body, m{"user_id": 99})))
		s.ok(200, s.post(openVerifySMS, merge(body, m{"user_id": 12})))
		s.refused(400, "invalid code", s.post(openVerifySMS, merge(body, m{"user_id": 12})))
		u, _ := b.User(11)
		require.False(t, u.PhoneVerified)
	}),
}
