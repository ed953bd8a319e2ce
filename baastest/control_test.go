package baastest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
)

// control calls the control API and returns the response, which may be a list.
func control(t *testing.T, b *baastest.Backend, status int, method, path, body string) any {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, "http://localhost:8899"+baastest.ControlPath+path, strings.NewReader(body))
	baastest.Control(b).ServeHTTP(w, r)
	require.Equal(t, status, w.Code, w.Body.String())
	var out any
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	}
	return out
}

func TestControlPeople(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, baastest.WeChat)
	const who = "people/wechat/o-1"

	person := control(t, b, 200, "PUT", who, `{"unionid":"u","profile":{"nickName":"Bob"}}`).(m)
	require.Equal(t, "u", person["unionid"])
	require.Nil(t, person["user"])

	code := control(t, b, 200, "POST", who+"/login", "").(m)["code"]
	r := c.ok(201, c.post("v2.5/idp/wechat/silent-login/", m{"code": code, "create_user": true, "login_with_unionid": false}))
	require.Equal(t, "o-1", r.body["user_info"].(m)["openid"])
	person = control(t, b, 200, "GET", who, "").(m)
	require.EqualValues(t, 61736923, person["user"].(m)["id"])

	event := control(t, b, 200, "POST", "people/alipay/o/refuse-user-info", `{"form":4}`).(m)
	require.Contains(t, event, "authErrorScopes")
	event = control(t, b, 200, "POST", "people/alipay/o/refuse-user-info", "").(m)
	require.EqualValues(t, 11, event["error"])
	control(t, b, 400, "POST", who+"/refuse-user-info", `{"form":2}`)
	control(t, b, 400, "POST", who+"/refuse-user-info", `{"form":0}`)

	code = control(t, b, 200, "POST", who+"/login", "").(m)["code"]
	codes := control(t, b, 200, "GET", "codes", "").([]any)
	require.Equal(t, []any{m{
		"platform": "wechat", "openid": "o-1", "code": code, "expires": start.Add(5 * time.Minute).Format(time.RFC3339),
	}}, codes)
	b.Clock().Advance(5 * time.Minute)
	require.Empty(t, control(t, b, 200, "GET", "codes", ""))

	for action, errMsg := range map[string]string{
		"allow-user-info":     "getUserInfo:ok",
		"refuse-user-info":    "getUserInfo:fail auth deny",
		"refuse-phone-number": "getPhoneNumber:fail user deny",
	} {
		event := control(t, b, 200, "POST", who+"/"+action, "").(m)
		require.Equal(t, errMsg, event["detail"].(m)["errMsg"])
	}
	require.Equal(t, "getUserProfile:ok", control(t, b, 200, "POST", who+"/user-profile", "").(m)["errMsg"])
	event = control(t, b, 200, "POST", who+"/allow-phone-number", `{"number":"1"}`).(m)
	require.NotEmpty(t, event["detail"].(m)["code"])
	event = control(t, b, 200, "POST", who+"/allow-phone-number", `{"number":"1","old":true}`).(m)
	require.NotContains(t, event["detail"], "code")
	control(t, b, 400, "POST", who+"/allow-phone-number", `{}`)
	control(t, b, 404, "POST", who+"/dance", "")
	control(t, b, 404, "POST", "people/nokia/o/login", "")
	control(t, b, 404, "GET", "people/nokia/o", "")
	control(t, b, 404, "PUT", "people/nokia/o", "{}")
	control(t, b, 404, "DELETE", "people/nokia/o/link", "")
	control(t, b, 400, "PUT", who, `{"nick":"x"}`)

	require.Equal(t, true, control(t, b, 200, "DELETE", who+"/link", "").(m)["unlinked"])
	require.Equal(t, false, control(t, b, 200, "DELETE", who+"/link", "").(m)["unlinked"])
}

