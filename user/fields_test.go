package user_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// read returns the user that the backend describes with this JSON.
func read(t *testing.T, fields string) *user.CurrentUser {
	t.Helper()
	w := newWorld(t)
	w.member()
	w.Fail("GET /hserve/**", baastest.Fault{Status: 200, Body: fields})
	u, err := w.visitor().CurrentUser(ctx)
	require.NoError(t, err)
	return u
}

func TestCurrentUserFields(t *testing.T) {
	u := read(t, `{"id":61736923,"openid":"o-1","unionid":"u-1","nickname":"Larry","avatar":"https://a/","gender":1,
		"city":"Huizhou","province":"Guangdong","country":"China","language":"zh_CN","is_authorized":true,"_anonymous":false,
		"_username":"ann","_email":"ann@example.com","_email_verified":true,"_phone":"13800138000","_phone_verified":true,
		"created_at":1557474865,"updated_at":1557474866000,"created_by":61736923,
		"_provider":{"kuaishou":{"openid":"o-1","nickname":"L"},"wechat":{"openid":"o-2"}},
		"age":30,"tags":["a","b"],"home":{"city":"Paris","zip":null},"big":9007199254740993,"a.b":"dotted","note":null}`)

	require.EqualValues(t, 61736923, u.ID())
	require.Equal(t, "o-1", u.OpenID())
	require.Equal(t, "u-1", u.UnionID())
	require.Equal(t, "Larry", u.Nickname())
	require.Equal(t, "https://a/", u.Avatar())
	require.Equal(t, 1, u.Gender())
	require.Equal(t, "Huizhou", u.City())
	require.Equal(t, "Guangdong", u.Province())
	require.Equal(t, "China", u.Country())
	require.Equal(t, "zh_CN", u.Language())
	require.True(t, u.Authorized())
	require.False(t, u.Anonymous())
	require.Equal(t, "ann", u.Username())
	require.Equal(t, "ann@example.com", u.Email())
	require.True(t, u.EmailVerified())
	require.Equal(t, "13800138000", u.Phone())
	require.True(t, u.PhoneVerified())
	require.Equal(t, time.Unix(1557474865, 0).UTC(), u.CreatedAt())
	require.Equal(t, time.Unix(1557474866, 0).UTC(), u.UpdatedAt(), "milliseconds are told apart")
	require.EqualValues(t, 61736923, u.CreatedBy())
	require.Equal(t, "L", u.Provider(platform.Kuaishou{}).Get("nickname").String())
	require.Equal(t, "o-2", u.Provider(platform.WeChat{}).Get("openid").String())
	require.False(t, u.Provider(platform.QQ{}).Exists())

	require.EqualValues(t, 30, u.Get("age").Int())
	require.Equal(t, "dotted", u.Get("a.b").String(), "a key is no path")
	require.False(t, u.Get("home.city").Exists())
	require.Equal(t, "Paris", u.Get("home").Get("city").String())
	require.True(t, u.Get("home").Get("zip").IsNull())
	require.EqualValues(t, 9007199254740993, u.Get("big").Int())
	require.Equal(t, u.Username(), u.Get("username").String(), "both spellings")
	require.Equal(t, u.Username(), u.Get("_username").String())

	var custom struct {
		Age  int
		Tags []string
		Big  json.Number
	}
	require.NoError(t, u.Decode(&custom))
	require.Equal(t, 30, custom.Age)
	require.Equal(t, []string{"a", "b"}, custom.Tags)
	require.Equal(t, "9007199254740993", custom.Big.String())
	text, err := json.Marshal(u)
	require.NoError(t, err)
	require.Contains(t, string(text), `"big":9007199254740993`, "nothing is lost")
}

func TestIDsAreNumbersOrStrings(t *testing.T) {
	u := read(t, `{"id":"61736923","created_by":"61736923","openid":12345,"created_at":"1557474865"}`)
	require.EqualValues(t, 61736923, u.ID())
	require.EqualValues(t, 61736923, u.CreatedBy())
	require.Equal(t, "12345", u.OpenID())
	require.Equal(t, time.Unix(1557474865, 0).UTC(), u.CreatedAt())
}

