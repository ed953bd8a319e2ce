package baastest_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

func decode(t testing.TB, text []byte, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(text, v))
}

// register registers a user by username and returns its id.
func (c *client) register(username string) int64 {
	c.t.Helper()
	r := c.ok(201, c.post("v2.1/register/username/", m{"username": username, "password": "secret-1"}))
	return int64(r.body["user_id"].(float64))
}

// self reads the client's own user.
func (c *client) self(id int64) m {
	c.t.Helper()
	return c.ok(200, c.get(fmt.Sprintf("v2.5/user/info/%d/", id))).body
}

func TestRegisterAndLogin(t *testing.T) {
	tests := []struct {
		kind, value, same, field, stored string
	}{
		{"username", "Ann", "aNN", "_username", "Ann"},
		{"email", "Ann@Example.com", "ann@EXAMPLE.com", "_email", "ann@example.com"},
		{"phone", number, number, "_phone", number},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, "")
			r := c.ok(201, c.post("v2.1/register/"+tt.kind+"/", m{tt.kind: tt.value, "password": "secret-1"}))
			id := int64(r.body["user_id"].(float64))
			user := c.self(id)
			require.Equal(t, tt.stored, user[tt.field])
			require.Equal(t, false, user["_phone_verified"])
			require.Equal(t, false, user["_email_verified"])
			require.Equal(t, m{}, user["_provider"])
			require.NotContains(t, user, "openid")

			stranger := newClient(t, b, "")
			stranger.refused(400, tt.kind+" already exists",
				stranger.post("v2.1/register/"+tt.kind+"/", m{tt.kind: tt.same, "password": "x"}))
			wrong := "Invalid username/email or password."
			stranger.refused(400, wrong, stranger.post("v2.1/login/"+tt.kind+"/", m{tt.kind: tt.same, "password": "x"}))
			stranger.refused(400, wrong, stranger.post("v2.1/login/"+tt.kind+"/", m{tt.kind: "b@c", "password": "secret-1"}))
			r = stranger.ok(201, stranger.post("v2.1/login/"+tt.kind+"/", m{tt.kind: tt.same, "password": "secret-1"}))
			require.EqualValues(t, id, r.body["user_id"])
			require.Equal(t, 2, b.TokensAlive(id))
		})
	}
	c := newClient(t, newBackend(), "")
	c.refused(400, "field email", c.post("v2.1/register/email/", m{"email": "nobody", "password": "x"}))
}

func TestTokens(t *testing.T) {
	b := newBackend(baastest.WithTokenLife(time.Hour))
	c := newClient(t, b, "")
	r := c.ok(201, c.post("v2.1/register/username/", m{"username": "Ann", "password": "p"}))
	require.EqualValues(t, 3600, r.body["expires_in"])
	path := fmt.Sprintf("v2.5/user/info/%.0f/", r.body["user_id"])

	b.Clock().Advance(time.Hour - time.Second)
	c.ok(200, c.get(path))
	b.Clock().Advance(time.Second)
	c.refused(401, "unauthorized", c.get(path))
	c.refused(401, "unauthorized", c.post("v2.0/session/destroy/", m{}))
	c.ok(201, c.post("v2.1/login/username/", m{"username": "Ann", "password": "p"})) // with the expired token
	c.ok(200, c.get(path))

	r = c.ok(201, c.post("v2.0/session/destroy/", m{}))
	require.Equal(t, m{"message": "Destroy succeed.", "status": "ok"}, r.body)
	c.refused(401, "unauthorized", c.get(path))
	c.refused(401, "unauthorized", c.post("v2.0/session/destroy/", m{}))
	c.token = ""
	c.refused(401, "unauthorized", c.get(path))
	c.refused(401, "unauthorized", c.post("v2.0/session/destroy/", m{}))

	c.ok(201, c.post("v2.1/login/username/", m{"username": "Ann", "password": "p"}))
	u, ok := b.User(61736923)
	require.True(t, ok)
	b.RevokeTokens(u.ID)
	require.Zero(t, b.TokensAlive(u.ID))
	c.refused(401, "unauthorized", c.get(path))
	c.header = map[string][]string{"Authorization": {"Bearer " + c.token}}
	c.refused(401, "unauthorized", c.get(path))
}

