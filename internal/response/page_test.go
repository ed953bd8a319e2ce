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
	for body, want := range map[string]response.Page{
		`{"meta":{"limit":20,"next":null,"offset":0,"previous":null,"total_count":2},"objects":[{"id":1},{"id": 2}]}`: {
			Objects: objects, Total: 2, Counted: true, Last: true,
		},
		`{"objects":[{"id":1},{"id": 2}],"meta":{"next":"/oserve/?offset=2"}}`: {Objects: objects, Next: true},
		`{"meta":{"total_count":"2"},"objects":[]}`:                            {Total: 2},
	} {
		got, err := response.ParsePage(body, "users")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for body, want := range map[string]string{
		`<html>`:                       "690: invalid response: users is not JSON",
		`[]`:                           "690: invalid response: users is not an object",
		`{"meta":{}}`:                  "690: invalid response: no list of users",
		`{"objects":[]}`:               "690: invalid response: no list of users",
		`{"meta":[],"objects":[]}`:     "690: invalid response: no list of users",
		`{"meta":{},"objects":[{},1]}`: "690: invalid response: one of the users is not an object",
	} {
		_, err := response.ParsePage(body, "users")
		require.EqualError(t, err, want, body)
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
		page, err := response.ParsePage(body, "users")
		if err != nil {
			require.Equal(t, herror.InvalidResponse, herror.CodeOf(err))
			return
		}
		require.False(t, page.Next && page.Last)
		for _, o := range page.Objects {
			var object map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(o), &object))
		}
	})
}