func TestControlUsers(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, "")
	require.Empty(t, control(t, b, 200, "GET", "users", ""))
	u := control(t, b, 200, "POST", "users", `{"id":9,"username":"ann","password":"secret-1","custom":{"age":3}}`).(m)
	require.NotContains(t, u, "password")
	c.ok(201, c.post("v2.1/login/username/", m{"username": "ann", "password": "secret-1"}))
	u = control(t, b, 200, "GET", "users/9", "").(m)
	require.Equal(t, "ann", u["username"])
	users := control(t, b, 200, "GET", "users", "").([]any)
	require.Equal(t, []any{u}, users)
	require.EqualValues(t, 3, u["custom"].(m)["age"])
	control(t, b, 200, "DELETE", "users/9/tokens", "")
	require.Zero(t, b.TokensAlive(9))
	control(t, b, 400, "POST", "users", `{"id":9}`)
	control(t, b, 400, "POST", "users", `{"nick":"x"}`)
	control(t, b, 404, "GET", "users/10", "")
	control(t, b, 404, "GET", "users/x", "")
	control(t, b, 404, "DELETE", "users/x/tokens", "")
}

func TestControlBackend(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, "")
	require.Equal(t, m{"now": start.Format(time.RFC3339), "frozen": true}, control(t, b, 200, "GET", "clock", ""))
	require.Equal(t, start.Add(31*time.Second).Format(time.RFC3339),
		control(t, b, 200, "POST", "clock", `{"advance":"31s"}`).(m)["now"])
	require.Equal(t, start.Add(7*24*time.Hour+31*time.Second).Format(time.RFC3339),
		control(t, b, 200, "POST", "clock", `{"advance":"7d"}`).(m)["now"])
	require.Equal(t, `body: line 1, column 12: advance: want a duration, as "250ms" or "7d"`,
		control(t, b, 400, "POST", "clock", `{"advance":"soon"}`).(m)["error"])
	control(t, b, 400, "POST", "clock", "")
	control(t, b, 400, "POST", "clock", `{"advance":"1s"} {}`)
	control(t, b, 400, "POST", "clock", `{"advance":"1s","set":"2024-05-06T07:08:09Z"}`)
	require.Equal(t, "2030-01-02T03:04:05Z", control(t, b, 200, "POST", "clock", `{"set":"2030-01-02T03:04:05Z"}`).(m)["now"])
	require.Equal(t, m{"status": "ok"}, control(t, b, 200, "GET", "health", ""))

	control(t, b, 200, "POST", "faults", `{"route":"GET /hserve/v2.2/server/time/","status":503,"times":1,"delay":"1ms"}`)
	c.refused(503, "", c.get("v2.2/server/time/"))
	c.ok(200, c.get("v2.2/server/time/"))
	control(t, b, 200, "POST", "faults", `{"route":"","cut":"after-read"}`)
	_, err := c.try("GET", "v2.2/server/time/", nil)
	require.Error(t, err)
	require.Equal(t, []any{
		m{"id": 1.0, "route": "GET /hserve/v2.2/server/time/", "status": 503.0, "times": 1.0, "delay": "1ms", "hits": 1.0, "active": false},
		m{"id": 2.0, "route": "**", "cut": "after-read", "hits": 1.0, "active": true},
	}, control(t, b, 200, "GET", "faults", ""))
	require.Equal(t, true, control(t, b, 200, "GET", "faults/2", "").(m)["active"])
	control(t, b, 200, "DELETE", "faults/2", "")
	require.Equal(t, false, control(t, b, 200, "GET", "faults/2", "").(m)["active"])
	c.ok(200, c.get("v2.2/server/time/"))
	for _, unknown := range []string{"faults/3", "faults/x"} {
		control(t, b, 404, "GET", unknown, "")
		control(t, b, 404, "DELETE", unknown, "")
	}
	require.EqualValues(t, 3, control(t, b, 200, "POST", "faults", `{"status":502,"no_body":true,"times":1}`).(m)["id"])
	require.Empty(t, c.get("v2.2/server/time/").raw)
	control(t, b, 400, "POST", "faults", `{"status":502,"no_body":true,"body":"x"}`)
	control(t, b, 200, "DELETE", "faults", "")
	require.Empty(t, control(t, b, 200, "GET", "faults", ""))
	for _, route := range []string{"kuaishou/silent-login", "POST", "POST ", "**/x", "POST hserve/**"} {
		control(t, b, 400, "POST", "faults", `{"route":"`+route+`","status":503}`)
	}
	for _, route := range []string{"**", "GET **", "get /hserve/**", "/"} {
		control(t, b, 200, "POST", "faults", `{"route":"`+route+`"}`)
	}
	control(t, b, 200, "DELETE", "faults", "")
	control(t, b, 400, "POST", "faults", `{"cut":"deep"}`)
	control(t, b, 400, "POST", "faults", `{"status":99}`)
	control(t, b, 400, "POST", "faults", `{"delay":1}`)

	code := c.sms(b, number)
	messages := control(t, b, 200, "GET", "sms", "").([]any)
	require.Equal(t, code, messages[0].(m)["code"])
	require.Equal(t, number, messages[0].(m)["phone"])
	require.Empty(t, control(t, b, 200, "GET", "mail", ""))
	c.ok(201, c.post("v2.1/register/email/", m{"email": "a@b.c", "password": "p"}))
	c.ok(201, c.post("v2.0/user/email-verify/", m{}))
	mails := control(t, b, 200, "GET", "mail", "").([]any)
	c.ok(200, c.get(mails[0].(m)["link"].(string)))

	journal := control(t, b, 200, "GET", "journal", "").([]any)
	require.Len(t, journal, len(b.Requests()))
	sms := journal[5].(m)
	require.JSONEq(t, `{"phone":"13800138000","signature_id":1}`, sms["body"].(string))
	require.Equal(t, []any{"file"}, sms["header"].(m)["X-Hydrogen-Client-Sdk-Type"])
	require.EqualValues(t, 6, sms["id"])
	require.Equal(t, journal[6:], control(t, b, 200, "GET", "journal?after=6", ""))
	require.Equal(t, journal[len(journal)-1:], control(t, b, 200, "GET", "journal?after=6&limit=1", ""))
	require.Empty(t, control(t, b, 200, "GET", "journal?after=9", ""))
	require.Equal(t, journal, control(t, b, 200, "GET", "journal?limit=99", ""))
	control(t, b, 400, "GET", "journal?after=-1", "")
	control(t, b, 400, "GET", "journal?limit=few", "")
	require.EqualValues(t, 200, sms["status"])
	control(t, b, 200, "DELETE", "journal", "")
	require.Empty(t, b.Requests())

	c.get("v2.2/server/time/")
	again := control(t, b, 200, "GET", "journal", "").([]any)
	require.Len(t, again, 1)
	require.EqualValues(t, 10, again[0].(m)["id"], "numbers are not used twice")

	require.Equal(t, m{"client_id": b.ClientID(), "user_info_updates": true}, control(t, b, 200, "GET", "settings", ""))
	want := m{"client_id": b.ClientID(), "user_info_updates": false}
	require.Equal(t, want, control(t, b, 200, "PUT", "settings", `{"user_info_updates":false}`))
	require.Equal(t, want, control(t, b, 200, "GET", "settings", ""))
	control(t, b, 200, "POST", "reset", "")
	_, ok := b.User(61736923)
	require.False(t, ok)
	for method, path := range map[string]string{"GET": "nothing", "POST": "", "PUT": "reset"} {
		require.Contains(t, control(t, b, 404, method, path, ""), "error", "%s %s", method, path)
	}
}

