package baastest

import (
	"net/http"
	"slices"

	"github.com/hydrogen-go/baas/platform"
)

// The names of the platforms: the {idp} of the backend's paths, the keys of
// _provider, and the platform of an [Identity].
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
)

// idp is what sets one platform apart from the others.
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

	// provider writes the platform's entry of _provider.
	provider func(link) []byte
	// hidesOpenID: the first-level openid of its users is empty.
	hidesOpenID bool
	// nativeToken: a provider of app SDKs, which gives a token in place of a code.
	nativeToken bool
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
			entries = append(entries, standard(p))
		}
	}
	return entries
}

// standard is the entry of a platform that behaves as QQ does: user info is signed
// and encrypted, and the request to link has no field of its own.
func standard(p platform.Platform) *idp {
	return &idp{
		name:           p.Name(),
		header:         p.Client(),
		scheme:         commonScheme{},
		infoFields:     signedInfo,
		linkInfoFields: signedInfo,
		readInfo:       readSignedInfo,
		linkMethod:     http.MethodPost,
		provider:       commonProvider,
	}
}

// ownEntries are the entries of the platforms that are not standard, and of those
// whose link has a path that is known.
var ownEntries = []*idp{
	{
		name:           Kuaishou,
		header:         "KUAISHOU",
		scheme:         commonScheme{},
		infoFields:     signedInfo,
		linkInfoFields: signedInfo,
		readInfo:       readSignedInfo,
		linkMethod:     http.MethodPost,
		linkPath:       "v2.5/idp/kuaishou/user-association/",
		provider:       commonProvider,
	},
	{
		name:           ByteDance,
		header:         "BYTEDANCE",
		scheme:         commonScheme{},
		loginFields:    []field{{name: "app_name"}},
		linkFields:     []field{{name: "app_name"}},
		infoFields:     signedInfo,
		linkInfoFields: signedInfo,
		readInfo:       readSignedInfo,
		linkMethod:     http.MethodPost,
		linkPath:       "v2.4/idp/bytedance/user-association/",
		provider:       commonProvider,
	},
	{
		name:           WeChat,
		header:         "WECHAT",
		scheme:         commonScheme{},
		loginFields:    []field{{name: "login_with_unionid", kind: flag}},
		linkFields:     []field{{name: "associate_with_unionid", kind: flag}},
		infoFields:     signedInfo,
		linkInfoFields: signedInfo,
		readInfo:       readSignedInfo,
		linkMethod:     http.MethodPost,
		linkPath:       "v2.4/idp/wechat/user-associate/",
		provider:       commonProvider,
	},
	{
		name:           QQ,
		header:         "QQ",
		scheme:         commonScheme{},
		infoFields:     signedInfo,
		linkInfoFields: signedInfo,
		readInfo:       readSignedInfo,
		linkMethod:     http.MethodPost,
		linkPath:       "v2.0/idp/qq/user-association/",
		provider:       commonProvider,
	},
	baidu,
	alipay,
	jd,
	{
		name:        Apple,
		scheme:      noScheme{},
		readInfo:    readAppleInfo,
		provider:    commonProvider,
		nativeToken: true,
	},
	{
		name:        WeChatNative,
		scheme:      noScheme{},
		readInfo:    readNativeInfo,
		provider:    commonProvider,
		nativeToken: true,
	},
	{
		name:        WeiboNative,
		scheme:      noScheme{},
		readInfo:    readNativeInfo,
		provider:    commonProvider,
		nativeToken: true,
	},
}

// platformNamed returns a platform of the table, or nil.
func platformNamed(name string) *idp {
	for _, p := range platforms {
		if p.name == name {
			return p
		}
	}
	return nil
}

// platformForHeader returns the platform that a header value names. Known values
// without a platform of their own give "".
func platformForHeader(header string) (name string, ok bool) {
	if header == "WEB" {
		return "", true
	}
	for _, p := range platforms {
		if p.header == header && header != "" {
			return p.name, true
		}
	}
	return "", false
}
