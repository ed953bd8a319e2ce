package auth_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/user"
)

// responses answers each request with the next of the bodies, and notes what was asked.
type responses struct {
	bodies []string
	asked  []*http.Request
}

func (r *responses) RoundTrip(req *http.Request) (*http.Response, error) {
	body := r.bodies[min(len(r.asked), len(r.bodies)-1)]
	r.asked = append(r.asked, req)
	status := http.StatusOK
	if strings.HasPrefix(body, "4") {
		status, body = http.StatusBadRequest, "{}"
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

// on returns a user without a session, whose requests get these responses.
func on(t *testing.T, r *responses) *auth.Auth {
	t.Helper()
	client, err := baas.New("client-1", baas.WithHTTPClient(&http.Client{Transport: r}))
	require.NoError(t, err)
	return client.Auth("visitor")
}

// query returns what a request asked for.
func query(r *http.Request) map[string]string {
	got := map[string]string{}
	for name, values := range r.URL.Query() {
		got[name] = values[0]
	}
	return got
}

func page(next string, ids ...int) string {
	var objects []string
	for _, id := range ids {
		objects = append(objects, fmt.Sprintf(`{"id":%d,"nickname":"n%d","token":"canary"}`, id, id))
	}
	return `{"meta":{"limit":2,"offset":0,"next":` + next + `,"previous":null},"objects":[` + strings.Join(objects, ",") + `]}`
}

func TestFindUsers(t *testing.T) {
	const more = `"/hserve/v2.2/user/info/?limit=2&offset=2"`
	r := &responses{bodies: []string{page(more, 1, 2), page(more, 3, 4), page("null", 5)}}
	var ids []int64
	opts := []auth.FindOption{
		nil, auth.Where(user.Field("nickname").Contains("n")), auth.OrderBy("-id", "nickname"),
		auth.PageSize(2), auth.Offset(10), auth.Keys("nickname", "avatar"), auth.Expand("pointer"),
	}
	for u, err := range on(t, r).FindUsers(ctx, opts...) {
		require.NoError(t, err)
		ids = append(ids, u.ID())
		require.Equal(t, fmt.Sprintf("n%d", u.ID()), u.Nickname())
		require.False(t, u.Get("token").Exists())
	}
	require.Equal(t, []int64{1, 2, 3, 4, 5}, ids)
	require.Len(t, r.asked, 3)
	for i, asked := range r.asked {
		require.Equal(t, "GET /hserve/v2.2/user/info/", asked.Method+" "+asked.URL.Path)
		require.Equal(t, map[string]string{
			"where": `{"$and":[{"nickname":{"$contains":"n"}}]}`, "order_by": "-id,nickname", "limit": "2",
			"offset": strconv.Itoa(10 + 2*i), "return_total_count": "0", "keys": "nickname,avatar", "expand": "pointer",
		}, query(asked))
	}
}

func TestFindUsersStopsWithTheLoop(t *testing.T) {
	r := &responses{bodies: []string{page(`"/more"`, 1, 2)}}
	for range on(t, r).FindUsers(ctx) {
		break
	}
	require.Len(t, r.asked, 1)
	require.Equal(t, map[string]string{"where": "{}", "limit": "100", "offset": "0", "return_total_count": "0"}, query(r.asked[0]))
}

// Where a page does not say whether there is another one, a short one is the last.
func TestFindUsersWithoutNext(t *testing.T) {
	r := &responses{bodies: []string{
		`{"meta":{},"objects":[{"id":1},{"id":2}]}`, `{"meta":{},"objects":[{"id":3}]}`,
	}}
	count := 0
	for _, err := range on(t, r).FindUsers(ctx, auth.PageSize(2)) {
		require.NoError(t, err)
		count++
	}
	require.Equal(t, 3, count)
	require.Len(t, r.asked, 2)
}

func TestFindUsersErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		bodies []string
		opts   []auth.FindOption
		code   herror.Code
		found  int
		sent   int
	}{
		"page size 0":       {opts: []auth.FindOption{auth.PageSize(0)}, code: herror.InvalidParameter},
		"page size 1001":    {opts: []auth.FindOption{auth.PageSize(1001)}, code: herror.InvalidParameter},
		"offset under 0":    {opts: []auth.FindOption{auth.Offset(-1)}, code: herror.InvalidParameter},
		"a comma":           {opts: []auth.FindOption{auth.OrderBy("a,b")}, code: herror.InvalidParameter},
		"no field":          {opts: []auth.FindOption{auth.Keys("")}, code: herror.InvalidParameter},
		"a bad condition":   {opts: []auth.FindOption{auth.Where(user.Field("").Equal(1))}, code: herror.InvalidParameter},
		"a value no JSON":   {opts: []auth.FindOption{auth.Where(user.Or(user.Field("a").Equal(func() {})))}, code: herror.InvalidParameter},
		"a raw condition":   {opts: []auth.FindOption{auth.Where(user.RawCondition(json.RawMessage(`[]`)))}, code: herror.InvalidParameter},
		"refused":           {bodies: []string{"400"}, code: herror.BadRequest, sent: 1},
		"refused later":     {bodies: []string{page(`"/more"`, 1, 2), "400"}, code: herror.BadRequest, found: 2, sent: 2},
		"no list":           {bodies: []string{`{"meta":{}}`}, code: herror.InvalidResponse, sent: 1},
		"a user no object":  {bodies: []string{`{"meta":{},"objects":[1]}`}, code: herror.InvalidResponse, sent: 1},
		"no JSON":           {bodies: []string{`<html>`}, code: herror.InvalidResponse, sent: 1},
		"an array for meta": {bodies: []string{`{"meta":[],"objects":[]}`}, code: herror.InvalidResponse, sent: 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := &responses{bodies: tt.bodies}
			found := 0
			var failed error
			for u, err := range on(t, r).FindUsers(ctx, tt.opts...) {
				require.NoError(t, failed, "an error ends the loop")
				if failed = err; err == nil {
					found++
				} else {
					require.Nil(t, u)
				}
			}
			fails(t, tt.code, failed)
			require.Equal(t, tt.found, found)
			require.Len(t, r.asked, tt.sent)
		})
	}
}

