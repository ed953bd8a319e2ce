package baastest

import (
	"net/http"
	"strings"
)

// access says what token an endpoint requires.
type access int

const (
	// open endpoints log in or register; they ignore an unknown token.
	open access = iota
	// guest endpoints work without a token, but refuse a bad one.
	guest
	// member endpoints require the token of a registered user.
	member
	// anyone endpoints require a token, of a registered or an anonymous user.
	anyone
	// public endpoints take no header of a client and no token: the links in mails, the
	// pages of web logins, and the codes and tokens of the Open API.
	public
	// server endpoints require a token of the Open API, and no header of a client.
	server
)

// route is an endpoint.
type route struct {
	method string
	path   string // with {} for one segment that varies
	access access
	// fields of the body; nil with anyFields for a body of custom fields.
	fields    []field
	anyFields bool
	list      bool // the body is a list of objects with these fields
	form      bool // the body may be a form
	handle    func(*operation) (response, error)
}

// routeTable finds routes by path and method.
type routeTable map[string]map[string]*route

// routes is built once and never changes.
var routes = newRouteTable(platforms)

const prefix = "/hserve/"

func newRouteTable(platforms []*idp) routeTable {
	t := routeTable{}
	for _, p := range platforms {
		switch {
		case p.providerToken:
			t.addProvider(p)
		case p.webLogin:
			t.addWebProvider(p)
		default:
			t.addPlatform(p)
		}
	}
	t.addPhones()
	t.addWeChatUserInfo()
	t.addAccounts()
	t.addMessages()
	t.addOpenAPI()
	t.add(http.MethodGet, "v2.2/server/time/", guest, nil, (*operation).serverTime)
	return t
}

func (t routeTable) add(method, path string, access access, fields []field, handle func(*operation) (response, error)) *route {
	if !strings.HasPrefix(path, "/") {
		path = prefix + path
	}
	if t[path] == nil {
		t[path] = make(map[string]*route)
	}
	r := &route{method: method, path: path, access: access, fields: fields, handle: handle}
	t[path][method] = r
	return r
}

// find returns the methods of a path, and what stands where the path varies.
func (t routeTable) find(path string) (methods map[string]*route, id string) {
	if methods = t[path]; methods != nil {
		return methods, ""
	}
	parent, ok := strings.CutSuffix(path, "/")
	if !ok {
		return nil, ""
	}
	cut := strings.LastIndexByte(parent, '/') + 1
	return t[parent[:cut]+"{}/"], parent[cut:]
}

var (
	codeField       = field{name: "code"}
	createUserField = field{name: "create_user", kind: flag}
)

