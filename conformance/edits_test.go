package conformance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The edits that differences_test.go makes to recordings.

// eachRequest edits every request of a recording.
func eachRequest(edits ...func(*wireRequest)) func(*recording) {
	return func(rec *recording) {
		for _, r := range rec.requests() {
			for _, edit := range edits {
				edit(r)
			}
		}
	}
}

// requests returns every request of a recording, including those that no call waits
// for.
func (rec *recording) requests() (all []*wireRequest) {
	for _, c := range rec.Calls {
		for _, e := range c.exchanges {
			all = append(all, &e.Request)
		}
	}
	for _, e := range rec.Exchanges {
		all = append(all, &e.Request)
	}
	return all
}

// at edits the calls with one of these names.
func at(names ...string) func(edits ...func(*recording, *recordedCall)) func(*recording) {
	return func(edits ...func(*recording, *recordedCall)) func(*recording) {
		return func(rec *recording) {
			for _, c := range rec.Calls {
				for _, edit := range edits {
					if slices.Contains(names, c.Call) {
						edit(rec, c)
					}
				}
			}
		}
	}
}

func setHeader(name, value string) func(*wireRequest) {
	return func(r *wireRequest) { r.Headers[name] = value }
}

func realMethod(r *wireRequest) {
	const header = "X-Hydrogen-Request-Method"
	if method, ok := r.Headers[header]; ok {
		r.Method = method
		delete(r.Headers, header)
	}
}

func comesFromWeb(rec *recording) {
	for _, r := range rec.requests() {
		if strings.Contains(r.Path, "/idp/") {
			return
		}
		r.Headers["X-Hydrogen-Client-Platform"] = "WEB"
	}
}

func returnsNothing(_ *recording, c *recordedCall) { c.Outcome.Value = nil }

func storesNothing(_ *recording, c *recordedCall) {
	if c.Storage != nil {
		c.Storage = object{}
	}
}

func storesNumericID(_ *recording, c *recordedCall) {
	c.Storage["ifx_baas_uid"] = json.Number(c.Storage["ifx_baas_uid"].(string))
}

func sendsNothing(_ *recording, c *recordedCall) { c.exchanges = nil }

func failsWith(code int, message string) func(*recording, *recordedCall) {
	return func(_ *recording, c *recordedCall) {
		c.Outcome = outcome{Error: object{"code": code, "message": fmt.Sprintf("%d: %s", code, message)}}
	}
}

func secondLogoutSendsNothing(rec *recording) { sendsNothing(rec, rec.Calls[len(rec.Calls)-1]) }

func expiredTokenStays(rec *recording) {
	for _, r := range rec.requests() {
		if strings.HasSuffix(r.Path, "/silent-login/") {
			delete(r.Headers, "Authorization")
		}
	}
}

// refusalExchangesCode adds the silent login with the code of the refused call. Its
// response is that of the first login.
func refusalExchangesCode(rec *recording) {
	first, refused := rec.Calls[0], rec.Calls[1]
	login := first.exchanges[0].clone()
	var options struct{ Code string }
	mustDecode(refused.Args[1], &options)
	login.Request.Body.(object)["code"] = options.Code
	login.Request.Headers["Authorization"] = "Hydrogen-r1 tok-1"
	refused.exchanges = append(refused.exchanges, login)
	refused.Storage = first.Storage
}

// statusCounts makes the outcome the error of the last response.
func statusCounts(rec *recording, c *recordedCall) {
	response := c.exchanges[len(c.exchanges)-1].Response
	var body struct {
		Text string `json:"error_msg"`
	}
	mustDecode(response.Body, &body)
	failsWith(response.Status, body.Text)(rec, c)
}

// keepsAlipayID keeps the id of Alipay's user in later calls.
func keepsAlipayID(rec *recording) {
	const name = "ifx_baas_alipay_user_id"
	var id any
	for _, c := range rec.Calls {
		if stored := c.Storage[name]; stored != nil && stored != "" {
			id = stored
		} else if c.Storage != nil {
			c.Storage[name] = id
		}
	}
}

func paymentRequired(rec *recording) {
	for _, c := range rec.Calls {
		if c.Outcome.Error["message"] == "402: unknown error" {
			c.Outcome.Error["message"] = "402: payment required"
		}
	}
}

// resends adds the login and the repeated request after the response 401.
func resends(rec *recording) {
	first, asked := rec.Calls[0], rec.Calls[1]
	login := first.exchanges[0].clone()
	login.Request.Body.(object)["code"] = rec.Platform + "-code-2"
	login.Response.Body = json.RawMessage(strings.ReplaceAll(string(login.Response.Body), "tok-1", "tok-2"))
	again := asked.exchanges[0].clone()
	again.Request.Headers["Authorization"] = "Hydrogen-r1 tok-2"
	again.Response = wireResponse{Status: 200, Body: json.RawMessage(`{"time":"2023-11-14T22:13:20.000000Z"}`)}
	asked.exchanges = append(asked.exchanges, login, again)
	asked.Outcome = outcome{OK: true, Value: object{"$type": "Response", "statusCode": 200, "data": again.Response.Body}}
	asked.Storage = maps.Clone(first.Storage)
	asked.Storage["ifx_baas_auth_token"] = "tok-2"
}

