package baastest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

const allPlatforms = "alipay, apple, baidu, bytedance, jd, kuaishou, oauth-wechat-mp, oauth-wechat-web, oauth-weibo, qq, wechat, wechat-native, weibo-native"

func TestSeedErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		seed, want string
	}{
		"an unknown platform": {
			"{\n  \"people\": [\n    {\"openid\": \"o\", \"platform\": \"kuaishu\"}\n]}",
			`line 3, column 33: people[0].platform: platform "kuaishu" is not one of ` + allPlatforms + `; did you mean kuaishou?`,
		},
		"an unknown platform of an identity": {
			`{"users":[{"id":1},{"identities":[{"openid":"a","platform":"qq"},{"platform":"kss"}]}]}`,
			`line 1, column 78: users[1].identities[1].platform: platform "kss" is not one of ` + allPlatforms + `; did you mean ks?`,
		},
		"a platform that nothing is like": {
			`{"people":[{"platform":"telegram","openid":"o"}]}`,
			`line 1, column 24: people[0].platform: platform "telegram" is not one of ` + allPlatforms,
		},
		"an unknown member": {
			`{"people":[{"platfrom":"qq"}]}`,
			`line 1, column 13: people[0]: member "platfrom" is not one of platform, openid, unionid, profile; did you mean platform?`,
		},
		"an unknown list":    {`{"user":[]}`, `line 1, column 2: member "user" is not one of people, users, super_groups, groups; did you mean users?`},
		"a member twice":     {`{"users":[{"id":1,"id":2}]}`, `line 1, column 19: users[0]: member "id" is given twice`},
		"no openid":          {`{"people":[{"platform":"qq"}]}`, `line 1, column 12: people[0].openid: the openid is missing`},
		"a wrong type":       {"{\"users\":[\n{\"id\":\"7\"}]}", `line 2, column 7: users[0].id: want a whole number`},
		"half a number":      {`{"users":[{"id":1.5}]}`, `line 1, column 17: users[0].id: want a whole number`},
		"a password":         {`{"users":[{"password":12345}]}`, `line 1, column 23: users[0].password: want a text`},
		"an object":          {`{"users":{"id":1}}`, `line 1, column 10: users: want a list`},
		"a list":             {`{"users":[[]]}`, `line 1, column 11: users[0]: want an object`},
		"custom fields":      {`{"users":[{"custom":[1]}]}`, `line 1, column 21: users[0].custom: want an object`},
		"a flag":             {`{"users":[{"anonymous":1}]}`, `line 1, column 24: users[0].anonymous: want true or false`},
		"a time":             {`{"users":[{"created_at":"today"}]}`, `line 1, column 25: users[0].created_at: want a time, as "2024-05-06T07:08:09Z"`},
		"a profile":          {`{"people":[{"profile":"Bob"}]}`, `line 1, column 23: people[0].profile: want an object`},
		"members":            {`{"groups":[{"name":"x","members":[1,"a"]}]}`, `line 1, column 37: groups[0].members[1]: want a whole number`},
		"a taken id":         {`{"users":[{"id":1},{"id":1}]}`, `line 1, column 26: users[1].id: user id 1 is taken or negative`},
		"a taken name":       {`{"users":[{"username":"ann"},{"username":"Ann"}]}`, `line 1, column 42: users[1].username: username is taken`},
		"a taken identity":   {`{"users":[{"identities":[{"platform":"ks","openid":"o"},{"platform":"kuaishou","openid":"o"}]}]}`, `line 1, column 57: users[0].identities[1]: identity on kuaishou is taken`},
		"an app elsewhere":   {`{"users":[{"identities":[{"platform":"qq","openid":"o","app":"a"}]}]}`, `line 1, column 62: users[0].identities[0].app: only an identity on bytedance has an app`},
		"a built-in field":   {`{"users":[{"custom":{"nickname":"x"}}]}`, `line 1, column 21: users[0].custom.nickname: custom field "nickname" is a built-in one`},
		"a group's member":   {`{"groups":[{"name":"x","members":[9]}]}`, `line 1, column 34: groups[0].members: a member of the group is unknown`},
		"a super group":      {`{"groups":[{"name":"x","super_group":9}]}`, `line 1, column 38: groups[0].super_group: super group 9 is unknown`},
		"no name":            {`{"super_groups":[{"id":1}]}`, `line 1, column 18: super_groups[0].name: group without a name`},
		"nothing":            {"\n ", `line 2, column 2: the text is empty`},
		"a missing brace":    {"{\"users\":\n[]", `line 2, column 2: unexpected end of JSON input`},
		"a comma too many":   {"{\n\"users\":[],\n}", `line 3, column 1: invalid character '}' looking for beginning of object key string`},
		"a second value":     {"{} x", `line 1, column 4: invalid character 'x' after top-level value`},
		"columns, not bytes": {"\ufeff{\"users\":[{\"username\":\"安\",\"id\":\"x\"}]}", `line 1, column 32: users[0].id: want a whole number`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newBackend().LoadSeed(strings.NewReader(tt.seed))
			require.EqualError(t, err, "baastest: seed: "+tt.want)
			var placed *baastest.SeedError
			require.ErrorAs(t, err, &placed)
			require.Contains(t, tt.want, fmt.Sprintf("line %d, column %d: ", placed.Line, placed.Column))
			require.ErrorIs(t, err, placed.Err)
			require.NotContains(t, err.Error(), "12345")
		})
	}
}

