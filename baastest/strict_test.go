package baastest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

func TestStrictRequests(t *testing.T) {
	const silent = "v2.5/idp/kuaishou/silent-login/"
	good := m{"code": "c", "create_user": true}
	tests := map[string]struct {
		method, path string
		body         any
		header       http.Header
		status       int
		message      string
	}{
		"unknown path":            {"POST", "v9.9/login/", good, nil, 404, "Not found."},
		"no slash at the end":     {"POST", "v2.0/login/anonymous", m{}, nil, 404, "Not found."},
		"outside hserve":          {"GET", "/", nil, nil, 404, "Not found."},
		"wrong method":            {"GET", silent, nil, nil, 405, "method not allowed"},
		"no such read":            {"DELETE", "v2.5/user/info/1/", nil, nil, 405, "method not allowed"},
		"no client id":            {"POST", silent, good, http.Header{"X-Hydrogen-Client-Id": {""}}, 400, "X-Hydrogen-Client-ID"},
		"another client id":       {"POST", silent, good, http.Header{"X-Hydrogen-Client-Id": {"x"}}, 400, "X-Hydrogen-Client-ID"},
		"unknown platform":        {"POST", silent, good, http.Header{"X-Hydrogen-Client-Platform": {"NOKIA"}}, 400, "X-Hydrogen-Client-Platform"},
		"unknown SDK type":        {"POST", silent, good, http.Header{"X-Hydrogen-Client-Sdk-Type": {"disc"}}, 400, "X-Hydrogen-Client-SDK-Type"},
		"no content type":         {"POST", silent, good, http.Header{"Content-Type": {""}}, 415, "Content-Type"},
		"a form":                  {"POST", silent, "a=b", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, 415, "Content-Type"},
		"with charset":            {"POST", silent, good, http.Header{"Content-Type": {"application/json; charset=utf-8"}}, 400, "invalid code"},
		"not JSON":                {"POST", silent, "{", nil, 400, "not a JSON object"},
		"an array":                {"POST", silent, "[]", nil, 400, "not a JSON object"},
		"null":                    {"POST", silent, "null", nil, 400, "not a JSON object"},
		"two values":              {"POST", silent, "{} {}", nil, 400, "more than one"},
		"missing field":           {"POST", silent, m{"create_user": true}, nil, 400, "missing field: code"},
		"no body":                 {"POST", silent, nil, nil, 400, "missing field: code"},
		"empty text":              {"POST", silent, m{"code": "", "create_user": true}, nil, 400, "field code must not be empty"},
		"code of a wrong type":    {"POST", silent, m{"code": 1, "create_user": true}, nil, 400, "field code must be a string"},
		"flag of a wrong type":    {"POST", silent, m{"code": "c", "create_user": "true"}, nil, 400, "field create_user must be a boolean"},
		"null in place of a text": {"POST", silent, m{"code": nil, "create_user": true}, nil, 400, "field code must be a string"},
		"unknown field":           {"POST", silent, m{"code": "c", "create_user": true, "z": 1, "app_name": "x"}, nil, 400, "unknown field: app_name"},
		"number as signature id":  {"POST", "v2.2/sms-verification-code/", m{"phone": "1", "signature_id": "1"}, nil, 400, "field signature_id must be an integer"},
		"fraction":                {"POST", "v2.2/sms-verification-code/", m{"phone": "1", "signature_id": 1.5}, nil, 400, "field signature_id must be an integer"},
		"smsCode as a flag":       {"POST", "v1.8/sms-verification-code/verify/", m{"phone": "1", "code": true}, nil, 400, "field code must be a string or an integer"},
		"smsCode as a number":     {"POST", "v1.8/sms-verification-code/verify/", m{"phone": "1", "code": 123456}, nil, 400, "invalid code"},
		"userInfo as a text":      {"POST", "v2.5/idp/jd/authenticate/", m{"code": "c", "create_user": true, "userInfo": "x", "update_userprofile": "setnx"}, nil, 400, "field userInfo must be an object"},
		"body too large":          {"POST", silent, strings.Repeat(" ", 1<<20+1), nil, 413, "too large"},
		"authorized is the rule":  {"GET", "v2.5/user/info/1/", nil, nil, 401, "unauthorized"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, newBackend(), baastest.Kuaishou)
			c.header = tt.header
			r := c.do(tt.method, tt.path, tt.body)
			c.refused(tt.status, tt.message, r)
			if tt.status == 405 {
				require.NotEmpty(t, r.header.Get("Allow"))
			}
		})
	}
}

