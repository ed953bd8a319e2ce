package response_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
)

func TestParsePage(t *testing.T) {
	objects := []response.Fields{`{"id":1}`, `{"id": 2}`}
	type parsed struct {
		objects []response.Fields
		page    response.Page
	}
	for body, want := range map[string]parsed{
		`{"meta":{"limit":20,"next":null,"offset":0,"previous":null,"total_count":2},"objects":[{"id":1},{"id": 2}]}`: {
			objects, response.Page{Total: 2, Counted: true, Last: true},
		},
		`{"objects":[{"id":1},{"id": 2}],"meta":{"next":"/oserve/?offset=2"}}`: {objects, response.Page{Next: true}},
		`{"meta":{"total_count":"2"},"objects":[]}`:                            {nil, response.Page{Total: 2}},
	} {
		got, page, err := response.ParsePage(body, "users")
		require.NoError(t, err)
		require.Equal(t, want, parsed{got, page})
	}
	for body, want := range map[string]string{
		`<html>`:                       "690: invalid response: users is not JSON",
		`[]`:                           "690: invalid response: users is not an object",
		`{"meta":{}}`:                  "690: invalid response: no list of users",
		`{"objects":[]}`:               "690: invalid response: no list of users",
		`{"meta":[],"objects":[]}`:     "690: invalid response: no list of users",
		`{"meta":{},"objects":[{},1]}`: "690: invalid response: one of the users is not an object",
	} {
		_, _, err := response.ParsePage(body, "users")
		require.EqualError(t, err, want, body)
		_, _, err = response.ParseUsers(body)
		require.EqualError(t, err, want, body)
	}
}

func TestParseUsers(t *testing.T) {
	users, page, err := response.ParseUsers(`{"meta":{"next":"/x"},"objects":[ {"id":1,"created_at":5} , {"token":"canary","id":"2","created_at":"6","nickname":"n"}]}`)
	require.NoError(t, err)
	require.Equal(t, response.Page{Next: true}, page)
	require.Len(t, users, 2)
	require.Equal(t, []int64{1, 5, 2, 0}, []int64{users[0].ID, users[0].CreatedAt, users[1].ID, users[1].CreatedAt})
	require.Equal(t, response.Fields(`{"id":1,"created_at":5}`), users[0].User().Fields)
	require.Equal(t, response.Fields(`{"id":"2","created_at":"6","nickname":"n"}`), users[1].User().Fields)
	for _, object := range []string{`{}`, `{"id":0}`, `{"id":-1}`, `{"id":null}`, `{"user_id":7}`} {
		_, _, err := response.ParseUsers(`{"meta":{},"objects":[{"id":1},` + object + `]}`)
		require.EqualError(t, err, "690: invalid response: no user", object)
	}
}

// Whatever the backend answers, there are JSON objects or error 690.
func FuzzParsePage(f *testing.F) {
	for _, body := range []string{
		`{"meta":{"next":null,"total_count":2},"objects":[{"id":1},{}]}`, `{"meta":{"next":"/x"},"objects":[[]]}`,
		`{"meta":{},"meta":5,"objects":[]}`, `{"objects":{"a":1},"meta":{}}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		objects, page, err := response.ParsePage(body, "users")
		users, same, failed := response.ParseUsers(body)
		if err != nil {
			require.Equal(t, herror.InvalidResponse, herror.CodeOf(err))
			require.Equal(t, err.Error(), failed.Error())
			return
		}
		require.True(t, json.Valid([]byte(body)))
		require.False(t, page.Next && page.Last)
		for i, o := range objects {
			var object map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(o), &object))
			if failed == nil {
				require.Equal(t, page, same)
				require.NoError(t, json.Unmarshal([]byte(users[i].User().Fields), &object))
			}
		}
	})
}
