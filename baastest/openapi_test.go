package baastest_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
)

// The paths of the Open API.
const (
	authorizePath  = "/api/oauth2/hydrogen/openapi/authorize/"
	accessPath     = "/api/oauth2/access_token/"
	usersPath      = "/oserve/v2.2/miniapp/user_profile/"
	updatesPath    = "/oserve/v2.6/miniapp/user_profile/"
	accountsPath   = "/oserve/v2.1/miniapp/user/account/"
	groupsPath     = "/oserve/v1/user-group/"
	supersPath     = "/oserve/v1/user-supergroup/"
	membershipPath = "/oserve/v1/miniapp/group/membership/"
	openSendSMS    = "/oserve/v2.1/sms-verification-code/"
	openVerifySMS  = "/oserve/v1.8/sms-verification-code/verify/"
)

// credentials are those of the app.
var credentials = m{"client_id": baastest.DefaultClientID, "client_secret": baastest.DefaultClientSecret}

// server speaks the Open API to a backend.
type server struct {
	*client
	refresh string
}

// anonymousServer is a server without a token.
func anonymousServer(t testing.TB, b *baastest.Backend) *server {
	return &server{client: &client{t: t, rt: b.Transport(), host: "https://backend.invalid", bare: true}}
}

// newServerClient is a server with a token.
func newServerClient(t testing.TB, b *baastest.Backend) *server {
	t.Helper()
	s := anonymousServer(t, b)
	s.grant(200, m{"grant_type": "authorization_code", "code": s.code()})
	return s
}

// authorize asks for a code as a program with a cookie jar does.
func (s *server) authorize(body any) reply {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	res, err := (&http.Client{Transport: s.rt, Jar: jar}).Do(s.request("POST", authorizePath, body))
	require.NoError(s.t, err)
	r, err := readReply(res)
	require.NoError(s.t, err)
	return r
}

func (s *server) code() string {
	s.t.Helper()
	return s.ok(200, s.authorize(credentials)).body["code"].(string)
}

// grant exchanges a code or a refresh token, and keeps the tokens of a success.
func (s *server) grant(status int, more m) reply {
	s.t.Helper()
	r := s.ok(status, s.post(accessPath, merge(credentials, more)))
	if status == 200 {
		s.bearer, s.refresh = r.body["access_token"].(string), r.body["refresh_token"].(string)
	}
	return r
}

// find asks for users with pairs of parameters.
func (s *server) find(params ...string) reply {
	s.t.Helper()
	values := url.Values{}
	for i := 0; i < len(params); i += 2 {
		values.Set(params[i], params[i+1])
	}
	return s.get(usersPath + "?" + values.Encode())
}

// where are the nicknames of the users that match a condition.
func (s *server) where(condition string) []string {
	s.t.Helper()
	return nicknames(s.ok(200, s.find("where", condition)))
}