// A file that cannot be read is no mistake in the seed.
func TestSeedCannotBeRead(t *testing.T) {
	t.Parallel()
	err := newBackend().LoadSeed(failingReader{})
	require.ErrorContains(t, err, "no disk")
	var placed *baastest.SeedError
	require.NotErrorAs(t, err, &placed)
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, fmt.Errorf("no disk") }

// Aliases name the same people, wherever a platform is named.
func TestPlatformAliases(t *testing.T) {
	t.Parallel()
	b := newBackend()
	require.NoError(t, b.LoadSeed(strings.NewReader(`{
		"People": [{"platform": "tt", "openid": "o-1", "profile": {"nickName": "Bob"}, "unionid": null}, {"platform": "wx", "openid": "w"}],
		"users": [{"id": 5, "identities": [{"platform": "ks", "openid": "k"}, {"platform": "tt", "openid": "o-1", "app": "toutiao"}]}]}`)))
	require.Equal(t, "Bob", b.ByteDance("o-1").Profile().NickName)
	u, ok := b.UserOf(b.Kuaishou("k"))
	require.True(t, ok)
	require.Equal(t, []baastest.Identity{{Platform: "kuaishou", OpenID: "k"}, {Platform: "bytedance", OpenID: "o-1", App: "toutiao"}}, u.Identities)
	p, err := b.Phone("my", "a")
	require.NoError(t, err)
	require.Same(t, b.Alipay("a"), p)
	_, err = b.Phone("wechat-nativ", "a")
	require.ErrorContains(t, err, "did you mean wechat-native?")
	_, err = b.AddUser(baastest.User{Identities: []baastest.Identity{{Platform: "ks", OpenID: "k"}}})
	require.EqualError(t, err, "baastest: identity on ks is taken")
}

func FuzzLoadSeed(f *testing.F) {
	for _, seed := range []string{
		`{"users":[{"id":1,"custom":{"a":[1]},"identities":[{"platform":"ks","openid":"o"}]}]}`,
		`{"people":[{"platform":"wx","openid":"o","profile":{"gender":1}}],"groups":[{"name":"x","members":[1]}]}`,
		`{"users":null}`, `[]`, `{`, "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed string) {
		b := newBackend()
		err := b.LoadSeed(strings.NewReader(seed))
		if err == nil {
			return
		}
		var placed *baastest.SeedError
		require.ErrorAs(t, err, &placed)
		require.LessOrEqual(t, placed.Line, 1+strings.Count(seed, "\n"))
		require.Positive(t, placed.Column)
		require.LessOrEqual(t, placed.Column, len(seed)+1)
	})
}
