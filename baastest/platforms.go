package baastest

import (
	"net/http"
	"slices"

	"github.com/hydrogen-go/baas/platform"
)

// The names of the platforms: the {idp} of the backend's paths and the platform of
// an [Identity].
const (
	Kuaishou  = "kuaishou"
	ByteDance = "bytedance"
	WeChat    = "wechat"
	QQ        = "qq"
	Baidu     = "baidu"
	Alipay    = "alipay"
	JD        = "jd"

	// The providers whose own token an app posts.
	Apple        = "apple"
	WeChatNative = "wechat-native"
	WeiboNative  = "weibo-native"

	// The providers on whose page people log in with a browser.
	WeChatWeb = "oauth-wechat-web"
	WeChatMP  = "oauth-wechat-mp"
	Weibo     = "oauth-weibo"
)

// idp is a platform or a provider: what differs between them.
type idp struct {
	name   string
	header string // its value of X-Hydrogen-Client-Platform
	scheme scheme // how its phones encrypt data

	// loginFields go with every login, linkFields with every link, besides the code.
	loginFields, linkFields []field
	// infoFields carry the user info of a login, linkInfoFields that of a link.
	infoFields, linkInfoFields []field
	// readInfo takes the user info out of a body that holds those fields.
	readInfo func(body, *Phone) (Profile, error)

	// linkMethod and linkPath, after /hserve/, are those of a link. Without a path, a
	// link is taken at every version of the API.
	linkMethod, linkPath string

	// key is the key of _provider under which an identity is kept. app is the host
	// app that the request names.
	key func(app string, r Responses) string
	// provider writes the entry of _provider.
	provider func(link) []byte
	// userID: the platform names its users by user_id, and has no openid.
	userID bool
	// unionIDs: a code yields the unionid.
	unionIDs bool
	// providerToken: an app posts the provider's token in place of a code, at the
	// paths of these spellings.
	providerToken bool
	spellings     []string
	// webLogin: people log in on the provider's page with a browser. webSilent: it has
	// the silent login.
	webLogin, webSilent bool
}

// The fields of user info on most platforms.
var signedInfo = []field{
	{name: "rawData"}, {name: "signature"}, {name: "encryptedData"}, {name: "iv"},
}

var updateUserProfile = field{name: "update_userprofile", kind: syncMode}

// platforms has an entry for every platform and provider: those with an entry of
// their own, then those of platform.All() that have none.
var platforms = completed(ownEntries, platform.All())

// completed returns entries with a standard one for each platform that has none.
func completed(entries []*idp, all []platform.Platform) []*idp {
	entries = slices.Clone(entries)
	for _, p := range all {
		if !slices.ContainsFunc(entries, func(e *idp) bool { return e.name == p.Name() }) {
			entries = append(entries, standard(p.Name(), p.Client(), p.ProviderKeys()[0], ""))
		}
	}
	return entries
}

// standard is the entry of a platform that behaves as QQ does: user info is signed
// and encrypted, and the request to link has no field of its own.
func standard(name, header, key, linkPath string) *idp {
	return &idp{
		name:           name,
		header:         header,
		scheme:         commonScheme{},
		infoFields:     signedInfo,
		linkInfoFields: signedInfo,
		readInfo:       readSignedInfo,
		linkMethod:     http.MethodPost,
		linkPath:       linkPath,
		key:            fixedKey(key),
		provider:       commonProvider,
	}
}

func fixedKey(key string) func(string, Responses) string {
	return func(string, Responses) string { return key }
}

