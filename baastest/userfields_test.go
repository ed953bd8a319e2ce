package baastest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What a query reads of a user is what a response shows of it, for every caller and
// under every form of unset fields.
func TestFieldsAreReadAsTheyAreShown(t *testing.T) {
	unsets := []Unset{UnsetAbsent, UnsetNull, UnsetEmpty}
	for i, unset := range unsets {
		b, err := New(WithResponses(Responses{Unset: unset, OwnOpenID: i > 0}),
			WithFieldPermission("secret", Invisible), WithFieldPermission("city", VisibleToAll))
		require.NoError(t, err)
		_, err = b.AddUser(User{Custom: map[string]any{"age": 3, "null": nil, "secret": 1}})
		require.NoError(t, err)
		full, err := b.AddUser(User{
			Username: "ann", Email: "a@b.c", Phone: "1", EmailVerified: true, Authorized: true, WeChatUnionID: "u",
			Profile:    Profile{NickName: "Ann", AvatarURL: "x", Gender: 2, City: "Huizhou", Province: "p", Country: "c", Language: "l"},
			Identities: []Identity{{Platform: WeChat, OpenID: "o", UnionID: "u"}, {Platform: Alipay, OpenID: "a"}},
			Custom:     map[string]any{"age": 4, "list": []any{1}, "o": map[string]any{"a": "b"}, "secret": 1},
			CreatedAt:  time.Unix(1, 0),
		})
		require.NoError(t, err)
		own := b.state.users.byID[full.ID]
		_, err = b.AddGroup(Group{Name: "g", Members: []int64{full.ID}})
		require.NoError(t, err)
		for _, op := range []*operation{{b: b, state: b.state}, {b: b, state: b.state, user: own}, {b: b, state: b.state, server: true}} {
			for _, u := range b.state.users.sorted() {
				v := op.viewOf(u)
				var shown map[string]any
				require.NoError(t, decodeStrict(bytes.NewReader(op.userJSON(u, v)), &shown))
				r := op.reading(u, v)
				names := []string{"age", "null", "secret", "list", "o"}
				for _, f := range builtInFields {
					names = append(names, f.name)
				}
				for _, name := range names {
					require.Equal(t, shown[name], fieldNamed(name)(&r), fmt.Sprint(name, " of ", u.id, " with unset ", unset))
				}
				for name := range shown {
					require.Contains(t, names, name)
				}
			}
		}
	}
}
