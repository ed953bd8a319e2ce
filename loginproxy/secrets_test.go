package loginproxy_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

const canary = "canary-0123456789"

// escapedJSON writes every character of text as an escape of JSON.
func escapedJSON(text string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := range len(text) {
		b.WriteString(`\u00` + string(hex[text[i]>>4]) + string(hex[text[i]&15]))
	}
	return b.String()
}

// escapedURL writes every character of text as an escape of a URL.
func escapedURL(text string) string {
	return strings.ReplaceAll(escapedJSON(text), `\u00`, "%")
}

// quotedJSON is text as a string of JSON.
func quotedJSON(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// wide is text in UTF-16, with ASCII as a byte and a zero.
func wide(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}

// A response to a login with a token where none is documented, in whatever spelling, is
// not sent to the phone, and no session is made of it.
func TestDropInRefusesStrangeTokens(t *testing.T) {
	const login = `"token":"` + canary + `","expires_in":3600,"user_id":7`
	json200 := http.Header{"Content-Type": {"application/json"}}
	for name, tt := range map[string]struct {
		status int
		body   string
		header http.Header
	}{
		"nested":                         {201, `{"data":{` + login + `}}`, json200},
		"nested, beside a token":         {201, `{` + login + `,"data":{"token":"` + canary + `"}}`, json200},
		"nested, another token":          {201, `{"token":"other","expires_in":3600,"user_id":7,"data":{"token":"` + canary + `"}}`, json200},
		"in an array":                    {201, `[{` + login + `}]`, json200},
		"in an array within the user":    {201, `{` + login + `,"user_info":{"id":7,"x":["` + canary + `"]}}`, json200},
		"another case":                   {201, `{"Token":"` + canary + `","expires_in":3600,"user_id":7}`, json200},
		"another case, beside a token":   {201, `{"token":"other","TOKEN":"` + canary + `","expires_in":3600,"user_id":7}`, json200},
		"another case outside ASCII":     {201, `{"to\u212aen":"` + canary + `","expires_in":3600,"user_id":7}`, json200},
		"another letter s":               {201, `{"token":"other","\u017fession_key":"` + canary + `","expires_in":3600,"user_id":7}`, json200},
		"a long name":                    {201, `{"token":"other","` + strings.Repeat("_", 100) + `token":"` + canary + `","expires_in":3600,"user_id":7}`, json200},
		"a number":                       {201, `{"token":"other","expires_in":3600,"user_id":7,"data":{"token":1234567890}}`, json200},
		"access_token":                   {201, `{"access_token":"` + canary + `","expires_in":3600,"user_id":7}`, json200},
		"accessToken":                    {201, `{` + strings.Replace(login, canary, "other", 1) + `,"accessToken":"` + canary + `"}`, json200},
		"Session-Key":                    {201, `{` + strings.Replace(login, canary, "other", 1) + `,"Session-Key":"` + canary + `"}`, json200},
		"session_key elsewhere":          {201, `{` + strings.Replace(login, canary, "other", 1) + `,"session":{"session_key":"` + canary + `"}}`, json200},
		"a key":                          {201, `{` + login + `,"` + canary + `":1}`, json200},
		"a part of a text":               {201, `{` + login + `,"message":"hello ` + canary + `!"}`, json200},
		"escaped in another member":      {201, `{` + login + `,"x":"` + escapedJSON(canary) + `"}`, json200},
		"percent-encoded":                {201, `{` + login + `,"next":"/a?t=` + escapedURL(canary) + `"}`, json200},
		"JSON in a text":                 {201, `{"data":` + quotedJSON(`{`+login+`}`) + `}`, json200},
		"JSON in a text, escaped":        {201, `{"data":` + quotedJSON(`{"token":"`+escapedJSON(canary)+`"}`) + `}`, json200},
		"JSON in JSON in a text":         {201, `{` + login + `,"data":` + quotedJSON(quotedJSON(`{"x":"`+escapedJSON(canary)+`"}`)) + `}`, json200},
		"a user_info that is no object":  {201, `{"token":"other","expires_in":3600,"user_id":7,"user_info":[{"token":"` + canary + `"}]}`, json200},
		"two user_infos":                 {201, `{"token":"other","expires_in":3600,"user_id":7,"user_info":{"token":"` + canary + `"},"user_info":7}`, json200},
		"an object as the session_key":   {201, `{` + strings.Replace(login, canary, "other", 1) + `,"x":"` + canary + `","_session":{"session_key":{"a":["` + canary + `"]}}}`, json200},
		"an object as another token":     {201, `{` + strings.Replace(login, canary, "other", 1) + `,"auth_token":{"a":["` + canary + `"]}}`, json200},
		"an error":                       {400, `{"error_msg":"no","token":"` + canary + `"}`, json200},
		"an error, not JSON":             {400, `token=` + canary, http.Header{"Content-Type": {"text/plain"}}},
		"an error, not JSON, escaped":    {400, `\u0074oken=` + canary, http.Header{"Content-Type": {"text/plain"}}},
		"a redirect":                     {302, `{"token":"` + canary + `"}`, json200},
		"not JSON":                       {201, canary, http.Header{"Content-Type": {"text/plain"}}},
		"JSON twice":                     {201, `{` + login + `}{` + login + `}`, json200},
		"not UTF-8":                      {201, `{` + login + `,"x":"` + "\xff" + `"}`, json200},
		"UTF-16":                         {201, wide(`{` + login + `}`), json200},
		"another charset":                {201, `{` + login + `}`, http.Header{"Content-Type": {"application/json; charset=utf-7"}}},
		"compressed":                     {201, zipped(`{` + login + `}`), http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}},
		"compressed, and does not say":   {201, zipped(`{` + login + `}`), json200},
		"compressed, an error":           {500, zipped(`{` + login + `}`), http.Header{"Content-Encoding": {"br"}}},
		"in a header":                    {201, `{` + login + `}`, http.Header{"Content-Type": {"application/json"}, "Retry-After": {canary}}},
		"in a parameter of content type": {201, `{` + login + `}`, http.Header{"Content-Type": {"application/json; x=" + canary}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.responds(tt.status, tt.body, tt.header)
			for _, path := range []string{silentPath, "/hserve/v2.1/login/username/", "/hserve/v2.4/idp/wechat/user-associate/", "/hserve/v1.4/session/init/"} {
				w.vendor("POST", path, "", m{"code": "c"}).requireError(t, http.StatusBadGateway, "invalid response")
			}
			require.NotContains(t, w.shown.String(), canary)
			require.Zero(t, w.store.Len())
		})
	}
}

