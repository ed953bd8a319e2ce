package baastest

import (
	"fmt"
	"log/slog"
	"slices"
)

// Phone is a person with a phone on one platform. For the same platform and openid
// it is always the same person. It is safe for concurrent use.
//
// As on a real phone, get the login code first and the data second: the data is
// encrypted under the session key of the newest code, and the backend can decrypt
// it only after it exchanged that code.
type Phone struct {
	b      *Backend
	in     *state // of the backend when the person was made; a Reset replaces it
	on     *idp
	openid string
	*personState
}

// personState is what can change about a person, guarded by Backend.mu. It is a
// struct of its own so that a Phone can be printed without it.
type personState struct {
	unionid string
	profile Profile
	key     string   // the platform's current session key
	code    string   // the newest login code
	learned string   // the session key that the backend last got for a code
	seenIn  []string // the host apps on ByteDance in which the person was linked
	agreed  bool     // to a web login
}

// Kuaishou returns the person with this openid on Kuaishou.
func (b *Backend) Kuaishou(openid string) *Phone { return b.phone(Kuaishou, openid) }

// ByteDance returns the person with this openid on Douyin. In ByteDance's other
// host apps the person has other openids, see [Phone.OpenIDIn].
func (b *Backend) ByteDance(openid string) *Phone { return b.phone(ByteDance, openid) }

// WeChat returns the person with this openid on WeChat.
func (b *Backend) WeChat(openid string) *Phone { return b.phone(WeChat, openid) }

// QQ returns the person with this openid on QQ.
func (b *Backend) QQ(openid string) *Phone { return b.phone(QQ, openid) }

// Baidu returns the person with this openid on Baidu.
func (b *Backend) Baidu(openid string) *Phone { return b.phone(Baidu, openid) }

// Alipay returns the person with this user id on Alipay.
func (b *Backend) Alipay(userID string) *Phone { return b.phone(Alipay, userID) }

// JD returns the person with this openid on JD.
func (b *Backend) JD(openid string) *Phone { return b.phone(JD, openid) }

// WeChatWeb returns the person with this openid of WeChat logins on websites, see
// [Phone.AllowWebLogin].
func (b *Backend) WeChatWeb(openid string) *Phone { return b.phone(WeChatWeb, openid) }

// WeChatMP returns the person with this openid of a WeChat official account, see
// [Phone.AllowWebLogin].
func (b *Backend) WeChatMP(openid string) *Phone { return b.phone(WeChatMP, openid) }

// Weibo returns the person with this openid of Weibo logins on websites, see
// [Phone.AllowWebLogin].
func (b *Backend) Weibo(openid string) *Phone { return b.phone(Weibo, openid) }

// Phone returns a person by the name of the platform, one of the constants of
// this package, or by an alias of package platform, as "ks". Of the providers of app
// SDKs ([Apple], [WeChatNative], [WeiboNative]), Login mints the provider's token, of
// those of web logins the auth_token. An unknown platform is an error.
func (b *Backend) Phone(platform, openid string) (*Phone, error) {
	if platformNamed(platform) == nil {
		return nil, fmt.Errorf("baastest: %w", unknownPlatform(platform))
	}
	return b.phone(platform, openid), nil
}

func (b *Backend) phone(platform, openid string) *Phone {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state.person(b, platform, openid)
}

// person returns the person of an identity, who may be new.
func (s *state) person(b *Backend, platform, openid string) *Phone {
	on := platformNamed(platform)
	key := personKey{on.name, openid}
	p := s.people[key]
	if p == nil {
		p = &Phone{
			b: b, in: s, on: on, openid: openid,
			personState: &personState{profile: defaultProfile()},
		}
		s.people[key] = p
	}
	return p
}

// Platform returns the name of the platform.
func (p *Phone) Platform() string { return p.on.name }

// OpenID returns the person's openid, on Alipay the user id.
func (p *Phone) OpenID() string { return p.openid }

