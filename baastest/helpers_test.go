package baastest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// m is a JSON object.
type m = map[string]any

// client speaks the wire protocol to a backend, as one end user's app.
type client struct {
	t        testing.TB
	rt       http.RoundTripper
	host     string
	platform string // header value
	token    string
	bare     bool        // without the headers of the SDKs
	bearer   string      // a token of the Open API
	header   http.Header // more headers; an empty value removes one
}

// headers of the platforms.
var headers = map[string]string{
	baastest.Kuaishou: "KUAISHOU", baastest.ByteDance: "BYTEDANCE", baastest.WeChat: "WECHAT",
	baastest.QQ: "QQ", baastest.Baidu: "BAIDU", baastest.Alipay: "ALIPAY", baastest.JD: "JINGDONG",
}

// providerKeys are the keys of _provider, with that of ByteDance's app douyin.
var providerKeys = map[string]string{
	baastest.Kuaishou: "kuaishou_miniapp", baastest.ByteDance: "douyin", baastest.WeChat: "wechat",
	baastest.QQ: "qq_miniapp", baastest.Baidu: "baidu_miniapp", baastest.Alipay: "alipay", baastest.JD: "jd_miniapp",
	baastest.Apple: "oauth_apple_native", baastest.WeChatNative: "oauth_wechat_native", baastest.WeiboNative: "oauth_weibo_native",
}

var start = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// newBackend is a backend on a clock that stands still.
func newBackend(opts ...baastest.Option) *baastest.Backend {
	b, err := baastest.New(append([]baastest.Option{baastest.WithClock(baastest.NewClock(start))}, opts...)...)
	if err != nil {
		panic(err)
	}
	return b
}

func newClient(t testing.TB, b *baastest.Backend, platform string) *client {
	header, ok := headers[platform]
	if !ok {
		header = "WEB"
	}
	return &client{t: t, rt: b.Transport(), host: "https://backend.invalid", platform: header}
}

// reply is a response: its status, its body as an object, and the raw body.
type reply struct {
	status int
	body   m
	raw    string
	header http.Header
}

func (r reply) message() string { s, _ := r.body["error_msg"].(string); return s }

// request builds a request as the SDKs send it.
func (c *client) request(method, path string, body any) *http.Request {
	c.t.Helper()
	var reader io.Reader
	switch v := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(v)
	default:
		text, err := json.Marshal(v)
		require.NoError(c.t, err)
		reader = bytes.NewReader(text)
	}
	if !strings.HasPrefix(path, "/") {
		path = "/hserve/" + path
	}
	req, err := http.NewRequest(method, c.host+path, reader)
	require.NoError(c.t, err)
	req.Header.Set("Content-Type", "application/json")
	if !c.bare {
		req.Header.Set("X-Hydrogen-Client-ID", baastest.DefaultClientID)
		req.Header.Set("X-Hydrogen-Client-Version", "v3.23.3")
		req.Header.Set("X-Hydrogen-Client-Platform", c.platform)
		req.Header.Set("X-Hydrogen-Client-SDK-Type", "file")
	}
	if c.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Hydrogen-r1 "+c.token)
	}
	for name, values := range c.header {
		req.Header.Del(name)
		if values[0] != "" {
			req.Header[name] = values
		}
	}
	return req
}

func (c *client) try(method, path string, body any) (reply, error) {
	c.t.Helper()
	res, err := c.rt.RoundTrip(c.request(method, path, body))
	if err != nil {
		return reply{}, err
	}
	return readReply(res)
}

func readReply(res *http.Response) (reply, error) {
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	r := reply{status: res.StatusCode, raw: string(raw), header: res.Header}
	if err != nil {
		return r, err
	}
	_ = json.Unmarshal(raw, &r.body) // some responses are no JSON on purpose
	return r, nil
}

func (c *client) do(method, path string, body any) reply {
	c.t.Helper()
	r, err := c.try(method, path, body)
	require.NoError(c.t, err)
	return r
}

func (c *client) post(path string, body any) reply { c.t.Helper(); return c.do("POST", path, body) }
func (c *client) put(path string, body any) reply  { c.t.Helper(); return c.do("PUT", path, body) }
func (c *client) get(path string) reply            { c.t.Helper(); return c.do("GET", path, nil) }