// steer calls the control API with headers and returns status and error.
func steer(b *baastest.Backend, method, url string, header map[string]string) (int, string) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, url, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	baastest.Control(b).ServeHTTP(w, r)
	var out struct{ Error string }
	_ = json.Unmarshal(w.Body.Bytes(), &out) // a list has no error
	return w.Code, out.Error
}

func TestControlRefusesOtherSites(t *testing.T) {
	b := newBackend()
	const url = "http://localhost:8899" + baastest.ControlPath
	for name, tt := range map[string]struct {
		header  map[string]string
		allowed bool
	}{
		"a script":             {nil, true},
		"the own page":         {map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8899"}, true},
		"the address bar":      {map[string]string{"Sec-Fetch-Site": "none"}, true},
		"another site":         {map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"another port":         {map[string]string{"Sec-Fetch-Site": "same-site"}, false},
		"own, old browser":     {map[string]string{"Origin": "http://localhost:8899"}, true},
		"other, old browser":   {map[string]string{"Origin": "https://attacker.example"}, false},
		"port, old browser":    {map[string]string{"Origin": "http://localhost:3000"}, false},
		"sandbox, old browser": {map[string]string{"Origin": "null"}, false},
		"no URL":               {map[string]string{"Origin": "http://%"}, false},
	} {
		for method, path := range map[string]string{"POST": "reset", "GET": "journal", "DELETE": "journal"} {
			status, text := steer(b, method, url+path, tt.header)
			if tt.allowed {
				require.Equal(t, 200, status, "%s: %s %s", name, method, text)
				continue
			}
			require.Equal(t, 403, status, "%s: %s", name, method)
			require.Equal(t, "request on behalf of another site", text)
		}
	}
}

// A page whose name resolves to the loopback address reaches the control API, but with
// its own name in the Host header.
func TestControlChecksTheHost(t *testing.T) {
	b, err := baastest.New(baastest.WithControlHosts("emulator", "192.0.2.1", "2001:db8::1", "Test.Example."))
	require.NoError(t, err)
	for _, host := range []string{
		"localhost", "localhost:8899", "LOCALHOST", "localhost.:80", "127.0.0.1", "127.0.0.1:8899", "127.9.9.9", "[::1]", "[::1]:8899", "[::ffff:127.0.0.1]",
		"emulator:8899", "192.0.2.1", "[2001:DB8::1]:80", "[2001:db8:0::1]", "test.example:80", "TEST.EXAMPLE.",
	} {
		status, text := steer(b, "GET", "http://"+host+baastest.ControlPath+"users", nil)
		require.Equal(t, 200, status, "%s: %s", host, text)
	}
	for _, host := range []string{
		"attacker.example", "attacker.example:8899", "localhost.attacker.example", "a.localhost", "127.0.0.1.attacker.example",
		"192.0.2.2", "0.0.0.0", "[::]", "0x7f.1", "2130706433", "emulator.attacker.example", "10.0.0.1:8899", "",
	} {
		for _, path := range []string{"users", "health", "nothing"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", baastest.ControlPath+path, nil)
			r.Host = host
			baastest.Control(b).ServeHTTP(w, r)
			require.Equal(t, 403, w.Code, host)
			require.JSONEq(t, `{"error":"the Host header has no loopback address and no host of WithControlHosts (-control-host)"}`, w.Body.String())
		}
	}
}

// Where a server listens on all addresses, it is reached under each of them.
func TestControlHasTheAddressOfTheConnection(t *testing.T) {
	b := newBackend()
	for host, want := range map[string]int{"192.0.2.7:8899": 200, "192.0.2.8:8899": 403, "attacker.example": 403} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "http://"+host+baastest.ControlPath+"users", nil)
		local := &net.TCPAddr{IP: net.ParseIP("192.0.2.7"), Port: 8899}
		baastest.Control(b).ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local)))
		require.Equal(t, want, w.Code, host)
	}
}