func readsThrice(rec *recording) {
	c := rec.Calls[0]
	read := c.exchanges[len(c.exchanges)-1]
	c.exchanges = append(c.exchanges, read.clone(), read.clone())
}

// refusalIsUnauthorized makes the outcome of the last call the documented error, with
// the ids of the session, if there is one.
func refusalIsUnauthorized(rec *recording) {
	last := len(rec.Calls) - 1
	failsWith(603, "unauthorized")(rec, rec.Calls[last])
	for _, login := range rec.Calls[:last] {
		rec.Calls[last].Outcome.Error["id"] = login.Storage["ifx_baas_uid"]
		rec.Calls[last].Outcome.Error["openid"] = login.Storage["ifx_baas_openid"]
	}
}

// mergesResponse makes the outcome the user of the previous call, merged with the
// fields of the response, which lack the leading underscore.
func mergesResponse(rec *recording, c *recordedCall) {
	before := rec.Calls[slices.Index(rec.Calls, c)-1].Outcome.Value.(object)
	merged := maps.Clone(before["json"].(object))
	for key, value := range c.Outcome.Value.(object)["json"].(object) {
		merged["_"+key] = value
	}
	c.Outcome.Value = object{"$type": "CurrentUser", "json": merged, "props": before["props"]}
}

func phoneIsVerified(_ *recording, c *recordedCall) {
	c.Outcome.Value.(object)["json"].(object)["_phone_verified"] = true
}

func returnsData(_ *recording, c *recordedCall) {
	c.Outcome.Value = c.Outcome.Value.(object)["data"]
}

func hasOneStatus(_ *recording, c *recordedCall) { delete(c.Outcome.Value.(object), "status") }

func awaitsLast(rec *recording) {
	last := rec.Calls[len(rec.Calls)-1]
	last.exchanges, rec.Exchanges = append(last.exchanges, rec.Exchanges...), nil
}

func responseIsUser(rec *recording, c *recordedCall) {
	before := rec.Calls[0].Outcome.Value.(object)
	c.Outcome.Value = object{"$type": "CurrentUser", "json": c.Outcome.Value.(object)["data"], "props": before["props"]}
}

func knowsSessionEnd(rec *recording, c *recordedCall) {
	before := rec.Calls[0].Outcome.Value.(object)
	c.Outcome.Value.(object)["props"] = before["props"]
}

// returnsUserInfo makes the outcome what the documentation of handleUserInfo promises,
// from the response to its first request.
func returnsUserInfo(_ *recording, c *recordedCall) {
	c.exchanges = c.exchanges[:1]
	var response struct {
		User object `json:"user_info"`
	}
	mustDecode(c.exchanges[0].Response.Body, &response)
	info := object{
		"nickName":           response.User["nickname"],
		"avatarUrl":          response.User["avatar"],
		"session_expires_at": c.Storage["ifx_baas_session_expires_at"],
	}
	for _, key := range []string{"id", "openid", "unionid", "gender", "city", "province", "country", "language"} {
		info[key] = response.User[key]
	}
	c.Outcome.Value = info
}

// forgedHeadersFail makes the call fail, and repeats it without the forged headers.
func forgedHeadersFail(rec *recording) {
	made := rec.Calls[0]
	forged := &recordedCall{Call: made.Call, Args: made.Args}
	failsWith(605, "incorrect parameter type: the SDK sets the header Authorization itself")(rec, forged)
	rec.Calls = []*recordedCall{forged, made}

	var request object
	mustDecode(made.Args[0], &request)
	header := request["header"].(object)
	delete(header, "Authorization")
	delete(header, "X-Hydrogen-Client-ID")
	arg, err := json.Marshal(request)
	if err != nil {
		panic(err)
	}
	made.Args = []json.RawMessage{arg}
	delete(made.exchanges[0].Request.Headers, "Authorization")
}

func (e *exchange) clone() *exchange {
	c := *e
	c.Request.Headers = maps.Clone(e.Request.Headers)
	if body, ok := e.Request.Body.(object); ok {
		c.Request.Body = maps.Clone(body)
	}
	return &c
}

// mustDecode decodes a part of a recording, which is always valid JSON.
func mustDecode(text []byte, into any) {
	if err := decodeNumbers(text, into); err != nil {
		panic(err)
	}
}