// What the routes of the Open API refuse before they do anything.
func TestOpenAPIStrictRequests(t *testing.T) {
	tests := map[string]struct {
		method, path string
		body         any
		header       http.Header
		status       int
		message      string
	}{
		"deprecated read of a user":    {"GET", "/oserve/v1/miniapp/user-profile/?user_id=1", nil, nil, 404, "baastest does not implement"},
		"deprecated update of a user":  {"PUT", "/oserve/v1/user/info/1/", m{}, nil, 404, "baastest does not implement"},
		"table":                        {"GET", "/oserve/v2.4/table/1/record/", nil, nil, 404, "baastest does not implement"},
		"unknown path":                 {"GET", "/oserve/v9/users/", nil, nil, 404, "Not found."},
		"another version":              {"GET", updatesPath, nil, nil, 405, "method not allowed"},
		"update at the version before": {"PUT", usersPath + "11/", m{}, nil, 405, "method not allowed"},
		"deletion of a user":           {"DELETE", usersPath + "11/", nil, nil, 405, "method not allowed"},
		"redirect as POST":             {"POST", "/api/oauth2/redirect/", m{}, nil, 405, "method not allowed"},
		"code without a secret":        {"POST", authorizePath, m{"client_id": "x"}, nil, 400, "missing field: client_secret"},
		"code with an unknown field":   {"POST", authorizePath, merge(credentials, m{"x": 1}), nil, 400, "unknown field: x"},
		"code as a form":               {"POST", authorizePath, "--b--", http.Header{"Content-Type": {"multipart/form-data; boundary=b"}}, 415, "Content-Type"},
		"token without grant type":     {"POST", accessPath, credentials, nil, 400, "missing field: grant_type"},
		"token as a broken form":       {"POST", accessPath, "x", http.Header{"Content-Type": {"multipart/form-data; boundary=b"}}, 400, "body is not a form"},
		"token as an URL-encoded form": {"POST", accessPath, "a=b", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, 415, "Content-Type"},
		"update with a list":           {"PUT", updatesPath + "11/", "[]", nil, 400, "not a JSON object"},
		"update as a text":             {"PUT", updatesPath + "11/", "{}", http.Header{"Content-Type": {"text/plain"}}, 415, "Content-Type"},
		"account with an old password": {"PUT", accountsPath + "11/", m{"password": "p"}, nil, 400, "unknown field: password"},
		"account with a number":        {"PUT", accountsPath + "11/", m{"phone": 1}, nil, 400, "field phone must be a string or null"},
		"group without a name":         {"POST", groupsPath, m{}, nil, 400, "missing field: name"},
		"group with an empty name":     {"POST", groupsPath, m{"name": ""}, nil, 400, "field name must not be empty"},
		"group with another parent":    {"PUT", groupsPath + "1/", m{"name": "x", "parent": 1}, nil, 400, "unknown field: parent"},
		"super group with texts":       {"POST", supersPath, m{"name": "x", "children": []string{"1"}}, nil, 400, "field children must be a list of integers"},
		"membership as an object":      {"PATCH", membershipPath, m{}, nil, 400, "not a list of JSON objects"},
		"membership as POST":           {"POST", membershipPath, "[]", nil, 405, "method not allowed"},
		"SMS without a user":           {"POST", openSendSMS, m{"phone": number}, nil, 400, "missing field: user_id"},
		"SMS with a text as the user":  {"POST", openSendSMS, m{"phone": number, "user_id": "11"}, nil, 400, "field user_id must be an integer"},
		"SMS code as a flag":           {"POST", openVerifySMS, m{"phone": number, "user_id": 11, "code": true}, nil, 400, "field code must be a string or an integer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := with3(t, newBackend())
			s.header = tt.header
			s.refused(tt.status, tt.message, s.do(tt.method, tt.path, tt.body))
		})
	}
}

// Every route of the Open API but those of its tokens refuses a request without one.
func TestOpenAPINeedsAToken(t *testing.T) {
	b := newBackend()
	people3(t, b)
	s := anonymousServer(t, b)
	for _, route := range []struct {
		method, path string
		body         any
	}{
		{"GET", usersPath, nil}, {"GET", usersPath + "11/", nil}, {"PUT", updatesPath, m{"level": 1}}, {"PUT", updatesPath + "11/", m{"level": 1}},
		{"PUT", accountsPath + "11/", m{"username": "x"}}, {"GET", groupsPath, nil}, {"POST", groupsPath, m{"name": "x"}}, {"DELETE", groupsPath + "?id__in=1", nil},
		{"GET", groupsPath + "1/", nil}, {"PUT", groupsPath + "1/", m{"name": "x"}}, {"DELETE", groupsPath + "1/", nil},
		{"GET", supersPath, nil}, {"POST", supersPath, m{"name": "x"}}, {"DELETE", supersPath + "?id__in=1", nil},
		{"GET", supersPath + "1/", nil}, {"PUT", supersPath + "1/", m{"name": "x", "children": []int{}}}, {"DELETE", supersPath + "1/", nil},
		{"PATCH", membershipPath, []m{}}, {"POST", openSendSMS, m{"phone": number, "user_id": 11}}, {"POST", openVerifySMS, m{"phone": number, "user_id": 11, "code": "1"}},
	} {
		s.refused(401, "unauthorized", s.do(route.method, route.path, route.body))
	}
	require.Empty(t, b.SMS())
	require.Empty(t, b.Groups())
}