// A token in a documented place is replaced, however it is written there.
func TestDropInReplacesTokens(t *testing.T) {
	for name, body := range map[string]string{
		"an escaped name":          `{"\u0074oken":"` + canary + `","expires_in":3600,"user_id":7}`,
		"an escaped token":         `{"token":"` + escapedJSON(canary) + `","expires_in":3600,"user_id":7}`,
		"two tokens":               `{"token":"` + canary + `","token":"` + canary + `-2","expires_in":3600,"user_id":7}`,
		"the session of the user":  `{"token":"` + canary + `","expires_in":3600,"user_info":{"id":7,"_session":{"session_key":"` + canary + `"}}}`,
		"a session_key of objects": `{"token":"` + canary + `","expires_in":3600,"user_id":7,"_session":{"session_key":{"a":["` + canary + `-2"]}}}`,
		"two sessions":             `{"token":"` + canary + `","expires_in":3600,"user_id":7,"_session":{"session_key":"` + canary + `-2"},"_session":{"session_key":"` + canary + `-3"}}`,
		"null beside it":           `{"token":"` + canary + `","expires_in":3600,"user_id":7,"Token":null,"access_token":""}`,
		"a short token of the app": `{"token":"` + canary + `","expires_in":3600,"user_info":{"id":7,"token":"7"}}`,
		"a number of the app":      `{"token":"` + canary + `","expires_in":3600,"user_info":{"id":7,"token":77}}`,
		"a nickname with quotes":   `{"token":"` + canary + `","expires_in":3600,"user_info":{"id":7,"nickname":"\\ \"100%\" \u5c0f\/"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.responds(201, body, nil)
			a := w.vendor("POST", silentPath, "", m{"code": "c"})
			require.Equal(t, http.StatusCreated, a.status, a.body)
			require.Len(t, a.field(t, "token"), 43)
			var decoded any
			require.NoError(t, json.Unmarshal([]byte(a.body), &decoded))
			require.NotContains(t, fmt.Sprint(decoded), canary)
		})
	}
}

// No response of any path has the token of the session, in whatever spelling.
func TestDropInHidesTheSessionsToken(t *testing.T) {
	for _, path := range []string{
		"GET " + me, "GET /hserve/v2.4/table/7/record/", "POST /hserve/v1/cloud-function/job/", "POST /hserve/v2.2/sms-verification-code/",
		"POST /hserve/v2.0/user/password/reset/", "PUT /hserve/v2.5/idp/kuaishou/phone-verification/", "GET /hserve/v9/nothing/known/",
		"POST /hserve/v2.4/idp/wechat/user-associate/", "PUT /hserve/v2.2/user/account/",
	} {
		method, path, _ := strings.Cut(path, " ")
		for name, tt := range map[string]struct {
			status int
			body   string
			kind   string
		}{
			"a member":        {200, `{"id":7,"x":"` + canary + `"}`, ""},
			"a part":          {200, `{"id":7,"x":"<` + canary + `>"}`, ""},
			"escaped":         {200, `{"id":7,"x":"` + escapedJSON(canary) + `"}`, ""},
			"escaped once":    {200, `{"id":7,"x":"` + strings.Replace(canary, "y", `\u0079`, 1) + `"}`, ""},
			"escaped twice":   {200, `{"id":7,"x":` + quotedJSON(`{"y":"`+escapedJSON(canary)+`"}`) + `}`, ""},
			"nested":          {200, `[[{"x":{"y":["` + canary + `"]}}]]`, ""},
			"a key":           {200, `{"id":7,"` + canary + `":1}`, ""},
			"percent-encoded": {200, `{"id":7,"x":"` + escapedURL(canary) + `"}`, ""},
			"an error":        {400, `{"error_msg":"no ` + canary + `"}`, ""},
			"not found":       {404, `nothing for ` + canary, "text/plain"},
			"an error page":   {500, `<p>` + canary + `</p>`, "text/html"},
			"not JSON":        {200, canary, "text/plain"},
			"broken JSON":     {200, `{"x":"` + canary, ""},
			"not UTF-8":       {200, `{"x":"` + "\xff" + canary + `"}`, ""},
			"UTF-16":          {200, wide(`{"x":"` + canary + `"}`), ""},
			"a type":          {200, `{}`, "application/json; x=" + canary},
			"another charset": {200, `{}`, "application/json; charset=utf-16"},
		} {
			t.Run(path+" "+name, func(t *testing.T) {
				w := newWorld(t)
				w.responds(201, `{"token":"`+canary+`","expires_in":3600,"user_id":7}`, nil)
				id := w.vendor("POST", silentPath, "", m{"code": "c"}).field(t, "token").(string)
				if tt.kind == "" {
					tt.kind = "application/json"
				}
				w.responds(tt.status, tt.body, http.Header{"Content-Type": {tt.kind}})
				w.vendor(method, path, id, m{}).requireError(t, http.StatusBadGateway, "invalid response")
				require.NotContains(t, w.shown.String(), canary)
				w.responds(200, `{"_session":{"session_key":"`+canary+`"}}`, nil)
				require.JSONEq(t, `{"_session":{"session_key":"`+id+`"}}`, w.vendor(method, path, id, m{}).body)
			})
		}
	}
}