// fieldsOf joins lists of fields.
func fieldsOf(lists ...[]field) []field {
	var all []field
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

func (t routeTable) addPlatform(p *idp) {
	base := "v2.5/idp/" + p.name + "/"
	login := fieldsOf([]field{codeField, createUserField}, p.loginFields)
	t.add(http.MethodPost, base+"silent-login/", open, login,
		func(op *operation) (response, error) { return op.silentLogin(p) })
	t.add(http.MethodPost, base+"authenticate/", open, fieldsOf(login, p.infoFields, []field{updateUserProfile}),
		func(op *operation) (response, error) { return op.loginWithInfo(p) })
	t.addAll(p.linkMethod, p.linkPaths(), member,
		fieldsOf([]field{codeField}, p.linkFields, maybe(p.linkInfoFields...), maybe(updateUserProfile)),
		func(op *operation) (response, error) { return op.linkPlatform(p) })
}

// linkPaths are the paths of a link.
func (p *idp) linkPaths() []string {
	if p.linkPath != "" {
		return []string{p.linkPath}
	}
	return versions("/idp/"+p.name+"/user-association/", "v2.0", "v2.1", "v2.2", "v2.3", "v2.4", "v2.5")
}

// versions are the paths of an endpoint in several versions of the API: the vendor's
// clients do not all use the same one.
func versions(path string, versions ...string) []string {
	var paths []string
	for _, version := range versions {
		paths = append(paths, version+path)
	}
	return paths
}

// addAll adds an endpoint at several paths.
func (t routeTable) addAll(method string, paths []string, access access, fields []field, handle func(*operation) (response, error)) {
	for _, path := range paths {
		t.add(method, path, access, fields, handle)
	}
}

// addProvider adds the endpoints for a provider's token. The vendor's app clients
// have other names for some fields than its React Native client.
func (t routeTable) addProvider(p *idp) {
	fields := maybe(field{name: "auth_token"}, updateUserProfile)
	switch p.name {
	case Apple:
		fields = append(fields, field{name: "nickname", optional: true})
	case WeChatNative:
		fields = append(fields, field{name: "sync_user_profile", kind: syncMode, optional: true})
	case WeiboNative:
		fields = append(fields, field{name: "access_token", optional: true}, field{name: "uid", optional: true})
	}
	for _, spelling := range p.spellings {
		base := "v2.3/idp/oauth/" + spelling + "/"
		t.add(http.MethodPost, base+"authenticate/", open, fieldsOf(fields, maybe(createUserField)),
			func(op *operation) (response, error) { return op.providerLogin(p) })
		t.add(http.MethodPost, base+"user-association/", member, fields,
			func(op *operation) (response, error) { return op.providerLink(p) })
	}
}

// addWebProvider adds the endpoints of a web login, and the pages that the browser sees.
func (t routeTable) addWebProvider(p *idp) {
	base := "/idp/" + p.name + "/"
	token := field{name: "auth_token"}
	t.add(http.MethodPost, "v2.0"+base+"redirect/", guest,
		[]field{{name: "callback_url"}, {name: "silent_login", kind: flag, optional: true}},
		func(op *operation) (response, error) { return op.webRedirect(p) })
	t.add(http.MethodPost, "v2.0"+base+"authenticate/", open, []field{token, createUserField, updateUserProfile},
		func(op *operation) (response, error) { return op.webAuthenticate(p) })
	t.add(http.MethodPost, "v2.0"+base+"user-association/", member, []field{token, updateUserProfile},
		func(op *operation) (response, error) { return op.webLink(p) })
	if p.webSilent {
		t.add(http.MethodPost, "v2.5"+base+"silent-login/", open, []field{token, createUserField},
			func(op *operation) (response, error) { return op.webSilentLogin(p) })
	}
	t.add(http.MethodGet, p.webPath(webPage), public, nil,
		func(op *operation) (response, error) { return op.showWebPage(p) })
	t.add(http.MethodPost, p.webPath(webPage), public, []field{
		{name: "answer"}, {name: "person", optional: true}, {name: "openid", optional: true},
	}, func(op *operation) (response, error) { return op.answerWebPage(p) }).form = true
	t.add(http.MethodGet, p.webPath(webHop), public, nil,
		func(op *operation) (response, error) { return op.webHop(p) })
}

func (t routeTable) addPhones() {
	kuaishou, wechat := platformNamed(Kuaishou), platformNamed(WeChat)
	data := []field{{name: "encryptedData"}, {name: "iv"}}
	login := fieldsOf([]field{codeField, createUserField}, data)
	update := fieldsOf(data, []field{{name: "overwrite", kind: flag}})
	phoneCode := []field{{name: "phone_code"}}

	add := func(p *idp, version string, more []field) {
		base := version + "/idp/" + p.name + "/"
		t.add(http.MethodPost, base+"phone-login/", open, fieldsOf(login, more),
			func(op *operation) (response, error) { return op.phoneLogin(p) })
		// guest: Kuaishou and WeChat refuse a missing token differently.
		t.add(http.MethodPut, base+"phone-verification/", guest, fieldsOf(update, more),
			func(op *operation) (response, error) { return op.updatePhone(p) })
	}
	add(kuaishou, "v2.5", nil)
	add(wechat, "v2.5", nil)
	add(wechat, "v2.7", phoneCode)
}

func (t routeTable) addWeChatUserInfo() {
	t.add(http.MethodPut, "v2.6/idp/wechat/user/info/", member,
		fieldsOf([]field{codeField}, signedInfo, []field{updateUserProfile}), (*operation).updateUserInfo)
	t.add(http.MethodPut, "v2.5/idp/wechat/user/info/", member, []field{
		{name: "nickName", optional: true}, {name: "avatarUrl", optional: true},
		{name: "gender", kind: whole, optional: true}, {name: "city", optional: true},
		{name: "province", optional: true}, {name: "country", optional: true},
		{name: "language", optional: true}, updateUserProfile,
	}, (*operation).updateUserInfoOld)
}

func (t routeTable) addAccounts() {
	passwordField := field{name: "password"}
	for _, kind := range accountNames {
		fields := []field{{name: kind}, passwordField}
		t.addAll(http.MethodPost, versions("/register/"+kind+"/", "v2.0", "v2.1"), open, fields,
			func(op *operation) (response, error) { return op.register(kind) })
		t.addAll(http.MethodPost, versions("/login/"+kind+"/", "v2.0", "v2.1"), open, fields,
			func(op *operation) (response, error) { return op.login(kind) })
	}
	t.add(http.MethodPost, "v2.0/login/anonymous/", open, nil, (*operation).anonymousLogin)
	t.add(http.MethodPost, "v2.0/session/destroy/", anyone, nil, (*operation).logout)
	t.addAll(http.MethodGet, versions("/user/info/{}/", "v2.0", "v2.1", "v2.2", "v2.3", "v2.4", "v2.5"), anyone, nil, ofUser((*operation).readUser))
	t.addAll(http.MethodGet, versions("/user/info/", "v2.1", "v2.2"), anyone, nil, (*operation).listUsers)
	for _, path := range versions("/user/info/", "v2.1", "v2.5") {
		t.add(http.MethodPut, path, anyone, nil, (*operation).updateFields).anyFields = true
	}
	t.addAll(http.MethodPut, versions("/user/account/", "v2.0", "v2.1", "v2.2"), member, []field{
		{name: "username", kind: nullText, optional: true}, {name: "email", kind: nullText, optional: true},
		{name: "phone", kind: nullText, optional: true}, {name: "password", kind: nullText, optional: true},
		{name: "new_password", kind: nullText, optional: true},
	}, (*operation).updateAccount)
}

func (t routeTable) addMessages() {
	phoneField := field{name: "phone"}
	smsField := field{name: "code", kind: textNumber}
	t.addAll(http.MethodPost, versions("/sms-verification-code/", "v2.1", "v2.2"), guest,
		[]field{phoneField, {name: "signature_id", kind: whole, optional: true}}, (*operation).sendSMS)
	t.add(http.MethodPost, "v1.8/sms-verification-code/verify/", guest,
		[]field{phoneField, smsField}, (*operation).verifySMS)
	t.add(http.MethodPost, "v2.1/login/sms/", open,
		fieldsOf([]field{phoneField, smsField}, maybe(createUserField)), (*operation).smsLogin)
	t.add(http.MethodPost, "v2.1/sms-phone-verification/", member, []field{smsField}, (*operation).verifyPhone)
	t.add(http.MethodPost, "v2.0/user/email-verify/", member, nil, (*operation).sendVerifyMail)
	t.add(http.MethodPost, "v2.0/user/password/reset/", guest, []field{{name: "email"}}, (*operation).sendResetMail)
	t.add(http.MethodGet, verifyMailPath, public, nil, (*operation).openVerifyMail)
	t.add(http.MethodPost, resetMailPath, public, []field{{name: "password"}}, (*operation).openResetMail)
}