// A token counts in the form that the protocol gives it only.
func TestTokenNeedsItsScheme(t *testing.T) {
	c := newClient(t, newBackend(), "")
	path := fmt.Sprintf("v2.5/user/info/%d/", c.register("Ann"))
	for name, header := range map[string]string{
		"bare": c.token, "Bearer": "Bearer " + c.token, "lower case": "hydrogen-r1 " + c.token,
		"two spaces": "Hydrogen-r1  " + c.token, "no token": "Hydrogen-r1 ",
	} {
		t.Run(name, func(t *testing.T) {
			c.header = http.Header{"Authorization": {header}}
			c.refused(401, "unauthorized", c.get(path))
		})
	}
	c.header = nil
	c.ok(200, c.get(path))
}

func TestRefusalsNeverEchoValues(t *testing.T) {
	c := newClient(t, newBackend(), baastest.Kuaishou)
	const canary = "canary-value"
	for _, r := range []reply{
		c.post("v2.5/idp/kuaishou/silent-login/", m{"code": canary, "create_user": true}),
		c.post("v2.5/idp/kuaishou/silent-login/", m{"code": "c", "create_user": canary}),
		c.post("v2.5/idp/kuaishou/silent-login/", m{"code": "c", "create_user": true, "x": canary}),
		c.post("v2.1/login/username/", m{"username": canary, "password": canary}),
		c.post("v2.1/register/email/", m{"email": canary, "password": canary}),
		c.post("v2.5/idp/kuaishou/silent-login/", `{"code":"`+canary),
	} {
		require.Equal(t, 400, r.status)
		require.NotContains(t, r.raw, canary)
	}
}

// recorded is a request as the vendor's own client sends it.
type recorded struct {
	Method  string
	Path    string
	Headers map[string]string
	Body    json.RawMessage
}

// TestRecordedRequests plays what the vendor's client sends: whatever the response,
// it is none that finds fault with the form of the request.
func TestRecordedRequests(t *testing.T) {
	file, err := os.ReadFile("testdata/requests.json")
	require.NoError(t, err)
	var requests []recorded
	decode(t, file, &requests)
	require.NotEmpty(t, requests)
	for _, rec := range requests {
		t.Run(rec.Headers["X-Hydrogen-Client-Platform"]+" "+rec.Path, func(t *testing.T) {
			b := newBackend()
			_, err := b.AddUser(baastest.User{ID: 36395395, Username: "ifanrx", Password: "111111"})
			require.NoError(t, err)
			c := newClient(t, b, "")
			c.ok(201, c.post("v2.1/login/username/", m{"username": "ifanrx", "password": "111111"}))
			c.header = http.Header{}
			for name, value := range rec.Headers {
				c.header[http.CanonicalHeaderKey(name)] = []string{value}
			}
			var body any
			if string(rec.Body) != "null" {
				body = rec.Body
			}
			r := c.do(rec.Method, rec.Path, body)
			require.NotContains(t, []int{405, 415, 500}, r.status, r.raw)
			for _, complaint := range []string{"field", "header", "body", "Not found."} {
				require.NotContains(t, r.message(), complaint)
			}
		})
	}
}

func TestPutAsPost(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, baastest.Kuaishou)
	c.register("Ann")
	c.header = http.Header{"X-Hydrogen-Request-Method": {"PUT"}}
	c.ok(200, c.post("v2.5/user/info/", m{"age": 1}))
	c.ok(200, c.post("v2.2/user/account/", m{"username": "Anna"}))
	require.Equal(t, 1, b.CountRequests("PUT /hserve/v2.2/user/account/"))
	c.refused(405, "", c.do("GET", "v2.2/user/account/", nil))
}