func TestFieldsOfOtherTypesOrNone(t *testing.T) {
	u := read(t, `{"id":61736923,"nickname":null,"gender":"x","is_authorized":"yes","_email":7,"_provider":null,"created_at":null}`)
	require.Empty(t, u.Nickname())
	require.Zero(t, u.Gender())
	require.Equal(t, "7", u.Email())
	require.Empty(t, u.Username())
	require.True(t, u.CreatedAt().IsZero())
	require.True(t, u.UpdatedAt().IsZero())
	require.False(t, u.Provider(platform.Kuaishou{}).Exists())
	require.False(t, u.Get("nothing").Exists())
}

func TestNoUserInTheAnswer(t *testing.T) {
	for _, body := range []string{"", "null", "[]", "{", `{"id":0}`, `{}`, "<html>"} {
		w := newWorld(t)
		w.member()
		w.Fail("GET /hserve/**", baastest.Fault{Status: 200, Body: body + " "})
		_, err := w.visitor().CurrentUser(ctx)
		fails(t, herror.InvalidResponse, err)
	}
}

func TestValue(t *testing.T) {
	u := read(t, `{"id":61736923,"s":"x","n":1.5,"i":"42","b":true,"o":{"k":[1]},"z":null,"huge":1e30}`)
	require.Equal(t, "x", u.Get("s").String())
	require.Equal(t, "1.5", u.Get("n").String())
	require.Equal(t, `{"k":[1]}`, u.Get("o").String())
	require.Empty(t, u.Get("z").String())
	require.EqualValues(t, 42, u.Get("i").Int())
	require.InDelta(t, 1.5, u.Get("n").Float(), 0)
	require.True(t, u.Get("b").Bool())
	require.False(t, u.Get("s").Bool())
	require.True(t, u.Get("z").Exists())
	require.True(t, u.Get("z").IsNull())
	require.True(t, u.Get("none").IsNull())
	require.False(t, u.Get("s").Get("k").Exists())
	require.Zero(t, user.Value{}.Int())
	require.NotPanics(t, func() { u.Get("huge").Int() })

	var list []int
	require.NoError(t, u.Get("o").Get("k").Decode(&list))
	require.Equal(t, []int{1}, list)
	fails(t, herror.InvalidParameter, u.Get("none").Decode(&list))
	fails(t, herror.InvalidParameter, u.Get("s").Decode(&list))
	text, err := json.Marshal([]user.Value{u.Get("o"), u.Get("none"), u.Get("z")})
	require.NoError(t, err)
	require.JSONEq(t, `[{"k":[1]},null,null]`, string(text))
}

func TestAUserPrintsItsIDOnly(t *testing.T) {
	u := read(t, `{"id":61736923,"nickname":"Larry","_phone":"13800138000","token":"t-secret"}`)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		require.Equal(t, "user{61736923}", fmt.Sprintf(verb, u), verb)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "user", u)
	require.Contains(t, log.String(), `"user":"user{61736923}"`)
	text, err := json.Marshal(u)
	require.NoError(t, err)
	require.NotContains(t, string(text), "t-secret", "a token is no field of the user")
}

func TestAnotherUserShowsWhatAllMaySee(t *testing.T) {
	w := newWorld(t)
	ann := w.member()
	require.NoError(t, ann.Set("nickname", "Ann").Set("age", 30).Update(ctx))
	bob := w.client.Auth("bob")
	_, err := bob.Register(ctx, auth.Credentials{Username: "bob", Password: "secret-2"})
	require.NoError(t, err)
	seen, err := bob.GetUser(ctx, ann.ID())
	require.NoError(t, err)
	require.Equal(t, ann.ID(), seen.ID())
	require.Equal(t, "Ann", seen.Nickname())
	require.EqualValues(t, 30, seen.Get("age").Int())
	require.False(t, seen.Get("_username").Exists())

	_, err = bob.GetUser(ctx, 42)
	fails(t, herror.NotFound, err)
	w.ResetJournal()
	_, err = bob.GetUser(ctx, 0)
	fails(t, herror.InvalidParameter, err)
	require.Zero(t, w.sent())
}
