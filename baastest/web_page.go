package baastest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hydrogen-go/baas/internal/check"
)

const (
	htmlType = "text/html; charset=utf-8"
	// personCookie names the person that a browser was last, for one provider.
	personCookie = "baastest_person"
	// maxShown is how many people a page shows. Others can be typed in.
	maxShown = 100
)

var (
	//go:embed web_page.html
	webPageText string
	//go:embed web_page.css
	webPageStyle string

	webPageTemplate = template.Must(template.New("page").Parse(webPageText))

	// pageHeaders are those of a page. A form-action is missing because browsers apply it
	// to the redirects after the form too, and frame-ancestors because the vendor's client
	// may show the page in a frame.
	pageHeaders = map[string]string{
		"Cache-Control":           "no-store",
		"Content-Security-Policy": "default-src 'none'; base-uri 'none'; style-src 'sha256-" + sha256Of(webPageStyle) + "'",
		"Referrer-Policy":         "no-referrer",
		"Vary":                    "Accept-Language",
		"X-Content-Type-Options":  "nosniff",
	}
)

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// webText is what the page says in one language.
type webText struct {
	Lang, Title, StandIn, BackTo, Who, Nobody, Linked, Other, Allow, Refuse string
	Ended, Choose, OtherLang, OtherLangName                                 string
	providers                                                               map[string]string
}

var (
	english = &webText{
		Lang: "en", Title: "Log in with", StandIn: "This page stands in for the provider's page. Nobody is asked anything outside of this test.",
		BackTo: "After that you go back to", Who: "Who are you?", Nobody: "Nobody is known here yet.", Linked: "has an account",
		Other: "Somebody else, by openid", Allow: "Agree", Refuse: "Refuse",
		Ended: "This login has ended. Go back and begin again.", Choose: "Choose who you are.",
		OtherLang: "zh", OtherLangName: "中文",
		providers: map[string]string{WeChatWeb: "WeChat (website)", WeChatMP: "WeChat (official account)", Weibo: "Weibo"},
	}
	chinese = &webText{
		Lang: "zh", Title: "登录方式：", StandIn: "这是测试用的页面，代替第三方平台的授权页面，不会访问真实平台。",
		BackTo: "之后返回", Who: "您是谁？", Nobody: "这里还没有用户。", Linked: "已有账号",
		Other: "其他人（输入 openid）", Allow: "同意", Refuse: "拒绝",
		Ended: "本次登录已结束，请返回重新开始。", Choose: "请选择您是谁。",
		OtherLang: "en", OtherLangName: "English",
		providers: map[string]string{WeChatWeb: "微信（网页）", WeChatMP: "微信（公众号）", Weibo: "微博"},
	}
)

// webPerson is a person on the page.
type webPerson struct {
	OpenID, Name   string
	Linked, Picked bool
}

// webPageData is what the page shows. Without a state it shows the problem only.
type webPageData struct {
	*webText
	Style    template.CSS
	Provider string
	State    string
	Back     string
	Problem  string
	People   []webPerson
	OpenID   string // as it was typed in
}

// text returns the page's texts in the language of the query, or else of the browser.
func (op *operation) text() *webText {
	lang := cmp.Or(op.query.Get("lang"), op.header.Get("Accept-Language"))
	if strings.HasPrefix(strings.ToLower(lang), "zh") {
		return chinese
	}
	return english
}

// page renders the page.
func (op *operation) page(status int, p *idp, data webPageData) (response, error) {
	data.Provider, data.Style = data.providers[p.name], template.CSS(webPageStyle)
	var out bytes.Buffer
	if err := webPageTemplate.Execute(&out, data); err != nil {
		return response{}, err
	}
	return response{status: status, contentType: htmlType, body: out.Bytes()}, nil
}

// webRequestOf returns the web login of the page's URL.
func (op *operation) webRequestOf(p *idp) (state string, req webRequest, ok bool) {
	state = op.query.Get("state")
	req, ok = op.web.requests.peek(state, op.now)
	return state, req, ok && req.on == p
}