// The client secret is in no text of a backend, also where a request had it.
func TestClientSecretIsNotShown(t *testing.T) {
	const secret = "canary-client-secret.~_"
	b := newBackend(baastest.WithClientSecret(secret))
	require.Equal(t, secret, b.ClientSecret())
	s := anonymousServer(t, b)
	keys := m{"client_id": b.ClientID(), "client_secret": secret}
	code := s.ok(200, s.authorize(keys)).body["code"]
	s.ok(200, s.post(accessPath, merge(keys, m{"grant_type": "authorization_code", "code": code})))
	s.refused(401, "invalid client", s.authorize(credentials))

	require.Len(t, b.Requests(), 5)
	require.JSONEq(t, `{"client_id":"test-client","client_secret":"REDACTED"}`, string(b.Requests()[0].Body))
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("backend", "backend", b, "requests", b.Requests())
	texts := []string{
		log.String(), fmt.Sprintf("%v %+v %#v", b, b, b), fmt.Sprintf("%+v %#v", b.Requests(), b.Requests()),
		fmt.Sprint(control(t, b, 200, "GET", "journal", "")),
	}
	for _, r := range b.Requests() {
		texts = append(texts, string(r.Body), r.Query, fmt.Sprint(r.Header))
	}
	for _, text := range texts {
		require.NotContains(t, text, secret)
	}

	// Where it has no place, it stays for a test to find.
	s.refused(401, "unauthorized", s.get(usersPath+"?client_secret="+secret))
	require.Contains(t, b.Requests()[5].Query, secret)
}

func TestOpenAPIOptions(t *testing.T) {
	for name, opt := range map[string]baastest.Option{
		"no secret": baastest.WithClientSecret(""), "space": baastest.WithClientSecret("a b"), "quote": baastest.WithClientSecret(`"`),
		"long secret": baastest.WithClientSecret(strings.Repeat("x", 257)), "short life": baastest.WithOpenAPITokenLife(time.Second - 1),
	} {
		_, err := baastest.New(opt)
		require.ErrorIs(t, err, herror.InvalidParameter, name)
	}
	b := newBackend(baastest.WithOpenAPITokenLife(90*time.Second), baastest.WithTokenLife(time.Hour))
	s := anonymousServer(t, b)
	require.EqualValues(t, 90, s.grant(200, m{"grant_type": "authorization_code", "code": s.code()}).body["expires_in"])
	b.Clock().Advance(90 * time.Second)
	s.refused(401, "unauthorized", s.find())
}

// Faults, the journal and a Reset are the same for the Open API.
func TestOpenAPIFaults(t *testing.T) {
	b := newBackend()
	s := with3(t, b)
	b.Fail("GET "+usersPath, baastest.Fault{Times: 1, Status: 429})
	b.Fail("PUT "+updatesPath+"*/", baastest.Fault{Times: 1, Cut: baastest.CutAfterRead})
	s.refused(429, "injected", s.find())
	s.ok(200, s.find())
	_, err := s.try("PUT", updatesPath+"11/", m{"level": 5})
	require.Error(t, err)
	require.EqualValues(t, 5, customOf(t, b, 11, "level"))
	require.Equal(t, 2, b.CountRequests("GET "+usersPath))
	require.Equal(t, 1, b.CountRequests("POST "+accessPath))
	b.Reset()
	s.refused(401, "unauthorized", s.find())
	s.bearer = newServerClient(t, b).bearer
	require.Empty(t, s.ok(200, s.find()).body["objects"])
}

// A program with a cookie jar gets a token from a backend that listens.
func TestOpenAPIOnAServer(t *testing.T) {
	srv := baastest.NewServer(t)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	post := func(client *http.Client, path, body string) reply {
		res, err := client.Post(srv.URL()+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		r, err := readReply(res)
		require.NoError(t, err)
		return r
	}
	keys := fmt.Sprintf(`"client_id":%q,"client_secret":%q`, srv.ClientID(), srv.ClientSecret())
	require.Equal(t, 401, post(http.DefaultClient, authorizePath, "{"+keys+"}").status, "without a jar")
	code := post(&http.Client{Jar: jar}, authorizePath, "{"+keys+"}").body["code"]
	r := post(http.DefaultClient, accessPath, fmt.Sprintf(`{%s,"grant_type":"authorization_code","code":%q}`, keys, code))
	require.Equal(t, 200, r.status, r.raw)
	req, err := http.NewRequest("DELETE", srv.URL()+groupsPath+"?id__in=1", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+r.body["access_token"].(string))
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 204, res.StatusCode)
}