// On a path that is not known to have the app's own data, nothing may be named as a
// token. In the app's own data a field may have any name.
func TestDropInTokenNames(t *testing.T) {
	const body = `{"token":"` + canary + `","expires_in":3600,"user_id":7,"x":[{"Session_Key":"` + canary + `"}]}`
	for path, passes := range map[string]bool{
		"/hserve/v9/signin/":                         false,
		"/hserve/v2.5/user/login/":                   false,
		"/hserve/v2.5/auth/username/":                false,
		"/hserve/v2.0/user/password/reset/":          false,
		"/hserve/v2.2/sms-verification-code/":        false,
		"/hserve/v2.5/idp/kuaishou/new-association/": false,
		"/hserve/v2.5/user/info/7/":                  true,
		"/hserve/v2.4/table/7/record/":               true,
		"/hserve/v1/cloud-function/job/":             true,
	} {
		w := newWorld(t)
		w.responds(201, body, nil)
		a := w.vendor("POST", path, "", m{"code": "c"})
		require.Equal(t, map[bool]int{true: 201, false: 502}[passes], a.status, path)
		require.Equal(t, passes, strings.Contains(a.body, canary), path)
	}
}

// The token of a login that is refused is destroyed in the backend.
func TestDropInDestroysRefusedTokens(t *testing.T) {
	w := newWorld(t)
	var destroyed []string
	login := `{"token":"` + canary + `","expires_in":3600,"user_id":7,"x":"` + canary + `"}`
	w.responds(201, login, nil)
	reply := w.reply
	w.reply = func(r *http.Request) *http.Response {
		if r.URL.Path == destroyPath {
			destroyed = append(destroyed, r.Header.Get("Authorization"))
		}
		return reply(r)
	}
	w.vendor("POST", silentPath, "", m{"code": "c"}).requireError(t, http.StatusBadGateway, "invalid response")
	require.Equal(t, []string{"Hydrogen-r1 " + canary}, destroyed)
	require.Zero(t, w.store.Len())
}