// ownEntries are the entries of the platforms that this package knows. Their keys
// of _provider are those of the backend's documentation, not those of package
// platform.
var ownEntries = []*idp{
	kuaishou(),
	byteDance(),
	weChat(),
	qq(),
	baidu,
	alipay,
	jd,
	{
		name:          Apple,
		scheme:        noScheme{},
		readInfo:      readAppleInfo,
		key:           fixedKey("oauth_apple_native"),
		provider:      commonProvider,
		providerToken: true,
		spellings:     []string{"apple", "apple-native"},
	},
	{
		name:          WeChatNative,
		scheme:        noScheme{},
		readInfo:      readNativeInfo,
		key:           fixedKey("oauth_wechat_native"),
		provider:      commonProvider,
		unionIDs:      true,
		providerToken: true,
		spellings:     []string{"wechat", "wechat-native"},
	},
	{
		name:          WeiboNative,
		scheme:        noScheme{},
		readInfo:      readNativeInfo,
		key:           fixedKey("oauth_weibo_native"),
		provider:      commonProvider,
		providerToken: true,
		spellings:     []string{"weibo", "weibo-native"},
	},
	webProvider(WeChatWeb, "oauth_wechat_web", true, false),
	webProvider(WeChatMP, "oauth_wechat_mp", true, true),
	webProvider(Weibo, "oauth_weibo", false, false),
}

func webProvider(name, key string, unionIDs, silent bool) *idp {
	return &idp{
		name:      name,
		scheme:    noScheme{},
		key:       fixedKey(key),
		provider:  commonProvider,
		unionIDs:  unionIDs,
		webLogin:  true,
		webSilent: silent,
	}
}

func kuaishou() *idp {
	p := standard(Kuaishou, "KUAISHOU", "", "v2.5/idp/kuaishou/user-association/")
	p.key = func(_ string, r Responses) string {
		if r.ShortKuaishouKey {
			return "kuaishou"
		}
		return "kuaishou_miniapp"
	}
	return p
}

func byteDance() *idp {
	p := standard(ByteDance, "BYTEDANCE", "", "v2.4/idp/bytedance/user-association/")
	p.loginFields = []field{{name: "app_name"}}
	p.linkFields = p.loginFields
	p.key = func(app string, _ Responses) string {
		if app == "devtools" {
			return "bytedance_devtools"
		}
		return app
	}
	return p
}

func weChat() *idp {
	p := standard(WeChat, "WECHAT", "wechat", "v2.4/idp/wechat/user-associate/")
	p.loginFields = []field{{name: "login_with_unionid", kind: flag}}
	p.linkFields = []field{{name: "associate_with_unionid", kind: flag}}
	p.unionIDs = true
	return p
}

func qq() *idp {
	p := standard(QQ, "QQ", "qq_miniapp", "v2.0/idp/qq/user-association/")
	p.unionIDs = true
	return p
}

// homeApp is the host app in which a ByteDance user has the openid of [Phone.OpenID].
const homeApp = platform.DefaultAppName

// platformNamed returns a platform of the table by its name or by an alias of package
// platform, or nil.
func platformNamed(name string) *idp {
	if p, ok := platform.ByName(name); ok {
		name = p.Name()
	}
	for _, p := range platforms {
		if p.name == name {
			return p
		}
	}
	return nil
}

// platformNames are the names and the aliases of the platforms, sorted.
func platformNames() (names, aliases []string) {
	for _, p := range platforms {
		names = append(names, p.name)
		if known, ok := platform.ByName(p.name); ok {
			aliases = append(aliases, known.Aliases()...)
		}
	}
	slices.Sort(names)
	slices.Sort(aliases)
	return names, aliases
}

// unknownPlatform is the error for a name of no platform.
func unknownPlatform(name string) error {
	names, aliases := platformNames()
	return unknownName("platform", name, names, aliases...)
}

// otherClients are the values of X-Hydrogen-Client-Platform that name no platform
// of mini-programs: a request without the header, the web and React Native clients,
// the app clients, and the system names that the vendor's client of 1.x and its
// uploads send.
var otherClients = []string{
	"", "WEB", "REACT-NATIVE", "UNKNOWN", "FLUTTER", "NATIVE_IOS", "NATIVE_ANDROID",
	"devtools", "ios", "android", "windows", "mac", "ohos",
}

// platformForHeader returns the platform that a header value names. Known values
// that name no platform give nil.
func platformForHeader(header string) (p *idp, ok bool) {
	if slices.Contains(otherClients, header) {
		return nil, true
	}
	for _, p := range platforms {
		if p.header == header {
			return p, true
		}
	}
	return nil, false
}
