package baastest

import (
	"fmt"
	"log/slog"
)

// Phone is a person with a phone on one platform. The same platform and openid
// always give the same person. It is safe for concurrent use.
//
// As on a real phone, get the login code first and the data second: the data is
// encrypted under the session key of the newest code, and the backend can decrypt
// it only after it exchanged that code.
type Phone struct {
	b      *Backend
	in     *state // the one it was met in, which a Reset leaves behind
	on     *idp
	openid string
	*personState
}

// personState is what can change about a person, guarded by Backend.mu. It stands
// apart so that a Phone can be printed without it.
type personState struct {
	unionid string
	profile Profile
	key     string // the platform's current session key
	learned string // the session key that the backend last got for a code
}

// Kuaishou returns the person with this openid on Kuaishou.
func (b *Backend) Kuaishou(openid string) *Phone { return b.phone(Kuaishou, openid) }

// ByteDance returns the person with this openid on ByteDance's apps.
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

// Phone returns a person by the name of the platform, one of the constants of
// this package. Of the providers of app SDKs ([Apple], [WeChatNative],
// [WeiboNative]), Login mints the provider's token. An unknown platform is an error.
func (b *Backend) Phone(platform, openid string) (*Phone, error) {
	if platformNamed(platform) == nil {
		return nil, fmt.Errorf("baastest: unknown platform %q", platform)
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
	key := identity{platform, openid}
	p := s.people[key]
	if p == nil {
		p = &Phone{
			b: b, in: s, on: platformNamed(platform), openid: openid,
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

// AppID returns the mini-program's id on this platform: the watermark of encrypted
// data, on Baidu the app key.
func (p *Phone) AppID() string { return p.on.name + "-test-app" }

// SetUnionID gives the person a unionid, which the backend learns at the next
// login. WeChat, QQ and Baidu have them. It returns p.
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

// Login is the platform's login(): it replaces the session key and returns a
// code that the backend can exchange for it once, within five minutes. On Alipay
// it is getAuthCode(), of a provider of app SDKs the provider's token.
func (p *Phone) Login() string {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	p.key = p.on.scheme.newKey()
	return p.in.codes.issue(loginCode{phone: p, key: p.key}, p.b.clock.Now(), codeLife)
}

// SessionKey returns the platform's current session key of this person, which no
// phone ever sees. It is here to test code that decrypts data itself.
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

// LogValue is what Format prints.
func (p Phone) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(p)) }