func TestControlToken(t *testing.T) {
	b, err := baastest.New(baastest.WithControlToken("secret-1"))
	require.NoError(t, err)
	const url = "http://localhost" + baastest.ControlPath
	for _, authorization := range []string{"Bearer secret-1", "bearer secret-1"} {
		status, text := steer(b, "POST", url+"reset", map[string]string{"Authorization": authorization})
		require.Equal(t, 200, status, text)
	}
	for _, authorization := range []string{"", "Bearer", "Bearer ", "secret-1", "Basic secret-1", "Bearer secret-2", "Bearer secret-11", "Bearer  secret-1"} {
		for _, path := range []string{"users", "nothing"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", url+path, nil)
			r.Header.Set("Authorization", authorization)
			baastest.Control(b).ServeHTTP(w, r)
			require.Equal(t, 401, w.Code, authorization)
			require.Equal(t, "Bearer", w.Header().Get("WWW-Authenticate"))
			require.JSONEq(t, `{"error":"the control token is missing or wrong"}`, w.Body.String())
		}
	}
	status, _ := steer(b, "GET", url+"health", nil)
	require.Equal(t, 200, status, "the health path tells nothing")
	status, _ = steer(b, "POST", url+"reset", map[string]string{"Authorization": "Bearer secret-1", "Sec-Fetch-Site": "cross-site"})
	require.Equal(t, 403, status)
	require.NotContains(t, fmt.Sprintf("%+v", b), "secret")
}