// OpenIDIn returns the person's openid in a host app of ByteDance, by the name that
// logins send as app_name: it is another one in each of them. On other platforms it
// is OpenID.
func (p *Phone) OpenIDIn(app string) string {
	if p.on.name != ByteDance || app == homeApp {
		return p.openid
	}
	return p.openid + "@" + app
}

// identity is what _provider says of the person; app is the host app on ByteDance.
func (p *Phone) identity(app string, r Responses) identity {
	return identity{p.on.key(app, r), p.OpenIDIn(app)}
}

// apps are the host apps in which the person may be linked; on platforms without
// host apps it is one empty name. It needs b.mu.
func (p *Phone) apps() []string {
	if p.on.name != ByteDance {
		return []string{""}
	}
	return p.seenIn
}

// link is the link of the person to a user, in a host app. It needs b.mu.
func (p *Phone) link(app, unionID string, r Responses) link {
	if p.on.name == ByteDance && !slices.Contains(p.seenIn, app) {
		p.seenIn = append(p.seenIn, app)
	}
	return link{identity: p.identity(app, r), person: p, app: app, unionID: unionID}
}

// AppID returns the mini-program's id on this platform: the watermark of encrypted
// data, on Baidu the app key.
func (p *Phone) AppID() string { return p.on.name + "-test-app" }

// SetUnionID gives the person a unionid. WeChat, QQ and Baidu have them. QQ, Baidu
// and WeChat's web providers tell it to the backend with every code; of WeChat the backend keeps it in a
// login by unionid, and when the person shares user info. It returns p.
func (p *Phone) SetUnionID(unionid string) *Phone {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	p.unionid = unionid
	return p
}

// UnionID returns the person's unionid, "" for none.
func (p *Phone) UnionID() string {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	return p.unionid
}

// SetProfile changes what the platform knows about the person. It returns p.
func (p *Phone) SetProfile(profile Profile) *Phone {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	p.profile = profile
	return p
}

// Profile returns what the platform knows about the person.
func (p *Phone) Profile() Profile {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	return p.profile
}

// Login is the platform's login(): it returns a code that the backend can exchange
// once, within five minutes, and replaces the session key, except on Baidu, where
// the key stays. On Alipay it is getAuthCode(), of a provider of app SDKs the
// provider's token. Of a web provider it is the auth_token of a person who agreed on the
// provider's page, for [WithAuthTokenLife].
func (p *Phone) Login() string {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	if p.on.webLogin {
		return p.in.web.authToken(p.b, p, false)
	}
	if p.key == "" || !p.on.scheme.keyStays() {
		p.key = p.on.scheme.newKey()
	}
	p.code = p.in.codes.issue(loginCode{phone: p, key: p.key}, p.b.clock.Now(), codeLife)
	return p.code
}

// newestCode is the newest code of Login.
func (p *Phone) newestCode() string {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	return p.code
}

// SessionKey returns the platform's current session key of this person. A real phone
// never has it; it is for tests of code that decrypts data itself.
func (p *Phone) SessionKey() string {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	return p.currentKey()
}

// currentKey is the platform's session key; a person who never logged in gets one
// that the backend does not know. It needs b.mu.
func (p *Phone) currentKey() string {
	if p.key == "" {
		p.key = p.on.scheme.newKey()
	}
	return p.key
}

func (p *Phone) watermark() watermark {
	return watermark{AppID: p.AppID(), Timestamp: p.b.clock.Now().Unix()}
}

// decrypt decrypts data with the key that the backend got for a code. It needs b.mu.
func (p *Phone) decrypt(data, iv string) ([]byte, error) {
	return p.on.scheme.decrypt(data, p.learned, iv, p.AppID())
}

// Format prints who the person is, and no session key.
func (p Phone) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%s phone of %s", p.on.name, p.openid) }

// LogValue returns what Format prints.
func (p Phone) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(p)) }