// ok asserts the status and keeps the token, if the response has one.
func (c *client) ok(status int, r reply) reply {
	c.t.Helper()
	require.Equal(c.t, status, r.status, r.raw)
	if t, ok := r.body["token"].(string); ok {
		c.token = t
	}
	return r
}

// refused asserts an error of the backend's shape.
func (c *client) refused(status int, message string, r reply) {
	c.t.Helper()
	require.Equal(c.t, status, r.status, r.raw)
	require.Equal(c.t, "error", r.body["status"])
	require.Contains(c.t, r.message(), message)
}

// loginBody is the body of a silent login on a platform.
func loginBody(p *baastest.Phone, createUser bool) m {
	body := m{"code": p.Login(), "create_user": createUser}
	switch p.Platform() {
	case baastest.ByteDance:
		body["app_name"] = "douyin"
	case baastest.WeChat:
		body["login_with_unionid"] = false
	}
	return body
}

// silent logs a person in.
func (c *client) silent(p *baastest.Phone) reply {
	c.t.Helper()
	return c.ok(201, c.post("v2.5/idp/"+p.Platform()+"/silent-login/", loginBody(p, true)))
}

// infoOf is an event's detail, with the members that a platform posts at login.
func infoOf(t testing.TB, p *baastest.Phone, event []byte) m {
	t.Helper()
	var e struct{ Detail m }
	require.NoError(t, json.Unmarshal(event, &e))
	d := e.Detail
	switch p.Platform() {
	case baastest.Alipay:
		return m{}
	case baastest.Baidu:
		return m{"data": d["data"], "iv": d["iv"]}
	case baastest.JD:
		return m{"userInfo": d["userInfo"]}
	default:
		return m{"rawData": d["rawData"], "signature": d["signature"], "encryptedData": d["encryptedData"], "iv": d["iv"]}
	}
}

// linkInfoOf is infoOf for a link.
func linkInfoOf(t testing.TB, p *baastest.Phone, event []byte) m {
	info := infoOf(t, p, event)
	if p.Platform() == baastest.Baidu {
		info["encryptedData"] = info["data"]
		delete(info, "data")
	}
	return info
}

// merge joins objects; later ones win.
func merge(objects ...m) m {
	out := m{}
	for _, o := range objects {
		for k, v := range o {
			out[k] = v
		}
	}
	return out
}

// phoneData is the data of a phone number event.
func phoneData(t testing.TB, event []byte) m {
	t.Helper()
	var e struct{ Detail m }
	require.NoError(t, json.Unmarshal(event, &e))
	out := m{"encryptedData": e.Detail["encryptedData"], "iv": e.Detail["iv"]}
	if code, ok := e.Detail["code"]; ok {
		out["phone_code"] = code
	}
	return out
}

// linkPaths are the link endpoints.
var linkPaths = map[string]string{
	baastest.Kuaishou:  "v2.5/idp/kuaishou/user-association/",
	baastest.ByteDance: "v2.4/idp/bytedance/user-association/",
	baastest.WeChat:    "v2.4/idp/wechat/user-associate/",
	baastest.QQ:        "v2.0/idp/qq/user-association/",
	baastest.Baidu:     "v2.1/idp/baidu/user-association/",
	baastest.Alipay:    "v2.0/idp/alipay/user-associate/",
	baastest.JD:        "v2.4/idp/jd/user-association/",
}

// link posts a link of a person to the client's user.
func (c *client) link(p *baastest.Phone, info m) reply {
	c.t.Helper()
	method, body := "POST", m{"code": p.Login()}
	switch p.Platform() {
	case baastest.ByteDance:
		body["app_name"] = "douyin"
	case baastest.WeChat:
		body["associate_with_unionid"] = false
	case baastest.Alipay:
		method, body["authorized"] = "PUT", info != nil
	}
	return c.do(method, linkPaths[p.Platform()], merge(body, info))
}

func eachPlatform(t *testing.T, test func(t *testing.T, b *baastest.Backend, p *baastest.Phone, c *client)) {
	for platform := range headers {
		t.Run(platform, func(t *testing.T) {
			b := newBackend()
			p, err := b.Phone(platform, "openid-1")
			require.NoError(t, err)
			test(t, b, p, newClient(t, b, platform))
		})
	}
}