// A logout succeeds, and its response has no token.
func TestDropInLogoutHidesTokens(t *testing.T) {
	for _, body := range []string{`{"x":"` + escapedJSON(canary) + `"}`, canary, `{"token":"another-token"}`} {
		w := newWorld(t)
		w.responds(201, `{"token":"`+canary+`","expires_in":3600,"user_id":7}`, nil)
		id := w.vendor("POST", silentPath, "", m{"code": "c"}).field(t, "token").(string)
		w.responds(200, body, nil)
		a := w.vendor("POST", destroyPath, id, m{})
		require.Equal(t, http.StatusCreated, a.status)
		require.JSONEq(t, `{"message":"Destroy succeed.","status":"ok"}`, a.body)
	}
}

// The JSON routes do not respond with a user in whose fields the token is.
func TestRoutesHideTokens(t *testing.T) {
	for name, x := range map[string]string{
		"nested":  `{"a":["` + canary + `"]}`,
		"escaped": `"` + escapedJSON(canary) + `"`,
		"a key":   `{"` + canary + `":1}`,
	} {
		w := newWorld(t)
		w.responds(201, `{"token":"`+canary+`","expires_in":3600,"user_info":{"id":7,"x":`+x+`}}`, nil)
		require.JSONEq(t, `{"code":690,"error":"invalid_response","code_spent":true}`, w.post("/login/ks", "", m{"code": "c"}).body, name)
		require.Zero(t, w.store.Len(), name)

		w.responds(201, `{"token":"`+canary+`","expires_in":3600,"user_info":{"id":7}}`, nil)
		id := w.post("/login/ks", "", m{"code": "c"}).token(t)
		w.responds(200, `{"id":7,"x":`+x+`}`, nil)
		require.JSONEq(t, `{"code":690,"error":"invalid_response","code_spent":false}`, w.me(id).body, name)
		w.responds(200, `{"status":"ok","user_id":7,"openid":"`+canary+`"}`, nil)
		require.Equal(t, http.StatusBadGateway, w.post("/link/ks", id, m{"code": "c"}).status, name)
		require.NotContains(t, w.shown.String(), canary, name)
	}
}

// What the backend sends with a session, and what has no token, is passed on unchanged.
func TestDropInPassesOn(t *testing.T) {
	w := newWorld(t)
	id := w.vendorLogin(w.Kuaishou("openid-1"), "")
	for _, body := range []string{
		`{"nickname":"\u5c0f\u660e \\ \"x\" https:\/\/a.example\/?q=100%25","n":1e400, "a" : [ ]}`, `[]`, `"x"`, ``, `<html>oops`, `{broken`,
	} {
		w.responds(200, body, http.Header{"Content-Type": {"text/html; charset=UTF-8"}})
		a := w.vendor("GET", me, id, nil)
		require.Equal(t, http.StatusOK, a.status)
		require.Equal(t, body, a.body)
	}
	w.responds(503, "<html>maintenance", http.Header{"Content-Type": {"text/html"}, "Retry-After": {"60"}})
	a := w.vendor("POST", silentPath, id, m{"code": "c"})
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.Equal(t, "<html>maintenance", a.body)
	require.Equal(t, "60", a.header.Get("Retry-After"))
}
