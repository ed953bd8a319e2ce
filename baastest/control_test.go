package baastest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// control calls the control API and returns the response, which may be a list.
func control(t *testing.T, b *baastest.Backend, status int, method, path, body string) any {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, baastest.ControlPath+path, strings.NewReader(body))
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
	require.Equal(t, start.Format(time.RFC3339), control(t, b, 200, "GET", "clock", "").(m)["now"])
	require.Equal(t, start.Add(31*time.Second).Format(time.RFC3339),
		control(t, b, 200, "POST", "clock", `{"advance":"31s"}`).(m)["now"])
	control(t, b, 400, "POST", "clock", `{"advance":"soon"}`)
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
		m{"id": 1.0, "route": "GET /hserve/v2.2/server/time/", "hits": 1.0, "active": false},
		m{"id": 2.0, "route": "**", "hits": 1.0, "active": true},
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
	require.EqualValues(t, 200, sms["status"])
	control(t, b, 200, "DELETE", "journal", "")
	require.Empty(t, b.Requests())

	control(t, b, 200, "PUT", "settings", `{"user_info_updates":false}`)
	control(t, b, 200, "POST", "reset", "")
	_, ok := b.User(61736923)
	require.False(t, ok)
	for method, path := range map[string]string{"GET": "nothing", "POST": "", "PUT": "reset"} {
		require.Contains(t, control(t, b, 404, method, path, ""), "error", "%s %s", method, path)
	}
}

func TestControlRefusesOtherSites(t *testing.T) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", baastest.ControlPath+"reset", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	baastest.Control(newBackend()).ServeHTTP(w, r)
	require.Equal(t, http.StatusForbidden, w.Code)
	require.JSONEq(t, `{"error":"request on behalf of another site"}`, w.Body.String())
}