func TestReadUser(t *testing.T) {
	b := newBackend()
	ann, bob := newClient(t, b, ""), newClient(t, b, "")
	id := ann.register("Ann")
	bob.register("Bob")
	ann.ok(200, ann.put("v2.5/user/info/", m{"nickname": "A", "hobby": "chess"}))

	seen := bob.self(id)
	require.Equal(t, "A", seen["nickname"])
	require.Equal(t, "chess", seen["hobby"])
	for _, hidden := range []string{"_username", "_email", "_phone", "_provider", "openid", "unionid"} {
		require.NotContains(t, seen, hidden)
	}
	bob.refused(404, "User not found.", bob.get("v2.5/user/info/1/"))
	bob.refused(404, "User not found.", bob.get("v2.5/user/info/x/"))
}

func TestUpdateFields(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, "")
	id := c.register("Ann")
	const path = "v2.5/user/info/"

	b.Clock().Advance(time.Minute)
	user := c.ok(200, c.put(path, m{
		"age": 30, "tags": []string{"a", "b"}, "nested": m{"a": 1}, "nil": nil, "gender": 1, "city": "广州 \"<>",
	})).body
	require.EqualValues(t, 30, user["age"])
	require.Equal(t, "广州 \"<>", user["city"])
	require.EqualValues(t, 1, user["gender"])
	require.Contains(t, user, "nil")
	require.EqualValues(t, start.Add(time.Minute).Unix(), user["updated_at"])

	user = c.ok(200, c.put(path, m{
		"age": m{"$incr_by": 1.5}, "n": m{"$incr_by": 2}, "tags": m{"$append_unique": []string{"b", "c"}},
		"list": m{"$append": []int{1}},
	})).body
	require.InDelta(t, 31.5, user["age"], 0)
	require.EqualValues(t, 2, user["n"])
	require.Equal(t, []any{"a", "b", "c"}, user["tags"])
	user = c.ok(200, c.put(path, m{"tags": m{"$remove": []string{"a"}}, "n": m{"$incr_by": 3}})).body
	require.Equal(t, []any{"b", "c"}, user["tags"])
	require.EqualValues(t, 5, user["n"])

	for name, body := range map[string]m{
		"field _phone":  {"_phone": "1", "age": 1},
		"field id":      {"id": 1, "age": 1},
		"field city":    {"city": 1, "age": 1},
		"field gender":  {"gender": "x", "age": 1},
		"field tags":    {"tags": m{"$incr_by": 1}, "age": 1},
		"field nested":  {"nested": m{"$append": []int{1}}, "age": 1},
		"field unknown": {"unknown": m{"$pow": 2}, "age": 1},
	} {
		c.refused(400, name, c.put(path, body))
	}
	require.InDelta(t, 31.5, c.self(id)["age"], 0, "a refused update changes nothing")
	u, _ := b.User(id)
	require.Equal(t, json.Number("31.5"), u.Custom["age"])
}

// A sum that no int64 holds is no longer exact; one that no float64 holds is refused.
func TestIncrementsThatOverflow(t *testing.T) {
	c := newClient(t, newBackend(), "")
	id := c.register("Ann")
	const path = "v2.5/user/info/"
	c.ok(200, c.put(path, `{"top": 9223372036854775807, "bottom": -9223372036854775808, "float": 1e308}`))

	c.refused(400, "field float is out of range", c.put(path, `{"float": {"$incr_by": 1e308}}`))
	c.refused(400, "field float is out of range", c.put(path, `{"float": {"$incr_by": 1e999}}`))
	c.ok(200, c.put(path, `{"top": {"$incr_by": 1}, "bottom": {"$incr_by": -1}}`))

	user := c.self(id)
	require.InDelta(t, math.MaxInt64, user["top"], 0)
	require.InDelta(t, math.MinInt64, user["bottom"], 0)
	require.InDelta(t, 1e308, user["float"], 0)
}