func TestBadControlOptions(t *testing.T) {
	for name, opt := range map[string]baastest.Option{
		"no host":           baastest.WithControlHosts(""),
		"a port":            baastest.WithControlHosts("emulator:80"),
		"a URL":             baastest.WithControlHosts("http://emulator"),
		"a space":           baastest.WithControlHosts("a b"),
		"no token":          baastest.WithControlToken(""),
		"token with space":  baastest.WithControlToken("a b"),
		"token with break":  baastest.WithControlToken("a\n"),
		"token, not ASCII":  baastest.WithControlToken("ä"),
		"an over-long host": baastest.WithControlHosts(strings.Repeat("a", 2000)),
	} {
		_, err := baastest.New(opt)
		require.ErrorIs(t, err, herror.InvalidParameter, name)
	}
}

func TestControlLists(t *testing.T) {
	b := newBackend()
	c := newClient(t, b, baastest.Kuaishou)
	require.Equal(t, []any{}, control(t, b, 200, "GET", "people", ""))
	require.Equal(t, []any{}, control(t, b, 200, "GET", "tokens", ""))
	require.Contains(t, control(t, b, 200, "GET", "platforms", ""), m{"name": "kuaishou", "aliases": []any{"ks"}})
	require.Contains(t, control(t, b, 200, "GET", "platforms", ""), m{"name": "qq", "aliases": []any{}})

	require.Equal(t, m{}, control(t, b, 200, "POST", "seed", `{"people":[{"platform":"wx","openid":"w"},{"platform":"ks","openid":"b"}]}`))
	control(t, b, 200, "GET", "people/ks/a", "")
	c.silent(b.Kuaishou("b"))
	people := control(t, b, 200, "GET", "people", "").([]any)
	require.Len(t, people, 3)
	for i, openid := range []string{"a", "b", "w"} {
		require.Equal(t, openid, people[i].(m)["openid"])
	}
	require.Nil(t, people[0].(m)["user"])
	require.Equal(t, control(t, b, 200, "GET", "people/kuaishou/b", ""), people[1])

	tokens := control(t, b, 200, "GET", "tokens", "").([]any)
	require.Equal(t, []any{m{
		"token": c.token, "user": 61736923.0, "expires": start.Add(baastest.DefaultTokenLife).Format(time.RFC3339),
	}}, tokens)
	b.Clock().Advance(baastest.DefaultTokenLife)
	require.Equal(t, []any{}, control(t, b, 200, "GET", "tokens", ""))

	require.Equal(t, `line 1, column 24: people[0].platform: platform "kuaishu" is not one of `+allPlatforms+`; did you mean kuaishou?`,
		control(t, b, 400, "POST", "seed", `{"people":[{"platform":"kuaishu","openid":"w"}]}`).(m)["error"])
	control(t, b, 400, "POST", "seed", "")
	require.Contains(t, control(t, b, 404, "GET", "people/kuaishu/a", "").(m)["error"], "did you mean kuaishou?")
	require.Equal(t, `action "logn" is not one of allow-phone-number, allow-user-info, allow-web-login, login, refuse-phone-number, refuse-user-info, refuse-web-login, user-profile; did you mean login?`,
		control(t, b, 404, "POST", "people/ks/a/logn", "").(m)["error"])
	require.Equal(t, `cut "dail" is not one of after-read, before-read, dial, in-response; did you mean dial?`,
		control(t, b, 400, "POST", "faults", `{"cut":"dail"}`).(m)["error"])
	require.Contains(t, control(t, b, 400, "POST", "faults", `{"statuss":503}`).(m)["error"], "did you mean status?")
}