func TestCountUsers(t *testing.T) {
	r := &responses{bodies: []string{`{"meta":{"total_count":42,"next":"/more"},"objects":[{"id":1}]}`}}
	n, err := on(t, r).CountUsers(ctx, auth.Where(user.Field("id").In(1, 2)), auth.PageSize(50), auth.Offset(7))
	require.NoError(t, err)
	require.EqualValues(t, 42, n)
	require.Equal(t, map[string]string{
		"where": `{"$and":[{"id":{"$in":[1,2]}}]}`, "limit": "1", "offset": "0", "return_total_count": "1",
	}, query(r.asked[0]))
	_, err = on(t, &responses{bodies: []string{`{"meta":{},"objects":[]}`}}).CountUsers(ctx)
	fails(t, herror.InvalidResponse, err)
	_, err = on(t, r).CountUsers(ctx, auth.PageSize(0))
	fails(t, herror.InvalidParameter, err)
}

func TestGetUserSelectsFields(t *testing.T) {
	r := &responses{bodies: []string{`{"nickname":"n"}`}}
	u, err := on(t, r).GetUser(ctx, 7, auth.Keys("nickname", "-avatar"), nil, auth.Expand("created_by"))
	require.NoError(t, err)
	require.EqualValues(t, 7, u.ID(), "also where the backend leaves it out")
	require.Equal(t, "n", u.Nickname())
	require.Equal(t, "/hserve/v2.5/user/info/7/", r.asked[0].URL.Path)
	require.Equal(t, url.Values{"keys": {"nickname,-avatar"}, "expand": {"created_by"}}, r.asked[0].URL.Query())

	for _, body := range []string{`{"id":8}`, `{"nickname":"n"}`} {
		_, err = on(t, &responses{bodies: []string{body}}).GetUser(ctx, 7)
		fails(t, herror.InvalidResponse, err)
	}
	_, err = on(t, r).GetUser(ctx, 7, auth.Keys("a,b"))
	fails(t, herror.InvalidParameter, err)
}