// The users of the Open API are those that log in.
func TestOpenAPISeesLogins(t *testing.T) {
	b := newBackend()
	s := newServerClient(t, b)
	c := newClient(t, b, baastest.WeChat)
	id := int64(c.silent(b.WeChat("o").SetUnionID("u")).body["user_info"].(m)["id"].(float64))
	user := s.ok(200, s.find("where", `{"openid":{"$eq":"o"}}`)).body["objects"].([]any)[0].(m)
	require.EqualValues(t, id, user["id"])
	require.Equal(t, "o", user["_provider"].(m)["wechat"].(m)["openid"])
	update(c, "level", 3)
	s.ok(200, s.put(fmt.Sprint(updatesPath, id, "/"), m{"level": 4}))
	require.EqualValues(t, 4, c.self(id)["level"])
	s.ok(200, s.put(fmt.Sprint(accountsPath, id, "/"), m{"username": "ann", "new_password": "p"}))
	c.ok(201, c.post("v2.1/login/username/", m{"username": "ann", "password": "p"}))
}

// Servers that refresh at once leave one good pair of tokens, that of the last one.
func TestOpenAPIRefreshAtOnce(t *testing.T) {
	b := newBackend()
	first := newServerClient(t, b)
	var wg sync.WaitGroup
	var won atomic.Int32
	for range 16 {
		wg.Go(func() {
			s := anonymousServer(t, b)
			r := s.post(accessPath, merge(credentials, m{"grant_type": "refresh_token", "refresh_token": first.refresh}))
			if r.status == 200 {
				won.Add(1)
			}
			s.find()
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, won.Load())
}

func TestGroupsOfABackend(t *testing.T) {
	b := newBackend()
	const seed = `{"users":[{"id":2},{"id":1}],"super_groups":[{"id":52,"name":"Staff"}],
		"groups":[{"id":51,"name":"Editors","super_group":52,"members":[2,1,2]},{"name":"Others"}]}`
	require.NoError(t, b.LoadSeed(strings.NewReader(seed)))
	require.Equal(t, []baastest.Group{
		{ID: 1, Name: "Others"}, {ID: 51, Name: "Editors", SuperGroup: 52, Members: []int64{1, 2}},
	}, b.Groups())
	require.Equal(t, []baastest.SuperGroup{{ID: 52, Name: "Staff"}}, b.SuperGroups())

	g, err := b.AddGroup(baastest.Group{Name: "x"})
	require.NoError(t, err)
	require.Equal(t, baastest.Group{ID: 2, Name: "x"}, g)
	for name, bad := range map[string]baastest.Group{
		"no name": {}, "taken": {ID: 52, Name: "x"}, "negative": {ID: -1, Name: "x"},
		"unknown super group": {Name: "x", SuperGroup: 51}, "unknown member": {Name: "x", Members: []int64{1, 9}},
	} {
		_, err := b.AddGroup(bad)
		require.Error(t, err, name)
	}
	for _, bad := range []baastest.SuperGroup{{}, {ID: 51, Name: "x"}} {
		_, err := b.AddSuperGroup(bad)
		require.Error(t, err)
	}
	require.Len(t, b.Groups(), 3)
	for _, bad := range []string{`{"groups":[{}]}`, `{"super_groups":[{}]}`} {
		require.Error(t, b.LoadSeed(strings.NewReader(bad)))
	}
	b.Reset()
	require.Empty(t, b.Groups())
}

func TestControlGroups(t *testing.T) {
	b := newBackend()
	require.Equal(t, []any{}, control(t, b, 200, "GET", "groups", ""))
	require.Equal(t, []any{}, control(t, b, 200, "GET", "super-groups", ""))
	control(t, b, 200, "POST", "users", `{"id":9}`)
	super := control(t, b, 200, "POST", "super-groups", `{"name":"Staff"}`)
	require.Equal(t, m{"id": 1.0, "name": "Staff"}, super)
	group := control(t, b, 200, "POST", "groups", `{"id":5,"name":"Editors","super_group":1,"members":[9]}`)
	require.Equal(t, m{"id": 5.0, "name": "Editors", "super_group": 1.0, "members": []any{9.0}}, group)
	require.Equal(t, []any{group}, control(t, b, 200, "GET", "groups", ""))
	require.Equal(t, []any{super}, control(t, b, 200, "GET", "super-groups", ""))
	control(t, b, 400, "POST", "groups", `{"id":5,"name":"x"}`)
	control(t, b, 400, "POST", "super-groups", `{"name":""}`)
}