// ended is the page for a web login that has ended.
func (op *operation) ended(p *idp) (response, error) {
	text := op.text()
	return op.page(http.StatusBadRequest, p, webPageData{webText: text, Problem: text.Ended})
}

// showWebPage is the provider's page. In a silent login it does not ask a person who
// agreed before.
func (op *operation) showWebPage(p *idp) (response, error) {
	state, req, ok := op.webRequestOf(p)
	if !ok {
		return op.ended(p)
	}
	if known := op.people[personKey{p.name, op.lastPerson()}]; req.silent && known != nil && known.agreed {
		return op.agreed(http.StatusFound, state, known), nil
	}
	return op.ask(http.StatusOK, p, webPageData{webText: op.text(), State: state}, req)
}

// ask is the page with its people.
func (op *operation) ask(status int, p *idp, data webPageData, req webRequest) (response, error) {
	data.Back = originOf(req.callback)
	last := op.lastPerson()
	for key, phone := range op.people {
		if phone.on == p {
			data.People = append(data.People, webPerson{
				OpenID: key.openid, Name: cmp.Or(phone.profile.NickName, key.openid), Picked: key.openid == last,
				Linked: op.users.ofPerson(phone, op.b.responses) != nil,
			})
		}
	}
	slices.SortFunc(data.People, func(a, b webPerson) int { return cmp.Compare(a.OpenID, b.OpenID) })
	data.People = data.People[:min(len(data.People), maxShown)]
	return op.page(status, p, data)
}

// lastPerson is the openid that this browser last agreed as, "" for none.
func (op *operation) lastPerson() string {
	cookie, err := (&http.Request{Header: op.header}).Cookie(personCookie)
	if err != nil {
		return ""
	}
	openid, _ := url.QueryUnescape(cookie.Value)
	return openid
}

// answerWebPage is what the person does on the provider's page.
func (op *operation) answerWebPage(p *idp) (response, error) {
	state, req, ok := op.webRequestOf(p)
	if !ok {
		return op.ended(p)
	}
	switch op.body.text("answer") {
	case "allow":
	case "refuse":
		return redirectTo(http.StatusSeeOther, p.webPath(webHop)+"?error=access_denied&state="+state), nil
	default:
		return response{}, refuse(http.StatusBadRequest, "field answer must be allow or refuse")
	}
	typed := strings.TrimSpace(op.body.text("openid"))
	openid := cmp.Or(typed, op.body.text("person"))
	if check.Required("openid", openid, check.MaxIdentifier) != nil {
		text := op.text()
		return op.ask(http.StatusBadRequest, p, webPageData{webText: text, State: state, Problem: text.Choose, OpenID: typed}, req)
	}
	res := op.agreed(http.StatusSeeOther, state, op.person(op.b, p.name, openid))
	res.cookie = (&http.Cookie{
		Name: personCookie, Value: url.QueryEscape(openid), Path: p.webPath(""), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}).String()
	return res, nil
}

// agreed sends the browser to the backend with a code of the provider.
func (op *operation) agreed(status int, state string, phone *Phone) response {
	code := op.web.codes.issue(webCode{state, phone}, op.now, webLife)
	return redirectTo(status, phone.on.webPath(webHop)+"?code="+code+"&state="+state)
}

// webHop is the backend's page, to which the provider sends the browser and which sends it
// to the callback URL.
func (op *operation) webHop(p *idp) (response, error) {
	state, _, ok := op.webRequestOf(p)
	if !ok {
		return op.ended(p)
	}
	if op.query.Get("error") != "" {
		return redirectTo(http.StatusFound, op.web.finish(op.b, state, nil)), nil
	}
	code, ok := op.web.codes.peek(op.query.Get("code"), op.now)
	if !ok || code.state != state {
		return op.ended(p)
	}
	op.web.codes.spend(op.query.Get("code"))
	return redirectTo(http.StatusFound, op.web.finish(op.b, state, code.phone)), nil
}

// redirectTo sends a browser to another page, and has no body.
func redirectTo(status int, location string) response {
	return response{status: status, contentType: htmlType, location: location}
}