func TestGetServerDate(t *testing.T) {
	for _, tt := range []struct {
		body string
		want string
	}{
		{`{"time":"2019-11-22T16:09:26.903210+08:00"}`, "2019-11-22T16:09:26.90321+08:00"},
		{`{"time":"2019-11-22T08:09:26Z"}`, "2019-11-22T08:09:26Z"},
		{`{"time":"yesterday"}`, ""},
		{`{}`, ""},
		{`[]`, ""},
	} {
		r := &responses{bodies: []string{tt.body}}
		got, err := on(t, r).GetServerDate(ctx)
		if tt.want == "" {
			fails(t, herror.InvalidResponse, err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tt.want, got.Format(time.RFC3339Nano))
		require.Equal(t, "GET /hserve/v2.2/server/time/", r.asked[0].Method+" "+r.asked[0].URL.Path)
	}
}

// Whatever a condition is made of, it is one JSON object, or an error.
func FuzzCondition(f *testing.F) {
	f.Add("nickname", "li", []byte(`{"a":{"$gt":1}}`))
	f.Add(`"}],"x`, `"`, []byte(`{}`))
	f.Add("", "\xff", []byte(`[`))
	f.Fuzz(func(t *testing.T, name, text string, raw []byte) {
		field := user.Field(name)
		c := user.And(field.Equal(text), user.Or(field.Contains(text), user.RawCondition(raw)), field.In(text, 1, nil), user.Condition{})
		b, err := json.Marshal(c)
		if err != nil {
			var h *herror.HError
			require.True(t, errors.As(err, &h))
			require.Equal(t, herror.InvalidParameter, h.Code)
			return
		}
		var got struct {
			And []map[string]json.RawMessage `json:"$and"`
		}
		require.NoError(t, json.Unmarshal(b, &got))
		require.Len(t, got.And, 4)
	})
}

// Whatever the backend answers to a query, there are users or an error, and an end.
func FuzzFindUsers(f *testing.F) {
	for _, body := range []string{
		page("null", 1, 2), `{"meta":{"total_count":3},"objects":[{"id":1}]}`, `{"meta":{"next":5},"objects":[]}`,
		`{"meta":{},"objects":[{}]}`, `{"objects":[1]}`, `[]`, `{"meta":{},"objects":[{"id":"7","token":"canary"}]}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := &responses{bodies: []string{body, page("null")}}
		for u, err := range on(t, r).FindUsers(ctx) {
			if err != nil {
				code := herror.CodeOf(err)
				require.True(t, code == herror.InvalidResponse || code == herror.BadRequest, err)
				continue
			}
			require.False(t, u.Get("token").Exists())
			_, err = json.Marshal(u)
			require.NoError(t, err)
		}
		require.LessOrEqual(t, len(r.asked), 2)
	})
}

// A raw request goes to the backend's host, or nowhere.
func FuzzRequestPath(f *testing.F) {
	for _, path := range []string{"/", "/hserve/?a=b#c", "//evil.example/", "/\\evil.example", "/..//evil", "https://evil.example/", "/%2e%2e/", "/ \r\nX: y", "/?\x00"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r := &responses{bodies: []string{"{}"}}
		_, err := on(t, r).Request(ctx, auth.Request{Path: path})
		for _, asked := range r.asked {
			require.Equal(t, "client-1.myminapp.com", asked.URL.Host)
			require.Equal(t, "https", asked.URL.Scheme)
		}
		if err != nil {
			require.Contains(t, []herror.Code{herror.InvalidParameter, herror.NetworkDisconnected, herror.BadRequest}, herror.CodeOf(err), err)
		}
	})
}
