package baastest

import (
	"encoding/json"

	"github.com/hydrogen-go/baas/internal/platformcrypto"
)

// event is a button event as a mini-program posts it.
type event struct {
	Type   string `json:"type"`
	Detail detail `json:"detail"`
}

type detail struct {
	ErrMsg        string   `json:"errMsg"`
	UserInfo      *Profile `json:"userInfo,omitempty"`
	RawData       string   `json:"rawData,omitempty"`
	Signature     string   `json:"signature,omitempty"`
	EncryptedData string   `json:"encryptedData,omitempty"`
	IV            string   `json:"iv,omitempty"`
	Data          string   `json:"data,omitempty"` // what JD, and Baidu too, calls encryptedData
	Code          string   `json:"code,omitempty"` // WeChat's phone code
}

// authCode is the result of Alipay's my.getAuthCode, which has no event.
type authCode struct {
	AuthCode          string   `json:"authCode,omitempty"`
	AuthSuccessScopes []string `json:"authSuccessScopes"`
}

const (
	userInfoEvent = "getuserinfo"
	phoneEvent    = "getphonenumber"
)

// AllowUserInfoJSON is the event of the button "getUserInfo" after the person
// agreed: the profile, signed and encrypted under the current session key. JD's is
// not signed. On Alipay it is the result of getAuthCode with the scope auth_user,
// whose code is the newest of Login.
func (p *Phone) AllowUserInfoJSON() []byte {
	if p.on == alipay {
		return marshal(authCode{p.newestCode(), []string{"auth_user"}})
	}
	return marshal(event{userInfoEvent, p.userInfo("getUserInfo:ok")})
}

// RefuseUserInfoJSON is the event of the button "getUserInfo" after the person
// refused. On Alipay it is the first of [Phone.RefusalsJSON].
func (p *Phone) RefuseUserInfoJSON() []byte { return p.RefusalsJSON()[0] }

// RefusalsJSON are all the forms in which the person's phone tells that the person
// refused to share user info. Alipay has several; the other platforms have one.
func (p *Phone) RefusalsJSON() [][]byte {
	if p.on != alipay {
		return [][]byte{marshal(event{userInfoEvent, detail{ErrMsg: "getUserInfo:fail auth deny"}})}
	}
	return [][]byte{
		[]byte(`{"error":11,"errorMessage":"用户取消授权"}`),
		[]byte(`{"authErrorScope":{"scope":"auth_user"}}`),
		[]byte(`{"authErrorScope":{"auth_user":"ACTION_NOT_ALLOWED"}}`),
		[]byte(`{"authErrorScopes":{"auth_user":"ACTION_NOT_ALLOWED"}}`),
	}
}

// UserProfileJSON is what WeChat's getUserProfile() gives after the person agreed:
// an event's detail without the event around it.
func (p *Phone) UserProfileJSON() []byte {
	return marshal(p.userInfo("getUserProfile:ok"))
}

// AllowPhoneNumberJSON is the event of the button "getPhoneNumber" after the person
// agreed to share this number, encrypted under the current session key. On WeChat it
// has a phone code too, good once, for five minutes.
func (p *Phone) AllowPhoneNumberJSON(number string) []byte {
	d := p.phoneNumber(number)
	if p.on.name == WeChat {
		d.Code = p.phoneCode(number)
	}
	return marshal(event{phoneEvent, d})
}

// AllowPhoneNumberOldJSON is the event as older WeChat gives it: without a phone
// code. On other platforms it is AllowPhoneNumberJSON.
func (p *Phone) AllowPhoneNumberOldJSON(number string) []byte {
	return marshal(event{phoneEvent, p.phoneNumber(number)})
}

// RefusePhoneNumberJSON is the event of the button "getPhoneNumber" after the
// person refused.
func (p *Phone) RefusePhoneNumberJSON() []byte {
	return marshal(event{phoneEvent, detail{ErrMsg: "getPhoneNumber:fail user deny"}})
}

func (p *Phone) userInfo(errMsg string) detail {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	profile := p.profile
	d := detail{ErrMsg: errMsg, UserInfo: &profile}
	if p.on.scheme == (noScheme{}) {
		return d
	}
	p.encrypt(&d, p.on.scheme.info(p))
	if p.on == jd {
		d.EncryptedData = "" // JD has the data under another name, and no signature
		return d
	}
	d.RawData = string(marshal(profile))
	d.Signature = platformcrypto.Sign(d.RawData, p.currentKey())
	return d
}

func (p *Phone) phoneNumber(number string) detail {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	d := detail{ErrMsg: "getPhoneNumber:ok"}
	p.encrypt(&d, phoneNumber{Number: number, Pure: number, CountryCode: "86", Watermark: p.watermark()})
	return d
}

func (p *Phone) phoneCode(number string) string {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	return p.in.phoneCodes.issue(phoneCode{phone: p, number: number}, p.b.clock.Now(), codeLife)
}

// encrypt fills in encrypted data, on platforms that have it. It needs b.mu.
func (p *Phone) encrypt(d *detail, plain any) {
	iv := platformcrypto.NewIV()
	data, err := p.on.scheme.encrypt(marshal(plain), p.currentKey(), iv, p.AppID())
	if err != nil {
		return // a platform that encrypts nothing
	}
	d.EncryptedData, d.IV = data, iv
	if p.on == baidu || p.on == jd {
		d.Data = data
	}
}

// marshal is for values of this package, which always marshal.
func marshal(v any) []byte {
	text, _ := json.Marshal(v)
	return text
}
