package response_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/internal/response"
)

func TestUserRemembersWhereItsFieldsAre(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"id":1}`, ` { "id" : 1 , "nickname" : "Ann" } `, `{"a":{"b":[1,"}"]},"c":null,"d":true,"e":-1.5e3,"f":"\"","g":[]}`,
		`{"a":1,"a":2}`, `{"n\u0061me":"x","\"":1,"":2}`,
		`{"1":1,"2":2,"3":3,"4":4,"5":5,"6":6,"7":7,"8":8,"9":9,"10":10,"11":11,"12":12,"13":13,"14":14,"15":15,"16":16,"17":17,` +
			`"18":18,"19":19,"20":20,"21":21,"22":22,"23":23,"24":24,"25":25,"26":26,"27":27,"28":28,"29":29,"30":30,"31":31,"32":32,"33":33}`,
	} {
		fields, err := response.Object(text, "user")
		require.NoError(t, err)
		user := response.User{Fields: fields}
		require.False(t, user.IsIndexed())
		checkUser(t, user)
		require.True(t, user.Indexed().IsIndexed())
		checkUser(t, user.Indexed())
	}
	require.True(t, response.User{}.IsIndexed())
	require.False(t, response.User{}.Indexed().Get("id").Exists())
}

// checkUser checks that a user's fields are found as a search of the text finds them.
func checkUser(t *testing.T, user response.User) {
	t.Helper()
	checkObject(t, user.Fields)
	user.Fields.Each(func(key string, _ gjson.Result) bool {
		want, got := user.Fields.Get(key), user.Get(key)
		require.Equal(t, want.Raw, got.Raw, "%q", key)
		require.Equal(t, want.Value(), got.Value(), "%q", key)
		return true
	})
	require.False(t, user.Get("no such field").Exists())
}