func TestUpdateAccount(t *testing.T) {
	b := newBackend()
	c, other := newClient(t, b, ""), newClient(t, b, "")
	id := c.register("Ann")
	other.register("Bob")
	const path = "v2.2/user/account/"

	r := c.ok(200, c.put(path, m{"username": "ANN", "email": "New@Example.com", "phone": number}))
	require.Equal(t, m{
		"username": "ANN", "email": "new@example.com", "email_verified": false,
		"phone": number, "phone_verified": false,
	}, r.body)
	other.refused(400, "username already exists", other.put(path, m{"username": "ann"}))
	other.refused(400, "email already exists", other.put(path, m{"email": "NEW@example.com"}))
	other.refused(400, "phone already exists", other.put(path, m{"phone": number}))
	other.refused(400, "phone already exists", other.put(path, m{"username": "Robert", "phone": number}))
	r = other.ok(200, other.put(path, m{}))
	require.Equal(t, "Bob", r.body["username"], "a refused change changes nothing")
	require.Nil(t, r.body["email"])
	other.refused(400, "field username", other.put(path, m{"username": ""}))

	c.refused(400, "new_password", c.put(path, m{"password": "secret-1"}))
	c.refused(400, "current password", c.put(path, m{"new_password": "x"}))
	c.refused(400, "current password", c.put(path, m{"password": "no", "new_password": "x"}))
	c.refused(400, "new_password", c.put(path, m{"password": "secret-1", "new_password": ""}))
	c.ok(200, c.put(path, m{"password": "secret-1", "new_password": "secret-2"}))
	c.refused(400, "Invalid", c.post("v2.1/login/username/", m{"username": "Ann", "password": "secret-1"}))
	c.ok(201, c.post("v2.1/login/email/", m{"email": "new@example.com", "password": "secret-2"}))

	// A platform user has no password yet.
	wx := newClient(t, b, baastest.WeChat)
	wx.silent(b.WeChat("o"))
	wx.ok(200, wx.put(path, m{"username": "wx", "new_password": "first"}))
	wx.ok(201, wx.post("v2.1/login/username/", m{"username": "WX", "password": "first"}))

	c.ok(200, c.put(path, m{"email": "third@example.com"}))
	c.refused(400, "Invalid", c.post("v2.1/login/email/", m{"email": "new@example.com", "password": "secret-2"}))
	u, _ := b.User(id)
	require.Equal(t, "third@example.com", u.Email)
}

func TestAnonymous(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, baastest.WeChat)
	anonymous := func() int64 {
		c.token = ""
		r := c.ok(201, c.post("v2.0/login/anonymous/", m{}))
		require.Len(t, r.body, 3)
		return int64(r.body["user_id"].(float64))
	}

	id := anonymous()
	user := c.self(id)
	require.Equal(t, true, user["_anonymous"])
	c.ok(200, c.put("v2.5/user/info/", m{"cart": []int{1}}))
	p := b.WeChat("o-1")
	c.refused(403, "anonymous", c.link(p, nil))
	c.refused(403, "anonymous", c.put("v2.2/user/account/", m{"username": "x"}))
	c.refused(403, "anonymous", c.post("v2.0/user/email-verify/", m{}))
	c.refused(403, "anonymous", c.post("v2.1/sms-phone-verification/", m{"code": "1"}))
	c.refused(403, "anonymous", phoneCases[1].update(c, p, number, true))

	require.Equal(t, id, c.register("Ann"), "registering keeps the id")
	user = c.self(id)
	require.Equal(t, false, user["_anonymous"])
	require.Len(t, user["cart"], 1)
	require.NotEqual(t, id, c.register("Bob"), "a registered user's token makes another user")

	// A first platform login keeps the id too; one with an account does not.
	id = anonymous()
	require.EqualValues(t, id, c.silent(p).body["user_info"].(m)["id"])
	second := anonymous()
	require.EqualValues(t, id, c.silent(p).body["user_info"].(m)["id"])
	require.NotEqual(t, id, second)
}

func TestServerTime(t *testing.T) {
	c := newClient(t, newBackend(), "")
	require.Equal(t, "2024-05-06T15:08:09.000000+08:00", c.get("v2.2/server/time/").body["time"])
	c.token = "stale"
	c.refused(401, "unauthorized", c.get("v2.2/server/time/"))
}
