package baastest_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// fuzzed is a server of a backend with users and groups.
func fuzzed(t *testing.T) (*baastest.Backend, *server) {
	t.Helper()
	b := newBackend(baastest.WithJournalLimit(0))
	_, err := b.AddUser(baastest.User{
		ID: 10, Profile: baastest.Profile{NickName: "Dan"}, Custom: m{"level": nil, "o": m{"a": 1}},
		Identities: []baastest.Identity{{Platform: baastest.WeChat, OpenID: "o"}},
	})
	require.NoError(t, err)
	s := with3(t, b)
	_, err = b.AddSuperGroup(baastest.SuperGroup{ID: 2, Name: "s"})
	require.NoError(t, err)
	_, err = b.AddGroup(baastest.Group{ID: 1, Name: "g", SuperGroup: 2, Members: []int64{10, 11}})
	require.NoError(t, err)
	return b, s
}

// FuzzOpenAPIQuery asks for users. Whatever the parameters are, they are taken or refused,
// and the pages of a list are the whole list.
func FuzzOpenAPIQuery(f *testing.F) {
	for _, where := range []string{
		``, `{}`, `{"level":{"$gte":2,"$lt":3}}`, `{"$or":[{"level":1},{"$and":[{"nickname":{"$contains":"a"}}]}]}`, `{"_group":{"$in":[1]}}`,
		`{"_provider.wechat.openid":{"$eq":"o"}}`, `{"tags":{"$nin":["x",{}]}}`, `{"id":{"$range":[11,1e999]}}`, `{"o":{"$isnull":true}}`, `[`, `{"$and":[]}`,
	} {
		f.Add(where, "", "20", "0")
		f.Add(where, "-level,id", "2", "1")
	}
	f.Add("", "city", "1001", "-1")
	f.Add("", "-o.a,-,_group", "x", "99999999999999999999")
	f.Fuzz(func(t *testing.T, where, orderBy, limit, offset string) {
		_, s := fuzzed(t)
		ask := func(limit, offset string) reply {
			values := url.Values{"where": {where}, "order_by": {orderBy}, "limit": {limit}, "offset": {offset}, "return_total_count": {"1"}}
			return s.get(usersPath + "?" + values.Encode())
		}
		r := ask(limit, offset)
		if r.status != 200 {
			require.Contains(t, []int{400, 502}, r.status, r.raw)
			return
		}
		all := ask("1000", "0").body
		objects := all["objects"].([]any)
		require.EqualValues(t, len(objects), all["meta"].(m)["total_count"])
		for i, want := range objects {
			require.Equal(t, []any{want}, ask("1", fmt.Sprint(i)).body["objects"])
		}
		require.Empty(t, ask("1", fmt.Sprint(len(objects))).body["objects"])
	})
}

// FuzzOpenAPIBody sends a body to every route that takes one. What is refused changes
// nothing.
func FuzzOpenAPIBody(f *testing.F) {
	routes := [][2]string{
		{"PUT", updatesPath + "11/"}, {"PUT", updatesPath}, {"PUT", accountsPath + "11/"}, {"PATCH", membershipPath},
		{"POST", groupsPath}, {"PUT", groupsPath + "1/"}, {"POST", supersPath}, {"PUT", supersPath + "2/"},
		{"POST", openSendSMS}, {"POST", openVerifySMS}, {"POST", authorizePath}, {"POST", accessPath},
	}
	for i := range routes {
		for _, body := range []string{
			``, `{}`, `[]`, `null`, `{"level":{"$incr_by":1},"$unset":{"note":""}}`, `{"tags":{"$append":[1,{}]},"$set":{"pretty":false}}`,
			`{"level":1e400}`, `{"username":null,"phone":"1","new_password":"p"}`, `[{"op":"add","users":[11],"groups":[1]},{"op":"remove"}]`,
			`{"name":"x","parent":"2"}`, `{"name":"x","children":[1,1]}`, `{"phone":"1","user_id":11,"code":123456}`, `{"$unset":{"level":""},"$set":1}`,
			`{"client_id":"test-client","client_secret":"test-client-secret","grant_type":"refresh_token"}`, `{"level":{"$incr_by":1,"x":1}}`,
		} {
			f.Add(i, body)
		}
	}
	f.Fuzz(func(t *testing.T, route int, body string) {
		b, s := fuzzed(t)
		state := func() string {
			text, err := json.Marshal([]any{b.Users(), b.Groups(), b.SuperGroups(), b.SMS()})
			require.NoError(t, err)
			return string(text)
		}
		before := state()
		r := routes[uint(route)%uint(len(routes))]
		switch res := s.do(r[0], r[1], body); res.status {
		case 200, 201, 204, 302:
		case 400, 401, 415:
			require.Equal(t, before, state())
		default:
			t.Fatal(res.status, res.raw)
		}
		s.ok(200, s.find("order_by", "level"))
	})
}
